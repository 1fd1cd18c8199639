"""A scalar carried by a flow, diffusing, produced and destroyed: the published problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import meshio
import numpy as np

from solvers.algebra.linear_solvers import LINEAR_SOLVERS
from solvers.algebra.newton import newton_loop
from solvers.fem.arguments import check_number, is_number
from solvers.fem.domain import Domain
from solvers.fenics import MPI, fem
from solvers.flow.boundary_conditions import BoundaryConditions, between_walls, conditions_from
from solvers.flow.conditions import Condition
from solvers.flow.result import FlowResult
from solvers.scalar.equation import TransportEquation
from solvers.scalar.production import MixingLengthProduction
from solvers.scalar.result import TransportResult
from vcnn.errors import InputError
from vcnn.flow.field import FlowField


@dataclass(frozen=True, eq=False, repr=False)
class ScalarTransport:
    """Steady transport of a concentration c with c = 0 on walls.

    u·∇c − ∇·(D∇c) + ζ|c|ᵐc = P, the production P being held fixed. Quadratic elements, upwinded
    where the cell Péclet number asks for it, and conservative unless the velocity is constant in
    each cell (``solvers.scalar.advection.transport_form``); Newton from the solution of the
    linear problem (m = 0). The defaults are the problem of Zhou, Han & Xiao, CMAME 388 (2022)
    114211.

    Parameters
    ----------
    mesh : meshio.Mesh or Domain
        As in ``solvers.fem.build.build_domain``, the same on every rank of MPI.
    velocity : FlowResult, FlowField or dolfinx Function
        u: a solution on the same mesh; a flow at its vertices (then linear) or its cells (then
        constant in each, and ``strain_rate`` must be among its scalars); a Function on
        ``mesh.mesh`` of a Domain.
    diffusivity : float or (n,)
        D, length²/time; values at the points of the flow that is the velocity, or at the vertices
        of the mesh.
    decay : float
        ζ, 1/time for m = 0.
    exponent : float
        m; 1 is what the published field satisfies.
    production : MixingLengthProduction, callable, (n,) or float
        P; a callable takes positions (d, k) to values (k,), an array holds values at the points of
        the flow that is the velocity, or at the vertices of the mesh.
    walls : sequence of str
        Names of the boundaries where c = 0.
    periodic : (str, str) or None
        Names of the boundaries that are one; None if there is no period.
    conditions : mapping boundary name -> condition, optional
        Any others (``solvers.flow.conditions``), in place of ``walls`` and ``periodic``. What
        drives a flow among them does not matter.
    linear_solver : {"direct", "iterative"}
        As in ``solvers.algebra.linear_solvers.LinearSolver``; iterative from some 10⁵ unknowns
        on.

    Attributes
    ----------
    boundary_conditions : BoundaryConditions
        In one form, whichever way they were said.

    Raises
    ------
    InputError
        If a number or a name does not make sense.
    """

    mesh: meshio.Mesh | Domain
    velocity: FlowResult | FlowField | fem.Function
    diffusivity: float | np.ndarray = 0.1
    decay: float = 3.0
    exponent: float = 1.0
    production: MixingLengthProduction | Callable | np.ndarray | float = field(
        default_factory=MixingLengthProduction
    )
    walls: tuple[str, ...] = ("bottom", "top")
    periodic: tuple[str, str] | None = ("inlet", "outlet")
    conditions: Mapping[str, Condition] | None = None
    linear_solver: str = "direct"
    boundary_conditions: BoundaryConditions = field(init=False, repr=False)

    def __post_init__(self):
        if self.linear_solver not in LINEAR_SOLVERS:
            raise InputError(
                f"linear_solver: expected {' or '.join(LINEAR_SOLVERS)}, got {self.linear_solver!r}"
            )
        if is_number(self.diffusivity):
            check_number(self.diffusivity, "diffusivity", "a positive number")
        for name in ("decay", "exponent"):
            check_number(getattr(self, name), name, "a number >= 0")
        if self.conditions is None:
            conditions = between_walls(self.walls, self.periodic)
        else:
            conditions = conditions_from(self.conditions)
        object.__setattr__(self, "boundary_conditions", conditions)

    def __repr__(self) -> str:
        D = self.diffusivity if is_number(self.diffusivity) else "varying"
        return f"ScalarTransport(diffusivity={D}, decay={self.decay}, exponent={self.exponent})"

    def solve(self, comm: MPI.Comm = MPI.COMM_WORLD) -> TransportResult:
        """Solve on all ranks of ``comm``.

        Raises
        ------
        DivergenceError
            If the iteration does not converge.
        """
        equation = TransportEquation(self, comm)
        return equation.result(newton_loop(equation.system).residuals)
