"""Pictures of the verification report."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np

from benchmarks.data.hills import hill_words
from benchmarks.verification.manufactured import THEORY, label
from benchmarks.verification.page import error_series

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.figure import Figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure and close it."""
    figure.savefig(path, dpi=110)
    plt.close(figure)


def orders(numbers: dict, folder: Path) -> None:
    """Errors of manufactured solutions: a colour for each kind of cells, squares where periodic."""
    figure, grid = plt.subplots(3, 2, figsize=(6.4, 9.0), layout="constrained")
    axes, rest = grid.flat[: len(THEORY)], grid.flat[len(THEORY) :]
    all_series = dict(error_series(numbers))
    colours = {
        kind: f"C{i}" for i, kind in enumerate(dict.fromkeys(kind for kind, _ in all_series))
    }
    for axis, (name, theory) in zip(axes, THEORY.items(), strict=True):
        for (kind, periodic), (sizes, series) in all_series.items():
            style = dict(color=colours[kind], label=label(kind, periodic), markersize=4)
            axis.loglog(sizes, series[name], "s-" if periodic else "o--", **style)
        n = np.array([8.0, 64.0])
        last = min(series[name][-1] for sizes, series in all_series.values())
        axis.loglog(n, 0.5 * last * (n / n[-1]) ** -theory, "k:", label="theory")
        axis.set(title=f"{name}: order {theory}", xlabel="cells a side", xticks=[4, 8, 16, 32, 64])
        axis.set_xticklabels(["4", "8", "16", "32", "64"])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    for axis in grid[:, 0]:
        axis.set_ylabel("L2 error")
    for axis in rest:
        axis.axis("off")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    save(figure, folder / "verification_orders.png")


def hill(numbers: dict, folder: Path) -> None:
    """Gaps to the other code and friction along the floor, on meshes of different size."""
    figure, (left, right) = plt.subplots(2, 1, figsize=(6.4, 7.4), layout="constrained")
    n = [int(cells.split()[0]) for cells in numbers]
    for name, of in (("u", "velocity"), ("c", "concentration")):
        if all(name in row for row in numbers.values()):
            left.loglog(n, [row[name] for row in numbers.values()], "o-", label=of)
            left.legend()
    left.set(
        xlabel="cells along the hill",
        ylabel="relative L2 gap to OpenFOAM",
        xticks=n,
        xticklabels=map(str, n),
    )
    left.minorticks_off()
    left.grid(alpha=0.3)
    for cells, row in numbers.items():
        right.plot(*row["floor"], label=cells)
    right.axhline(0, color="k", linewidth=0.8)
    right.set(xlabel="x / H", ylabel="skin friction coefficient on the floor")
    right.grid(alpha=0.3)
    right.legend(title="cells")
    save(figure, folder / "verification_hill.png")


def rans(numbers: dict, folder: Path) -> None:
    """Velocity along x at stations of each hill, ours and OpenFOAM's."""
    figure, axes = plt.subplots(
        len(numbers),
        1,
        figsize=(7.4, 2.2 * len(numbers)),
        layout="constrained",
        squeeze=False,
        sharex=True,
    )
    for axis, (name, row) in zip(axes.flat, numbers.items(), strict=True):
        lines = row["profiles"]
        scale = 0.6 * lines["station"][1]
        for x, y, ours, theirs in zip(
            *(lines[key] for key in ("station", "y", "ours", "theirs")), strict=True
        ):
            axis.axvline(x, color="0.85", linewidth=0.8, zorder=0)
            axis.plot(
                x + scale * np.array(ours), y, color="C0", label="RANS with its eddy viscosity"
            )
            every_third = slice(None, None, 3)
            circles = dict(color="C1", markersize=3.5, markerfacecolor="none")
            axis.plot(
                x + scale * np.array(theirs)[every_third],
                y[every_third],
                "o",
                **circles,
                label="OpenFOAM's k-ω SST",
            )
        axis.fill_between(*lines["floor"], -0.25, color="0.6", linewidth=0)
        axis.fill_between(*lines["ceiling"], 3.3, color="0.6", linewidth=0)
        axis.set(title=hill_words(name), ylabel="y / H", aspect="equal", ylim=(-0.25, 3.3))
    axes[-1, 0].set_xlabel("x / H, and velocity along x at these stations")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles[:2], labels[:2], loc="outside lower center", ncols=2)
    save(figure, folder / "verification_rans.png")


SECTIONS = {"manufactured": orders, "hill": hill, "rans": rans}
