"""Where another value of the kind of a few may lie."""

from __future__ import annotations

import numpy as np
from scipy.stats import t as student_t

from vcnn.errors import InputError


def student_band(
    values: np.ndarray, level: float, factor: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds that hold another value of the kind of some with a probability, if they are normal.

    mean ± t s √(1 + 1/m) of m values with the deviation s, t the quantile of Student's distribution
    of m − 1 degrees of freedom, which is large for few.

    Parameters
    ----------
    values : (m, ...)
        In any unit, m >= 2.
    level : float
        The probability, between 0 and 1.
    factor : float
        What s is multiplied with (:func:`vcnn.evaluation.recalibrate`).

    Returns
    -------
    lower : (...)
        In the same unit.
    upper : (...)
        Likewise.

    Raises
    ------
    InputError
        If the level is none, or there is one value only.
    """
    if not 0 < level < 1:
        raise InputError(f"level: expected a number between 0 and 1, got {level!r}")
    m = len(values)
    if m < 2:
        raise InputError(f"members: expected two at least, got {m}")
    mean, deviation = np.mean(values, axis=0), np.std(values, axis=0, ddof=1)
    half = factor * student_t.ppf(0.5 * (1 + level), m - 1) * np.sqrt(1 + 1 / m) * deviation
    return mean - half, mean + half
