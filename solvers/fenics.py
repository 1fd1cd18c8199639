"""The one place that imports FEniCSx; everything else in `solvers` takes it from here."""

import contextlib
import sys
import time

from vcnn.errors import InputError

with contextlib.suppress(ImportError):
    # the wheel wants to load MPI first; conda's dolfinx has no need of it
    import dolfinx_solver  # noqa: F401

# Where numba is installed, dolfinx.fem.petsc makes all symbols of PETSc's libraries global, HDF5's
# and LAPACK's among them, and h5py fails and torch crashes on them. So it must not find it.
numba = sys.modules.get("numba")
sys.modules["numba"] = None

try:
    import petsc4py

    petsc4py.init(["vcnn", "-no_signal_handler"])  # else PETSc turns a closed pipe into an abort

    import basix
    import basix.ufl
    import dolfinx
    import dolfinx.fem.petsc
    import dolfinx.geometry
    import dolfinx.io
    import ufl
    from dolfinx import fem
    from mpi4py import MPI
    from petsc4py import PETSc
    from ufl.core.expr import Expr
except ImportError as error:
    raise InputError(
        "solvers: needs FEniCSx: pip install 'vcnn[fenics]' "
        f"or conda install -c conda-forge fenics-dolfinx ({error})"
    ) from error
finally:
    sys.modules.pop("numba", None)
    if numba is not None:
        sys.modules["numba"] = numba

__all__ = ["MPI", "Expr", "PETSc", "basix", "dolfinx", "fem", "ufl"]


def _abort_all_ranks(kind, error, traceback):
    """An exception on one rank would leave the others waiting for ever."""
    sys.__excepthook__(kind, error, traceback)
    sys.stderr.flush()
    time.sleep(0.5)  # Abort would overtake the message on its way through mpirun
    MPI.COMM_WORLD.Abort(1)


if MPI.COMM_WORLD.size > 1:
    sys.excepthook = _abort_all_ranks
