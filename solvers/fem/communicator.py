"""Communicators that outlive meshes."""

from __future__ import annotations

from solvers.fenics import MPI, dolfinx

_LASTING = [MPI.COMM_WORLD, MPI.COMM_SELF]
_SAME_RANKS = (MPI.IDENT, MPI.CONGRUENT)


def communicator(mesh: dolfinx.mesh.Mesh) -> MPI.Comm:
    """A communicator of the ranks of a mesh, in their order, that is never freed.

    All that Python sends goes through it. A mesh has a communicator of its own, which goes with the
    mesh; had mpi4py sent an object through that one, its end would call back into mpi4py, and if
    that happens while an exception is on its way, a lock there is never opened again
    (``commlock_free_cb`` of mpi4py 4.1): the next mesh that goes would wait for ever.

    Parameters
    ----------
    mesh : dolfinx.mesh.Mesh
        The same on every rank of its communicator; all of them ask.
    """
    for lasting in _LASTING:
        if MPI.Comm.Compare(lasting, mesh.comm) in _SAME_RANKS:
            return lasting
    _LASTING.append(mesh.comm.Dup())
    return _LASTING[-1]
