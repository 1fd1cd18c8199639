"""The Closure Challenge: a closure for each family, learned from its training flows.

    OMP_NUM_THREADS=1 python -m benchmarks.challenge.study [-o build/closure_challenge] [--ship]

Writes results/closure_challenge.md with pictures. Everything is kept in the folder at once: a run
that was interrupted goes on where it stopped. Flows and closure of the LES are those of
benchmarks.in_the_loop.study, in a folder beside. With ``--ship`` the closures go to
vcnn/pretrained. About three and a half hours.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.challenge import duct_closure
from benchmarks.challenge.cards import cards
from benchmarks.challenge.correction import correct, train_correction
from benchmarks.challenge.floors import floors, hill_baseline, inversion_file
from benchmarks.challenge.flows import solve_flow
from benchmarks.challenge.page import page
from benchmarks.challenge.pictures import draw
from benchmarks.challenge.scores import DUCTS, FLOORS, VALIDATION_DUCT
from benchmarks.common.command import parser, run
from benchmarks.common.measurements import Measurements
from benchmarks.common.paths import PRETRAINED, RESULTS
from benchmarks.common.velocity_errors import score
from benchmarks.data.catalogue import require
from benchmarks.data.ducts import dns_flow, read_duct
from benchmarks.data.hills import hill_file, hill_names
from benchmarks.data.thinned_hills import flow_to_learn
from benchmarks.in_the_loop.flows import REGION, UNITS, train_closure, with_importance
from solvers import LearningConfig, evaluate, fit_through_solver
from vcnn import Closure, DivergenceError, FlowField, TrainingConfig, fit
from vcnn.files import write_text
from vcnn.network import PairEmbeddingNetwork

LEARNING = LearningConfig(epochs=4, flows_per_step=2, learning_rate=3e-4, prior=5e-3)


def hill_closure(folder: Path, les: Path, processes: int) -> Closure:
    """ν_t and anisotropy for hills: learned from the stresses of LES, then through the solver."""
    return fit_through_solver(
        train_closure("les", les),
        [flow_to_learn(name) for name in hill_names("train")],
        LEARNING,
        validation=[flow_to_learn(name) for name in hill_names("validation")],
        run_directory=folder / "hills",
        processes=processes,
    )


def inversion_closure(folder: Path) -> Closure:
    """Learned from the eddy viscosities of inversions, without the solver."""
    network = PairEmbeddingNetwork(  # as recorded
        ["wall_distance"], output="positive_scalar", order=2
    )
    files = [inversion_file(name, "eddy viscosity", folder) for name in hill_names("train")]
    return fit(
        network,
        [with_importance(FlowField.load(file)) for file in files],
        "eddy_viscosity",
        REGION,
        TrainingConfig(epochs=12, centres=2500),
        importance="importance",
        run_directory=folder / "inversion",
        units=UNITS,
    )


def against_truth(name: str, closures: dict[str, Closure], folder: Path | None = None) -> dict:
    """A flow of training or validation: our score beside SST's, over all cells."""
    path = hill_file(name)
    try:
        solution = solve_flow(path, closures, _checkpoint(folder, name), tolerance=1e-6)
    except DivergenceError as error:
        return {"failure": str(error)}
    with np.load(path) as file:
        truth, sst = (file[key].astype(float) for key in ("les_velocity", "sst_velocity"))
    for u in (truth, sst):
        u[:, np.ptp(solution.velocity, axis=0) == 0] = 0  # of plane flows
    if folder is not None:
        solution.result.flow("vertex").save(folder / "solved" / f"{name}.vtu")
    scores = {"score": score(solution.velocity, truth), "sst": score(sst, truth)}
    return scores | solution.row


def duct_floor() -> dict:
    """The duct of validation with the stress of its DNS."""
    path = hill_file(VALIDATION_DUCT)
    _, data = read_duct(path)
    return {"score": score(dns_flow(path).flow("cell").velocity, data["les_velocity"])}


def correction(name: str, factor: Closure) -> dict:
    """A hill of validation solved as flows with an inlet are: β times SST's ν_t; thinned mesh."""
    problem = replace(flow_to_learn(name).problem, closure=hill_baseline(name))
    first = problem.solve()
    result = correct(factor, problem, first).solve(first, tolerance=1e-3)
    with np.load(hill_file(name)) as file:
        truth, centres = file["les_velocity"][:, :2].astype(float), file["cell_centres"][:, :2]
    return {
        "score": score(evaluate(result.velocity, centres), truth),
        "rounds": len(result.history),
        "change": list(result.history.change),
        "residual": list(result.history.residual),
    }


def _checkpoint(folder, name):
    return None if folder is None else folder / "solved" / f"{name}.npz"


def measure_limits(measurements: Measurements, folder: Path, les: Path) -> None:
    """What limits the score: floors of inversions, and of the stress of a DNS."""
    validation = hill_names("validation")
    viscosity, with_anisotropy = FLOORS
    for name in validation + hill_names("train"):
        job = partial(floors, name, viscosity, folder, les)
        measurements.measure(job, f"floor of {viscosity}, {name}")
    for name in validation:
        job = partial(floors, name, with_anisotropy, folder, les)
        measurements.measure(job, f"floor of {with_anisotropy}, {name}")
    measurements.measure(duct_floor, f"floor of DNS stress, {VALIDATION_DUCT}")


def measure_closures(
    measurements: Measurements,
    closures: dict[str, Closure],
    others: dict[str, Closure],
    folder: Path,
) -> None:
    """All flows with the closures of their families, some with others.

    Parameters
    ----------
    measurements : Measurements
    closures : kind of flow, "hill", "duct" or "opening" -> closure
    others : name of a measurement -> a closure for hills
    folder : of the study
    """
    validation = hill_names("validation")
    for name in [*validation, *hill_names("train"), *DUCTS]:
        measurements.measure(partial(against_truth, name, closures, folder), f"known, {name}")
    for name in validation:
        for kind, closure in others.items():
            measurements.measure(partial(against_truth, name, {"hill": closure}), f"{kind}, {name}")
        measurements.measure(partial(correction, name, closures["opening"]), f"corrected, {name}")


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=Path("build/closure_challenge"))
    command.add_argument("--les", type=Path, default=Path("build/coupled_rans"))
    command.add_argument("--processes", type=int, default=2)
    command.add_argument("--ship", action="store_true")
    options = command.parse_args()
    folder, les = options.output, options.les
    require("benchmarks.challenge.study")
    measurements = Measurements(folder / "results.json")
    measure_limits(measurements, folder, les)
    closures = {
        "hill": hill_closure(folder, les, options.processes),
        "duct": duct_closure.train_closure(folder / "ducts"),
        "opening": train_correction(folder),
    }
    others = {"prior": train_closure("les", les), "of inversions": inversion_closure(folder)}
    measure_closures(measurements, closures, others, folder)
    draw(measurements.rows, folder, RESULTS)
    text = page(measurements.rows, closures)
    write_text(RESULTS / "closure_challenge.md", text)
    if options.ship:
        for name, (closure, card) in cards(measurements.rows, closures).items():
            closure.save(PRETRAINED / f"{name}.safetensors")
            write_text(PRETRAINED / f"{name}.md", card)
    print(text)


if __name__ == "__main__":
    run(main)
