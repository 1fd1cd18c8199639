"""A correction of a turbulence model's eddy viscosity, over a solution of that model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from solvers.coupling.rans import RANS
from solvers.flow.result import FlowResult
from vcnn.closure.correction import over_model
from vcnn.closure.protocol import ClosureLike


def over_baseline(
    factor: ClosureLike,
    model: FlowResult,
    smooth: Callable[[np.ndarray], np.ndarray] | None = None,
) -> RANS:
    """The flow of a turbulence model with its eddy viscosity ν₀ corrected: ν_t = β ν₀.

    The correction is used where that flow is like those of training (:func:`vcnn.closure.trust`),
    if the closure knows which these were. It is asked at vertices.

    Parameters
    ----------
    factor : ClosureLike
        Predicts β, in the units of the flow.
    model : FlowResult
        Of the model that it corrects.
    smooth : callable (n,) -> (n,), optional
        Makes β as smooth as it was in training, as :class:`solvers.Smoothing` does.

    Returns
    -------
    RANS
        To be solved from ``model``.

    Raises
    ------
    InputError
        If the closure predicts no correction, or cannot be asked about the flow.
    """
    closure = over_model(factor, model.flow("vertex"), trusted=True, smooth=smooth)
    return RANS.from_problem(model.problem, closure=closure, location="vertex")
