"""A mean flow and the scalars that a turbulence model transports, solved for together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from solvers.algebra.bordered import BorderedSystem
from solvers.algebra.pseudo_time import march
from solvers.fem.dirichlet import hold_on_boundaries
from solvers.fenics import Expr, fem, ufl
from solvers.flow.conditions import Inlet
from solvers.flow.momentum import MomentumBalance, dx
from solvers.flow.problem import FlowProblem
from solvers.flow.result import FlowResult
from solvers.turbulence.mean_flow import MeanFlow

_FIRST_COURANT_NUMBER = 3.0


@dataclass(frozen=True, eq=False)
class TransportedScalar:
    """A dimensionless unknown of a turbulence model, 0 on walls.

    Parameters
    ----------
    name : str
        Of the quantity in the result.
    unit : float
        What the unknown is multiplied with there.
    transport : callable
        Takes the velocity u, the unknown x and a test function to the weak form of u·∇x + ... = 0.
    start : UFL expression
        To begin with, unless the start given has the quantity.
    inlet : float
        Its value where the flow enters.
    """

    name: str
    unit: float
    transport: Callable[[Expr, Expr, Expr], ufl.Form]
    start: Expr
    inlet: float


def solve_monolithic(
    problem: FlowProblem,
    start: MeanFlow,
    *scalars: TransportedScalar,
    name: str,
    eddy_viscosity: Callable[..., Expr],
    after_step: Callable[[Expr], None] = lambda u: None,
) -> FlowResult:
    """Mean flow, pressure and the scalars of a model, by Newton's method in pseudo-time.

    Parameters
    ----------
    problem : FlowProblem
    start : MeanFlow
    *scalars : TransportedScalar
    name : str
        For messages.
    eddy_viscosity : callable
        Takes the velocity and the unknown scalars to ν_t, UFL expressions.
    after_step : callable
        Called with the velocity after each step.

    Raises
    ------
    DivergenceError
        If the iteration does not converge.
    """
    domain = start.domain
    balance = MomentumBalance(domain, start.conditions, scalars=1 + len(scalars))
    w, (v, *_) = balance.w, ufl.TestFunctions(balance.space)
    held = []
    for part, scalar in enumerate(scalars, start=2):
        held += _hold_scalar(domain, start.conditions, balance.space.sub(part), scalar.inlet)
    for bc in held:
        bc.set(w.x.array)
    old, courant = w.copy(), fem.Constant(domain.mesh, _FIRST_COURANT_NUMBER)
    u, _, *unknowns = ufl.split(w)
    nu_t = eddy_viscosity(u, *unknowns)
    residual = _equations(balance, start, scalars, nu_t, old=old, courant=courant)
    system = BorderedSystem(
        residual,
        [ufl.derivative(residual, w)],
        w,
        balance.bcs + held,
        constraint=balance.constraint(v),
        name=name,
        force=start.force,
        blocked=balance.blocked,
    )
    _set_start(w, start, scalars, float(balance.speed))
    for bc in held:
        bc.set(w.x.array)
    if start.scalars is not None:  # one whole step: its bulk velocity may be another one
        old.x.array[:] = w.x.array
        system.step()
    solution = march(system, old, courant=courant, after_step=lambda: after_step(u))

    velocity, pressure = balance.velocity_and_pressure(w)
    fields = {scalar.name: w.sub(part).collapse() for part, scalar in enumerate(scalars, start=2)}
    for scalar in scalars:
        fields[scalar.name].x.array[:] *= scalar.unit
    return FlowResult(
        problem,
        domain,
        velocity,
        pressure,
        pressure_gradient=balance.force or solution.force,
        residuals=solution.residuals,
        eddy_viscosity=_interpolate_viscosity(domain, nu_t, continuous=bool(scalars)),
        scalars=fields,
    )


def _equations(balance, start, scalars, nu_t, *, old, courant) -> ufl.Form:
    """An implicit Euler step of all equations.

    Time steps are local: a Courant number times the time in which the flow crosses a cell, U/δ
    being added to the rate for where it is at rest. J⁻¹u is how many cells it crosses in a time.
    """
    u, p, *unknowns = ufl.split(balance.w)
    v, q, *tests = ufl.TestFunctions(balance.space)
    u_old, _, *unknowns_old = ufl.split(old)
    U = balance.speed
    residual = balance.residual(u, p, v, q, viscosity=start.viscosity + nu_t)
    inertia = ufl.inner(u - u_old, v)
    for scalar, x, x_old, s in zip(scalars, unknowns, unknowns_old, tests, strict=True):
        residual += U * scalar.transport(u, x, s)
        inertia += U * (x - x_old) * s
    cells_per_time = ufl.JacobianInverse(balance.domain.mesh) * u_old
    rate = U / start.thickness + ufl.sqrt(ufl.inner(cells_per_time, cells_per_time))
    return residual + rate / courant * inertia * dx


def _set_start(w, start, scalars, speed) -> None:
    """Velocity, pressure (in another unit there) and scalars of the start."""
    w.sub(0).interpolate(start.balance.w.sub(0))
    pressure = start.balance.w.sub(1).collapse()
    pressure.x.array[:] *= float(start.balance.speed) / speed
    w.sub(1).interpolate(pressure)
    for part, scalar in enumerate(scalars, start=2):
        X, _ = w.function_space.sub(part).collapse()
        earlier = (start.scalars or {}).get(scalar.name)
        initial = scalar.start if earlier is None else earlier / scalar.unit
        w.sub(part).interpolate(fem.Expression(initial, X.element.interpolation_points))


def _hold_scalar(domain, conditions, space, inlet) -> list[fem.DirichletBC]:
    """Dirichlet conditions of a scalar: its value at inlets, 0 on walls."""
    X, _ = space.collapse()
    values = {}
    for name, condition in conditions.holding.items():
        values[name] = fem.Function(X)
        values[name].x.array[:] = inlet if isinstance(condition, Inlet) else 0.0
    return hold_on_boundaries(domain, space, values)


def _interpolate_viscosity(domain, nu_t, continuous) -> fem.Function:
    """ν_t as a linear function; in each cell for itself if it depends on |S| alone, which jumps."""
    N = fem.functionspace(domain.mesh, ("Lagrange" if continuous else "DG", 1))
    viscosity = fem.Function(N, name="eddy_viscosity")
    viscosity.interpolate(fem.Expression(nu_t, N.element.interpolation_points))
    return viscosity
