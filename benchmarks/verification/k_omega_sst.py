"""Our k-ω SST beside others': an ordinary differential equation in channels, OpenFOAM elsewhere.

    OMP_NUM_THREADS=1 python -m benchmarks.verification.k_omega_sst [FLOW...]

Without names: channels, then all hills, ducts and the curved step of training and validation, one
to three minutes each. Every result goes to benchmarks/results/k_omega_sst.json at once, so that a
run that was interrupted goes on where it stopped; then the page beside it is made anew. Delete the
json to begin again.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import numpy as np

import meshes
from benchmarks.common import paths
from benchmarks.common.command import parser, run
from benchmarks.common.markdown import table
from benchmarks.common.measurements import Measurements, measure_all
from benchmarks.common.velocity_errors import score
from benchmarks.data.catalogue import DUCTS, HILLS, SEPARATIONS, require
from benchmarks.data.ducts import conditions, read_duct
from benchmarks.data.hills import read_hill
from benchmarks.data.openings import read_opening
from benchmarks.verification.sst_channel import solve_channel
from solvers import FlowResult, Force, KOmegaSST
from vcnn import DivergenceError
from vcnn.evaluation import relative_l2
from vcnn.evaluation.report.text import percent
from vcnn.files import write_text

RESULTS = paths.RESULTS / "k_omega_sst.json"
CHANNELS = {180: 40.0, 550: 100.0, 950: 200.0, 2000: 400.0}  # Re_τ -> grading
CELLS = (40, 80, 160)


def channel(reynolds: int, cells: int) -> dict:
    """Errors in a channel of unit friction velocity, beside its differential equation."""
    exact = solve_channel(reynolds)
    mesh = meshes.channel(1.0, 2.0, cells=(4, cells), grading=CHANNELS[reynolds])
    result, seconds = _timed(KOmegaSST(mesh, 1 / reynolds, drive=Force(1.0)))
    flow = result.flow("cell")
    y = np.minimum(flow.points[:, 1], 2 - flow.points[:, 1])
    ours = {
        "velocity": flow.velocity[:, 0],
        "k": flow.scalars["turbulent_kinetic_energy"],
        "eddy_viscosity": flow.scalars["eddy_viscosity"],
    }
    bulk = float(flow.weights @ ours["velocity"] / flow.weights.sum())
    errors = {
        name: relative_l2(values, np.interp(y, exact.y, getattr(exact, name)), flow.weights)
        for name, values in ours.items()
    }
    return {"bulk": bulk / exact.bulk - 1, **errors, "seconds": seconds}


def wall_cells(reynolds: int = 180, cells: int = 60, growth: float = 20.0) -> dict:
    """Errors of finite volumes that hold ω in one cell at the wall, and in three."""
    exact = solve_channel(reynolds).bulk
    flows = {held: solve_channel(reynolds, cells, growth, held) for held in (1, 3)}
    errors = {str(held): flow.bulk / exact - 1 for held, flow in flows.items()}
    return {"cells": 2 * cells, "first": float(flows[1].y[0] * reynolds), **errors}


def hill(path: Path) -> dict:
    """A hill from its own start, at the bulk velocity of OpenFOAM's run, beside that."""
    mesh, data = read_hill(path)
    problem = KOmegaSST(mesh, float(data["nu"]), float(data["ubar"][0]))
    return _beside(problem, data, data["sst_velocity"][:, :2])


def duct(path: Path) -> dict:
    """A quarter of a duct, at the bulk velocity of OpenFOAM's run, beside that."""
    mesh, data = read_duct(path)
    problem = KOmegaSST(mesh, data["viscosity"], conditions=conditions(data))
    return _beside(problem, data, data["sst_velocity"])


def step(path: Path) -> dict:
    """The curved step with the profiles of OpenFOAM's run at its inlet, beside that."""
    mesh, data, ends = read_opening(path)
    problem = KOmegaSST(mesh, float(data["nu"]), conditions=ends)
    return _beside(problem, data, data["sst_velocity"])


def _beside(problem, data, theirs) -> dict:
    try:
        result, seconds = _timed(problem)
    except DivergenceError as error:
        return {"error": str(error)}
    velocity = result.flow("cell").velocity
    force = data.get("sst_pressure_gradient", data.get("pressure_gradient"))
    row = {
        "velocity": relative_l2(velocity, theirs, data["cell_areas"]),
        "force": None if force is None else float(result.pressure_gradient / force - 1),
        "residual": float(result.residuals[-1]),
        "steps": len(result.residuals) - 1,
        "seconds": seconds,
    }
    if "les_velocity" in data:
        truth = data["les_velocity"][:, : theirs.shape[1]]
        row |= {"score": score(velocity, truth), "their score": score(theirs, truth)}
    return row


def _timed(problem: KOmegaSST) -> tuple[FlowResult, float]:
    begin = time.process_time()
    return problem.solve(), time.process_time() - begin


FLOWS = {
    **{name: partial(hill, HILLS.file(name)) for name in sorted(HILLS.originals)},
    **{name: partial(duct, DUCTS.file(name)) for name in DUCTS.originals},
    "PHLL10595": partial(hill, SEPARATIONS.file("PHLL10595")),
    "CBFS13700": partial(step, SEPARATIONS.file("CBFS13700")),
}


def page(rows: dict[str, dict]) -> str:
    """The page in Markdown."""
    wall = rows["wall cells"]
    channels = [
        [
            *name.split(", "),
            *map(percent, (row["bulk"], *(row[key] for key in _OF_CHANNELS))),
            f"{row['seconds']:.1f}",
        ]
        for name, row in rows.get("channels", {}).items()
    ]
    flows = []
    of_flows = rows.get("flows", {})
    for name, row in ((name, of_flows[name]) for name in FLOWS if name in of_flows):
        if "error" in row:
            flows.append([name, row["error"], *[""] * 6])
            continue
        force = "" if row["force"] is None else percent(row["force"])
        scores = [percent(row[key]) if key in row else "" for key in ("score", "their score")]
        flows.append(
            [
                name,
                percent(row["velocity"]),
                force,
                *scores,
                f"{row['residual']:.0e}",
                row["steps"],
                f"{row['seconds']:.0f}",
            ]
        )
    return f"""# The k-ω SST model beside others

Written by `python -m benchmarks.verification.k_omega_sst`. Seconds are processor time of one core.

## Channels

`solvers.KOmegaSST` beside the ordinary differential equation of the model in its usual form, with
ω, solved by finite volumes on 1,600 cells (`benchmarks.verification.sst_channel`): relative
difference of the bulk velocity at equal friction, and relative L2 errors.

{table(["Re_τ", "cells", "bulk velocity", "velocity", "k", "ν_t", "s"], channels)}

OpenFOAM gives ω at the wall by its value in one cell. Finite volumes that do so on {wall["cells"]}
cells, the first at y⁺ = {wall["first"]:.2f}, have a bulk velocity {percent(wall["1"])} larger than
the equation at Re_τ = 180, and {percent(wall["3"])} where it is given in three: friction is too
small there. The driving forces of OpenFOAM's flows below are smaller than ours, by as much.

## Hills, ducts, a curved step

Beside OpenFOAM's fields of the Closure Challenge, on the same mesh at the same bulk velocity, from
its own start: relative L2 difference of the velocity, difference of the driving force, the
challenge's score of both where there is a truth, and the relative residual at the end.

{table(["flow", "velocity", "force", "score", "OpenFOAM's", "residual", "steps", "s"], flows)}
"""


_OF_CHANNELS = ("velocity", "k", "eddy_viscosity")


def main():
    command = parser(__doc__)
    command.add_argument("flows", nargs="*", metavar="FLOW", choices=FLOWS)
    command.add_argument("--processes", type=int, default=2)
    options = command.parse_args()
    names = options.flows or list(FLOWS)
    require("benchmarks.verification.k_omega_sst")
    measurements = Measurements(RESULTS)
    for reynolds in CHANNELS:
        for cells in CELLS:
            name = f"{reynolds}, {cells}"
            measurements.measure(partial(channel, reynolds, cells), "channels", name)
    measurements.measure(wall_cells, "wall cells")
    jobs = {name: FLOWS[name] for name in names}
    for _ in measure_all(measurements, jobs, options.processes, "flows"):
        write_text(RESULTS.with_suffix(".md"), page(measurements.rows))


if __name__ == "__main__":
    run(main)
