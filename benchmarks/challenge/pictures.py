"""Pictures of the study of the Closure Challenge."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

from benchmarks.challenge.scores import DUCTS, FLOORS, VALIDATION_DUCT, Rows
from benchmarks.data.hills import hill_names
from benchmarks.in_the_loop.pictures import beside_les

matplotlib.use("Agg")
from matplotlib import pyplot as plt

SHOWN = "alpha_15_7929_2024"


def draw(rows: Rows, folder: Path, results_folder: Path) -> None:
    """Scores of all flows with a truth, and profiles of one hill.

    Parameters
    ----------
    rows : name of a measurement -> numbers
    folder : of the study, where flows are kept
    results_folder : where the pictures go
    """
    names = [
        *hill_names("validation"),
        VALIDATION_DUCT,
        *hill_names("train"),
        *(d for d in DUCTS if d != VALIDATION_DUCT),
    ]
    figure, axis = plt.subplots(figsize=(13, 4.6), layout="constrained")
    x = np.arange(len(names))
    series = {
        "k-ω SST": ("0.7", [rows[f"known, {n}"].get("sst") for n in names]),
        "closure": ("C1", [rows[f"known, {n}"].get("score") for n in names]),
        r"$\nu_t$ inverted": (
            "C0",
            [rows.get(f"floor of {FLOORS[0]}, {n}", {}).get("score") for n in names],
        ),
    }
    for k, (label, (colour, values)) in enumerate(series.items()):
        heights = [np.nan if v is None else 100 * v for v in values]
        axis.bar(x + 0.28 * (k - 1), heights, 0.28, color=colour, label=label)
    axis.axvline(4.5, color="0.4", lw=0.8)
    axis.text(4.4, axis.get_ylim()[1] * 0.93, "validation", ha="right")
    axis.text(4.6, axis.get_ylim()[1] * 0.93, "training", ha="left")
    axis.set(ylabel="mean |ΔU| / mean |U|, per cent", xlim=(-0.6, len(names) - 0.4))
    axis.set_xticks(
        x, [n.replace("alpha_", "").replace("_Ret_180", "") for n in names], rotation=60, ha="right"
    )
    axis.grid(axis="y", alpha=0.3)
    axis.legend()
    figure.savefig(results_folder / "closure_challenge.png", dpi=90)
    plt.close(figure)

    picture = results_folder / "closure_challenge_profiles.png"
    beside_les(SHOWN, folder / "solved" / f"{SHOWN}.vtu", picture)
