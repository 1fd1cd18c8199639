"""The equations of a mean flow and of the scalars that a turbulence model transports, solved
together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from solvers.algebra.bordered import BorderedSystem
from solvers.algebra.pseudo_time import march
from solvers.fenics import fem, ufl
from solvers.flow.conditions import Inlet
from solvers.flow.momentum import MomentumBalance, dx
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
    transport: Callable
    start: object
    inlet: float


def solve_closed(
    problem,
    start: MeanFlow,
    name,
    eddy_viscosity,
    *scalars: TransportedScalar,
    follow=lambda u: None,
) -> FlowResult:
    """Mean flow, pressure and the scalars of a model, by Newton's method in pseudo-time.

    Time steps are local: a Courant number times the time in which the flow crosses a cell, U/δ
    being added to the rate for where it is at rest.

    Parameters
    ----------
    problem : turbulence model
    start : MeanFlow
    name : str
        For messages.
    eddy_viscosity : callable
        Takes the velocity and the unknown scalars to ν_t, UFL expressions.
    *scalars : TransportedScalar
    follow : callable
        Called with the velocity after each step.

    Raises
    ------
    DivergenceError
        If the iteration does not converge.
    """
    domain = start.domain
    balance = MomentumBalance(domain, start.conditions, scalars=1 + len(scalars))
    W, w, U = balance.space, balance.w, balance.speed
    held = [
        bc
        for part, scalar in enumerate(scalars, start=2)
        for bc in _held(domain, start.conditions, W, part, scalar.inlet)
    ]
    for bc in held:
        bc.set(w.x.array)
    (u, p, *xs), (v, q, *tests) = ufl.split(w), ufl.TestFunctions(W)
    old = w.copy()
    u_old, _, *xs_old = ufl.split(old)
    nu_t = eddy_viscosity(u, *xs)
    residual = balance.residual(u, p, v, q, start.viscosity + nu_t)
    inertia = ufl.inner(u - u_old, v)
    for scalar, x, x_old, s in zip(scalars, xs, xs_old, tests, strict=True):
        residual += U * scalar.transport(u, x, s)
        inertia += U * (x - x_old) * s
    cells_per_time = ufl.JacobianInverse(domain.mesh) * u_old
    rate = U / start.thickness + ufl.sqrt(ufl.inner(cells_per_time, cells_per_time))
    courant = fem.Constant(domain.mesh, _FIRST_COURANT_NUMBER)
    residual += rate / courant * inertia * dx
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
    _begin(w, start, scalars, float(U))
    for bc in held:
        bc.set(w.x.array)
    if start.scalars is not None:  # one whole step: its bulk velocity may be another one
        old.x.array[:] = w.x.array
        system.step()
    solution = march(system, old, courant=courant, after_step=lambda: follow(u))

    velocity, pressure = balance.velocity_and_pressure(w)
    found = {scalar.name: w.sub(part).collapse() for part, scalar in enumerate(scalars, start=2)}
    for scalar in scalars:
        found[scalar.name].x.array[:] *= scalar.unit
    N = fem.functionspace(
        domain.mesh, ("Lagrange" if scalars else "DG", 1)
    )  # |S| jumps from cell to cell
    viscosity = fem.Function(N, name="eddy_viscosity")
    viscosity.interpolate(fem.Expression(nu_t, N.element.interpolation_points))
    return FlowResult(
        problem,
        domain,
        velocity,
        pressure,
        pressure_gradient=balance.force or solution.force,
        residuals=solution.residuals,
        eddy_viscosity=viscosity,
        scalars=found,
    )


def _begin(w, start, scalars, speed):
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


def _held(domain, conditions, W, part, inlet) -> list:
    """Dirichlet conditions of a scalar; where boundaries meet the wall comes last and holds."""
    X, _ = W.sub(part).collapse()

    def given(value, dofs):
        held = fem.Function(X)
        held.x.array[:] = value
        return fem.dirichletbc(held, dofs, W.sub(part))

    entering = [
        given(inlet, domain.boundary_dofs((W.sub(part), X), name))
        for name in conditions.of_kind(Inlet)
    ]
    return [*entering, given(0.0, domain.wall_dofs((W.sub(part), X)))]
