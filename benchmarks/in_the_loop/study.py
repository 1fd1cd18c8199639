"""Closures in the loop, learned from a model or from LES, judged by the velocity they lead to.

    OMP_NUM_THREADS=1 python -m benchmarks.in_the_loop.study [-o build/coupled_rans]

Training: the 21 training hills of the Closure Challenge; test: its 4 validation hills, on their
meshes of 15,600 cells. Teachers are the ν_t of OpenFOAM's k-ω SST, our own Spalart-Allmaras, and
the stresses of the LES; beside them the closure of the package. Two hours of two quiet cores.
Writes results/coupled_rans.md with pictures, and the card of the package's closure; everything is
kept in the folder, and an interrupted study goes on where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

import meshes
from benchmarks.common.command import parser, run
from benchmarks.common.measurements import Measurements
from benchmarks.common.paths import PRETRAINED, RESULTS
from benchmarks.common.velocity_errors import errors_against_les
from benchmarks.data.catalogue import SST_HILL, require
from benchmarks.data.hills import VALIDATION, hill_file, read_hill
from benchmarks.in_the_loop.cards import card
from benchmarks.in_the_loop.costs import costs
from benchmarks.in_the_loop.flows import train_closure
from benchmarks.in_the_loop.graininess import graininess
from benchmarks.in_the_loop.page import page
from benchmarks.in_the_loop.pictures import draw
from benchmarks.in_the_loop.seen import COMPARED, NETWORKS, seen
from benchmarks.in_the_loop.solve import solve_as_taught, solve_hill
from solvers import RANS, LaminarFlow, SpalartAllmaras, coupled_rotation_study, evaluate
from solvers.fem.fields import function_from
from solvers.studies.coupled_rotation_report import pictures
from vcnn import Closure, ClosureLike, FlowField
from vcnn.evaluation import relative_l2
from vcnn.files import write_text

SHIPPED = "hill-eddy-viscosity"
STARTED = VALIDATION[0], VALIDATION[-1]  # that settle last and first


def against_teacher(
    closure: ClosureLike, teacher: str, name: str, folder: Path, kind: str = ""
) -> dict:
    """At the teacher's driving, its velocity being what to meet.

    The flow is kept by the ``kind`` of closure, that of its teacher unless given.
    """
    row, result, taught = solve_as_taught(closure, teacher, name, folder)
    if result is None:
        return row
    result.flow("vertex").save(folder / "solved" / f"{kind or teacher}_{name}.vtu")
    flow, theirs = result.flow("vertex"), taught.scalars["eddy_viscosity"]
    row["viscosity"] = relative_l2(flow.scalars["eddy_viscosity"], theirs, flow.weights)
    row["graininess"] = graininess(flow, taught, name)
    if teacher == "sst":
        _, data = read_hill(hill_file(name))
        openfoam, areas = data["sst_velocity"][:, :2], data["cell_areas"].astype(float)
        exact = function_from(result.domain, taught.velocity, "vertex", "velocity")
        row["own error"] = row["error"]
        row["error"] = relative_l2(result.flow("cell").velocity, openfoam, areas)
        row["exact"] = relative_l2(evaluate(exact, data["cell_centres"]), openfoam, areas)
    return row


def against_les(closure: ClosureLike, kind: str, name: str, folder: Path) -> dict:
    """At the driving of the LES, whose velocity is what to meet; SST's own error beside it."""
    _, data = read_hill(hill_file(name))
    row, result = solve_hill(closure, name, float(data["ubar_dns"][0]))
    row["sst"] = errors_against_les(data["sst_velocity"][:, :2].astype(float), data)
    if result is not None:
        result.flow("vertex").save(folder / "solved" / f"{kind}_at_les_{name}.vtu")
        row["error"] = errors_against_les(result.flow("cell").velocity, data)
    return row


def starts(closure: ClosureLike, name: str, folder: Path) -> dict:
    """From a laminar flow and Spalart-Allmaras: how far from the solution found from rest."""
    mesh, data = read_hill(hill_file(name))
    nu, bulk = float(data["nu"]), float(data["ubar"][0])
    initial = {
        "laminar": LaminarFlow(mesh, 200 * nu, bulk).solve(),
        "Spalart-Allmaras": SpalartAllmaras(mesh, nu, bulk).solve(),
    }
    rows, solved = {}, folder / "solved" / f"sst_{name}.vtu"
    for kind, start in initial.items():
        row, result = solve_hill(closure, name, bulk, start)
        rows[kind] = {"rounds": row.get("rounds"), "failure": row.get("failure")}
        if result is not None and solved.is_file():
            flow = result.flow("vertex")
            at_rest = FlowField.load(solved).velocity
            rows[kind]["gap"] = relative_l2(flow.velocity, at_rest, flow.weights)
    return rows


def other_reynolds_number(closure: ClosureLike) -> dict:
    """The hill α = 1 at Re = 10,595, with training at 5,600; OpenFOAM's SST is what to meet."""
    path = SST_HILL.file("rans_kOmegaSST_alpha1.00")
    with np.load(path) as file:
        data = dict(file)
    flow = meshes.read_flow(path)
    begin = time.perf_counter()
    result = RANS(
        flow.mesh, float(data["nu"]), float(data["Ubar"]), closure=closure, location="vertex"
    ).solve()
    ours = result.flow("cell")
    return {
        "error": relative_l2(ours.velocity, flow.velocity, flow.weights),
        "viscosity": relative_l2(ours.scalars["eddy_viscosity"], data["nut"], flow.weights),
        "extrapolating": float(np.mean(closure.extrapolation(result.flow("vertex")) > 1)),
        "rounds": len(result.history),
        "cells": len(ours),
        "seconds": time.perf_counter() - begin,
    }


def rotated(closures: dict[str, ClosureLike]) -> dict:
    """A hill solved in rotated frames."""
    mesh = meshes.periodic_hill(1.0, cells=(40, 24), grading=15.0)
    problem = RANS(mesh, 1.786e-4, 0.72, location="vertex")
    study = coupled_rotation_study(closures, problem)
    for name, figure in zip(("flows", "changes"), pictures(study).values(), strict=False):
        figure.savefig(RESULTS / f"coupled_rans_turned_{name}.png", dpi=80)
    rows = {"angles": study.angles.tolist()}
    for name, runs in study.runs.items():
        rows[name] = [
            {"change": run.change, "rounds": run.rounds, "failure": run.failure} for run in runs
        ]
    return rows


def jobs(closures: dict[str, Closure], folder: Path) -> dict[str, Callable[[], dict]]:
    """Name -> what measures it."""
    sst = closures["sst"]
    named = {}
    for name in VALIDATION:
        for teacher in ("sst", "sa"):
            job = partial(against_teacher, closures[teacher], teacher, name, folder)
            named[f"{teacher}, {name}"] = job
        named[f"shipped, {name}"] = partial(
            against_teacher, closures["shipped"], "sst", name, folder, "shipped"
        )
        for kind in ("les", "sst"):
            named[f"{kind} at LES, {name}"] = partial(
                against_les, closures[kind], kind, name, folder
            )
    for name in STARTED:
        named[f"starts, {name}"] = partial(starts, sst, name, folder)
    for name, network in product(COMPARED, NETWORKS):
        named[f"{network}, {name}"] = partial(seen, network, name, folder)
    named["Reynolds number"] = partial(other_reynolds_number, sst)
    named["Reynolds number, shipped"] = partial(other_reynolds_number, closures["shipped"])
    named["turned"] = partial(rotated, {"vector-cloud": sst, "deep-sets": closures["sets"]})
    named["costs"] = partial(costs, sst)
    return named


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=Path("build/coupled_rans"))
    options = command.parse_args()
    folder = options.output
    require("benchmarks.in_the_loop.study")
    closures = {name: train_closure(name, folder) for name in ("sst", "sa", "les", "sets")}
    closures["shipped"] = Closure.pretrained(SHIPPED)
    measurements = Measurements(folder / "results.json")
    for name, job in jobs(closures, folder).items():
        measurements.measure(job, name)
    text = page(measurements.rows, closures)
    draw(measurements.rows, folder, RESULTS)
    write_text(RESULTS / "coupled_rans.md", text)
    write_text(PRETRAINED / f"{SHIPPED}.md", card(measurements.rows))
    print(text)


if __name__ == "__main__":
    run(main)
