"""The mean flow that turbulence models start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from solvers.algebra.bordered import BorderedSystem
from solvers.fem.domain import Domain
from solvers.fem.fields import wall_distance_function
from solvers.fenics import MPI, fem, ufl
from solvers.flow.boundary_conditions import BoundaryConditions
from solvers.flow.drive import BulkVelocity, Force
from solvers.flow.momentum import MomentumBalance
from solvers.flow.problem import FlowProblem
from solvers.flow.start import Start, start_in
from vcnn.errors import InputError

_PICARD_STEPS = 5


@dataclass(frozen=True, eq=False)
class MeanFlow:
    """A flow that has not converged, for models to start from, with a mixing length that is not
    damped near walls.

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
    """

    domain: Domain
    conditions: BoundaryConditions
    viscosity: fem.Constant
    distance: fem.Function
    thickness: fem.Constant
    balance: MomentumBalance
    force: float = 0.0
    scalars: Mapping[str, fem.Function] | None = None

    @property
    def length(self):
        """Nikuradse's mixing length δ [0.14 − 0.08 η² − 0.06 η⁴] with η = 1 − d/δ; it is 0.4 d near
        walls.
        """
        eta = 1 - self.distance / self.thickness
        return self.thickness * (0.14 - 0.08 * eta**2 - 0.06 * eta**4)

    def eddy_viscosity(self, u, damping=1.0):
        """ν_t = l² |S|, a UFL expression; |S| is kept off 0, where it has no derivative."""
        S = ufl.sym(ufl.grad(u))
        floor = 1e-8 * self.balance.speed / self.thickness
        return (self.length * damping) ** 2 * ufl.sqrt(2 * ufl.inner(S, S) + floor**2)


def mean_flow(problem: FlowProblem, domain: Domain, start: Start | None) -> MeanFlow:
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
    at_first = (
        _with_bulk_velocity(conditions, domain, problem.viscosity) if start is None else conditions
    )
    balance, distance = MomentumBalance(domain, at_first), wall_distance_function(domain)
    nu, thickness = (
        fem.Constant(domain.mesh, float(value))
        for value in (
            problem.viscosity,
            domain.mesh.comm.allreduce(distance.x.array.max(), MPI.MAX),
        )
    )
    flow = MeanFlow(domain, conditions, nu, distance, thickness, balance)
    if start is not None:
        balance.w.x.array[:] = start_in(balance, start)
        force = 0.0 if balance.bulk is None else start.force
        return replace(flow, force=force, scalars=start.scalars)
    (u, p), (v, q) = ufl.split(balance.w), ufl.TestFunctions(balance.space)
    viscosity = nu + flow.eddy_viscosity(u)
    system = BorderedSystem(
        balance.residual(u, p, v, q, viscosity),
        [balance.oseen(*ufl.TrialFunctions(balance.space), v, q, u, viscosity)],
        balance.w,
        balance.bcs,
        constraint=balance.constraint(v),
        name="mixing length",
        blocked=balance.blocked,
    )
    for _ in range(_PICARD_STEPS):
        system.step()
    return replace(flow, force=system.force)


def _with_bulk_velocity(
    conditions: BoundaryConditions, domain: Domain, viscosity: float
) -> BoundaryConditions:
    """The conditions with an estimated bulk velocity in place of a driving force."""
    if not isinstance(conditions.drive, Force):
        return conditions
    force = conditions.drive.value
    depth = domain.integral(1.0) / sum(domain.boundary_integral(1.0, name) for name in domain.walls)
    friction_velocity = (abs(force) * depth) ** 0.5
    speed = friction_velocity * min(15, friction_velocity * depth / viscosity / 3)
    drive = BulkVelocity(speed if force > 0 else -speed, conditions.drive.direction)
    return replace(conditions, drive=drive)
