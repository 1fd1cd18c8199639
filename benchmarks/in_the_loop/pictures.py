"""Pictures of the study of closures in the loop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib
import numpy as np

from benchmarks.data.hills import (
    VALIDATION,
    at_vertices,
    hill_file,
    hill_words,
    outline,
    read_hill,
)
from benchmarks.in_the_loop.flows import teacher_flow
from vcnn import FlowField
from vcnn.evaluation.report.fields import draw_field

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.colors import Normalize
from matplotlib.tri import LinearTriInterpolator, Triangulation

SHOWN = "alpha_05_10071_4048"
STATIONS = 9


def draw(results: Mapping[str, dict], folder: Path, results_folder: Path) -> None:
    """One hill beside SST and beside LES, and how the iterations went.

    Parameters
    ----------
    results : name of a measurement -> numbers
    folder : of the study, where flows are kept
    results_folder : where the pictures go
    """
    sst = teacher_flow("sst", SHOWN, folder)
    coupled = FlowField.load(folder / "solved" / f"sst_{SHOWN}.vtu")
    figure = plt.figure(figsize=(8.5, 8.5), layout="constrained")
    top, theirs, ours, history = figure.subplot_mosaic(
        [["u", "u"], ["theirs", "ours"], ["history", "history"]], height_ratios=[1.2, 1, 0.9]
    ).values()
    _profiles(top, {"SST's $\\nu_t$": (sst, "k-"), "closure": (coupled, "C1--")}, SHOWN)
    norm = Normalize(0, sst.scalars["eddy_viscosity"].max())
    for axes, flow, title in ((theirs, sst, "SST"), (ours, coupled, "closure, coupled")):
        drawn = draw_field(axes, flow, flow.scalars["eddy_viscosity"], norm)
        axes.set(title=rf"$\nu_t$: {title}", xticks=[], yticks=[])
    figure.colorbar(drawn, ax=[theirs, ours], shrink=0.8)
    for k, name in enumerate(VALIDATION):
        row = results[f"sst, {name}"]
        for key, style, label in (("change", "-", hill_words(name)), ("residual", ":", None)):
            history.semilogy(
                np.arange(1, len(row[key]) + 1), row[key], style, color=f"C{k}", label=label
            )
    history.set(
        xlabel="round", ylabel="change (lines), residual (dots)", title="Convergence from rest"
    )
    history.legend()
    history.grid(alpha=0.3)
    figure.savefig(results_folder / "coupled_rans.png", dpi=110)
    plt.close(figure)

    beside_les(
        SHOWN,
        folder / "solved" / f"les_at_les_{SHOWN}.vtu",
        results_folder / "coupled_rans_les.png",
    )


def beside_les(name: str, solved: Path, picture: Path) -> None:
    """Draw profiles of a hill solved with a closure, in the file ``solved``, beside LES and SST."""
    figure = plt.figure(figsize=(8.5, 4), layout="constrained")
    mesh, data = read_hill(hill_file(name))
    les, sst = (
        FlowField(mesh.points, at_vertices(mesh, data, field)[:, :2], mesh=mesh)
        for field in ("les_velocity", "sst_velocity")
    )
    closure = FlowField.load(solved)
    lines = {"LES": (les, "k-"), "SST": (sst, "C0:"), "closure": (closure, "C1--")}
    _profiles(figure.add_subplot(), lines, name)
    figure.savefig(picture, dpi=110)
    plt.close(figure)


def _profiles(axes, lines, name):
    """u along x at stations, label -> (flow at vertices, style)."""
    flow, _ = next(iter(lines.values()))
    length, height = np.ptp(flow.points[:, 0]), flow.points[:, 1]
    cells, y = flow.mesh.cells[0].data, np.linspace(height.min(), height.max(), 150)
    triangles = Triangulation(*flow.points.T, np.concatenate([cells[:, :3], cells[:, [0, 2, 3]]]))
    for k, x in enumerate((np.arange(STATIONS) + 0.25) * length / STATIONS):
        for label, (flow, style) in lines.items():
            u = LinearTriInterpolator(triangles, flow.velocity[:, 0])(np.full_like(y, x), y)
            axes.plot(x + 0.8 * length / STATIONS * u, y, style, label=label if k == 0 else None)
        axes.axvline(x, color="0.8", lw=0.6, zorder=0)
    for wall in ("bottom", "top"):
        axes.plot(*outline(flow.mesh, wall), "0.4", lw=1)
    axes.set(title=f"velocity along x: {hill_words(name)}", xlabel="x / H", ylabel="y / H")
    axes.legend(loc="lower right")
