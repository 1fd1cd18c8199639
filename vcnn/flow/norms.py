"""Sizes of values at points, and how far they are from the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vcnn.errors import InputError
from vcnn.flow.field import FlowField


def magnitudes(values: np.ndarray) -> np.ndarray:
    """|s|, |v| or Frobenius' |T| of scalars, vectors or tensors at n points.

    Parameters
    ----------
    values : (n,), (n, d) or (n, d, d)
        Values at points.

    Returns
    -------
    (n,)
    """
    return np.sqrt((values**2).reshape(len(values), -1).sum(axis=1))


def relative_l2(prediction: ArrayLike, truth: ArrayLike, weights: ArrayLike | None = None) -> float:
    """‖prediction − truth‖ / ‖truth‖ in the norm weighted by quadrature weights, ‖v‖² = Σ w |v|².

    Parameters
    ----------
    prediction, truth : (n, ...)
        Values at points.
    weights : (n,), optional
        Default: equal weights, the measure of Zhou et al. 2022.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If the shapes differ, or the truth is zero everywhere.
    """
    prediction, truth = np.asarray(prediction, float), np.asarray(truth, float)
    if prediction.shape != truth.shape:
        raise InputError(f"prediction has shape {prediction.shape}, truth {truth.shape}")
    weights = np.ones(len(truth)) if weights is None else np.asarray(weights)

    def square(values):
        return weights @ (values**2).reshape(len(values), -1).sum(axis=1)

    if not square(truth) > 0:
        raise InputError("truth: is zero everywhere, a relative error is undefined")
    return float(np.sqrt(square(prediction - truth) / square(truth)))


def truth_of(flow: FlowField, target: str) -> np.ndarray | None:
    """The field of a flow by its name, whatever its kind; None if there is none."""
    return next(
        (kind[target] for kind in (flow.scalars, flow.vectors, flow.tensors) if target in kind),
        None,
    )
