"""Error measures."""

from __future__ import annotations

import numpy as np

from vcnn.errors import InputError


def relative_l2(prediction, truth, weights=None) -> float:
    """‖prediction − truth‖ / ‖truth‖ in the norm weighted by quadrature weights, ‖v‖² = Σ w |v|².

    Parameters
    ----------
    prediction, truth : (n, ...)
    weights : (n,), optional
        Default: equal weights, the measure of Zhou et al. 2022.
    """
    prediction, truth = np.asarray(prediction, float), np.asarray(truth, float)
    if prediction.shape != truth.shape:
        raise InputError(f"prediction has shape {prediction.shape}, truth {truth.shape}")
    weights = np.ones(len(truth)) if weights is None else np.asarray(weights)
    square = lambda v: weights @ (v**2).reshape(len(v), -1).sum(axis=1)
    if not square(truth) > 0:
        raise InputError("truth: is zero everywhere, a relative error is undefined")
    return float(np.sqrt(square(prediction - truth) / square(truth)))


def truth_of(flow, target: str) -> np.ndarray | None:
    """The field of a flow by its name, whatever its kind; None if there is none."""
    return next(
        (kind[target] for kind in (flow.scalars, flow.vectors, flow.tensors) if target in kind),
        None,
    )
