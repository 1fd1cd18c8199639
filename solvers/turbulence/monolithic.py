"""A mean flow and the scalars that a turbulence model transports, solved for together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from solvers.algebra.bordered import BorderedSystem
from solvers.algebra.pseudo_time import march
from solvers.fem.dirichlet import hold_on_boundaries
from solvers.fem.fields import interpolate_on_boundary
from solvers.fenics import MPI, Expr, dolfinx, fem, ufl
from solvers.flow.conditions import Inlet
from solvers.flow.momentum import MomentumBalance, dx
from solvers.flow.problem import FlowProblem
from solvers.flow.result import FlowResult
from solvers.turbulence.mean_flow import MeanFlow
from vcnn.errors import InputError

_FIRST_COURANT_NUMBER = 3.0
_NEAR = 1e-3  # of the load: a residual with which nothing needs to come nearer first


@dataclass(frozen=True, eq=False)
class TransportedScalar:
    """A dimensionless unknown of a turbulence model, 0 on walls.

    Parameters
    ----------
    name : str
        Of the quantity in the result.
    unit : float
        The quantity is the unknown, to the power, times this.
    transport : callable
        Takes the velocity u, the unknowns x of all scalars of the model, those that coefficients
        are taken at, and a test function to the weak form of u·∇x + ... = 0.
    start : UFL expression
        To begin with, unless the start given has the quantity.
    inlet : float or UFL expression
        Its value where the flow enters, unless the condition there has the quantity.
    power : int
    """

    name: str
    unit: float
    transport: Callable[[Expr, Sequence[Expr], Sequence[Expr], Expr], ufl.Form]
    start: Expr
    inlet: Expr | float
    power: int = 1

    def first(self, start: MeanFlow) -> Expr:
        """The unknown of the start given, or that to begin with."""
        quantity = (start.scalars or {}).get(self.name)
        return self.start if quantity is None else (quantity / self.unit) ** (1 / self.power)

    def quantity(self, unknown: fem.Function) -> fem.Function:
        """What the unknown is in the result."""
        unknown.x.array[:] = self.unit * unknown.x.array**self.power
        return unknown


def solve_monolithic(
    problem: FlowProblem,
    start: MeanFlow,
    *scalars: TransportedScalar,
    name: str,
    eddy_viscosity: Callable[..., Expr],
    after_step: Callable[[Expr], None] = lambda u: None,
    approach: Callable[[MeanFlow], MeanFlow] | None = None,
    tolerance: float = 1e-9,
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
    approach : callable, optional
        Takes a start that is not near the solution to one that is.
    tolerance : float
        As of :func:`solvers.algebra.pseudo_time.march`.

    Raises
    ------
    DivergenceError
        If the iteration does not converge.
    """
    domain = start.domain
    balance = MomentumBalance(domain, start.conditions, scalars=1 + len(scalars))
    w, (v, *_) = balance.w, ufl.TestFunctions(balance.space)
    held = hold_scalars(
        start, scalars, [balance.space.sub(part) for part in range(2, 2 + len(scalars))]
    )
    set_scalars(w, start, scalars, held)  # the first residual is that of a flow at rest with them
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
        blocked=balance.blocked,
    )
    _begin(system, old, start, scalars, held, float(balance.speed))
    if approach is not None and not (
        start.scalars and system.residual_norm() <= _NEAR * system.load()
    ):
        start = approach(start)
        _begin(system, old, start, scalars, held, float(balance.speed))
    solution = march(
        system, old, courant=courant, after_step=lambda: after_step(u), tolerance=tolerance
    )

    velocity, pressure = balance.velocity_and_pressure(w)
    fields = {
        scalar.name: scalar.quantity(w.sub(part).collapse())
        for part, scalar in enumerate(scalars, start=2)
    }
    return FlowResult(
        problem,
        domain,
        velocity,
        pressure,
        pressure_gradient=balance.force or solution.force,
        residuals=(*start.residuals, *solution.residuals),
        eddy_viscosity=_interpolate_viscosity(domain, nu_t),
        scalars=fields,
    )


def _equations(balance, start, scalars, nu_t, *, old, courant) -> ufl.Form:
    """An implicit Euler step of all equations.

    Time steps are local: a Courant number over the :func:`rate`.
    """
    u, p, *unknowns = ufl.split(balance.w)
    v, q, *tests = ufl.TestFunctions(balance.space)
    u_old, _, *unknowns_old = ufl.split(old)
    U = balance.speed
    residual = balance.residual(u, p, v, q, viscosity=start.viscosity + nu_t)
    inertia = ufl.inner(u - u_old, v)
    for scalar, x, x_old, s in zip(scalars, unknowns, unknowns_old, tests, strict=True):
        residual += U * scalar.transport(u, unknowns, unknowns, s)
        inertia += U * (x - x_old) * s
    return residual + rate(start, u_old) / courant * inertia * dx


def rate(start: MeanFlow, u: Expr) -> Expr:
    """Cells that a velocity crosses in a time, and U/δ for where it is at rest."""
    cells_per_time = ufl.JacobianInverse(start.domain.mesh) * u
    crossed = ufl.sqrt(ufl.inner(cells_per_time, cells_per_time))
    return start.balance.speed / start.thickness + crossed


def _begin(system, old, start, scalars, held, speed) -> None:
    """From the start with its scalars, if it has any, by one whole step.

    Its bulk velocity may be another one, and its pressure is of another unit and level.
    """
    w, system.force = system.solution, start.force
    w.sub(0).interpolate(start.balance.w.sub(0))
    pressure = start.balance.w.sub(1).collapse()
    pressure.x.array[:] *= float(start.balance.speed) / speed
    w.sub(1).interpolate(pressure)
    set_scalars(w, start, scalars, held)
    old.x.array[:] = w.x.array
    if start.scalars is not None:
        system.step()


def set_scalars(
    w: fem.Function,
    start: MeanFlow,
    scalars: Sequence[TransportedScalar],
    bcs: Sequence[fem.DirichletBC],
    first: int = 2,
) -> None:
    """Scalars of the start in the parts of w from the ``first`` on, and what holds them."""
    for part, scalar in enumerate(scalars, start=first):
        X, _ = w.function_space.sub(part).collapse()
        w.sub(part).interpolate(fem.Expression(scalar.first(start), X.element.interpolation_points))
    for bc in bcs:
        bc.set(w.x.array)


def hold_scalars(
    start: MeanFlow, scalars: Sequence[TransportedScalar], spaces: Sequence[fem.FunctionSpace]
) -> list[fem.DirichletBC]:
    """Dirichlet conditions of scalars: what enters at inlets, 0 on walls.

    Raises
    ------
    InputError
        If an inlet has a quantity that is none of the scalars, or one that is negative.
    """
    start.conditions.check_turbulence([scalar.name for scalar in scalars])
    held = []
    for scalar, space in zip(scalars, spaces, strict=True):
        X, _ = space.collapse()
        values = {
            name: _entering(start.domain, X, scalar, name, condition)
            for name, condition in start.conditions.holding.items()
        }
        held += hold_on_boundaries(start.domain, space, values)
    return held


def _entering(domain, X, scalar, boundary, condition) -> fem.Function:
    """The unknown on a boundary."""
    if not isinstance(condition, Inlet):
        return fem.Function(X)
    if scalar.name not in condition.turbulence:
        function = fem.Function(X)
        inlet = scalar.inlet * fem.Constant(domain.mesh, 1.0)  # which an expression needs
        function.interpolate(fem.Expression(inlet, X.element.interpolation_points))
        return function
    name = f"Inlet of boundary {boundary!r}: {scalar.name}"
    value = condition.turbulence[scalar.name]
    function = interpolate_on_boundary(domain, X, value, boundary=boundary, name=name)
    values = function.x.array[domain.boundary_dofs(X, boundary)]
    if domain.comm.allreduce(float(values.min(initial=0.0)), MPI.MIN) < 0:
        raise InputError(f"{name}: must not be negative")
    function.x.array[:] = (np.maximum(function.x.array, 0) / scalar.unit) ** (1 / scalar.power)
    return function


def _interpolate_viscosity(domain, nu_t) -> fem.Function:
    """ν_t as a linear function; if it depends on |S|, which jumps, at nodes the mean over cells.

    It is the mean of the values at the node, in each cell around it: 0 at walls as they are.
    """
    N = fem.functionspace(domain.mesh, ("Lagrange", 1))
    viscosity, D = fem.Function(N, name="eddy_viscosity"), fem.functionspace(domain.mesh, ("DG", 1))
    parts, count = fem.Function(D), fem.Function(N)
    parts.interpolate(fem.Expression(nu_t, D.element.interpolation_points))
    own = domain.mesh.topology.index_map(domain.mesh.topology.dim).size_local
    nodes, places = N.dofmap.list[:own], D.dofmap.list[:own]
    np.add.at(viscosity.x.array, nodes, parts.x.array[places])
    np.add.at(count.x.array, nodes, 1.0)
    for function in (viscosity, count):
        function.x.scatter_reverse(dolfinx.la.InsertMode.add)
        function.x.scatter_forward()
    viscosity.x.array[:] /= count.x.array
    return viscosity
