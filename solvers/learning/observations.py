"""What is known of a flow, and how far a solution is from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from solvers.adjoint.implicit import observe
from solvers.fem.points import LocatedPoints, PointOperator, locate
from vcnn.errors import InputError
from vcnn.flow.arrays import float_array

KINDS = ("velocity", "velocity_gradient")


@dataclass(frozen=True, eq=False)
class Observation:
    """Velocities at points (a whole field, profiles), or velocity gradients (skin friction).

    Parameters
    ----------
    points : (m, d)
        Positions, length.
    values : (m, d) or (m, d, d)
        Velocities, or gradients ∂u_i/∂x_j at [i, j], the transposed of a flow's
        ``velocity_gradient``; NaN where a component is not known.
    kind : {"velocity", "velocity_gradient"}
    weights : (m,), optional
        Of the points, such as cell areas; default: equal.
    share : float
        What the misfit counts for beside that of other observations.

    Raises
    ------
    InputError
        If shapes do not agree or a weight is negative.
    """

    points: np.ndarray
    values: np.ndarray
    kind: str = "velocity"
    weights: np.ndarray | None = None
    share: float = 1.0

    def __post_init__(self):
        if self.kind not in KINDS:
            raise InputError(f"kind: expected {' or '.join(KINDS)}, got {self.kind!r}")
        points = float_array(self.points, "points", "positions (m, d)")
        values = float_array(self.values, "values", "an array (m, d) or (m, d, d)")
        shape = points.shape
        if self.kind == "velocity_gradient":
            shape += points.shape[1:]
        if points.ndim != 2 or values.shape != shape:
            raise InputError(f"values: expected shape {shape} for {self.kind}, got {values.shape}")
        if not np.isfinite(values).any():
            raise InputError("values: expected some that are finite")
        weights = np.ones(len(points))
        if self.weights is not None:
            weights = float_array(self.weights, "weights", "an array (m,)")
        if weights.shape != points.shape[:1] or not (weights >= 0).all() or not weights.any():
            raise InputError(
                f"weights: expected {len(points)} numbers >= 0, got shape {weights.shape}"
            )
        for name, array in (("points", points), ("values", values), ("weights", weights)):
            object.__setattr__(self, name, array)


class Misfit:
    """J = Σ share · Σ w |u − u*|² / Σ w |u*|² over observations of one flow.

    A function of the coefficients of a velocity.

    Parameters
    ----------
    observations : sequence of Observation
    mesh, space
        The dolfinx mesh and the space of the velocity.
    """

    def __init__(self, observations: Sequence[Observation], mesh, space):
        self._terms = []
        for observation in observations:
            located = locate(mesh, observation.points)
            finite = np.isfinite(observation.values)
            values = np.where(finite, observation.values, 0.0)
            weights = observation.weights.reshape(-1, *[1] * (values.ndim - 1)) * finite
            scale = observation.share / max((weights * values**2).sum(), np.finfo(float).tiny)
            probe = partial(observe, _operator(located, observation.kind, space))
            self._terms.append((probe, torch.from_numpy(values), torch.from_numpy(weights * scale)))

    def __call__(self, coefficients: torch.Tensor) -> torch.Tensor:
        return self.residuals(coefficients).square().sum()

    def residuals(self, coefficients: torch.Tensor) -> torch.Tensor:
        """(k,), whose sum of squares is the misfit."""
        return torch.cat(
            [
                (weights.sqrt() * (probe(coefficients) - values)).ravel()
                for probe, values, weights in self._terms
            ]
        )


def _operator(located: LocatedPoints, kind: str, space) -> PointOperator:
    return located.values(space) if kind == "velocity" else located.gradients(space)
