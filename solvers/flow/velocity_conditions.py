"""What conditions by name mean for a velocity and a pressure: degrees of freedom that are held."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from solvers.fem.arguments import is_number
from solvers.fem.communicator import communicator
from solvers.fem.dirichlet import hold_on_boundaries
from solvers.fem.domain import Domain
from solvers.fem.fields import interpolate_on_boundary
from solvers.fenics import MPI, PETSc, fem, ufl
from solvers.flow.boundary_conditions import BoundaryConditions
from solvers.flow.conditions import Inlet, Outlet, Symmetry, Wall
from solvers.flow.inlet_flux import match_inlet_fluxes
from vcnn.errors import InputError

_SMOOTH = np.cos(np.deg2rad(15))  # how long the mean of unit normals is at least where facets meet
_ALONG = 1e-8  # of its speed: how much of a wall's velocity may be through it
_INDEPENDENT = 1e-6  # the least singular value of normals that do not lie in one plane or line


def velocity_conditions(
    domain: Domain, conditions: BoundaryConditions, space: fem.FunctionSpace
) -> list[fem.DirichletBC]:
    """Dirichlet conditions of the velocity, the first part of a mixed space.

    Inlets let in what their velocities say (:mod:`solvers.flow.inlet_flux`).

    Raises
    ------
    InputError
        If a velocity has another shape or is not finite, that of a wall is not along it, or the
        mesh of an inlet is too coarse for its flux.
    """
    V, _ = space.sub(0).collapse()
    values = {}
    for name, condition in conditions.holding.items():
        if isinstance(condition, Inlet):
            label = f"Inlet of boundary {name!r}"
            values[name] = interpolate_on_boundary(
                domain, V, condition.value, boundary=name, name=label
            )
        else:
            values[name] = _wall_velocity(domain, name, condition, V)
    match_inlet_fluxes(domain, conditions.of_kind(Inlet), values)
    return hold_on_boundaries(domain, space.sub(0), values)


def symmetry_projection(
    domain: Domain, conditions: BoundaryConditions, space: fem.FunctionSpace
) -> PETSc.Mat | None:
    """The symmetric projection onto velocities normal to boundaries of symmetry.

    A matrix over the unknowns of a mixed space, the first part of which is the velocity; it leaves
    out nodes where a velocity is given. None without such boundaries. Where some meet, all their
    normals are blocked.

    Raises
    ------
    InputError
        If a boundary of symmetry has a corner.
    """
    planes = conditions.of_kind(Symmetry)
    if not planes:
        return None
    V, (dofs, *_) = space.sub(0).collapse()
    held = [domain.boundary_dofs(V, name) for name in conditions.of_kind(Wall | Inlet)]
    held = np.concatenate(held or [[]])
    at_node: dict[int, list[np.ndarray]] = {}
    for name in planes:
        normals = _normals(domain, name, V)
        for node in np.setdiff1d(domain.boundary_dofs(V, name), held).astype(int).tolist():
            if node in normals:
                at_node.setdefault(node, []).append(normals[node])
    index_map, d = space.dofmap.index_map, domain.dimension
    blocked = PETSc.Mat().createAIJ(
        2 * ((index_map.size_local, index_map.size_global),), nnz=d, comm=domain.mesh.comm
    )
    for node, normals in at_node.items():
        components = dofs[node * d : (node + 1) * d].astype(np.int32)
        if components[0] < index_map.size_local:
            # Columns: an orthonormal basis of what the normals span, fewer if two are the same.
            span, strength, _ = np.linalg.svd(np.transpose(normals), full_matrices=False)
            span = span[:, strength > _INDEPENDENT]
            rows = index_map.local_to_global(components).astype(PETSc.IntType)
            blocked.setValues(rows, rows, span @ span.T)
    blocked.assemble()
    return blocked


def outlet_pressures(domain: Domain, outlets: Mapping[str, Outlet]) -> dict[str, fem.Function]:
    """The pressures outside by boundary, but for those that are 0: quadratic, and 0 elsewhere.

    Raises
    ------
    InputError
        If a pressure has another shape or is not finite.
    """
    space, pressures = fem.functionspace(domain.mesh, ("Lagrange", 2)), {}
    for name, outlet in outlets.items():
        if is_number(outlet.pressure) and outlet.pressure == 0:
            continue
        label = f"Outlet of boundary {name!r}"
        whole = interpolate_on_boundary(domain, space, outlet.pressure, boundary=name, name=label)
        pressures[name], dofs = fem.Function(space), domain.boundary_dofs(space, name)
        pressures[name].x.array[dofs] = whole.x.array[dofs]
    return pressures


def pin_pressure(space: fem.FunctionSpace) -> fem.DirichletBC:
    """Hold one pressure, the second part of a mixed space, since only its gradient is determined.

    It is held on all ranks that know it.
    """
    Q, (dofs,) = space.sub(1).collapse()
    numbers = space.dofmap.index_map.local_to_global(dofs)
    first = communicator(space.mesh).allreduce(numbers.min(initial=np.iinfo(np.int64).max), MPI.MIN)
    pinned = np.flatnonzero(numbers == first).astype(np.int32)
    return fem.dirichletbc(fem.Function(Q), [dofs[pinned], pinned], space.sub(1))


def characteristic_speed(
    domain: Domain, bulk_velocity: float | None, force: float, unknowns: fem.Function
) -> float:
    """A velocity to scale with, from what moves the flow.

    Parameters
    ----------
    domain : Domain
    bulk_velocity : float, optional
    force : float
        That drives it, 0 if none is given.
    unknowns : dolfinx Function
        That holds the velocities given on boundaries, and 0 elsewhere.

    Raises
    ------
    InputError
        If nothing moves the flow.
    """
    fastest = domain.comm.allreduce(np.abs(unknowns.x.array).max(initial=0.0), MPI.MAX)
    size = np.ptp(domain.source.points, axis=0).max()
    speed = max(abs(bulk_velocity or 0.0), np.sqrt(abs(force) * size), fastest)
    if not speed > 0:
        raise InputError(
            "conditions: nothing moves the flow: no bulk velocity, pressure gradient, inlet or wall"
        )
    return float(speed)


def _wall_velocity(domain, name, wall, V) -> fem.Function:
    if wall.velocity is None:
        return fem.Function(V)
    velocity = interpolate_on_boundary(
        domain, V, wall.velocity, boundary=name, name=f"Wall velocity of boundary {name!r}"
    )
    n = ufl.FacetNormal(domain.mesh)
    middles = domain.ds([name])(degree=1)  # where the chord of a curved wall is along it
    through = domain.total(abs(ufl.dot(velocity, n)) * middles)
    if through > _ALONG * domain.total(ufl.sqrt(ufl.dot(velocity, velocity)) * middles):
        raise InputError(
            f"boundary {name!r}: the velocity of a Wall must be along it, got {wall.velocity}"
        )
    return velocity


def _normals(domain, name, V) -> dict[int, np.ndarray]:
    """Unit normals at this rank's nodes of a boundary: means over facets by size, ∫ φ² n ds.

    In two dimensions with straight facets these are the normals ∝ ∫ φ n ds, with which the discrete
    flux through the boundary vanishes (Engelman, Sani & Gresho, Int. J. Numer. Methods Fluids 2,
    1982, 225). A slip condition with those of each facet would hold the fluid at every corner of a
    polygon (Babuška's paradox).
    """
    u, v, n = ufl.TrialFunction(V), ufl.TestFunction(V), ufl.FacetNormal(domain.mesh)

    def diagonal(factors):
        """∫ φ² factor ds, (nodes of this rank, d): the diagonal of a mass matrix with factors."""
        form = sum(factor * u[i] * v[i] for i, factor in enumerate(factors)) * domain.ds([name])
        A = fem.petsc.assemble_matrix(fem.form(form))
        A.assemble()
        return A.getDiagonal().array.reshape(-1, domain.dimension)

    normals, sizes = diagonal(n), diagonal([1] * domain.dimension)
    nodes = np.flatnonzero(sizes[:, 0] > 0)
    normals = normals[nodes] / sizes[nodes]
    lengths = np.linalg.norm(normals, axis=1)
    if domain.comm.allreduce(lengths.min(initial=1.0), MPI.MIN) < _SMOOTH:
        raise InputError(
            f"boundary {name!r}: a Symmetry must not turn by more than 30 degrees from facet to "
            "facet: refine the mesh there, or give planes that meet names of their own"
        )
    return dict(zip(nodes.tolist(), normals / lengths[:, None], strict=True))
