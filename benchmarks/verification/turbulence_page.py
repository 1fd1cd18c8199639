"""The page of the turbulence models and its pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import matplotlib
import numpy as np

from benchmarks.common.markdown import table

matplotlib.use("Agg")
from matplotlib import pyplot as plt

STATIONS = ("30", "100", "centre")  # where U⁺ is compared, in y⁺
DNS = {  # Re_τ, and U⁺ at the stations
    "Moser, Kim & Mansour 1999": (392.2, 13.49, 16.54, 20.13),
    "del Álamo & Jiménez 2003": (546.7, 13.48, 16.51, 20.99),
}


def page(rows: Mapping[str, Mapping[str, dict]]) -> str:
    """The page in Markdown, from the measurements of each section."""
    channels = rows["channels"]
    peaks = [f"{row['k']:.2f} at y⁺ = {row['k at']:.0f}" for row in channels.values() if "k" in row]
    return f"""# Turbulence models

Written by `python -m benchmarks.verification.turbulence`. Seconds are processor time of one core,
from the mesh to the solution; on a machine shared with other programs, as here, the clock on the
wall shows more.

## Channels

{_channel_table(channels)}

Largest k⁺ of `OneEquationKL`: {", ".join(peaks)}; DNS has more, and nearer to the wall.

![Mean velocity in wall units](turbulence_channels.png)

## Periodic hills: velocity error against LES

`cells`: mean of |ΔU| by mean of |U|, the challenge's score; `L2`: relative, area-weighted.

{_hill_table(rows["hills"], "SA")}

![Errors of Spalart-Allmaras and SST](turbulence_hills.png)

The one-equation k-l model on two of them, with its length made for channels:

{_hill_table(rows["hills, k-l"], "k-l")}
"""


def _channel_table(rows) -> str:
    header = ["model", "Re_τ", *(f"U⁺({station})" for station in STATIONS), "steps", "s"]
    lines = [
        [
            name,
            f"{row['reynolds_tau']:.1f}",
            *(f"{row[station]:.2f}" for station in STATIONS),
            row["steps"],
            f"{row['seconds']:.1f}",
        ]
        for name, row in rows.items()
    ]
    lines += [[f"DNS, {name}", *numbers, "", ""] for name, numbers in DNS.items()]
    return table(header, lines)


def _hill_table(rows, name) -> str:
    """A model beside SST, hill by hill."""
    header = ["hill", f"{name}, cells", "SST, cells", f"{name}, L2", "SST, L2", "steps", "s"]
    columns = [(model, k) for k in (0, 1) for model in ("model", "sst")]
    lines = []
    for flow, row in sorted(rows.items()):
        if "error" in row:
            lines.append([flow, row["error"], *5 * [""]])
            continue
        errors = [f"{100 * row[model][k]:.2f} %" for model, k in columns]
        lines.append([flow, *errors, row["steps"], f"{row['seconds']:.0f}"])
    solved = [row for row in rows.values() if "error" not in row]
    if solved:
        means = [np.mean([row[model][k] for row in solved]) for model, k in columns]
        cells = [f"{100 * mean:.2f} %" for mean in means]
        lines.append([f"mean of {len(solved)}", *cells, "", ""])
    return table(header, lines)


def draw_channels(
    rows: Mapping[str, dict], reynolds_numbers: Iterable[int], models: Iterable[str], path: Path
) -> None:
    """Mean velocity in wall units, one panel for each DNS."""
    figure, axes = plt.subplots(len(DNS), 1, figsize=(6.4, 8.4), layout="constrained")
    for axis, reynolds, (source, dns) in zip(axes, reynolds_numbers, DNS.items(), strict=True):
        sublayer, log = np.geomspace(0.5, 12, 50), np.geomspace(8, reynolds, 50)
        axis.semilogx(sublayer, sublayer, "k:", label="y⁺ and ln(y⁺)/0.41 + 5.2")
        axis.semilogx(log, np.log(log) / 0.41 + 5.2, "k:")
        for model in models:
            if row := rows.get(f"{model}, {reynolds}"):
                axis.semilogx(row["y"], row["u"], label=model)
        label = f"DNS at y⁺ = 30, 100 and centre,\n{source}"
        axis.semilogx([30, 100, dns[0]], dns[1:], "ko", markerfacecolor="none", label=label)
        axis.set(title=rf"$Re_\tau$ about {reynolds}", ylabel="U⁺", ylim=(0, 24))
        axis.grid(alpha=0.3)
        axis.legend(loc="upper left")
    axes[-1].set_xlabel("y⁺")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def draw_hills(rows: Mapping[str, dict], path: Path) -> None:
    """The challenge's score of each hill, Spalart-Allmaras against SST."""
    figure, axis = plt.subplots(figsize=(6, 5.6), layout="constrained")
    slopes = {"05": "0.5", "075": "0.75", "10": "1.0", "125": "1.25", "15": "1.5"}
    for i, (key, slope) in enumerate(slopes.items()):
        solved = [
            row for name, row in rows.items() if name.split("_")[1] == key and "error" not in row
        ]
        if solved:
            x, y = (100 * np.array([row[which][0] for row in solved]) for which in ("sst", "model"))
            axis.plot(x, y, "o", color=f"C{i}", label=f"α = {slope}")
    axis.plot([0, 30], [0, 30], "k:", label="equal")
    axis.set(
        xlabel="SST: velocity error against LES, per cent",
        ylabel="Spalart-Allmaras",
        xlim=(0, 30),
        ylim=(0, 30),
    )
    axis.set_aspect("equal")
    axis.grid(alpha=0.3)
    axis.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)
