"""Corrections of k-ω SST that learn from some families of flows, in all of them.

    OMP_NUM_THREADS=1 python -m benchmarks.travelling.study [NAME...] [--flow FLOW]...

NAMEs are of `benchmarks.travelling.learning.TRAININGS`, by default all; up to an hour each to
learn, and a minute for each FLOW of `benchmarks.travelling.flows`, by default all. What was learned
is kept in the folder -o, and each score goes to results/travelling.json at once: a run that was
interrupted goes on. Writes results/travelling.md.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from benchmarks.common.command import parser, run
from benchmarks.common.measurements import Measurements, measure_all
from benchmarks.common.paths import RESULTS
from benchmarks.data.catalogue import require
from benchmarks.travelling.flows import FLOWS
from benchmarks.travelling.learning import TRAININGS
from benchmarks.travelling.members import learn_all
from benchmarks.travelling.models import FOLDER
from benchmarks.travelling.page import FAMILIES, page, step_labels
from benchmarks.travelling.pictures import draw_scores
from benchmarks.travelling.scores import score_flow
from vcnn.files import write_text

MEASURED = RESULTS / "travelling.json"


def main():
    command = parser(__doc__)
    command.add_argument("names", metavar="NAME", nargs="*", help="trainings; default: all")
    command.add_argument("--flow", action="append", choices=list(FLOWS), help="default: all")
    command.add_argument("-o", "--output", type=Path, default=FOLDER)
    command.add_argument("--processes", type=int, default=2)
    options = command.parse_args()
    require("benchmarks.travelling.study")
    measurements = Measurements(MEASURED)
    for name in options.names or list(TRAININGS):
        closures = learn_all(name, options.output, options.processes)
        for label, closure in zip(step_labels(name), closures, strict=True):
            measurements.measure(partial(dict, closure.provenance["learning"]), "learning", label)
        score = partial(score_flow, closure=closures[-1], folder=options.output)
        jobs = {flow: partial(score, flow) for flow in options.flow or FLOWS}
        for _ in measure_all(measurements, jobs, options.processes, "scores", name):
            write_text(RESULTS / "travelling.md", page(measurements.rows))
    draw_scores(measurements.rows["scores"], FAMILIES, RESULTS / "travelling.png")


if __name__ == "__main__":
    run(main)
