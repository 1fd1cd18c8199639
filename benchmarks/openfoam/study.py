"""Closures asked by OpenFOAM's simpleFoam: what they lead to, and what they cost.

    OMP_NUM_THREADS=1 python -m benchmarks.openfoam.study [-o build/openfoam]

Half an hour of a quiet core. k-ω SST and two shipped closures on a hill of 10,800 cells, to
residuals of 1e-6, one after the other; a duct with its secondary flow beside our own solver's.
Everything is kept in the folder, and an interrupted study goes on where it stopped. Writes
results/openfoam.md.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

import meshes
from benchmarks.challenge.duct_closure import baseline, duct_closure
from benchmarks.common.command import parser, run
from benchmarks.common.measurements import Measurements
from benchmarks.common.paths import RESULTS
from benchmarks.data.catalogue import require
from benchmarks.data.ducts import conditions, duct_file, read_duct
from benchmarks.openfoam.cases import Driven, asking
from benchmarks.openfoam.flows import HILL_BULK, HILL_VISCOSITY, duct, hill
from benchmarks.openfoam.page import page
from benchmarks.openfoam.programs import simple_foam
from openfoam import build_library
from solvers import RANS
from vcnn import Closure
from vcnn.evaluation import relative_l2
from vcnn.files import write_text

CELLS = (120, 90)
# How often a closure is asked and how much of its answer is taken: ν_t alone bears all of it, with
# an anisotropy that does not always settle.
CLOSURES = {
    "hill-eddy-viscosity": {"every": 30, "relaxation": 1},
    "hill-stress": {"every": 20, "relaxation": 0.5},
}
RATIO = 3  # of the duct
_DUCT_STEPS = 6000


def hill_run(model: str, folder: Path) -> dict:
    """simpleFoam over the hill with k-ω SST or a closure, as :func:`simple_foam` tells."""
    sst = model == "kOmegaSST"
    controlled = ("U", "p", "k", "omega") if sst else ("U", "p", "nut")
    case = _empty(folder / f"hill_{model}")
    driven = Driven(hill(CELLS), build_library(print), controlled=controlled)
    driven.write(
        case, "kOmegaSST" if sst else "vcnn", {} if sst else asking(model, **CLOSURES[model])
    )
    return simple_foam(case)


def hill_beside_ours(model: str, folder: Path) -> dict:
    """The velocity of that run beside that of our own solver with the same closure."""
    mesh, theirs = hill(CELLS).mesh, meshes.read_openfoam(folder / f"hill_{model}")
    closure = Closure.pretrained(model)
    problem = RANS(mesh, HILL_VISCOSITY, HILL_BULK, closure=closure, location="vertex")
    ours = problem.solve().flow("cell")
    return {"difference": relative_l2(theirs.velocity, ours.velocity, ours.weights)}


def duct_run(folder: Path) -> dict:
    """k-ω SST in a duct, then duct-stress over its frozen ν_t, beside our own solver."""
    section, data = read_duct(duct_file(RATIO))
    driven = Driven(
        duct(section, data),
        build_library(print),
        symmetries=data["symmetries"],
        controlled=["nut"],
        tolerance=1e-5,
        steps=_DUCT_STEPS,
    )
    case = _empty(folder / "duct")
    replace(driven, controlled=["k", "omega"], tolerance=1e-7).write(case, "kOmegaSST", {})
    sst = simple_foam(case)
    latest = max((p for p in case.iterdir() if p.name.isdigit()), key=lambda p: int(p.name))
    coupled = _empty(folder / "duct_coupled")
    driven.write(coupled, "vcnnKOmegaSST", asking("duct-stress", baseline="frozen"))
    for name in ("U", "p", "k", "omega", "nut"):
        shutil.copy(latest / name, coupled / "0" / name)
    row = simple_foam(coupled)
    theirs = meshes.read_openfoam(coupled)
    closure = duct_closure(Closure.pretrained("duct-stress"), baseline(section, data))
    problem = RANS(
        section, data["viscosity"], closure=closure, location="vertex", conditions=conditions(data)
    )
    ours = problem.solve().flow("cell")
    across = [flow.velocity[:, 1:] for flow in (theirs, ours)]
    return {
        **row,
        "sst": sst,
        "largest": [float(np.linalg.norm(v, axis=1).max()) for v in across],
        "secondary": relative_l2(*across, ours.weights),
        "velocity": relative_l2(theirs.velocity, ours.velocity, ours.weights),
        "aligned": float(np.vdot(*across) / np.prod([np.linalg.norm(v) for v in across])),
        "bulk": data["bulk_velocity"],
    }


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=Path("build/openfoam"))
    folder = command.parse_args().output
    require("benchmarks.openfoam.study")
    folder.mkdir(parents=True, exist_ok=True)
    measurements = Measurements(folder / "results.json")
    for model in ("kOmegaSST", *CLOSURES):
        measurements.measure(partial(hill_run, model, folder), "hill", model)
    for model in CLOSURES:
        measurements.measure(partial(hill_beside_ours, model, folder), "beside ours", model)
    measurements.measure(partial(duct_run, folder), "duct")
    text = page(measurements.rows)
    write_text(RESULTS / "openfoam.md", text)
    print(text)


if __name__ == "__main__":
    run(main)
