"""Prandtl's mixing length with van Driest's damping, the simplest turbulence model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import meshio

from solvers.fenics import MPI, fem, ufl
from solvers.flow.conditions import Condition
from solvers.flow.incompressible import FlowResult, check_flow, strain_rate
from solvers.turbulence.mean_flow import mean_flow
from solvers.turbulence.monolithic import solve_closed

_DAMPING = 26.0  # A⁺ of van Driest, J. Aeronaut. Sci. 23 (1956)


@dataclass(frozen=True, eq=False)
class MixingLength:
    """Steady mean flow with ν_t = l² |S|, by default with a given volume-mean velocity U along a
    period.

    u·∇u = −∇p + ∇·[(ν + ν_t)(∇u + ∇uᵀ)] + f e,  ∇·u = 0,  (1/|Ω|) ∫ u·e dx = U. The length is
    Nikuradse's, damped by van Driest: l = δ [0.14 − 0.08 η² − 0.06 η⁴] [1 − exp(−d⁺/26)] with η = 1
    − d/δ, d the distance to the wall, δ its largest value and d⁺ = d u_τ/ν; u_τ² is the mean shear
    stress at the walls. Meant for channels (Schlichting & Gersten, Boundary-Layer Theory, ch. 17).

    Parameters
    ----------
    mesh, viscosity, bulk_velocity, walls, periodic, conditions
        As in `LaminarFlow`; there must be a wall.

    Raises
    ------
    InputError
        If a number or a name does not make sense, or the mesh cannot be used.
    """

    mesh: meshio.Mesh
    viscosity: float
    bulk_velocity: float | None = None
    walls: tuple[str, ...] = ("bottom", "top")
    periodic: tuple[str, str] = ("inlet", "outlet")
    conditions: Mapping[str, Condition] | None = None

    def __post_init__(self):
        check_flow(self)

    def solve(
        self, start: FlowResult | str | Path | None = None, comm=MPI.COMM_WORLD
    ) -> FlowResult:
        """Solve on all ranks of ``comm``: five Picard steps, then Newton in pseudo-time.

        Parameters
        ----------
        start : FlowResult or path, optional
            To begin from instead of the Picard steps, as in `LaminarFlow.solve`.

        Raises
        ------
        InputError
            If the start lies elsewhere or cannot be read.
        DivergenceError
            If the iteration does not converge.
        """
        flow = mean_flow(self, start, comm)
        domain, nu = flow.domain, flow.viscosity
        friction_velocity = fem.Constant(domain.mesh, 0.05 * float(flow.balance.speed))
        damping = 1 - ufl.exp(-flow.distance * friction_velocity / nu / _DAMPING)

        def follow(u):
            shear, area = (
                sum(domain.boundary_integral(integrand, name) for name in domain.walls)
                for integrand in (nu * strain_rate(u), 1.0)
            )
            friction_velocity.value = (shear / area) ** 0.5

        if start is not None:
            follow(ufl.split(flow.balance.w)[0])
        return solve_closed(
            self, flow, "mixing length", lambda u: flow.eddy_viscosity(u, damping), follow=follow
        )
