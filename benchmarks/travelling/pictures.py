"""Picture of the study of corrections that travel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np

from vcnn.evaluation.report.curves import styles
from vcnn.evaluation.report.text import percent

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter, NullFormatter

_TICKS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


def draw_scores(
    rows: Mapping[str, Mapping[str, dict]], families: Mapping[str, Sequence[str]], path: Path
) -> None:
    """Scores of the flows of each family: the model's, and those with each correction.

    Parameters
    ----------
    rows : mapping correction -> flow -> score and model's score
    families : mapping name -> flows
    path : Path
    """
    figure, axes = plt.subplots(figsize=(8.0, 4.4), layout="constrained")
    place, middles = 0, []
    for family, flows in families.items():
        places = range(place, place + len(flows))
        models = {flow: row["model"] for each in rows.values() for flow, row in each.items()}
        model = [models.get(flow, np.nan) for flow in flows]
        axes.plot(places, model, "x", color="0.4", label="k-ω SST" if not place else None)
        for (name, row), (colour, _, marker) in zip(rows.items(), styles(len(rows)), strict=True):
            scores = [row.get(flow, {}).get("score", np.nan) for flow in flows]
            label = f"learned from {name}" if not place else None
            axes.plot(places, scores, marker, color=colour, label=label, ms=4.5)
        middles.append((place + len(flows) / 2 - 0.5, family))
        place += len(flows) + 1
        axes.axvline(place - 1, color="0.85", lw=0.8)
    axes.set_yscale("log")
    axes.set_yticks(_TICKS)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks(
        [middle for middle, _ in middles],
        [family for _, family in middles],
        rotation=25,
        ha="right",
    )
    axes.set(ylabel="score, mean |ΔU| by mean |U|", xlim=(-1, place - 1))
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False, loc="lower left")
    figure.savefig(path, dpi=110)
    plt.close(figure)
