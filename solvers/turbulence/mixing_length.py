"""Prandtl's mixing length with van Driest's damping, the simplest turbulence model."""

from __future__ import annotations

from solvers.fem.domain import Domain
from solvers.fenics import Expr, fem, ufl
from solvers.flow.momentum import strain_rate
from solvers.flow.problem import FlowModel
from solvers.flow.result import FlowResult
from solvers.flow.start import Start
from solvers.turbulence.mean_flow import estimate_mean_flow
from solvers.turbulence.monolithic import solve_monolithic

_DAMPING = 26.0  # A⁺ of van Driest, J. Aeronaut. Sci. 23 (1956)


class MixingLength(FlowModel):
    """Steady mean flow with ν_t = l² |S|, by default with a given volume-mean velocity U.

    u·∇u = −∇p + ∇·[(ν + ν_t)(∇u + ∇uᵀ)] + f e,  ∇·u = 0,  (1/|Ω|) ∫ u·e dx = U. The length is
    Nikuradse's, damped by van Driest: l = δ [0.14 − 0.08 η² − 0.06 η⁴] [1 − exp(−d⁺/26)] with η = 1
    − d/δ, d the distance to the wall, δ its largest value and d⁺ = d u_τ/ν; u_τ² is the mean shear
    stress at the walls. Meant for channels (Schlichting & Gersten, Boundary-Layer Theory, ch. 17).
    Five Picard steps, then Newton in pseudo-time.

    Parameters
    ----------
    mesh, viscosity, bulk_velocity, drive, conditions, walls, periodic
        As in `FlowProblem`; there must be a wall.

    Raises
    ------
    InputError
        As `FlowProblem`.
    """

    def _solve_on(self, domain: Domain, start: Start | None) -> FlowResult:
        flow = estimate_mean_flow(self, domain, start)
        nu = flow.viscosity
        friction_velocity = fem.Constant(domain.mesh, 0.05 * float(flow.balance.speed))
        damping = 1 - ufl.exp(-flow.distance * friction_velocity / nu / _DAMPING)

        def follow(u: Expr) -> None:
            """Take u_τ from the velocity."""
            shear, area = (
                sum(domain.boundary_integral(integrand, name) for name in domain.walls)
                for integrand in (nu * strain_rate(u), 1.0)
            )
            friction_velocity.value = (shear / area) ** 0.5

        if start is not None:
            follow(flow.velocity)
        return solve_monolithic(
            self,
            flow,
            name="mixing length",
            eddy_viscosity=lambda u: flow.eddy_viscosity(u, damping),
            after_step=follow,
        )
