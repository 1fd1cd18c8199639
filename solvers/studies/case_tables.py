"""Tables of a TOML file: which keys they may have, and of which kind their values are."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real

from vcnn.errors import InputError

_KINDS = {
    "text": lambda v: isinstance(v, str),
    "a number": lambda v: isinstance(v, Real) and not isinstance(v, bool),
    "an integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "true or false": lambda v: isinstance(v, bool),
    "a list of numbers": lambda v: isinstance(v, list) and all(map(_KINDS["a number"], v)),
    "a list of numbers or formulas": lambda v: (
        isinstance(v, list) and all(_KINDS["a number"](item) or isinstance(item, str) for item in v)
    ),
    "a table": lambda v: isinstance(v, dict),
}


def check_table(
    table: Mapping, required: Mapping[str, str], optional: Mapping[str, str] | None = None
) -> None:
    """Refuse keys that are unknown, missing, or hold another kind of value.

    Parameters
    ----------
    table : mapping
    required, optional : mappings key -> kind of its value, in words (a key of `_KINDS`)

    Raises
    ------
    InputError
        If there is such a key.
    """
    kinds = {**required, **(optional or {})}
    for key in table:
        if key not in kinds:
            raise InputError(f"unknown key {key!r}; known are: {', '.join(kinds)}")
    for key in required:
        if key not in table:
            raise InputError(f"key {key!r} is missing")
    for key, value in table.items():
        if not _KINDS[kinds[key]](value):
            raise InputError(f"{key}: expected {kinds[key]}, got {value!r}")
