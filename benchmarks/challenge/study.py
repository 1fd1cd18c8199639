"""The Closure Challenge: closures learned from its training flows, and the velocities of its test
flows.

    OMP_NUM_THREADS=1 python -m benchmarks.challenge.study [-o build/closure_challenge] [--processes
    2] [--ship]

Writes results/closure_challenge.md with pictures, and in results/closure_challenge/ for each test
flow the velocity at the 1000 points of evaluation, a line for each with its three components, and
residuals.json. Everything is kept in the folder at once: a run that was interrupted goes on where
it stopped. Flows and closure of the LES are those of coupled_rans.py, in a folder beside. With
``--ship`` the closures go to vcnn/pretrained. About four hours."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.challenge import duct_closure
from benchmarks.challenge.correction import corrected, trained_correction
from benchmarks.challenge.floors import floors, hill_baseline, inverted
from benchmarks.challenge.flows import TESTS, solved, submission
from benchmarks.challenge.page import VALIDATION_DUCT, cards, draw, page
from benchmarks.data.ducts import RATIOS, dns_flow, read_duct, score
from benchmarks.data.hills import read_hill
from benchmarks.data.thinned_hills import flow_to_learn, thinned
from benchmarks.in_the_loop.flows import REGION, UNITS, hills, trained, weighed
from benchmarks.paths import HILLS, PRETRAINED, RESULTS
from benchmarks.paths import TESTS as TEST_FOLDER
from solvers import RANS, LearningConfig, coupled_rotation_study, evaluate, fit_through_solver
from solvers.studies.coupled_rotation_report import pictures
from vcnn import DivergenceError, FlowField, TrainingConfig, VectorCloudNetwork, fit
from vcnn.files import write_text

SUBMISSION = RESULTS / "closure_challenge"
LEARNING = LearningConfig(epochs=4, flows_per_step=2, learning_rate=3e-4, prior=5e-3)
TURNED = "alpha_15_13929_2024"


def hill_closure(folder, les, processes):
    """Eddy viscosity and anisotropy for hills: learned from the stresses of LES, then through the
    solver.
    """
    training, validation = (
        [flow_to_learn(name) for name in hills(split)] for split in ("train", "validation")
    )
    return fit_through_solver(
        trained("les", les),
        training,
        LEARNING,
        validation=validation,
        run_directory=folder / "hills",
        processes=processes,
    )


def inversion_closure(folder):
    """Learned from the eddy viscosities of inversions, without the solver: what one loses against
    the other.
    """
    network = VectorCloudNetwork(["wall_distance"], output="positive_scalar", order=2)
    flows = [
        weighed(FlowField.load(inverted(name, "eddy viscosity", folder))) for name in hills("train")
    ]
    return fit(
        network,
        flows,
        "eddy_viscosity",
        REGION,
        TrainingConfig(epochs=12, centres=2500),
        importance="importance",
        run_directory=folder / "inversion",
        units=UNITS,
    )


def against_truth(name, closures, folder=None) -> dict:
    """A flow of training or validation: our score beside SST's, by the challenge's measure over all
    cells.
    """
    path = HILLS / f"{name}.npz"
    try:
        run = solved(path, closures, _checkpoint(folder, name), tolerance=1e-6)
    except DivergenceError as error:
        return {"failure": str(error)}
    with np.load(path) as file:
        truth, sst = (file[key].astype(float) for key in ("les_velocity", "sst_velocity"))
    for u in (truth, sst):
        u[:, np.ptp(run.velocity, axis=0) == 0] = 0  # of plane flows
    if folder is not None:
        run.result.flow("vertex").save(folder / "solved" / f"{name}.vtu")
    return {"score": score(run.velocity, truth), "sst": score(sst, truth), **run.row}


def duct_floor() -> dict:
    """The duct of validation with the stress of its DNS."""
    path = HILLS / f"{VALIDATION_DUCT}.npz"
    return {
        "score": score(dns_flow(path).flow("cell").velocity, read_duct(path)[1]["les_velocity"])
    }


def correction(name, factor) -> dict:
    """A hill of validation as flows with an inlet are solved: β times SST's ν_t. On the thinned
    mesh.
    """
    problem = replace(flow_to_learn(name).problem, closure=hill_baseline(name))
    first = problem.solve()
    result = corrected(factor, problem, first).solve(first, tolerance=1e-3)
    with np.load(HILLS / f"{name}.npz") as file:
        truth, centres = file["les_velocity"][:, :2].astype(float), file["cell_centres"][:, :2]
    return {
        "score": score(evaluate(result.velocity, centres), truth),
        "rounds": len(result.history),
        "change": list(result.history.change),
        "residual": list(result.history.residual),
    }


def predicted(name, closures, folder) -> dict:
    """A test flow: writes its velocities at the points of evaluation; how the run went, and how far
    SST is.
    """
    run = solved(TEST_FOLDER / f"{name}.npz", closures, _checkpoint(folder, name))
    with np.load(TEST_FOLDER / f"{name}.npz") as file:
        chosen, sst = file["eval_cells"], file["sst_velocity"].astype(float)
    submission(SUBMISSION / f"{name}.csv", run.velocity[chosen])
    run.result.flow("vertex").save(folder / "solved" / f"{name}.vtu")
    return {"from SST": score(run.velocity[chosen], sst[chosen]), **run.row}


def turned(closure) -> dict:
    """A test flow solved anew in turned frames, mesh, driving and all."""
    mesh, data = read_hill(TEST_FOLDER / f"{TURNED}.npz")
    problem = RANS(thinned(mesh), float(data["nu"]), float(data["ubar_dns"][0]), location="vertex")
    study = coupled_rotation_study({"vector-cloud": closure}, problem)
    flows, *_ = pictures(study).values()
    flows.savefig(RESULTS / "closure_challenge_turned.png", dpi=80)
    runs = study.runs["vector-cloud"]
    return {
        "angles": study.angles.tolist(),
        "runs": [{"change": r.change, "rounds": r.rounds} for r in runs],
    }


def _checkpoint(folder, name):
    if folder is None:
        return None
    (folder / "solved").mkdir(parents=True, exist_ok=True)
    return folder / "solved" / f"{name}.npz"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("build/closure_challenge"))
    parser.add_argument("--les", type=Path, default=Path("build/coupled_rans"))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--ship", action="store_true")
    options = parser.parse_args()
    folder, les = options.output, options.les
    folder.mkdir(parents=True, exist_ok=True)
    every = hills("validation") + hills("train")
    results = Kept(folder / "results.json")
    for kind, names in (
        ("eddy viscosity", every),
        ("eddy viscosity and anisotropy", hills("validation")),
    ):
        for name in names:
            results.measure(f"floor of {kind}, {name}", partial(floors, name, kind, folder, les))
    results.measure(f"floor of DNS stress, {VALIDATION_DUCT}", duct_floor)
    closures = {
        "hill": hill_closure(folder, les, options.processes),
        "duct": duct_closure.trained(folder / "ducts"),
        "opening": trained_correction(folder),
    }
    for name in [*every, *(f"AR_{ratio}_Ret_180" for ratio in RATIOS)]:
        results.measure(f"known, {name}", partial(against_truth, name, closures, folder))
    prior, of_inversion = trained("les", les), inversion_closure(folder)
    for name in hills("validation"):
        results.measure(f"prior, {name}", partial(against_truth, name, {"hill": prior}))
        results.measure(
            f"of inversions, {name}", partial(against_truth, name, {"hill": of_inversion})
        )
        results.measure(f"corrected, {name}", partial(correction, name, closures["opening"]))
    for name in TESTS:
        results.measure(f"test, {name}", partial(predicted, name, closures, folder))
    results.measure(f"turned, {TURNED}", partial(turned, closures["hill"]))
    runs = {name: results.rows[f"test, {name}"] for name in TESTS}
    write_text(SUBMISSION / "residuals.json", json.dumps(runs, indent=1))
    draw(results.rows, folder, RESULTS)
    text = page(results.rows, closures)
    write_text(RESULTS / "closure_challenge.md", text)
    if options.ship:
        for name, (closure, card) in cards(results.rows, closures).items():
            closure.save(PRETRAINED / f"{name}.safetensors")
            write_text(PRETRAINED / f"{name}.md", card)
    print(text)


class Kept:
    """Measurements by name in a file, each made once."""

    def __init__(self, path):
        self.path = path
        self.rows = json.loads(path.read_text()) if path.exists() else {}

    def measure(self, key, make):
        if key in self.rows:
            return
        self.rows[key] = make()
        write_text(self.path, json.dumps(self.rows, indent=1))
        print(
            f"{key}: { {k: v for k, v in self.rows[key].items() if not isinstance(v, list)} }",
            flush=True,
        )


if __name__ == "__main__":
    main()
