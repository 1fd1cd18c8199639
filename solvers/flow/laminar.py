"""Steady laminar flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import meshio

from solvers.fenics import MPI
from solvers.flow.conditions import Condition, flow_conditions
from solvers.flow.incompressible import FlowResult, check_flow, solve_incompressible
from solvers.flow.initial import begun

_PICARD_STEPS = 3  # Newton from rest diverges at Re = 100


@dataclass(frozen=True, eq=False)
class LaminarFlow:
    """Steady incompressible Navier-Stokes, by default with a given volume-mean velocity U along a
    period.

    u·∇u = −∇p + ν∇²u + f e,  ∇·u = 0,  u = 0 on walls,  (1/|Ω|) ∫ u·e dx = U,  with e the direction
    of the period and the driving force f an unknown. Taylor-Hood elements (quadratic velocity,
    linear pressure); three Picard steps, then Newton. The error of the velocity falls with the
    third power of the cells' size, or with the second along curved walls, which cells follow with
    straight sides (see :class:`solvers.Domain`).

    Parameters
    ----------
    mesh : meshio.Mesh
        As in :func:`solvers.fem.domain.build_domain`, the same on every rank of MPI.
    viscosity : float
        ν, length²/time.
    bulk_velocity : float
        U, length/time.
    walls : sequence of str
        Names of the boundaries without slip.
    periodic : (str, str)
        Names of the boundaries that are one, the flow going from the first to the second if U > 0.
    conditions : mapping boundary name -> condition, optional
        Any others (:mod:`solvers.flow.conditions`), in place of the three above.

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
        """Solve on all ranks of ``comm``.

        Parameters
        ----------
        start : FlowResult or path, optional
            To begin from: an earlier solution on any mesh of the same domain, or the file of
            :meth:`FlowResult.checkpoint` for the same mesh and periods. It need not satisfy the
            conditions.

        Raises
        ------
        InputError
            If the start lies elsewhere or cannot be read.
        DivergenceError
            If the iteration does not converge.
        """
        domain, start = begun(self, start, comm)
        return solve_incompressible(
            self, domain, flow_conditions(self), "laminar flow", _PICARD_STEPS, start=start
        )
