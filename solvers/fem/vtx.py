"""Files for ParaView that keep the elements' own nodes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

from solvers.fem.domain import Domain
from solvers.fem.fields import function_from
from solvers.fem.sampling import average_at_vertices
from solvers.fenics import dolfinx, fem, ufl
from vcnn.errors import InputError
from vcnn.files import replacing


def write_vtx(domain: Domain, path: str | Path, functions: Mapping[str, fem.Function]) -> Path:
    """Write functions, interpolated to quadratic elements, to one ``.bp`` folder.

    They go to the mesh with the ordinary topology, so that ParaView shows the seam where it is.
    Scalars that jump from cell to cell are averaged at the vertices first. A folder of that name is
    replaced once the new one is complete; call it on all ranks.

    Parameters
    ----------
    domain : Domain
    path : ending in ``.bp``
    functions : mapping name -> scalar or vector Function on ``domain.mesh``

    Raises
    ------
    InputError
        If the path has another suffix, or this dolfinx cannot write such folders.
    """
    path = Path(path)
    if path.suffix != ".bp":
        raise InputError(
            f"{path}: finite-element fields are saved as .bp (flow().save writes .vtu)"
        )
    if not dolfinx.has_adios2:
        raise InputError(
            f"{path}: this dolfinx was built without ADIOS2, which writes .bp; use flow().save"
        )
    comm = domain.comm
    copies = [_on_parent(domain, *item) for item in functions.items()]
    with replacing(path) if comm.rank == 0 else nullcontext() as part:
        part = comm.bcast(part)
        with dolfinx.io.VTXWriter(comm, part, copies) as file:
            file.write(0.0)
        comm.barrier()
    comm.barrier()
    return path


def _on_parent(domain, name, function) -> fem.Function:
    if function.ufl_element() not in ufl.H1:
        means = average_at_vertices(domain, {name: function})[name]
        function = function_from(domain, means, "vertex", name)
    space = fem.functionspace(domain.parent, ("Lagrange", 2, function.ufl_shape))
    copy = fem.Function(space, name=name)
    copy.interpolate(function, domain.cells, domain.cells)
    return copy
