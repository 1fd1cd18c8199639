"""Which time of a series is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vcnn.errors import InputError


def refuse_time(time: float | str | None, path: Path) -> None:
    """Refuse a time, if one is asked for, of a file that has none to choose from.

    Raises
    ------
    InputError
        If there is one.
    """
    if time is not None:
        raise InputError(f"{path}: a time can be chosen in OpenFOAM cases only, and series")


def choose_time(times: Sequence[float], time: float | str | None, path: Path) -> float:
    """The last time of a series, or the one that is asked for.

    Raises
    ------
    InputError
        If there are no times, ``time`` is no number, or there is none like it.
    """
    if not times:
        raise InputError(f"{path}: the series has no times")
    if time is None:
        return times[-1]
    try:
        wanted = min(times, key=lambda t: abs(t - float(time)))
    except ValueError:
        raise InputError(f"time: expected a number, got {time!r}") from None
    if not np.isclose(wanted, float(time), rtol=1e-9, atol=1e-12):
        listing = ", ".join(f"{t:g}" for t in times)
        raise InputError(f"{path}: no time {time} (there are: {listing})")
    return wanted
