"""The stress of an LES imposed on the equations, in place of a closure's.

    OMP_NUM_THREADS=1 python -m benchmarks.travelling.imposed [-o build/travelling]

On three hills, wholly explicit and split into ν_t and an anisotropy. Every result goes to
results/travelling.json at once, and the page of `benchmarks.travelling.study` is made anew. A
minute for each hill, after its model.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.common.command import parser, run
from benchmarks.common.measurements import Measurements
from benchmarks.common.paths import RESULTS
from benchmarks.common.velocity_errors import score
from benchmarks.data.catalogue import require
from benchmarks.travelling.flows import FLOWS, KnownFlow
from benchmarks.travelling.models import FOLDER, model_flow, start_file
from benchmarks.travelling.page import IMPOSED, page
from benchmarks.travelling.study import MEASURED
from solvers import RANS, FlowResult, Observation, evaluate
from vcnn import DivergenceError
from vcnn.closure.stress import SMALL_STRAIN, deviator, split_stress
from vcnn.files import write_text


def solve_with(
    flow: KnownFlow, nu_t: np.ndarray, a: np.ndarray, start: FlowResult | Path
) -> FlowResult:
    """A plane flow with ν_t (M,) and a (M, 3, 3) given at the vertices."""
    problem = RANS.from_problem(
        flow.model, closure=nu_t, location="vertex", anisotropy=a[:, :2, :2]
    )
    return problem.solve(start)


def split(flow: KnownFlow) -> tuple[np.ndarray, np.ndarray]:
    """ν_t (M,) and a (M, 3, 3) that the known stress is split into."""
    S = deviator((flow.gradient + flow.gradient.swapaxes(1, 2)) / 2)
    return split_stress(deviator(flow.stress), S, SMALL_STRAIN * np.abs(flow.velocity).max())


def impose(name: str, folder: Path) -> dict:
    """Scores of the model, and with the LES stress split and explicit; or why there is none."""
    flow = FLOWS[name]()
    model_flow(flow, folder)
    velocity, start = flow.observation, start_file(name, folder)
    stress = deviator(flow.stress)
    row = {"model": _score(flow.model.solve(start), velocity)}
    for kind, (nu_t, a) in {
        "split": split(flow),
        "explicit": (np.zeros(len(stress)), stress),
    }.items():
        try:
            row[kind] = _score(solve_with(flow, nu_t, a, start), velocity)
        except DivergenceError as error:
            row[kind] = str(error)
    return row


def _score(result: FlowResult, truth: Observation) -> float:
    return score(evaluate(result.velocity, truth.points), truth.values)


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=FOLDER)
    options = command.parse_args()
    require("benchmarks.travelling.imposed")
    measurements = Measurements(MEASURED)
    for name in IMPOSED:
        measurements.measure(partial(impose, name, options.output), "imposed", name)
    write_text(RESULTS / "travelling.md", page(measurements.rows))


if __name__ == "__main__":
    run(main)
