"""The mean flow that turbulence models start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from solvers.algebra.bordered import BorderedSystem
from solvers.fem.domain import Domain
from solvers.fem.fields import wall_distance_function
from solvers.fenics import MPI, Expr, fem, ufl
from solvers.flow.boundary_conditions import BoundaryConditions
from solvers.flow.drive import BulkVelocity, Force
from solvers.flow.incompressible import PICARD_STEPS
from solvers.flow.momentum import MomentumBalance
from solvers.flow.problem import FlowProblem
from solvers.flow.start import Start, start_in
from vcnn.errors import InputError


@dataclass(frozen=True, eq=False)
class MeanFlow:
    """A flow that has not converged, for models to start from, with an undamped mixing length.

    Parameters
    ----------
    domain : Domain
    conditions : BoundaryConditions
    viscosity : dolfinx Constant
    distance : dolfinx Function
        To the nearest wall.
    thickness : dolfinx Constant
        δ, the largest distance.
    balance : MomentumBalance
        Its ``w`` holds velocity and pressure.
    force : float
        That drives it.
    scalars : mapping name -> dolfinx Function, optional
        Of the start on ``domain`` that it was made from; None if it was made from rest.
    residuals : tuple of float
        Of the momentum balance, relative, on the way to it.
    """

    domain: Domain
    conditions: BoundaryConditions
    viscosity: fem.Constant
    distance: fem.Function
    thickness: fem.Constant
    balance: MomentumBalance
    force: float = 0.0
    scalars: Mapping[str, fem.Function] | None = None
    residuals: tuple[float, ...] = ()

    @property
    def velocity(self) -> Expr:
        """u."""
        return ufl.split(self.balance.w)[0]

    @property
    def length(self) -> Expr:
        """Nikuradse's mixing length δ [0.14 − 0.08 η² − 0.06 η⁴] with η = 1 − d/δ.

        It is 0.4 d near walls.
        """
        eta = 1 - self.distance / self.thickness
        return self.thickness * (0.14 - 0.08 * eta**2 - 0.06 * eta**4)

    def eddy_viscosity(self, u: Expr, damping: Expr | float = 1.0) -> Expr:
        """ν_t = l² |S|; |S| is kept off 0, where it has no derivative."""
        S = ufl.sym(ufl.grad(u))
        floor = 1e-8 * self.balance.speed / self.thickness
        return (self.length * damping) ** 2 * ufl.sqrt(2 * ufl.inner(S, S) + floor**2)


def estimate_mean_flow(problem: FlowProblem, domain: Domain, start: Start | None) -> MeanFlow:
    """The start given on a domain, or five Picard steps from rest.

    From rest, a flow driven by a given force starts with a bulk velocity instead, that of a
    channel: U⁺ = 15, or Re_τ/3 if it is laminar. Picard steps would else go from far too fast to
    far too slow.

    Raises
    ------
    InputError
        If there is no wall, or the conditions do not determine a flow.
    """
    conditions = problem.boundary_conditions
    if not domain.walls:
        raise InputError(f"{type(problem).__name__}: needs at least one wall")
    first = conditions
    if start is None:
        first = _with_bulk_velocity(conditions, domain, problem.viscosity)
    balance, distance = MomentumBalance(domain, first), wall_distance_function(domain)
    thickness = domain.comm.allreduce(distance.x.array.max(), MPI.MAX)
    nu, delta = (fem.Constant(domain.mesh, float(x)) for x in (problem.viscosity, thickness))
    flow = MeanFlow(domain, conditions, nu, distance, delta, balance)
    if start is not None:
        balance.w.x.array[:] = start_in(balance, start)
        force = 0.0 if balance.bulk_velocity is None else start.force
        return replace(flow, force=force, scalars=start.scalars)
    (u, p), (v, q) = ufl.split(balance.w), ufl.TestFunctions(balance.space)
    du, dp = ufl.TrialFunctions(balance.space)
    viscosity = nu + flow.eddy_viscosity(u)
    system = BorderedSystem(
        balance.residual(u, p, v, q, viscosity=viscosity),
        [balance.oseen(du, dp, v, q, carrier=u, viscosity=viscosity)],
        balance.w,
        balance.bcs,
        constraint=balance.constraint(v),
        name="mixing length",
        blocked=balance.blocked,
    )
    for _ in range(PICARD_STEPS):
        system.step()
    return replace(flow, force=system.force)


def _with_bulk_velocity(conditions, domain, viscosity) -> BoundaryConditions:
    """The conditions with an estimated bulk velocity in place of a driving force."""
    if not isinstance(conditions.drive, Force):
        return conditions
    force = conditions.drive.value
    depth = domain.integral(1.0) / sum(domain.boundary_integral(1.0, name) for name in domain.walls)
    friction_velocity = (abs(force) * depth) ** 0.5
    speed = friction_velocity * min(15, friction_velocity * depth / viscosity / 3)
    drive = BulkVelocity(speed if force > 0 else -speed, conditions.drive.direction)
    return replace(conditions, drive=drive)
