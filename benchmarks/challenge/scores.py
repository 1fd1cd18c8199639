"""Scores of the flows with a truth, as the page and the cards show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from benchmarks.data.ducts import RATIOS, VALIDATION
from vcnn.evaluation.report.text import percent

DUCTS = [f"AR_{ratio}_Ret_180" for ratio in RATIOS]
VALIDATION_DUCT = f"AR_{VALIDATION}_Ret_180"
FLOORS = ("eddy viscosity", "eddy viscosity and anisotropy")

type Rows = Mapping[str, dict]  # name of a measurement -> numbers


def mean_of(rows: Rows, kind: str, names: Iterable[str], key: str = "score") -> float | None:
    """The mean of a number over flows; None if one of them has none."""
    numbers = [rows.get(f"{kind}, {name}", {}).get(key) for name in names]
    return None if None in numbers else float(np.mean(numbers))


def score_lines(rows: Rows, names: Iterable[str], kind: str = "known") -> Iterator[list]:
    """Lines of a table: score, SST's, their ratio, rounds, residual, change and seconds."""
    for name in names:
        row = rows[f"{kind}, {name}"]
        if "failure" in row:
            yield [name, row["failure"], *6 * [""]]
            continue
        yield [
            name,
            percent(row["score"]),
            percent(row["sst"]),
            f"{row['score'] / row['sst']:.2f}",
            row["rounds"],
            f"{row['residual'][-1]:.0e}",
            f"{row['change'][-1]:.0e}",
            f"{row['seconds']:.0f}",
        ]
