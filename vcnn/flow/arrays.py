"""Arrays of numbers that users give."""

from __future__ import annotations

import numpy as np

from vcnn.errors import InputError


def float_array(values: object, name: str, expected: str) -> np.ndarray:
    """The values as an array of floats.

    Raises
    ------
    InputError
        If they are no numbers, or lists of different lengths.
    """
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        got = repr(values) if isinstance(values, str) else f"a {type(values).__name__}"
        raise InputError(
            f"{name}: expected {expected}, got {got} that is no array of numbers"
        ) from None
