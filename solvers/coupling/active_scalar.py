"""A scalar that moves the flow that carries it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import meshio
import numpy as np

from solvers.coupling.loop import solve_coupled
from solvers.coupling.requirements import CARRIED_SCALAR, check_closure
from solvers.coupling.scalar_feedback import ScalarFeedback
from solvers.fem.arguments import check_location, check_number, float_array
from solvers.fem.checkpoint import check_suffix
from solvers.fem.mesh_checks import cells_of
from solvers.fenics import MPI
from solvers.flow.conditions import Condition, flow_conditions
from solvers.flow.incompressible import FlowResult
from vcnn.closure.protocol import Predicts, as_closure
from vcnn.errors import InputError, naming

_SOME = np.array([0.0, 0.5, 1.0])  # concentrations


@dataclass(frozen=True, eq=False)
class ActiveScalar:
    """Steady flow with a scalar that is buoyant, or that the viscosity depends on (Boussinesq).

    u·∇u = −∇p + ∇·[ν(c)(∇u + ∇uᵀ)] + f e + c B,  ∇·u = 0, driven and bounded as `LaminarFlow` is; c
    is what a transport equation or, in its place, a closure makes of u. Flow and scalar are made to
    agree (:func:`solvers.coupling.loop.solve_coupled`). Something besides the buoyancy must move
    the flow.

    Parameters
    ----------
    mesh, bulk_velocity, walls, periodic, conditions
        As in `LaminarFlow`.
    viscosity : float or callable c -> ν
        ν, length²/time. A callable is given UFL expressions and arrays: ``lambda c: 0.01 * (1 +
        c)``.
    scalar : `ScalarTransport`, or object with ``predict(flow)``
        What makes c. The class, or ``functools.partial(ScalarTransport, diffusivity=...,
        production=...)``: the equation is solved in each round, under the conditions of the flow;
        at an `Inlet` it needs its own, among the keywords. The momentum then has the quadratic c.
        Or a closure, such as a `vcnn.Closure`, that predicts c (n,) at the points of the mesh that
        ``location`` says.
    buoyancy : (d,), optional
        B, velocity²/length for each unit of c: −β g, for the expansion β and gravity g.
    location : {"cell", "vertex"}
        Where closures are asked: c is constant in each cell, or linear between vertices.

    Raises
    ------
    InputError
        If a number, a name or a callable does not make sense, or the mesh cannot be used.
    """

    mesh: meshio.Mesh
    viscosity: float | Callable
    bulk_velocity: float | None = None
    scalar: object = None
    buoyancy: np.ndarray | None = None
    location: str = "cell"
    walls: tuple[str, ...] = ("bottom", "top")
    periodic: tuple[str, str] = ("inlet", "outlet")
    conditions: Mapping[str, Condition] | None = None

    def __post_init__(self):
        cells_of(self.mesh)
        if callable(self.viscosity):
            _check_law(self.viscosity)
        else:
            check_number(self.viscosity, "viscosity", "a positive number")
        flow_conditions(self)
        check_location(self.location)
        if not (callable(self.scalar) or hasattr(self.scalar, "predict")):
            raise InputError(
                f"scalar: expected ScalarTransport or an object with predict, got {self.scalar!r}"
            )
        if isinstance(self.scalar, Predicts) and not isinstance(self.scalar, type):
            with naming("scalar"):
                closure, conditions = as_closure(self.scalar, "scalar"), flow_conditions(self)
                check_closure(closure, CARRIED_SCALAR, self.mesh, conditions)
        if self.buoyancy is not None:
            d = self.mesh.points.shape[1]
            B = float_array(self.buoyancy, "buoyancy", f"{d} numbers")
            if B.shape != (d,) or not np.isfinite(B).all():
                raise InputError(f"buoyancy: expected {d} finite numbers, got {B.tolist()}")

    def solve(
        self,
        start: FlowResult | str | Path | None = None,
        comm=MPI.COMM_WORLD,
        *,
        tolerance: float = 1e-9,
        max_rounds: int = 100,
        checkpoint: str | Path | None = None,
        progress: bool = False,
    ) -> FlowResult:
        """Solve on all ranks of ``comm``; c is ``scalars["concentration"]`` of the result.

        Parameters
        ----------
        start : FlowResult or path, optional
            To begin from, as in `LaminarFlow.solve`; a checkpoint of a coupled run goes on with its
            c, which must be known at the same points. Without it the flow with c = 0 is the first.
        tolerance : float
            Bound of how c still changes, relative L²; see :class:`solvers.CouplingHistory`. A
            closure whose clouds follow the velocity predicts in steps, as points come and go, and
            may settle to 1e-3 only.
        max_rounds, checkpoint, progress
            As in `RANS.solve`.

        Raises
        ------
        InputError
            If the start lies elsewhere or cannot be read, or c cannot be found.
        DivergenceError
            If the iteration does not converge, or the viscosity does not stay positive.
        """
        check_suffix(checkpoint)
        result = solve_coupled(
            self, ScalarFeedback, start, comm, tolerance, max_rounds, checkpoint, progress
        )
        if checkpoint is not None:
            result.checkpoint(checkpoint)
        return result


def _check_law(viscosity):
    """Refuse a callable that does not take arrays; that it takes UFL expressions is seen when it is
    solved with.
    """
    try:
        shape = np.shape(viscosity(_SOME))
    except Exception as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(
            f"viscosity: the callable given fails for an array of concentrations with {what}"
        ) from error
    if shape != _SOME.shape:
        raise InputError(
            f"viscosity: expected one for each concentration, got shape {shape} for {_SOME.shape}"
        )
