"""What the turbulence models share: a mean flow at rest on walls, its wall distance and its result."""

from __future__ import annotations

from solvers.domain import Domain
from solvers.fenics import fem
from solvers.incompressible import FlowResult


def constant(domain: Domain, value) -> fem.Constant:
    """A number that forms are not compiled anew for."""
    return fem.Constant(domain.mesh, float(value))


def at_rest_on_walls(domain: Domain, W, part):
    """Part ``part`` of the unknowns is zero on all walls."""
    V, _ = W.sub(part).collapse()
    return fem.dirichletbc(fem.Function(V), domain.wall_dofs((W.sub(part), V)), W.sub(part))


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
