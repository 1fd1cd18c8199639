"""How far to believe a closure that says how sure it is: its spread beside its true errors."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2, spearmanr

from vcnn.closure.adapters import Adapter
from vcnn.errors import InputError
from vcnn.flow.arrays import float_array
from vcnn.flow.field import FlowField
from vcnn.flow.norms import magnitudes

LEVELS = (0.5, 0.8, 0.9, 0.95)


@runtime_checkable
class SaysHowSure(Protocol):
    """A closure with a ``spread``: a `vcnn.Closure` whose targets have one, or an ensemble."""

    @property
    def targets(self) -> Mapping[str, str]:
        """Name of each predicted field -> its kind."""

    @property
    def uncertain(self) -> tuple[str, ...]:
        """Names of the targets whose spread it knows."""

    def predict_with_spread(
        self, flow: FlowField
    ) -> tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]]:
        """Values by name; standard deviations (n,), of vectors and tensors of their length."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Errors of predictions at n points beside what was said of them.

    The error of a vector or tensor of k components counts by its length |e|, which no frame
    changes: if components are normal, independent and of the same variance, k |e|²/σ² is chi-square
    of k degrees of freedom, σ being the standard deviation of the length.

    Points of a flow are no independent trials: one says little of another, whatever its points.

    Parameters
    ----------
    errors : (n,)
        |e| = |truth − prediction|, in the unit of the field.
    spread : (n,)
        σ, likewise.
    components : int
        k: 1 of a scalar, d of a vector, d (d + 1)/2 of a symmetric tensor.
    weights : (n,)
        What points count for.
    indicators : mapping name -> (n,)
        What else may say where errors are large, such as the distance to the clouds of training.

    Raises
    ------
    InputError
        If shapes differ, or something is negative or not finite.
    """

    errors: np.ndarray
    spread: np.ndarray
    components: int
    weights: np.ndarray
    indicators: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self):
        for name in ("errors", "spread", "weights"):
            values = float_array(getattr(self, name), name, "numbers (n,)")
            object.__setattr__(self, name, values)
        if type(self.components) is not int or self.components < 1:
            raise InputError(f"components: expected a positive integer, got {self.components!r}")
        parts = {"errors": self.errors, "spread": self.spread, "weights": self.weights}
        for name, values in {**parts, **self.indicators}.items():
            if values.shape != self.errors.shape or values.ndim != 1:
                raise InputError(f"{name}: expected shape {self.errors.shape}, got {values.shape}")
            if not np.isfinite(values).all() or (name in parts and (values < 0).any()):
                raise InputError(f"{name}: expected finite numbers that are not negative")
        if not self.weights.any():
            raise InputError("weights: expected some that are not 0")

    @classmethod
    def of(cls, closure: SaysHowSure, flow: FlowField, target: str) -> Calibration:
        """That of a closure in a flow that has the truth.

        Parameters
        ----------
        closure : SaysHowSure
            A closure with a spread of the target, or an ensemble.
        flow : FlowField
            With the target.
        target : str
            Name of the field.

        Raises
        ------
        InputError
            If the flow does not have the target, or the closure gives no spread of it.
        """
        kind = closure.targets.get(target, "")
        truth = {**flow.scalars, **flow.vectors, **flow.tensors}
        if target not in truth:
            raise InputError(f"target: the flow has no {target!r} to compare with")
        if not isinstance(closure, SaysHowSure) or target not in closure.uncertain:
            raise InputError(f"target: the closure does not say how sure it is of {target!r}")
        values, spread = closure.predict_with_spread(flow)
        errors = magnitudes(truth[target] - values[target])
        indicators = {}
        with suppress(InputError):  # of a closure that does not know its training
            indicators["extrapolation"] = Adapter(closure).extrapolation(flow)
        d = flow.dimension
        components = {0: 1, 1: d, 2: d * (d + 1) // 2}[truth[target].ndim - 1]
        components -= kind == "traceless_symmetric_tensor"
        return cls(errors, spread[target], components, flow.weights, indicators)

    @property
    def standardized(self) -> np.ndarray:
        """√k |e|/σ (n,); infinite where an error was said to be 0 and is not."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.sqrt(self.components) * self.errors / self.spread
        return np.where(self.errors == 0, 0.0, ratio)

    def pit(self) -> np.ndarray:
        """(n,) probability integral transforms: uniform on [0, 1] if σ is right."""
        return chi2.cdf(self.standardized**2, self.components)

    def coverage(self, levels: ArrayLike = LEVELS) -> np.ndarray:
        """Share of the weight whose errors lie within what should hold such shares.

        Parameters
        ----------
        levels : (l,)
            Between 0 and 1.

        Returns
        -------
        (l,)

        Raises
        ------
        InputError
            If a level is none.
        """
        levels = np.asarray(levels, dtype=float)
        if not ((levels > 0) & (levels < 1)).all():
            raise InputError(f"levels: expected numbers between 0 and 1, got {levels.tolist()}")
        within = self.pit()[:, None] <= levels
        return self.weights @ within / self.weights.sum()

    def factor(self, level: float = 0.9) -> float:
        """What σ is to be multiplied with to hold a share ``level`` of these errors.

        Conformal prediction with one number (Papadopoulos, Gammerman & Vovk, IFIP 276, 2008): right
        elsewhere if what is asked there is exchangeable with these points.

        Parameters
        ----------
        level : float
            Between 0 and 1.

        Returns
        -------
        float

        Raises
        ------
        InputError
            If the level is none, or no factor would do.
        """
        if not 0 < level < 1:
            raise InputError(f"level: expected a number between 0 and 1, got {level!r}")
        quantile = float(
            np.quantile(self.standardized, level, weights=self.weights, method="inverted_cdf")
        )
        if not 0 < quantile < np.inf:
            raise InputError(
                "spread: no factor mends it, for it is 0 where there are errors, or there are none"
            )
        return quantile / float(np.sqrt(chi2.ppf(level, self.components)))

    def scaled(self, factor: float) -> Calibration:
        """With σ times a ``factor``."""
        return Calibration(
            self.errors, factor * self.spread, self.components, self.weights, self.indicators
        )

    def rank_correlations(self) -> dict[str, float]:
        """Spearman's correlation of each indicator, σ among them, with the error; 0 of constants.

        Returns
        -------
        dict
            Name -> number; ``"spread"`` is σ.
        """
        named = {"spread": self.spread, **self.indicators}
        return {
            name: float(spearmanr(values, self.errors).statistic)
            if np.ptp(values) > 0 < np.ptp(self.errors)
            else 0.0
            for name, values in named.items()
        }

    def sparsification(self, shares: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Root mean square error of what is left when the least sure points are taken away.

        Parameters
        ----------
        shares : (l,)
            Of the weight, taken away.

        Returns
        -------
        by_spread : (l,)
            Taken away by σ, over the error of all points.
        by_error : (l,)
            Taken away by the error itself, which no indicator can beat.

        Raises
        ------
        InputError
            If a share is none below 1.
        """
        shares, curves = np.asarray(shares, dtype=float), []
        if not ((shares >= 0) & (shares < 1)).all():
            raise InputError(f"shares: expected numbers from 0 to below 1, got {shares.tolist()}")
        for order in (np.argsort(-self.spread), np.argsort(-self.errors)):
            weights, squares = self.weights[order], self.errors[order] ** 2
            gone = np.cumsum(weights) - weights
            left = [gone >= share * weights.sum() * (1 - 1e-12) for share in shares]
            curves.append([np.sqrt(weights[w] @ squares[w] / weights[w].sum()) for w in left])
        curves = np.array(curves) / np.sqrt(self.weights @ self.errors**2 / self.weights.sum())
        return curves[0], curves[1]


def rank_histogram(draws: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """How often the truth has each rank among k draws; flat if it is one of their kind.

    Parameters
    ----------
    draws : (k, n)
        Values at n points.
    truth : (n,)
        At the same points.

    Returns
    -------
    (k + 1,)
        Shares of the points (Hamill, Mon. Weather Rev. 129, 2001, 550-560).
    """
    ranks = (np.asarray(draws) < np.asarray(truth)).sum(axis=0)
    return np.bincount(ranks, minlength=len(draws) + 1) / len(truth)
