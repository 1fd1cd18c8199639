"""What conditions by name mean for a velocity and a pressure: degrees of freedom that are held, and what drives."""

from __future__ import annotations

import numpy as np

from solvers.conditions import Developed, Inlet, Outlet, Periodic, Symmetry, Wall, of_kind
from solvers.fenics import MPI, PETSc, fem, ufl
from vcnn.errors import InputError


def driven(domain, conditions):
    """The bulk velocity or else the force that drives the flow, and the unit vector of its direction."""
    driving = [condition for condition in of_kind(conditions, Periodic | Developed).values() if condition.driven]
    if len(driving) > 1:
        raise InputError("conditions: the flow is driven in one direction at most, got two")
    if of_kind(conditions, Inlet) and not of_kind(conditions, Outlet):
        raise InputError("conditions: what enters by an Inlet must leave by an Outlet, there is none")
    if not driving:
        return None, 0.0, None
    return driving[0].bulk_velocity, driving[0].pressure_gradient or 0.0, main_direction(domain, conditions)


def main_direction(domain, conditions) -> np.ndarray | None:
    """(d,) unit vector across a section or else along the first period; None where there is neither.

    Raises
    ------
    InputError
        If there is something to drive across a section, and the mesh is none or lies otherwise.
    """
    for name, section in of_kind(conditions, Developed).items():
        if domain.normal is None:
            raise InputError(
                f"conditions: {name!r}: Developed needs a mesh of triangles or quadrilaterals with points (M, 3) in a "
                "plane, a section of the flow"
            )
        along = domain.normal @ section.direction / np.linalg.norm(section.direction)
        if abs(along) < 1 - 1e-8:
            normal = ", ".join(f"{x:.4g}" for x in domain.normal)
            raise InputError(
                f"conditions: {name!r}: the direction of Developed must be normal to the mesh, ({normal}) or its "
                f"opposite, got {section.direction}"
            )
        return np.sign(along) * domain.normal
    return None if domain.period is None else domain.period / np.linalg.norm(domain.period)


def speed_of(domain, bulk, force, w) -> float:
    """A velocity to scale with, from what moves the flow."""
    fastest = domain.mesh.comm.allreduce(np.abs(w.x.array).max(initial=0.0), MPI.MAX)
    size = np.ptp(domain.source.points, axis=0).max()
    speed = max(abs(bulk or 0.0), np.sqrt(abs(force) * size), fastest)
    if not speed > 0:
        raise InputError("conditions: nothing moves the flow: no bulk velocity, pressure gradient, inlet or wall")
    return float(speed)


def velocity_conditions(domain, conditions, W) -> list:
    """Dirichlet conditions; where boundaries meet the wall comes last and holds."""
    V, _ = W.sub(0).collapse()

    def given(name, values):
        return fem.dirichletbc(values, domain.boundary_dofs((W.sub(0), V), name), W.sub(0))

    entering = [
        given(name, domain.profile(V, inlet.value, name, f"Inlet of boundary {name!r}"))
        for name, inlet in of_kind(conditions, Inlet).items()
    ]
    walls = [given(name, _wall_velocity(domain, name, wall, V)) for name, wall in of_kind(conditions, Wall).items()]
    return entering + walls


def blocked_by_symmetry(domain, conditions, W) -> PETSc.Mat | None:
    """The symmetric projection onto velocities normal to the planes of symmetry, at nodes where none is given.

    A matrix over the unknowns of W; None without such planes. Where planes meet, all their normals are blocked.
    """
    planes = of_kind(conditions, Symmetry)
    if not planes:
        return None
    V, (dofs, *_) = W.sub(0).collapse()
    given = np.concatenate([domain.boundary_dofs(V, name) for name in of_kind(conditions, Wall | Inlet)] or [[]])
    at_node = {}
    for name in planes:
        normal = _normal(domain, name)
        for node in np.setdiff1d(domain.boundary_dofs(V, name), given).astype(int).tolist():
            at_node.setdefault(node, []).append(normal)
    index_map, d = W.dofmap.index_map, domain.dimension
    blocked = PETSc.Mat().createAIJ(2 * ((index_map.size_local, index_map.size_global),), nnz=d, comm=domain.mesh.comm)
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
    velocity = domain.profile(V, wall.velocity, name, f"Wall velocity of boundary {name!r}")
    n = ufl.FacetNormal(domain.mesh)
    middles = domain.ds([name])(degree=1)   # where the chord of a curved wall is along it
    through = domain.total(abs(ufl.dot(velocity, n)) * middles)
    if through > 1e-8 * domain.total(ufl.sqrt(ufl.dot(velocity, velocity)) * middles):
        raise InputError(f"boundary {name!r}: the velocity of a Wall must be along it, got {wall.velocity}")
    return velocity


def _normal(domain, name) -> np.ndarray:
    """The unit normal of a plane, of either sign: the boundary may be two parallel planes."""
    n, area = ufl.FacetNormal(domain.mesh), domain.boundary_integral(1.0, name)
    d = range(domain.dimension)
    directions = np.array([[domain.boundary_integral(n[i] * n[j], name) for j in d] for i in d]) / area
    spread, vectors = np.linalg.eigh(directions)
    if spread[-1] < 1 - 1e-8:
        raise InputError(f"boundary {name!r}: a Symmetry must be a plane")
    return vectors[:, -1]


def pinned_pressure(W):
    """Hold one pressure on all ranks that know it, since only its gradient is determined."""
    Q, (dofs,) = W.sub(1).collapse()
    numbers = W.dofmap.index_map.local_to_global(dofs)
    first = W.mesh.comm.allreduce(numbers.min(initial=np.iinfo(np.int64).max), MPI.MIN)
    here = np.flatnonzero(numbers == first).astype(np.int32)
    return fem.dirichletbc(fem.Function(Q), [dofs[here], here], W.sub(1))
