"""Steady Reynolds-averaged flow with an eddy viscosity from a closure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import meshio
import numpy as np

from meshes.wall_distance import wall_distance
from solvers.checks import float_array
from solvers.conditions import Condition, Periodic, flow_conditions, of_kind
from solvers.fenics import MPI
from solvers.incompressible import FlowResult, check_flow, solve_incompressible
from solvers.starts import begun
from vcnn.errors import DivergenceError, InputError
from vcnn.flow import FlowField

_PICARD_STEPS = 5   # Newton from rest diverges; Picard alone is slow
_RELAXATION = 0.5   # how far ν_t goes towards what the closure says of the flow
_MAX_ROUNDS = 80
_TOLERANCE = 1e-6   # of ν_t, relative L2


@dataclass(frozen=True, eq=False)
class RANS:
    """Steady Reynolds-averaged Navier-Stokes with a given eddy viscosity ν_t.

    u·∇u = −∇p + ∇·[(ν + ν_t)(∇u + ∇uᵀ)] − ∇·a + f e,  ∇·u = 0, driven and bounded as `LaminarFlow` is. The
    pressure includes 2/3 of the turbulent kinetic energy. Five Picard steps, then Newton.

    Parameters
    ----------
    mesh, viscosity, bulk_velocity, walls, periodic, conditions
        As in `LaminarFlow`.
    closure : array, FlowField or object with ``predict(flow) -> (n,)``
        ν_t, length²/time: values (n,) at the points of the mesh that ``location`` says; or a flow on the mesh
        with the scalar ``eddy_viscosity``; or a closure that predicts the values from the flow at these points
        (those below 0 count as 0). With the latter, flow and ν_t are found in turns, ν_t moving half way to
        what is predicted each time, until it moves by less than a millionth.
    anisotropy : array, optional
        a, velocity²: values (n, d, d) at the points that ``location`` says, part of the Reynolds stress that
        is not in ν_t.
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
        if self.location not in ("cell", "vertex"):
            raise InputError(f"location: expected 'cell' or 'vertex', got {self.location!r}")
        check_flow(self)

    def solve(self, start: FlowResult | str | Path | None = None, comm=MPI.COMM_WORLD) -> FlowResult:
        """Solve on all ranks of ``comm``.

        Parameters
        ----------
        start : FlowResult or path, optional
            To begin from, as in `LaminarFlow.solve`. Without it, a closure that predicts begins from the flow with
            ν_t = 0.02 U d, d the distance to the wall.

        Raises
        ------
        InputError
            If the start lies elsewhere or cannot be read.
        DivergenceError
            If the iteration does not converge.
        """
        domain, start = begun(self, start, comm)
        if not hasattr(self.closure, "predict"):
            return self._solved(domain, *self._eddy_viscosity(), start)
        if start is None:
            start = self._first(domain)
        values = self._predicted(flow := start.flow(self.location))
        for _ in range(_MAX_ROUNDS):
            start = self._solved(domain, values, self.location, start)
            wanted = self._predicted(start.flow(self.location))
            change = wanted - values
            if np.sqrt(flow.weights @ change**2) <= _TOLERANCE * np.sqrt(flow.weights @ wanted**2):
                return start
            values = values + _RELAXATION * change
        raise DivergenceError(
            f"RANS: flow and eddy viscosity do not settle, after {_MAX_ROUNDS} rounds ν_t still changes by up to "
            f"{np.abs(change).max():.3g} (of {wanted.max():.3g}); try a start nearer to the solution"
        )

    def _first(self, domain) -> FlowResult:
        """A flow for the closure to begin with."""
        periodic = of_kind(flow_conditions(self), Periodic).values()
        bulk = max((abs(condition.bulk_velocity or 0) for condition in periodic), default=0)
        if not bulk or not domain.walls:
            raise InputError("start: needed for a closure that predicts, unless there are a bulk velocity and walls")
        distance = wall_distance(self.mesh, self.mesh.points, domain.walls, domain.periods)
        return self._solved(domain, 0.02 * bulk * distance, "vertex", None)

    def _predicted(self, flow):
        values = float_array(self.closure.predict(flow), "closure", f"it to predict {len(flow)} eddy viscosities")
        if values.shape != (len(flow),):
            raise InputError(f"closure: expected it to predict {len(flow)} eddy viscosities, got shape {values.shape}")
        if not np.isfinite(values).all():
            raise DivergenceError("RANS: the closure predicts NaN or infinite eddy viscosities")
        return np.maximum(values, 0)

    def _solved(self, domain, values, location, start) -> FlowResult:
        """The flow with a given eddy viscosity."""
        nu_t = domain.function(_checked(values, "eddy_viscosity", ()), location, "eddy_viscosity")
        a = self.anisotropy
        if a is not None:
            a = domain.function(_checked(a, "anisotropy", 2 * (domain.dimension,)), self.location, "anisotropy")
        result = solve_incompressible(
            self, domain, flow_conditions(self), "RANS", _PICARD_STEPS, nu_t, a, start
        )  # fmt: skip
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
        raise InputError(f"{name}: must not be negative, got {values.min():.3g} at index {values.argmin()}")
    if name == "anisotropy" and np.ptp([values, values.swapaxes(1, 2)], axis=0).max() > 1e-6 * np.abs(values).max():
        raise InputError(f"{name}: must be symmetric")
    return values
