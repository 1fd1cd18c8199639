"""Checks of the numbers, names and callables that users give."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from numbers import Real

import numpy as np

from vcnn.errors import InputError
from vcnn.flow.arrays import float_array
from vcnn.keys import check_choice

LOCATIONS = ("cell", "vertex")  # of the points that a flow is known at
_HOLDS = {
    "a positive number": lambda x: 0 < x < np.inf,
    "a number >= 0": lambda x: 0 <= x < np.inf,
    "a number other than 0": lambda x: 0 < abs(x) < np.inf,
}


def is_number(value: object) -> bool:
    """Whether a value is one real number; an array without dimensions is one too."""
    return isinstance(value, Real) or (
        getattr(value, "shape", None) == () and np.asarray(value).dtype.kind in "fiu"
    )


def check_number(value: object, name: str, expected: str) -> None:
    """Refuse what is not the number expected.

    Parameters
    ----------
    value : object
    name : str
        Of the option.
    expected : {"a positive number", "a number >= 0", "a number other than 0"}

    Raises
    ------
    InputError
        If it is no number, or another one.
    """
    if not (is_number(value) and _HOLDS[expected](value)):
        raise InputError(f"{name}: expected {expected}, got {value!r}")


def call_at(function: Callable, x: np.ndarray, name: str) -> np.ndarray:
    """What a user's function gives at positions x, as an array of floats.

    Raises
    ------
    InputError
        If it raises anything, which is the cause of the error, or gives something else.
    """
    try:
        values = function(x)
    except Exception as error:
        cause = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(
            f"{name}: the callable given fails at positions of shape {x.shape} with {cause}"
        ) from error
    return float_array(values, name, "a callable that gives numbers")


def boundary_names(value: object, name: str) -> tuple[str, ...]:
    """Names of boundaries as a tuple.

    Raises
    ------
    InputError
        If they are something else, such as one name, which would be read letter by letter.
    """
    if (
        isinstance(value, str)
        or not isinstance(value, Iterable)
        or not all(isinstance(item, str) for item in value)
    ):
        raise InputError(f"{name}: expected a sequence of names of boundaries, got {value!r}")
    return tuple(value)


def check_location(location: object) -> None:
    """Refuse anything but the names of the points that a flow is known at.

    Raises
    ------
    InputError
        If it is neither ``"cell"`` nor ``"vertex"``.
    """
    check_choice("location", location, LOCATIONS)
