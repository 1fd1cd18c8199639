"""Pictures of flows along walls and at stations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot as plt

STYLES = {  # source -> line and label
    "known": {"color": "k", "lw": 1.4, "label": "LES"},
    "model": {"color": "0.55", "lw": 1.2, "ls": "--", "label": "k-ω SST"},
    "closure": {"color": "C0", "lw": 1.4, "label": "sst-correction"},
}


def draw_walls(flows: Mapping[str, Mapping[str, np.ndarray]], path: Path) -> None:
    """c_f and c_p along the lower wall, a column for each flow.

    Parameters
    ----------
    flows : mapping name -> ``x`` and, of each source, ``friction`` and ``pressure``
    path : Path
    """
    figure, axes = plt.subplots(4, 3, figsize=(10.0, 9.0), layout="constrained")
    for number, (name, data) in enumerate(flows.items()):
        row, column = divmod(number, 3)
        shown = _near(name, data["x"])
        for kind, symbol, place in (("friction", "$c_f$", 0), ("pressure", "$c_p$", 1)):
            ax = axes[2 * row + place, column]
            for source, style in STYLES.items():
                ax.plot(data["x"][shown], data[f"{source} {kind}"][shown], **style)
            ax.axhline(0, color="0.85", lw=0.8, zorder=0)
            ax.set_ylabel(symbol)
        axes[2 * row, column].set_title(name, fontsize=9)
        axes[2 * row + 1, column].set_xlabel("x / H")
    _save(figure, axes[0, 0], path)


def _near(name: str, x: np.ndarray) -> np.ndarray:
    """Where it is worth to be seen: all of a hill, of the step what is near it."""
    return np.abs(x - 4) < 6 if name.startswith("CBFS") else np.full(len(x), True)


def draw_stations(flows: Mapping[str, Mapping[str, np.ndarray]], path: Path) -> None:
    """-<u'v'> at stations, a row of flows.

    Parameters
    ----------
    flows : mapping name -> ``points`` (n, 2), station by station, and ``shear`` of each source
    path : Path
    """
    figure, axes = plt.subplots(2, 3, figsize=(10.0, 6.4), layout="constrained")
    for ax, (name, data) in zip(axes.flat, flows.items(), strict=True):
        x, y = data["points"].T
        stations = np.unique(x)
        gap, largest = np.diff(stations).min(), np.abs(data["known shear"]).max()
        for source, style in STYLES.items():
            for number, station in enumerate(stations):
                line = x == station
                label = {"label": style["label"] if number == 0 else None}
                moved = station + 0.9 * gap * data[f"{source} shear"][line] / largest
                ax.plot(moved, y[line], **{**style, **label})
        for station in stations:
            ax.axvline(station, color="0.85", lw=0.8, zorder=0)
        ax.set_title(f"{name}: largest {largest:.3f}", fontsize=9)
        ax.set(xlabel="x / H, and $-\\overline{u'v'}$ there", ylabel="y / H")
        ax.set_ylim(None, min(y.max(), 4.0))
    _save(figure, axes[0, 0], path)


def _save(figure, first, path) -> None:
    """With the legend of the first axes above all."""
    lines, labels = first.get_legend_handles_labels()
    figure.legend(lines, labels, frameon=False, loc="outside upper center", ncols=len(STYLES))
    figure.savefig(path, dpi=110)
    plt.close(figure)
