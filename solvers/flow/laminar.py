"""Steady laminar flow."""

from __future__ import annotations

from solvers.fem.domain import Domain
from solvers.flow.incompressible import solve_incompressible
from solvers.flow.problem import FlowModel
from solvers.flow.result import FlowResult
from solvers.flow.start import Start

_PICARD_STEPS = 3  # Newton from rest diverges at Re = 100


class LaminarFlow(FlowModel):
    """Steady incompressible Navier-Stokes, by default with a given volume-mean velocity U.

    u·∇u = −∇p + ν∇²u + f e,  ∇·u = 0,  u = 0 on walls,  (1/|Ω|) ∫ u·e dx = U,  with e the direction
    of the period and the driving force f an unknown. Taylor-Hood elements (quadratic velocity,
    linear pressure); three Picard steps, then Newton. The error of the velocity falls with the
    third power of the cells' size, or with the second along curved walls, which cells follow with
    straight sides (see :class:`solvers.Domain`).

    Parameters
    ----------
    mesh, viscosity, bulk_velocity, drive, conditions, walls, periodic
        As in `FlowProblem`.

    Raises
    ------
    InputError
        As `FlowProblem`; when it is solved, if an inlet has ``turbulence``.
    """

    def _solve_on(self, domain: Domain, start: Start | None) -> FlowResult:
        self.boundary_conditions.check_turbulence(())
        return solve_incompressible(
            self, domain, name="laminar flow", picard_steps=_PICARD_STEPS, start=start
        )
