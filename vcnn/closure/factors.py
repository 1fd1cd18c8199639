"""What the spreads of an ensemble, and of flows with it, are multiplied with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Real

import numpy as np

from vcnn.errors import InputError


def check_factors(factors: object, targets: Iterable[str]) -> dict[str, float]:
    """The ``factors`` by the names of targets, and of the velocity of coupled flows.

    Raises
    ------
    InputError
        If they are no positive numbers, or of something else.
    """
    names = [*targets, "velocity"]
    if not isinstance(factors, Mapping):
        raise InputError(f"factors: expected a mapping of {', '.join(names)}, got {factors!r}")
    for name, factor in factors.items():
        if name not in names or not isinstance(factor, Real) or not 0 < factor < np.inf:
            raise InputError(
                f"factors: expected positive numbers for {', '.join(names)}, got {factor!r} for "
                f"{name!r}"
            )
    return {name: float(factor) for name, factor in factors.items()}


def product(first: Mapping[str, float], second: Mapping[str, float]) -> dict[str, float]:
    """Both one after the other; what one of them lacks is 1."""
    return {name: first.get(name, 1.0) * second.get(name, 1.0) for name in {**first, **second}}
