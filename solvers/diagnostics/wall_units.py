"""How high the first cells at walls are in units of the flow there, y⁺."""

from __future__ import annotations

import numpy as np

from meshes.report.quantities import WallUnits
from solvers.fenics import MPI, basix, fem, ufl
from solvers.flow.momentum import coefficient
from solvers.flow.result import FlowResult


def wall_units(result: FlowResult, wall: str) -> WallUnits:
    """y⁺ of the first cells at a wall.

    The shear stress is the mean of ν |∂(u − u·n n)/∂n| over a cell's facets on the wall; the height
    of a cell is its volume over their mean area, times its dimension if it is a simplex.

    Parameters
    ----------
    result : FlowResult
    wall : str
        Name of the boundary.
    """
    domain, u = result.domain, result.velocity
    mesh, n, ds = domain.mesh, ufl.FacetNormal(domain.mesh), domain.ds([wall])
    nu = coefficient(mesh, result.problem.molecular_viscosity(result.scalars))
    slope = ufl.grad(u) * n
    shear = nu * ufl.sqrt(ufl.inner(slope - ufl.dot(slope, n) * n, slope - ufl.dot(slope, n) * n))
    constants = fem.functionspace(mesh, ("DG", 0))
    v = ufl.TestFunction(constants)

    def of_cells(form: ufl.Form) -> np.ndarray:
        """What a form gives the cells on this rank."""
        return fem.assemble_vector(fem.form(form)).array[: len(domain.cells)]

    area, volume = of_cells(v * ds), of_cells(v * ufl.dx(mesh))
    first = area > 0
    behind = mesh.topology.connectivity(mesh.topology.dim - 1, mesh.topology.dim)
    cells = behind.array[behind.offsets[domain.facets[wall]]]  # one behind each exterior facet
    count = np.bincount(constants.dofmap.list[cells, 0], minlength=len(area))[: len(area)]
    simplex = mesh.basix_cell() in (basix.CellType.triangle, basix.CellType.tetrahedron)
    height = (mesh.topology.dim if simplex else 1) * volume[first] * count[first] / area[first]
    stress = of_cells(shear * v * ds)[first] / area[first]
    viscosity = of_cells(nu * v * ds)[first] / area[first]
    units = height * np.sqrt(stress) / viscosity
    comm = domain.comm
    return WallUnits(
        comm.allreduce(float(units.max(initial=0.0)), MPI.MAX),
        comm.allreduce(float(units @ area[first])) / comm.allreduce(float(area.sum())),
    )
