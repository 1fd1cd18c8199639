"""What conditions by name mean for a velocity and a pressure: degrees of freedom that are held."""

from __future__ import annotations

import numpy as np

from solvers.fem.arguments import is_number
from solvers.fem.fields import interpolate_on_boundary
from solvers.fenics import MPI, PETSc, fem, ufl
from solvers.flow.boundary_conditions import BoundaryConditions
from solvers.flow.conditions import Inlet, Symmetry, Wall
from vcnn.errors import InputError

_SMOOTH = np.cos(np.deg2rad(15))  # how long the mean of unit normals is at least where facets meet


def speed_of(domain, bulk, force, w) -> float:
    """A velocity to scale with, from what moves the flow."""
    fastest = domain.mesh.comm.allreduce(np.abs(w.x.array).max(initial=0.0), MPI.MAX)
    size = np.ptp(domain.source.points, axis=0).max()
    speed = max(abs(bulk or 0.0), np.sqrt(abs(force) * size), fastest)
    if not speed > 0:
        raise InputError(
            "conditions: nothing moves the flow: no bulk velocity, pressure gradient, inlet or wall"
        )
    return float(speed)


def velocity_conditions(domain, conditions: BoundaryConditions, W) -> list:
    """Dirichlet conditions; where boundaries meet the wall comes last and holds."""
    V, _ = W.sub(0).collapse()

    def given(name, values):
        return fem.dirichletbc(values, domain.boundary_dofs((W.sub(0), V), name), W.sub(0))

    entering = [
        given(
            name,
            interpolate_on_boundary(
                domain, V, inlet.value, boundary=name, name=f"Inlet of boundary {name!r}"
            ),
        )
        for name, inlet in conditions.of_kind(Inlet).items()
    ]
    walls = [
        given(name, _wall_velocity(domain, name, wall, V))
        for name, wall in conditions.of_kind(Wall).items()
    ]
    return entering + walls


def blocked_by_symmetry(domain, conditions: BoundaryConditions, W) -> PETSc.Mat | None:
    """The symmetric projection onto velocities normal to boundaries of symmetry, at nodes where
    none is given.

    A matrix over the unknowns of W; None without such boundaries. Where some meet, all their
    normals are blocked."""
    planes = conditions.of_kind(Symmetry)
    if not planes:
        return None
    V, (dofs, *_) = W.sub(0).collapse()
    given = np.concatenate(
        [domain.boundary_dofs(V, name) for name in conditions.of_kind(Wall | Inlet)] or [[]]
    )
    at_node = {}
    for name in planes:
        normals = _normals(domain, name, V)
        for node in np.setdiff1d(domain.boundary_dofs(V, name), given).astype(int).tolist():
            if node in normals:
                at_node.setdefault(node, []).append(normals[node])
    index_map, d = W.dofmap.index_map, domain.dimension
    blocked = PETSc.Mat().createAIJ(
        2 * ((index_map.size_local, index_map.size_global),), nnz=d, comm=domain.mesh.comm
    )
    for node, normals in at_node.items():
        here = dofs[node * d : (node + 1) * d].astype(np.int32)
        if here[0] < index_map.size_local:
            span, strength, _ = np.linalg.svd(np.transpose(normals), full_matrices=False)
            span = span[:, strength > 1e-6]
            rows = index_map.local_to_global(here).astype(PETSc.IntType)
            blocked.setValues(rows, rows, span @ span.T)
    blocked.assemble()
    return blocked


def _wall_velocity(domain, name, wall, V):
    if wall.velocity is None:
        return fem.Function(V)
    velocity = interpolate_on_boundary(
        domain, V, wall.velocity, boundary=name, name=f"Wall velocity of boundary {name!r}"
    )
    n = ufl.FacetNormal(domain.mesh)
    middles = domain.ds([name])(degree=1)  # where the chord of a curved wall is along it
    through = domain.total(abs(ufl.dot(velocity, n)) * middles)
    if through > 1e-8 * domain.total(ufl.sqrt(ufl.dot(velocity, velocity)) * middles):
        raise InputError(
            f"boundary {name!r}: the velocity of a Wall must be along it, got {wall.velocity}"
        )
    return velocity


def _normals(domain, name, V) -> dict[int, np.ndarray]:
    """Unit normals at the nodes of a boundary that this rank owns: means over facets by their size,
    ∫ φ² n ds.

    In two dimensions with straight facets these are the normals ∝ ∫ φ n ds, with which the discrete
    flux through the boundary vanishes (Engelman, Sani & Gresho, Int. J. Numer. Methods Fluids 2,
    1982, 225). A slip condition with those of each facet would hold the fluid at every corner of a
    polygon (Babuška's paradox)."""
    u, v, n = ufl.TrialFunction(V), ufl.TestFunction(V), ufl.FacetNormal(domain.mesh)

    def summed(factors):
        form = sum(factor * u[i] * v[i] for i, factor in enumerate(factors)) * domain.ds([name])
        A = fem.petsc.assemble_matrix(fem.form(form))
        A.assemble()
        return A.getDiagonal().array.reshape(-1, domain.dimension)

    normals, sizes = summed(n), summed([1] * domain.dimension)
    there = np.flatnonzero(sizes[:, 0] > 0)
    normals = normals[there] / sizes[there]
    lengths = np.linalg.norm(normals, axis=1)
    if domain.mesh.comm.allreduce(lengths.min(initial=1.0), MPI.MIN) < _SMOOTH:
        raise InputError(
            f"boundary {name!r}: a Symmetry must not turn by more than 30 degrees from facet to facet: refine the "
            "mesh there, or give planes that meet names of their own"
        )
    return dict(zip(there.tolist(), normals / lengths[:, None], strict=True))


def pressures_outside(domain, outlets) -> dict:
    """The pressures given at outlets, by boundary, but for those that are 0: quadratic, and 0
    elsewhere.
    """
    space, given = fem.functionspace(domain.mesh, ("Lagrange", 2)), {}
    for name, outlet in outlets.items():
        if not (is_number(outlet.pressure) and outlet.pressure == 0):
            values = interpolate_on_boundary(
                domain,
                space,
                outlet.pressure,
                boundary=name,
                name=f"Outlet of boundary {name!r}",
            ).x.array
            given[name], dofs = fem.Function(space), domain.boundary_dofs(space, name)
            given[name].x.array[dofs] = values[dofs]
    return given


def pinned_pressure(W):
    """Hold one pressure on all ranks that know it, since only its gradient is determined."""
    Q, (dofs,) = W.sub(1).collapse()
    numbers = W.dofmap.index_map.local_to_global(dofs)
    first = W.mesh.comm.allreduce(numbers.min(initial=np.iinfo(np.int64).max), MPI.MIN)
    here = np.flatnonzero(numbers == first).astype(np.int32)
    return fem.dirichletbc(fem.Function(Q), [dofs[here], here], W.sub(1))
