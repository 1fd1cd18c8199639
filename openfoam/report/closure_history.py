"""What a closure did while a case was solved, from the table that its turbulence model writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openfoam.report.logs import merge_by_start
from vcnn.errors import InputError

_COLUMNS = ("Time", "call", "change", "clipped", "extrapolating", "seconds")
_FOLDER, _FILE = "postProcessing/vcnn", "closure.dat"


@dataclass(frozen=True, eq=False)
class ClosureHistory:
    """A row for each of n calls.

    Parameters
    ----------
    times, change, seconds : (n,)
        When; how far what it says is from what it said before; how long it took.
    clipped, extrapolating : (n,)
        Shares of the cells where it is out of bounds, and where it has not been trained; NaN where
        they were not computed.
    starts : int
        How many runs it is of.
    """

    times: np.ndarray
    change: np.ndarray
    clipped: np.ndarray
    extrapolating: np.ndarray
    seconds: np.ndarray
    starts: int

    @property
    def told_clipped(self) -> float | None:
        """The last share that was computed."""
        return _last(self.clipped)

    @property
    def told_extrapolating(self) -> float | None:
        """The last share that was computed."""
        return _last(self.extrapolating)


def _last(shares) -> float | None:
    computed = shares[np.isfinite(shares)]
    return float(computed[-1]) if len(computed) else None


def read_history(case: Path, until: float = np.inf) -> ClosureHistory | None:
    """The history of all runs of a case; None if there is none.

    Parameters
    ----------
    case : path
    until : float
        Later rows are of a run that was begun anew.

    Raises
    ------
    InputError
        If a table is damaged.
    """
    tables = {float(path.parent.name): path for path in _tables(case)}
    parts = [_read_table(path) for _, path in sorted(tables.items())]
    parts = [part[part[:, 0] <= until] for part in parts]
    parts = [part for part in parts if len(part)]
    if not parts:
        return None
    rows = merge_by_start(parts)
    times, _, change, *shares, seconds = rows.T
    clipped, extrapolating = (np.where(share < 0, np.nan, share) for share in shares)
    return ClosureHistory(times, change, clipped, extrapolating, seconds, len(parts))


def _tables(case) -> list[Path]:
    paths = (case / _FOLDER).glob(f"*/{_FILE}")
    return [path for path in paths if _is_number(path.parent.name)]


def _read_table(path) -> np.ndarray:
    rows, text = [], path.read_text(encoding="utf-8")
    lines = text[: text.rfind("\n") + 1].splitlines()  # the last one may still be written
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != len(_COLUMNS) or not all(map(_is_number, words)):
            raise InputError(f"{path}: line {number}: expected numbers for {', '.join(_COLUMNS)}")
        rows.append([float(word) for word in words])
    return np.array(rows).reshape(-1, len(_COLUMNS))


def _is_number(word) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
