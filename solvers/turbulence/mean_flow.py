"""What turbulence models begin with and how their equations are solved together with those of the mean flow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from solvers.bordered import BorderedSystem
from solvers.conditions import Inlet, Periodic, flow_conditions, of_kind, roles
from solvers.domain import Domain, build_domain
from solvers.fenics import MPI, fem, ufl
from solvers.incompressible import FlowResult
from solvers.momentum import MomentumBalance, dx
from solvers.turbulence.pseudo_time import march
from vcnn.errors import InputError

_PICARD_STEPS = 5
_FIRST_COURANT_NUMBER = 3.0


@dataclass(frozen=True, eq=False)
class MeanFlow:
    """A flow that has not converged, for models to start from, with a mixing length that is not damped near walls.

    Parameters
    ----------
    domain : Domain
    conditions : mapping boundary name -> condition
    viscosity : dolfinx Constant
    distance : dolfinx Function
        To the nearest wall.
    thickness : dolfinx Constant
        δ, the largest distance.
    balance : MomentumBalance
        Its ``w`` holds velocity and pressure.
    force : float
        That drives it.
    """

    domain: Domain
    conditions: dict
    viscosity: fem.Constant
    distance: fem.Function
    thickness: fem.Constant
    balance: MomentumBalance
    force: float = 0.0

    @property
    def length(self):
        """Nikuradse's mixing length δ [0.14 − 0.08 η² − 0.06 η⁴] with η = 1 − d/δ; it is 0.4 d near walls."""
        eta = 1 - self.distance / self.thickness
        return self.thickness * (0.14 - 0.08 * eta**2 - 0.06 * eta**4)

    def eddy_viscosity(self, u, damping=1.0):
        """ν_t = l² |S|, a UFL expression; |S| is kept off 0, where it has no derivative."""
        S = ufl.sym(ufl.grad(u))
        floor = 1e-8 * self.balance.speed / self.thickness
        return (self.length * damping) ** 2 * ufl.sqrt(2 * ufl.inner(S, S) + floor**2)


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
        To begin with.
    inlet : float
        Its value where the flow enters.
    """

    name: str
    unit: float
    transport: Callable
    start: object
    inlet: float


def mean_flow(problem, comm) -> MeanFlow:
    """Five Picard steps from rest.

    A flow driven by a given force starts with a bulk velocity instead, that of a channel: U⁺ = 15, or Re_τ/3 if
    it is laminar. Picard steps would else go from far too fast to far too slow.

    Raises
    ------
    InputError
        If the mesh or the conditions cannot be used.
    """
    conditions = flow_conditions(problem)
    domain = build_domain(problem.mesh, comm=comm, **roles(conditions))
    if not domain.walls:
        raise InputError(f"{type(problem).__name__}: needs at least one wall")
    depth = domain.integral(1.0) / sum(domain.boundary_integral(1.0, name) for name in domain.walls)
    started = dict(conditions)
    for name, condition in of_kind(conditions, Periodic).items():
        if force := condition.pressure_gradient:
            friction_velocity = (abs(force) * depth) ** 0.5
            speed = friction_velocity * min(15, friction_velocity * depth / problem.viscosity / 3)
            started[name] = replace(condition, pressure_gradient=None, bulk_velocity=speed if force > 0 else -speed)
    balance, distance = MomentumBalance(domain, started), domain.wall_distance()
    nu, thickness = (
        fem.Constant(domain.mesh, float(value))
        for value in (problem.viscosity, domain.mesh.comm.allreduce(distance.x.array.max(), MPI.MAX))
    )
    flow = MeanFlow(domain, conditions, nu, distance, thickness, balance)
    (u, p), (v, q) = ufl.split(balance.w), ufl.TestFunctions(balance.space)
    viscosity = nu + flow.eddy_viscosity(u)
    system = BorderedSystem(
        balance.residual(u, p, v, q, viscosity),
        [balance.oseen(*ufl.TrialFunctions(balance.space), v, q, u, viscosity)],
        balance.w,
        balance.bcs,
        balance.drive(v),
        "mixing length",
        blocked=balance.blocked,
    )
    system.residual()
    for _ in range(_PICARD_STEPS):
        system.advance(system.correction())
    return replace(flow, force=system.force)


def solve_closed(problem, start: MeanFlow, name, eddy_viscosity, scalar: TransportedScalar | None = None,
                 follow=lambda u: None) -> FlowResult:  # fmt: skip
    """Mean flow, pressure and the scalar of a model, all solved for together by Newton's method in pseudo-time.

    Time steps are local: a Courant number times the time in which the flow crosses a cell, U/δ being added to the
    rate for where it is at rest.

    Parameters
    ----------
    problem : turbulence model
    start : MeanFlow
    name : str
        For messages.
    eddy_viscosity : callable
        Takes the velocity (and the scalar) to ν_t, UFL expressions.
    scalar : TransportedScalar, optional
    follow : callable
        Called with the velocity after each step.

    Raises
    ------
    DivergenceError
        If the iteration does not converge.
    """
    domain = start.domain
    balance = MomentumBalance(domain, start.conditions, scalars=1 if scalar is None else 2)
    W, w, U = balance.space, balance.w, balance.speed
    bcs = balance.bcs
    if scalar is not None:
        held = _held(domain, start.conditions, W, scalar.inlet)
        for bc in held:
            bc.set(w.x.array)
        bcs = bcs + held
    (u, p, *x), (v, q, *s) = ufl.split(w), ufl.TestFunctions(W)
    old = w.copy()
    u_old, _, *x_old = ufl.split(old)
    nu_t = eddy_viscosity(u, *x)
    residual = balance.residual(u, p, v, q, start.viscosity + nu_t)
    inertia = ufl.inner(u - u_old, v)
    if scalar is not None:
        residual += U * scalar.transport(u, *x, *s)
        inertia += U * (x[0] - x_old[0]) * s[0]
    reference_velocity = ufl.inv(ufl.Jacobian(domain.mesh)) * u_old   # in cells per time
    rate = U / start.thickness + ufl.sqrt(ufl.inner(reference_velocity, reference_velocity))
    courant = fem.Constant(domain.mesh, _FIRST_COURANT_NUMBER)
    residual += rate / courant * inertia * dx
    system = BorderedSystem(
        residual, [ufl.derivative(residual, w)], w, bcs, balance.drive(v), name, force=start.force,
        blocked=balance.blocked,
    )  # fmt: skip
    _begin(w, start, float(start.balance.speed) / float(U))
    if scalar is not None:
        X, _ = W.sub(2).collapse()
        w.sub(2).interpolate(fem.Expression(scalar.start, X.element.interpolation_points))
        for bc in held:
            bc.set(w.x.array)
    solution = march(system, old, courant, lambda: follow(u))
    velocity, pressure = balance.velocity_and_pressure(w)
    scalars = {}
    if scalar is not None:
        scalars[scalar.name] = w.sub(2).collapse()
        scalars[scalar.name].x.array[:] *= scalar.unit
    N = fem.functionspace(domain.mesh, ("DG" if scalar is None else "Lagrange", 1))   # |S| jumps from cell to cell
    eddy_viscosity = fem.Function(N, name="eddy_viscosity")
    eddy_viscosity.interpolate(fem.Expression(nu_t, N.element.interpolation_points))
    force = balance.force or solution.force
    return FlowResult(
        problem, domain, velocity, pressure, force, solution.residuals, eddy_viscosity, scalars
    )  # fmt: skip


def _begin(w, start, scale):
    """Velocity and pressure of the start, whose pressure is in another unit."""
    w.sub(0).interpolate(start.balance.w.sub(0))
    pressure = start.balance.w.sub(1).collapse()
    pressure.x.array[:] *= scale
    w.sub(1).interpolate(pressure)


def _held(domain, conditions, W, inlet) -> list:
    """Dirichlet conditions of the scalar; where boundaries meet the wall comes last and holds."""
    X, _ = W.sub(2).collapse()

    def given(value, dofs):
        held = fem.Function(X)
        held.x.array[:] = value
        return fem.dirichletbc(held, dofs, W.sub(2))

    entering = [given(inlet, domain.boundary_dofs((W.sub(2), X), name)) for name in of_kind(conditions, Inlet)]
    return [*entering, given(0.0, domain.wall_dofs((W.sub(2), X)))]
