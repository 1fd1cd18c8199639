"""Steady Reynolds-averaged flow with a turbulent stress from a closure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import meshio
import numpy as np

from solvers.coupling.loop import solve_coupled
from solvers.coupling.requirements import TURBULENT_STRESS, check_closure
from solvers.coupling.stress_feedback import StressFeedback
from solvers.fem.arguments import check_location, float_array
from solvers.fem.checkpoint import check_suffix
from solvers.fenics import MPI
from solvers.flow.conditions import Condition, flow_conditions
from solvers.flow.incompressible import FlowResult, check_flow, solve_incompressible
from solvers.flow.initial import begun
from vcnn.closure.protocol import Predicts, as_closure
from vcnn.errors import InputError, naming
from vcnn.flow.field import FlowField

_PICARD_STEPS = 5  # Newton from rest diverges; Picard alone is slow
_OWN = ("closure", "anisotropy", "location")  # what turbulence models do not take


@dataclass(frozen=True, eq=False)
class RANS:
    """Steady Reynolds-averaged Navier-Stokes with a given eddy viscosity ν_t.

    u·∇u = −∇p + ∇·[(ν + ν_t)(∇u + ∇uᵀ)] − ∇·a + f e,  ∇·u = 0, driven and bounded as `LaminarFlow`
    is. The pressure includes 2/3 of the turbulent kinetic energy. Five Picard steps, then Newton.

    Parameters
    ----------
    mesh, viscosity, bulk_velocity, walls, periodic, conditions
        As in `LaminarFlow`.
    closure : array, FlowField, object with ``predict(flow)``, or turbulence model
        ν_t, length²/time: values (n,) at the points of the mesh that ``location`` says; or a flow
        on the mesh with the scalar ``eddy_viscosity``. Or a closure, such as a `vcnn.Closure`, that
        predicts at these points ν_t, ν_t and an anisotropy a, or a Reynolds stress <u'u'> (n, d,
        d), velocity²: flow and closure are then made to agree
        (:func:`solvers.coupling.loop.solve_coupled`), and a Reynolds stress is split into an eddy
        viscosity in the operator and the rest (:func:`solvers.coupling.ask.stress`). Or the class
        of a turbulence model, such as `SpalartAllmaras`, which then solves the problem.
    anisotropy : array, optional
        a, velocity²: values (n, d, d) at the points that ``location`` says, part of the Reynolds
        stress that is not in ν_t.
    location : {"cell", "vertex"}
        Where arrays are given and closures are asked.

    Raises
    ------
    InputError
        If a number, a name or a field does not make sense, or the mesh cannot be used.
    """

    mesh: meshio.Mesh
    viscosity: float
    bulk_velocity: float | None = None
    closure: object = None
    anisotropy: np.ndarray | None = None
    location: str = "cell"
    walls: tuple[str, ...] = ("bottom", "top")
    periodic: tuple[str, str] = ("inlet", "outlet")
    conditions: Mapping[str, Condition] | None = None

    def __post_init__(self):
        check_location(self.location)
        if isinstance(self.closure, type) and self.anisotropy is not None:
            raise InputError("anisotropy: a turbulence model takes none")
        check_flow(self)
        if isinstance(self.closure, Predicts) and not isinstance(self.closure, type):
            with naming("closure"):
                closure, conditions = as_closure(self.closure), flow_conditions(self)
                check_closure(closure, TURBULENT_STRESS, self.mesh, conditions)

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
        """Solve on all ranks of ``comm``.

        Parameters
        ----------
        start : FlowResult or path, optional
            To begin from, as in `LaminarFlow.solve`; a checkpoint of a coupled run goes on with
            what was predicted then. Without it, a closure that predicts begins from the flow with
            ν_t = 0.02 U d, d the distance to the wall.
        tolerance : float
            Bound of what the closure still changes, relative L²; see
            :class:`solvers.CouplingHistory`.
        max_rounds : int
            How many times a closure that predicts may be asked.
        checkpoint : path ending in ``.npz``, optional
            Where the solution goes, every few rounds the present state, and the best one if there
            is no solution: for ``solve(start=path)``.
        progress : bool
            Show a line with rounds and residuals.

        Raises
        ------
        InputError
            If the start lies elsewhere or cannot be read, or the closure cannot be asked.
        DivergenceError
            If the iteration does not converge.
        """
        check_suffix(checkpoint)
        result = self._result(start, comm, tolerance, max_rounds, checkpoint, progress)
        if checkpoint is not None:
            result.checkpoint(checkpoint)
        return result

    def _result(self, start, comm, tolerance, max_rounds, checkpoint, progress):
        if isinstance(self.closure, type) and hasattr(self.closure, "solve"):
            options = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _OWN}
            return self.closure(**options).solve(start, comm)
        if not hasattr(self.closure, "predict"):
            values, location = self._eddy_viscosity()
            domain, begin = begun(self, start, comm)
            return self._solved(domain, values, location, begin)
        if self.anisotropy is not None:
            _checked(self.anisotropy, "anisotropy", 2 * (self.mesh.points.shape[1],))
        return solve_coupled(
            self, StressFeedback, start, comm, tolerance, max_rounds, checkpoint, progress
        )

    def _solved(self, domain, values, location, start) -> FlowResult:
        """The flow with a given eddy viscosity."""
        nu_t = domain.function(_checked(values, "eddy_viscosity", ()), location, "eddy_viscosity")
        a = self.anisotropy
        if a is not None:
            a = domain.function(
                _checked(a, "anisotropy", 2 * (domain.dimension,)), self.location, "anisotropy"
            )
        result = solve_incompressible(
            self, domain, flow_conditions(self), "RANS", _PICARD_STEPS, nu_t, a, start
        )
        return replace(result, eddy_viscosity=nu_t)

    def _eddy_viscosity(self):
        """Values of ν_t and their location."""
        if not isinstance(self.closure, FlowField):
            expected = "an array, a FlowField or an object with predict"
            return float_array(self.closure, "closure", expected), self.location
        flow = self.closure
        if "eddy_viscosity" not in flow.scalars:
            raise InputError("closure: the flow has no scalar 'eddy_viscosity'")
        if flow.mesh is None or not np.array_equal(flow.mesh.points, self.mesh.points):
            raise InputError("closure: the flow does not live on the mesh given")
        return flow.scalars["eddy_viscosity"], flow.location


def _checked(values, name, shape) -> np.ndarray:
    expected = f"an array of shape (n{''.join(f', {d}' for d in shape)})"
    values = float_array(values, name, expected)
    if values.ndim != 1 + len(shape) or values.shape[1:] != shape:
        raise InputError(f"{name}: expected {expected}, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise InputError(f"{name}: holds NaN or infinite values")
    if name == "eddy_viscosity" and values.min() < 0:
        raise InputError(
            f"{name}: must not be negative, got {values.min():.3g} at index {values.argmin()}"
        )
    if (
        name == "anisotropy"
        and np.ptp([values, values.swapaxes(1, 2)], axis=0).max() > 1e-6 * np.abs(values).max()
    ):
        raise InputError(f"{name}: must be symmetric")
    return values
