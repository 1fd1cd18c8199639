"""Bands around the velocities of the submission.

    OMP_NUM_THREADS=1 python -m benchmarks.challenge.bands [-o build/travelling]

After `benchmarks.challenge.submission` and `benchmarks.travelling.how_sure`, on whose flows the
width is chosen: multiples of how much the correction has changed the model's velocity, and of the
mean speed where it is not trusted. Writes into results/closure_challenge for each flow
NAME_bands.csv: at the points of evaluation, a line each, lower and upper bounds of the three
components at 50, 80, 90 and 95 %, as its first line says. A minute a flow.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.challenge.evaluated import TESTS
from benchmarks.challenge.submission import SUBMISSION, solved
from benchmarks.common.command import parser, run
from benchmarks.common.measurements import Measurements
from benchmarks.data.catalogue import require
from benchmarks.travelling.how_sure import LEFT_OUT
from benchmarks.travelling.models import FOLDER, model_flow
from benchmarks.travelling.sureness import component_quantiles, component_scales, solved_file
from solvers import evaluate
from solvers.fem.fields import function_from
from vcnn.evaluation import magnitudes
from vcnn.evaluation.calibration import LEVELS
from vcnn.files import replacing


def band(name: str, quantiles: dict[float, float], folder: Path) -> dict:
    """Write the band of a flow.

    Returns
    -------
    dict
        ``width``: mean half width of the band of 90 % of the first component, over the mean speed.
    """
    flow = TESTS[name]()
    result = solved(flow, folder, again=True)
    whole, domain = result.flow("vertex"), result.domain
    model = function_from(domain, model_flow(flow, folder).velocity, "vertex", "velocity")
    distance = function_from(
        domain, result.problem.closure.extrapolation(whole), "vertex", "distance"
    )
    scales = np.zeros((len(flow.points), 3))
    scales[:, flow.axes] = flow.velocity * component_scales(
        evaluate(result.velocity, flow.points),
        evaluate(model, flow.points),
        evaluate(distance, flow.points).reshape(len(flow.points), -1)[:, 0],
        float(np.average(magnitudes(whole.velocity), weights=whole.weights)),
    )
    centre = np.loadtxt(SUBMISSION / f"{name}.csv", delimiter=",")
    columns = {
        f"{letter}_{side}_{100 * level:g}": centre[:, axis] + sign * quantile * scales[:, axis]
        for axis, letter in enumerate("uvw")
        for level, quantile in quantiles.items()
        for side, sign in (("lower", -1), ("upper", 1))
    }
    with replacing(SUBMISSION / f"{name}_bands.csv") as part:
        table = np.stack(list(columns.values()), axis=1)
        np.savetxt(part, table, "%.9g", ",", header=",".join(columns), comments="")
    half = quantiles[0.9] * scales[:, 0]
    return {"width": float(half.mean() / magnitudes(centre).mean())}


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=FOLDER)
    options = command.parse_args()
    require("benchmarks.challenge.bands")
    files = [solved_file(options.output, name) for name in LEFT_OUT]
    quantiles = component_quantiles(files, LEVELS)
    measurements = Measurements(options.output / "bands.json")
    for name in TESTS:
        measurements.measure(partial(band, name, quantiles, options.output), "flows", name)


if __name__ == "__main__":
    run(main)
