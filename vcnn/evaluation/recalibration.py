"""Spreads mended on flows that nobody learned from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vcnn.errors import InputError
from vcnn.evaluation.calibration import Calibration


def pool(parts: Sequence[Calibration]) -> Calibration:
    """Several flows as one, each with the same weight.

    Raises
    ------
    InputError
        If there are none.
    """
    if not parts:
        raise InputError("parts: expected at least one calibration")
    if len({part.components for part in parts}) > 1:
        raise InputError("parts: expected calibrations of one kind of field, got several")
    names = set.intersection(*(set(part.indicators) for part in parts))
    return Calibration(
        np.concatenate([part.errors for part in parts]),
        np.concatenate([part.spread for part in parts]),
        parts[0].components,
        np.concatenate([part.weights / part.weights.sum() for part in parts]),
        {name: np.concatenate([part.indicators[name] for part in parts]) for name in names},
    )


def recalibrate(parts: Sequence[Calibration], level: float = 0.9) -> float:
    """The factor of σ that holds a share of the errors of several flows, each counting alike.

    Parameters
    ----------
    parts : sequence of Calibration
        Of flows that no member learned from.
    level : float
        Between 0 and 1.

    Returns
    -------
    float
        For the ``factors`` of a :class:`vcnn.closure.Ensemble`.

    Raises
    ------
    InputError
        If there are none.
    """
    return pool(parts).factor(level)
