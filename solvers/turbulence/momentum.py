"""What the turbulence models share: the mean momentum balance with an eddy viscosity."""

from __future__ import annotations

import numpy as np

from meshes.wall_distance import wall_distance
from solvers.conditions import flow_conditions
from solvers.domain import Domain
from solvers.fenics import MPI, basix, fem, ufl
from solvers.incompressible import FlowResult
from solvers.newton import Drive
from vcnn.errors import InputError

dx = ufl.dx(degree=5)   # enough for quadratic velocities; closures are no polynomials anyway


def check(problem):
    """Refuse what no driven flow can have, with an InputError."""
    if not 0 < problem.viscosity < np.inf:
        raise InputError(f"viscosity: expected a positive number, got {problem.viscosity!r}")
    flow_conditions(problem)


def constant(domain: Domain, value) -> fem.Constant:
    """A number that forms are not compiled anew for."""
    return fem.Constant(domain.mesh, float(value))


def mixed_space(domain: Domain, scalars: int):
    """Quadratic velocity with ``scalars`` linear scalars, the first of which is the pressure."""
    cell = domain.mesh.basix_cell()
    velocity = basix.ufl.element("Lagrange", cell, 2, shape=(domain.dimension,))
    linear = [basix.ufl.element("Lagrange", cell, 1)] * scalars
    return fem.functionspace(domain.mesh, basix.ufl.mixed_element([velocity, *linear]))


def momentum(u, p, v, q, carrier, viscosity, scale):
    """u carried by a velocity, with pressure ``scale`` p and stress 2 ν sym ∇u; the divergence of u is 0."""
    S = ufl.sym(ufl.grad(u))
    return (
        ufl.inner(ufl.grad(u) * carrier, v)
        + 2 * viscosity * ufl.inner(S, ufl.grad(v))
        - scale * p * ufl.div(v)
        - scale * q * ufl.div(u)
    ) * dx


def driving_force(domain: Domain, v, bulk_velocity) -> Drive:
    """The force along the period that holds the volume-mean velocity."""
    e = fem.Constant(domain.mesh, domain.period / np.linalg.norm(domain.period))
    return Drive(ufl.inner(e, v) * dx, target=bulk_velocity * domain.integral(1.0))


def at_rest_on_walls(domain: Domain, W, part):
    """Part ``part`` of the unknowns is zero on all walls."""
    V, _ = W.sub(part).collapse()
    return fem.dirichletbc(fem.Function(V), domain.wall_dofs((W.sub(part), V)), W.sub(part))


def pinned_pressure(W):
    """One pressure is held on all ranks that know it, since only its gradient is determined."""
    Q, (dofs,) = W.sub(1).collapse()
    numbers = W.dofmap.index_map.local_to_global(dofs)
    first = W.mesh.comm.allreduce(numbers.min(initial=np.iinfo(np.int64).max), MPI.MIN)
    here = np.flatnonzero(numbers == first).astype(np.int32)
    return fem.dirichletbc(fem.Function(Q), [dofs[here], here], W.sub(1))


def distance_function(domain: Domain) -> fem.Function:
    """Exact distance to the nearest wall at the nodes of quadratic elements."""
    d = fem.Function(fem.functionspace(domain.mesh, ("Lagrange", 2)))
    d.interpolate(lambda x: wall_distance(domain.source, x[: domain.dimension].T, domain.walls, domain.periods))
    return d


def flow_result(problem, domain, w, scale, nu_t, family, solution) -> FlowResult:
    """The result from the unknowns (u, p / scale, ...) and the eddy viscosity as a UFL expression."""
    velocity, pressure = (w.sub(i).collapse() for i in range(2))
    pressure.x.array[:] -= domain.integral(pressure) / domain.integral(1.0)
    pressure.x.array[:] *= float(scale)
    N = fem.functionspace(domain.mesh, (family, 1))
    eddy_viscosity = fem.Function(N)
    eddy_viscosity.interpolate(fem.Expression(nu_t, N.element.interpolation_points))
    velocity.name, pressure.name, eddy_viscosity.name = "velocity", "pressure", "eddy_viscosity"
    return FlowResult(
        problem, domain, velocity, pressure, solution.force, solution.residuals, eddy_viscosity
    )  # fmt: skip
