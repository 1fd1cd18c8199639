"""How sure an ensemble of corrections is, and how right it is in that, in flows of validation.

    OMP_NUM_THREADS=1 python -m benchmarks.travelling.how_sure [-o build/travelling]

Solves each flow with the mean of the members of `benchmarks.travelling.members` in the loop, and
with each member; two minutes a flow. Writes results/how_sure.md and its pictures. What was solved
is kept in the folder -o: an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.common.command import parser, run
from benchmarks.common.measurements import Measurements
from benchmarks.common.paths import RESULTS
from benchmarks.common.velocity_errors import score
from benchmarks.data.catalogue import require
from benchmarks.travelling.flows import FLOWS, KnownFlow
from benchmarks.travelling.learning import VALIDATION_DUCTS, VALIDATION_HILLS, over_flow
from benchmarks.travelling.members import read_members
from benchmarks.travelling.models import FOLDER, model_flow, start_file
from benchmarks.travelling.sureness import calibrations, component_coverage, solved_file
from benchmarks.travelling.sureness_page import draw, page
from benchmarks.travelling.targets import training_flow
from solvers import RANS, FlowResult, evaluate, solve_members
from solvers.fem.fields import function_from
from vcnn.closure import Ensemble
from vcnn.closure.stress import deviator
from vcnn.evaluation.calibration import LEVELS
from vcnn.files import replacing, write_text

LEFT_OUT = [*VALIDATION_HILLS, *VALIDATION_DUCTS, "PHLL10595", "CBFS13700"]
TOLERANCE = 1e-8
MEASURED = RESULTS / "how_sure.json"


def solve_flow(name: str, ensemble: Ensemble, folder: Path) -> dict:
    """A flow with the mean of the members in the loop and with each; what they say of its closure.

    Velocities at the observed points go to ``how_sure/NAME.npz`` in the folder.

    Returns
    -------
    dict
        ``model``, ``mean``, ``mean flow``, ``members``: scores of the velocity of the model, with
        the mean of the members in the loop, of the mean of the members' flows, and of each;
        ``seconds``: of the flow with the mean, and of all others.
    """
    reference = FLOWS[name]()
    adapt, start = over_flow(reference, folder), start_file(name, folder)
    model = reference.model.solve(start)
    problem = RANS.from_problem(reference.model, closure=adapt(ensemble), location="vertex")
    begin = time.process_time()
    middle = problem.solve(start, tolerance=TOLERANCE)
    first = time.process_time() - begin
    file = solved_file(folder, name)
    flows = solve_members(
        problem, ensemble, middle, adapt=adapt, folder=file.with_suffix(""), tolerance=TOLERANCE
    )
    seen = reference.observation
    each = np.stack([evaluate(result.velocity, seen.points) for result in flows.results])
    velocities = {
        "model": evaluate(model.velocity, seen.points),
        "mean": evaluate(middle.velocity, seen.points),
        "truth": seen.values,
        "each": each,
        "weights": np.ones(len(seen.points)) if seen.weights is None else seen.weights,
        "extrapolation": _at(middle, problem.closure.extrapolation(middle.flow("vertex")), seen),
    }
    fields = _closure_values(reference, ensemble, folder)
    with replacing(file) as part, part.open("wb") as opened:
        np.savez_compressed(opened, **velocities, **fields)
    truth = seen.values
    return {
        "model": score(velocities["model"], truth),
        "mean": score(velocities["mean"], truth),
        "mean flow": score(each.mean(axis=0), truth),
        "members": [score(velocity, truth) for velocity in each],
        "seconds": [first, time.process_time() - begin - first],
        "rounds": [len(result.history) for result in (middle, *flows.results)],
    }


def _at(result: FlowResult, values: np.ndarray, seen) -> np.ndarray:
    """Values at vertices, between them at observed points."""
    function = function_from(result.domain, values, "vertex", "values")
    return evaluate(function, seen.points).reshape(len(seen.points), -1)[:, 0]


def _closure_values(reference: KnownFlow, ensemble: Ensemble, folder: Path) -> dict:
    """ν_t and deviatoric stress by each member, and known, with the known velocity."""
    model = model_flow(reference, folder)
    flow = training_flow(reference, model)
    each = ensemble.predict_each(flow)
    nu_0, k = (model.scalars[n] for n in ("eddy_viscosity", "turbulent_kinetic_energy"))
    S = deviator((reference.gradient + reference.gradient.swapaxes(1, 2)) / 2)
    nu_t = each["correction"] * nu_0
    stress = k[:, None, None] * each["relative_anisotropy"] - 2 * nu_t[..., None, None] * S
    return {
        "eddy_viscosity": nu_t,
        "eddy_viscosity known": flow.scalars["correction"] * nu_0,
        "stress": stress,
        "stress known": deviator(reference.stress),
        "stress weights": flow.weights,
    }


def _components(name: str, folder: Path) -> dict[float, float]:
    """Coverage of bands of a flow's components by level, as the others say."""
    others = [solved_file(folder, other) for other in LEFT_OUT if other != name]
    path = solved_file(folder, name)
    return {level: component_coverage(path, others, level) for level in LEVELS}


def main():
    command = parser(__doc__)
    command.add_argument("flows", metavar="FLOW", nargs="*", default=LEFT_OUT)
    command.add_argument("-o", "--output", type=Path, default=FOLDER)
    options = command.parse_args()
    require("benchmarks.travelling.how_sure")
    ensemble = Ensemble(read_members(options.output))
    measurements = Measurements(MEASURED)
    for name in options.flows:
        measurements.measure(partial(solve_flow, name, ensemble, options.output), "flows", name)
    by_flow = {name: calibrations(solved_file(options.output, name)) for name in LEFT_OUT}
    components = {name: _components(name, options.output) for name in LEFT_OUT}
    write_text(RESULTS / "how_sure.md", page(measurements.rows["flows"], by_flow, components))
    draw(by_flow, RESULTS)


if __name__ == "__main__":
    run(main)
