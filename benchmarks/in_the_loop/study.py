"""Closures in the loop: learned from a turbulence model or from LES, judged by the velocity that
they lead to.

    OMP_NUM_THREADS=1 python -m benchmarks.in_the_loop.study [-o build/coupled_rans] [--ship]

Training: the 21 training hills of the Closure Challenge; test: its 4 validation hills, on their
meshes of 15,600 cells. Teachers are the ν_t of OpenFOAM's k-ω SST, our own Spalart-Allmaras, and
the stresses of the LES. Writes results/coupled_rans.md with pictures; everything is kept in the
folder, and an interrupted study goes on where it stopped. With ``--ship`` the closure that learned
from SST becomes vcnn/pretrained/hill-eddy-viscosity.safetensors."""

from __future__ import annotations

import argparse
import json
import time
from functools import partial
from pathlib import Path

import numpy as np

import meshes
from benchmarks.data.hills import read_hill
from benchmarks.in_the_loop.costs import costs
from benchmarks.in_the_loop.flows import VALIDATION, known_flow, trained
from benchmarks.in_the_loop.page import card, draw, page
from benchmarks.paths import DATA, HILLS, PRETRAINED, RESULTS
from benchmarks.verification.turbulence import errors
from solvers import RANS, LaminarFlow, SpalartAllmaras, coupled_rotation_study, evaluate
from solvers.fem.fields import function_from
from solvers.studies.coupled_rotation_report import pictures
from vcnn import DivergenceError
from vcnn.evaluation import relative_l2
from vcnn.files import write_text

OPENFOAM = DATA / "openfoam" / "rans_kOmegaSST_alpha1.00.npz"
MODEL = PRETRAINED / "hill-eddy-viscosity.safetensors"


def coupled(closure, name, bulk, start=None) -> tuple[dict, object]:
    """One hill with a closure in the loop at a bulk velocity: what it took, and the solution."""
    mesh, data = read_hill(HILLS / f"{name}.npz")
    problem = RANS(mesh, float(data["nu"]), bulk, closure=closure, location="vertex")
    begin = time.perf_counter()
    try:
        result = problem.solve(start=start)
    except DivergenceError as error:
        return {"failure": str(error), "seconds": time.perf_counter() - begin}, None
    flow = result.flow("vertex")
    return {
        "rounds": len(result.history),
        "seconds": time.perf_counter() - begin,
        "clipped": result.history.clipped[-1],
        "extrapolating": float(np.mean(closure.extrapolation(flow) > 1)),
        "residual": list(result.history.residual),
        "change": list(result.history.change),
    }, result


def against_teacher(closure, teacher, name, folder) -> dict:
    """At the teacher's driving, its velocity being what to meet."""
    _, data = read_hill(HILLS / f"{name}.npz")
    row, result = coupled(closure, name, float(data["ubar"][0]))
    if result is None:
        return row
    known = known_flow(teacher, name, folder)
    result.flow("vertex").save(folder / "solved" / f"{teacher}_{name}.vtu")
    flow, theirs = result.flow("vertex"), known.scalars["eddy_viscosity"]
    row["a priori"] = relative_l2(closure.predict(known), theirs, known.weights)
    row["viscosity"] = relative_l2(flow.scalars["eddy_viscosity"], theirs, flow.weights)
    row["error"] = relative_l2(flow.velocity, known.velocity, flow.weights)
    if teacher == "sst":
        openfoam, areas = (
            data["sst_velocity"][:, :2].astype(float),
            data["cell_areas"].astype(float),
        )
        at_cells = lambda flow: evaluate(
            function_from(result.domain, flow.velocity, "vertex", "velocity"), data["cell_centres"]
        )
        row["own error"], row["error"] = (
            row["error"],
            relative_l2(result.flow("cell").velocity, openfoam, areas),
        )
        row["exact"] = relative_l2(at_cells(known), openfoam, areas)
    return row


def against_les(closure, kind, name, folder) -> dict:
    """At the driving of the LES, whose velocity is what to meet; SST's own error beside it."""
    _, data = read_hill(HILLS / f"{name}.npz")
    row, result = coupled(closure, name, float(data["ubar_dns"][0]))
    row["sst"] = errors(data["sst_velocity"][:, :2].astype(float), data)
    if result is not None:
        result.flow("vertex").save(folder / "solved" / f"{kind}_at_les_{name}.vtu")
        row["error"] = errors(result.flow("cell").velocity, data)
    return row


def starts(closure, name) -> dict:
    """From nothing, from a laminar flow and from Spalart-Allmaras: how far apart the solutions are."""
    mesh, data = read_hill(HILLS / f"{name}.npz")
    nu, bulk = float(data["nu"]), float(data["ubar"][0])
    begins = {
        "uniform": None,
        "laminar": LaminarFlow(mesh, 200 * nu, bulk).solve(),
        "Spalart-Allmaras": SpalartAllmaras(mesh, nu, bulk).solve(),
    }
    rows, first = {}, None
    for kind, start in begins.items():
        row, result = coupled(closure, name, bulk, start)
        flow = None if result is None else result.flow("cell")
        first = first or flow
        rows[kind] = {"rounds": row.get("rounds"), "failure": row.get("failure")}
        if flow is not None:
            rows[kind]["gap"] = relative_l2(flow.velocity, first.velocity, flow.weights)
    return rows


def other_reynolds_number(closure) -> dict:
    """The hill α = 1 at Re = 10,595, of which the closure saw none but 5,600; OpenFOAM's SST is
    what to meet.
    """
    with np.load(OPENFOAM) as file:
        data = dict(file)
    flow = meshes.read_flow(OPENFOAM)
    begin = time.perf_counter()
    result = RANS(
        flow.mesh, float(data["nu"]), float(data["Ubar"]), closure=closure, location="vertex"
    ).solve()
    found = result.flow("cell")
    return {
        "error": relative_l2(found.velocity, flow.velocity, flow.weights),
        "viscosity": relative_l2(found.scalars["eddy_viscosity"], data["nut"], flow.weights),
        "extrapolating": float(np.mean(closure.extrapolation(result.flow("vertex")) > 1)),
        "rounds": len(result.history),
        "cells": len(found),
        "seconds": time.perf_counter() - begin,
    }


def turned(closures) -> dict:
    """A hill solved in turned frames, on a mesh on which the graph network's cost can be borne."""
    mesh = meshes.periodic_hill(1.0, cells=(40, 24), grading=15.0)
    problem = RANS(mesh, 1.786e-4, 0.72, location="vertex")
    study = coupled_rotation_study(closures, problem)
    for name, figure in zip(("flows", "changes"), pictures(study).values(), strict=False):
        figure.savefig(RESULTS / f"coupled_rans_turned_{name}.png", dpi=80)
    return {
        "angles": study.angles.tolist(),
        **{
            name: [
                {"change": run.change, "rounds": run.rounds, "failure": run.failure} for run in runs
            ]
            for name, runs in study.runs.items()
        },
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("build/coupled_rans"))
    parser.add_argument("--ship", action="store_true")
    options = parser.parse_args()
    folder = options.output
    (folder / "solved").mkdir(parents=True, exist_ok=True)
    closures = {name: trained(name, folder) for name in ("sst", "sa", "les", "graph")}
    kept = folder / "results.json"
    results = json.loads(kept.read_text()) if kept.exists() else {}
    jobs = {}
    for name in VALIDATION:
        jobs[f"starts, {name}"] = partial(starts, closures["sst"], name)
        for teacher in ("sst", "sa"):
            jobs[f"{teacher}, {name}"] = partial(
                against_teacher, closures[teacher], teacher, name, folder
            )
        for kind in ("les", "sst"):
            jobs[f"{kind} at LES, {name}"] = partial(
                against_les, closures[kind], kind, name, folder
            )
    jobs["Reynolds number"] = partial(other_reynolds_number, closures["sst"])
    jobs["turned"] = partial(
        turned, {"vector-cloud": closures["sst"], "graph-kernel": closures["graph"]}
    )
    jobs["costs"] = partial(costs, closures["sst"])
    for key, measure in jobs.items():
        if key not in results:
            results[key] = measure()
            write_text(kept, json.dumps(results, indent=1))
            shown = {k: v for k, v in results[key].items() if not isinstance(v, list)}
            print(f"{key}: {shown}", flush=True)
    text = page(results, closures)
    draw(results, folder, RESULTS)
    write_text(RESULTS / "coupled_rans.md", text)
    if options.ship:
        closures["sst"].save(PRETRAINED)
        PRETRAINED.with_suffix(".md").write_text(card(results), encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
