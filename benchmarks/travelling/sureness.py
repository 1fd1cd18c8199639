"""What members say of errors beside the errors, read off the flows of `how_sure`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from vcnn.closure.spread import variance_between
from vcnn.evaluation import Calibration, magnitudes, recalibrate

QUANTITIES = {"velocity": "velocity", "eddy_viscosity": "ν_t", "stress": "stress"}
LEVEL = 0.9
_OTHERS = 0.05  # of the squared change of the velocity
_UNTRUSTED = 0.05  # of the mean speed


def solved_file(folder: Path, name: str) -> Path:
    """Where velocities of a flow with each member are kept."""
    return Path(folder) / "how_sure" / f"{name}.npz"


def calibrations(path: Path) -> dict[str, Calibration]:
    """Of the velocity of the coupled flow, of ν_t and of the deviatoric stress.

    The velocity's indicators are the distance to the clouds of training, ``"extrapolation"``, how
    much the correction has changed the model's velocity, ``"change"``, and ``"both"``, the root
    of the product of this and the members' deviation.
    """
    with np.load(path) as file:
        data = dict(file)
    each = data["each"]
    mean, spread = each.mean(axis=0), _deviation(each)
    change = magnitudes(mean - data["model"])
    indicators = {
        "extrapolation": data["extrapolation"],
        "change": change,
        "both": np.sqrt(spread * change),
    }
    errors = magnitudes(data["truth"] - mean)
    of_velocity = Calibration(errors, spread, 2, data["weights"], indicators)
    weights = data["stress weights"]
    rest = {
        name: Calibration(
            magnitudes(data[f"{name} known"] - data[name].mean(axis=0)),
            _deviation(data[name]),
            components,
            weights,
        )
        for name, components in (("eddy_viscosity", 1), ("stress", 5))
    }
    return {"velocity": of_velocity, **rest}


def _deviation(each: np.ndarray) -> np.ndarray:
    """(n,) of m fields (m, n, ...): the root of the summed variances of components."""
    return np.sqrt(variance_between(each))


def left_out(by_flow: Mapping[str, Calibration]) -> dict[str, tuple[float, Calibration]]:
    """For each flow the factor that the others say, and the flow with it."""
    outcome = {}
    for name, one in by_flow.items():
        others = [other for key, other in by_flow.items() if key != name]
        factor = recalibrate(others, LEVEL)
        outcome[name] = factor, one.scaled(factor)
    return outcome


def component_scales(
    velocity: np.ndarray, model: np.ndarray, extrapolation: np.ndarray, speed: float
) -> np.ndarray:
    """(n, d) how far components may be off, but for a factor.

    By how much the correction has changed the model's component there and, a little, the others;
    where it is not trusted, for clouds are unlike those of training, by a share of the mean speed.

    Parameters
    ----------
    velocity, model : (n, d)
        With the correction, and of the model alone, length/time.
    extrapolation : (n,)
        Distances to the clouds of training.
    speed : float
        Mean of |velocity|.
    """
    squares = (velocity - model) ** 2
    unknown = _UNTRUSTED * speed * np.clip(extrapolation - 1, 0, 1)
    return np.sqrt(squares + _OTHERS * squares.sum(axis=1, keepdims=True) + unknown[:, None] ** 2)


def component_ratios(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """|Error| by scale (n, d), and weights (n,) that add up to 1, of a flow of `how_sure`."""
    with np.load(path) as file:
        data = dict(file)
    weights = data["weights"] / data["weights"].sum()
    speed = float(weights @ magnitudes(data["mean"]))
    scales = component_scales(data["mean"], data["model"], data["extrapolation"], speed)
    return np.abs(data["truth"] - data["mean"]) / scales, weights


def component_quantiles(paths: Sequence[Path], levels: Sequence[float]) -> dict[float, float]:
    """What scales are multiplied with to hold such shares of the errors of components.

    Conformal: quantiles of |error| by scale over flows of which the truth is known, each counting
    alike.
    """
    parts = [component_ratios(path) for path in paths]
    ratio = np.concatenate([ratios.ravel() for ratios, _ in parts])
    weight = np.concatenate([np.repeat(w / r.shape[1], r.shape[1]) for r, w in parts])
    values = np.quantile(ratio, levels, weights=weight, method="inverted_cdf")
    return dict(zip(levels, map(float, values), strict=True))


def component_coverage(path: Path, others: Sequence[Path], level: float) -> float:
    """Share of the components of a flow that lie within what the others say."""
    ratios, weights = component_ratios(path)
    quantile = component_quantiles(others, [level])[level]
    return float(weights @ (ratios <= quantile).mean(axis=1))
