"""Boundary layers on a flat plate without pressure gradient, beside an experiment.

    OMP_NUM_THREADS=1 python -m benchmarks.verification.flat_plate

Spalart-Allmaras and k-ω SST, with the shipped correction of the latter, on three meshes. Every
result goes to benchmarks/results/flat_plate.json at once, so that an interrupted run goes on where
it stopped; then the page beside it is made anew. About ten minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import meshio
import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import brentq

from benchmarks.common import paths
from benchmarks.common.command import parser, run
from benchmarks.common.markdown import table
from benchmarks.common.measurements import Measurements
from benchmarks.data.catalogue import PLATE, require
from solvers import (
    FlowResult,
    Inlet,
    KOmegaSST,
    Outlet,
    SpalartAllmaras,
    Symmetry,
    Wall,
    along_wall,
    over_baseline,
)
from vcnn import Closure
from vcnn.evaluation.report.text import percent
from vcnn.files import write_text
from vcnn.flow.mesh import named_mesh

RESULTS = paths.RESULTS / "flat_plate.json"
REYNOLDS = 1.18e6  # of the velocity 17.8 m/s, air, and 1 m, the unit of length
LENGTH, HEIGHT, FIRST = 5.0, 1.0, 2.0e-5  # the height of the first cell is about 1 in y⁺
SIZES = ((40, 40), (80, 56), (120, 68))  # cells along and across
MESHES = [f"{along} x {across}" for along, across in SIZES]
STATIONS = (0.5, 1.0, 2.0, 3.0, 4.0, 4.8)
LAYER = 0.05  # m, what the correction takes for a half height: about the layer's in the middle
CORRECTED = "sst-correction"


def plate(along: int, across: int, length: float = LENGTH, first: float = FIRST) -> meshio.Mesh:
    """A rectangle above a plate: cells grow from the plate, and from its front, geometrically."""
    x, y = _grown(along, length, 0.2 * length / along), _grown(across, HEIGHT, first)
    points = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    number = np.arange(len(points)).reshape(along + 1, across + 1)
    corners = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    sides = {
        "inlet": number[0],
        "outlet": number[-1],
        "bottom": number[:, 0],
        "top": number[:, -1],
    }
    return named_mesh(
        points,
        [("quad", np.stack(corners, axis=-1).reshape(-1, 4))],
        {name: [("line", np.stack([s[:-1], s[1:]], axis=-1))] for name, s in sides.items()},
    )


def _grown(count: int, length: float, first: float) -> np.ndarray:
    ratio = brentq(lambda q: first * (q**count - 1) / (q - 1) - length, 1 + 1e-6, 3.0)
    x = first * (ratio ** np.arange(count + 1) - 1) / (ratio - 1)
    x[-1] = length
    return x


def problem(model: Callable, mesh: meshio.Mesh, reynolds: float = REYNOLDS):
    """A plate in a uniform stream of velocity 1, which slips along the top."""
    conditions = {
        "inlet": Inlet((1.0, 0.0)),
        "outlet": Outlet(),
        "bottom": Wall(),
        "top": Symmetry(),
    }
    return model(mesh, 1 / reynolds, conditions=conditions)


def friction(flow: FlowResult) -> tuple[np.ndarray, np.ndarray]:
    """x and the friction coefficient at the facets of the plate."""
    wall = along_wall(flow, "bottom", reference_velocity=1.0)
    return wall.points[:, 0], wall.skin_friction


def roughness(c_f: np.ndarray) -> float:
    """Largest relative distance of a value from the mean of its neighbours, front apart."""
    middle = c_f[1:-1] / (0.5 * (c_f[2:] + c_f[:-2])) - 1
    return float(np.abs(middle[len(middle) // 4 :]).max())


def measure(name: str, size: tuple[int, int]) -> dict:
    """A model, or the correction over k-ω SST, on a mesh."""
    mesh = plate(*size)
    if name == CORRECTED:
        first = problem(KOmegaSST, mesh).solve()
        closure = Closure.pretrained(CORRECTED).in_units(length=LAYER, velocity=1)
        posed = over_baseline(closure, first)
        flow = posed.solve(first, tolerance=1e-8)
        extrapolation = posed.closure.extrapolation(flow.flow("vertex"))
        more = {"rounds": len(flow.history), "unlike": float(np.mean(extrapolation > 1))}
    else:
        model = {"SpalartAllmaras": SpalartAllmaras, "KOmegaSST": KOmegaSST}[name]
        flow, more = problem(model, mesh).solve(), {}
    x, c_f = friction(flow)
    return {
        "friction": np.interp(STATIONS, x, c_f).tolist(),
        "roughness": roughness(c_f),
        "residual": flow.residuals[-1],
        **more,
        "x": x.tolist(),
        "c_f": c_f.tolist(),
    }


def experiment() -> tuple[np.ndarray, np.ndarray]:
    """x and the friction coefficient that were measured."""
    return np.loadtxt(PLATE.file("wieghardt1951_u17.8_cf_vs_x"), comments="#").T


def page(rows: dict[str, dict]) -> str:
    """All of it in Markdown."""
    measured = np.interp(STATIONS, *experiment())
    lines = [["experiment", "", *(f"{1e3 * c:.2f}" for c in measured), *3 * [""]]]
    for key, row in rows.items():
        name, size = key.split(", ")
        c_f = np.array(row["friction"])
        lines.append(
            [
                f"`{name}`",
                size,
                *(f"{1e3 * c:.2f}" for c in c_f),
                percent(float(np.mean(np.abs(c_f / measured - 1)))),
                percent(row["roughness"]),
                f"{row['residual']:.0e}",
            ]
        )
    header = ["", "cells", *(f"{x:g} m" for x in STATIONS), "error", "roughness", "residual"]
    unlike = rows[f"{CORRECTED}, {MESHES[-1]}"]["unlike"]
    return f"""# A flat plate

Written by `python -m benchmarks.verification.flat_plate`. Air of 17.8 m/s along a plate without
pressure gradient, Re = {REYNOLDS:.3g} a metre, uniform as it comes to the front: 1000 times the
friction coefficient at some distances from there, beside that which Wieghardt and Tillmann (1951)
measured. *Error*: mean distance from the experiment at these stations. *Roughness*: largest
distance of a facet's friction from the mean of its neighbours', the first quarter of the plate
apart. The first cells are {1e6 * FIRST:.0f} µm high, about 1 in y⁺.

{table(header, lines)}

![Friction along the plate](flat_plate.png)

`{CORRECTED}` corrects k-ω SST, {1e3 * LAYER:.0f} mm counting as its unit of length. It learned from
hills, ducts and channels; {percent(unlike)} of the vertices have clouds unlike those, and the
friction stays as it was to {percent(_moved(rows))}.

Without the [stabilisation](../../docs/theory/solver.md#momentum-balance) of the velocity the
friction of neighbouring facets differs by more than its mean, and k-ω SST does not settle.
"""


def _moved(rows: dict[str, dict]) -> float:
    """Largest change of the model's friction by the correction, at the stations."""
    changes = [
        np.array(rows[f"{CORRECTED}, {cells}"]["friction"])
        / np.array(rows[f"KOmegaSST, {cells}"]["friction"])
        - 1
        for cells in MESHES
    ]
    return float(np.abs(changes).max())


def draw(rows: dict[str, dict]) -> Figure:
    """Friction of the finest mesh beside the experiment."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(*experiment(), "ko", markersize=4, label="experiment")
    for key, row in rows.items():
        name, size = key.split(", ")
        if size == MESHES[-1]:
            x, c_f = np.array(row["x"]), np.array(row["c_f"])
            axes.plot(x[x > 0.1], c_f[x > 0.1], label=name)
    axes.set_xlabel("distance from the front, m")
    axes.set_ylabel("friction coefficient")
    axes.set_ylim(0.002, 0.006)
    axes.legend()
    return figure


def main():
    parser(__doc__).parse_args()
    require("benchmarks.verification.flat_plate")
    measurements = Measurements(RESULTS)
    for name in ("SpalartAllmaras", "KOmegaSST", CORRECTED):
        for size, cells in zip(SIZES, MESHES, strict=True):
            measurements.measure(partial(measure, name, size), f"{name}, {cells}")
    rows = measurements.rows
    draw(rows).savefig(RESULTS.with_suffix(".png"), dpi=90)
    text = page(rows)
    write_text(RESULTS.with_suffix(".md"), text)
    print(text)


if __name__ == "__main__":
    run(main)
