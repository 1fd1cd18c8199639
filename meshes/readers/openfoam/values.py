"""What stands behind a name in OpenFOAM's dictionaries."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from vcnn.errors import InputError

_NUMBER = re.compile(r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|inf)")


@dataclass(frozen=True)
class Unresolved:
    """A value that the files do not state, and why: ``#calc is not evaluated``."""

    reason: str


def word(entries: dict, name: str) -> str:
    """The one word that an entry is, "" if it is missing or something else."""
    value = entries.get(name)
    return value[0] if isinstance(value, list) and value and isinstance(value[0], str) else ""


def numbers(values: list, count: int) -> np.ndarray:
    """(count,) the numbers that values end in, ``1`` or ``(1 0 0)``; dimensions stand before them.

    Raises
    ------
    InputError
        If they do not.
    """
    closing = [i for i, value in enumerate(values) if isinstance(value, str) and value == "]"]
    values = values[closing[-1] + 1 :] if closing else values
    items = values[-1] if values and isinstance(values[-1], list) else values
    for value in (*values, *items):
        if isinstance(value, Unresolved):
            raise InputError(value.reason)
    if len(items) != count or not all(isinstance(v, str) and _NUMBER.fullmatch(v) for v in items):
        raise InputError(f"expected {count} number{'s' if count > 1 else ''}")
    return np.array([float(v) for v in items])
