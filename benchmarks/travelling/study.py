"""Corrections of k-ω SST that learn from some families of flows, in all of them.

    OMP_NUM_THREADS=1 python -m benchmarks.travelling.study [NAME...]

NAMEs are of `benchmarks.travelling.learning.TRAININGS`, by default all; an hour each to learn, and
a minute for each flow. What was learned is kept in the folder -o, and each score goes to
results/travelling.json at once: a run that was interrupted goes on. Writes results/travelling.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.common.command import parser, run
from benchmarks.common.markdown import table
from benchmarks.common.measurements import Measurements
from benchmarks.common.paths import RESULTS
from benchmarks.data.catalogue import require
from benchmarks.travelling.flows import FLOWS
from benchmarks.travelling.learning import (
    CHANNELS,
    STRESSES,
    THROUGH_SOLVER,
    TRAININGS,
    learn,
)
from benchmarks.travelling.models import FOLDER
from benchmarks.travelling.pictures import draw_scores
from benchmarks.travelling.scores import score_flow
from vcnn.evaluation.report.text import percent
from vcnn.files import write_text

MEASURED = RESULTS / "travelling.json"
FAMILIES = {  # name -> flows
    "training hills": TRAININGS["hills"][0],
    "validation hills": TRAININGS["hills"][1],
    "hill at Re_h 10,595": ["PHLL10595"],
    "curved step": ["CBFS13700"],
    "training ducts": TRAININGS["ducts"][0],
    "validation duct": TRAININGS["ducts"][1],
    "channels": CHANNELS,
}
SEPARATED = [*TRAININGS["hills"][1], "PHLL10595", "CBFS13700"]
IMPOSED = ("alpha_10_6000_3036", "alpha_15_10929_2024", "alpha_05_7071_4048")
DEVELOPED = [*CHANNELS, *(name for name in FLOWS if name.startswith("AR_"))]


def page(measured: dict[str, dict]) -> str:
    """The page in Markdown, of all that was measured: scores, how corrections learned, stresses."""
    rows, learning = measured["scores"], measured["learning"]
    names = [name for name in TRAININGS if name in rows]
    steps = table(
        ["", "flows", "error before", "after", "epoch kept", "hours"],
        [_learning_line(name, learning[name]) for name in names],
    )
    introduction = f"""# Corrections that travel

Written by `python -m benchmarks.travelling.study`. Corrections β of the eddy viscosity of our k-ω
SST, with an anisotropy in units of its k, told flows in
[units of turbulence](../../docs/how-to/travelling.md): first they learn the split stresses of DNS
and LES, in {STRESSES.epochs} epochs, then the velocities, and in ducts and channels the friction,
through the solver, in {THROUGH_SOLVER.epochs}. An epoch is a pass over the flows as they are
solved, and {THROUGH_SOLVER.tangent_passes} over their
[tangent linear models](../../docs/how-to/learning.md#weights). Each flow begins with the model,
solved on the same mesh. Corrections act where the model's flow is
[like those of training](../../docs/how-to/travelling.md).

*Error*: mean over the flows of validation of the relative L2 error of the velocity, before and
after learning through the solver; *hours* are those of that step.

{steps}
"""
    imposed = _imposed(measured.get("imposed", {}))
    return "\n".join(
        [introduction, _families(rows, names), _walls(rows, names), *imposed, _flows(rows, names)]
    )


def _families(rows, names) -> str:
    families = table(
        ["", "k-ω SST", *names],
        [[family, *family_cells(rows, names, flows)] for family, flows in FAMILIES.items()],
    )
    return f"""## What is learned where

Mean score, mean |ΔU| by mean |U| where the velocity is known, of the flows in a row by the
correction that learned from the flows in a column.

{families}

![Scores of the flows](travelling.png)
"""


def _walls(rows, names) -> str:
    frictions = table(
        ["flow", "k-ω SST", *names],
        [[name, *friction_cells(rows, names, name)] for name in DEVELOPED],
    )
    bubbles = table(
        ["flow", "LES", "k-ω SST", *names],
        [[flow, *_bubble_cells(rows, names, flow)] for flow in SEPARATED],
    )
    return f"""## Friction

Errors of the driving force, which balances the friction, at the bulk velocity of the DNS.
Velocities at given bulk velocities say little of it: where the viscosity is small beside ν_t, a β
that is too large everywhere leaves the profile as it is. So velocity gradients at walls are learned
beside the velocities.

{frictions}

## Where flow separates and comes back

x of the longest reversed flow on the lower wall: hills from crest to crest, in their heights.

{bubbles}
"""


def _imposed(rows: dict[str, dict]) -> Iterator[str]:
    lines = [
        [name, *(_score_or_none(row[key]) for key in ("model", "split", "explicit"))]
        for name, row in rows.items()
    ]
    if lines:
        yield f"""## The stress of the LES imposed

Scores with the Reynolds stress of the LES in the equations, in place of a closure's
(`python -m benchmarks.travelling.imposed`): split into an eddy viscosity, which the operator takes,
and the anisotropy that is left; and wholly explicit, without an eddy viscosity, where Newton's
method fails from the flow of k-ω SST.

{table(["flow", "k-ω SST", "split", "explicit"], lines)}
"""


def _score_or_none(value: float | str) -> str:
    return "no flow is found" if isinstance(value, str) else percent(value)


def _flows(rows, names) -> str:
    flows = table(
        ["flow", "learned from", "score", "k-ω SST", "ratio", "rounds", "change", "unlike", "s"],
        [line for name in names for line in _flow_lines(name, rows[name])],
    )
    return f"""## Flow by flow

*Change*: what the closure still changes at the end, relative; *unlike*: share of the points whose
clouds are unlike those of training. Seconds are processor time of one core, after the model's.

{flows}
"""


def _learning_line(name: str, learning: dict) -> list:
    before, after = learning["validation"]
    count, hours = len(TRAININGS[name][0]), learning["seconds"] / 3600
    return [name, count, percent(before), percent(after), learning["kept"], f"{hours:.1f}"]


def family_cells(
    rows: dict[str, dict], names: Sequence[str], flows: Sequence[str]
) -> Iterator[str]:
    """Mean scores of the model, then of each correction."""
    for name, key in [(names[0], "model"), *((name, "score") for name in names)]:
        scores = [rows[name][flow].get(key, np.nan) for flow in flows if flow in rows[name]]
        yield percent(float(np.mean(scores))) if scores and np.isfinite(scores).all() else "-"


def friction_cells(rows: dict[str, dict], names: Sequence[str], flow: str) -> Iterator[str]:
    """Errors of the force of the model, then with each correction."""
    for name, key in [(names[0], "model force"), *((name, "force") for name in names)]:
        force = rows[name].get(flow, {}).get(key)
        yield "-" if force is None else f"{100 * force:+.1f} %"


def _bubble_cells(rows, names, flow: str) -> Iterator[str]:
    """Of the LES, the model, then with each correction."""
    keys = [(names[0], "known bubble"), (names[0], "model bubble")]
    for name, key in [*keys, *((name, "bubble") for name in names)]:
        ends = rows[name].get(flow, {}).get(key)
        yield "-" if ends is None else f"{ends[0]:.2f} to {ends[1]:.2f}"


def _flow_lines(name: str, flows: dict[str, dict]) -> Iterator[list]:
    for flow, row in flows.items():
        if "failure" in row:
            yield [flow, name, row["failure"], percent(row["model"]), *[""] * 5]
            continue
        yield [
            flow,
            name,
            percent(row["score"]),
            percent(row["model"]),
            f"{row['score'] / row['model']:.2f}",
            row["rounds"],
            f"{row['change']:.0e}",
            percent(row["extrapolating"]),
            f"{row['seconds']:.0f}",
        ]


def main():
    command = parser(__doc__)
    command.add_argument("names", metavar="NAME", nargs="*", help="trainings; default: all")
    command.add_argument("-o", "--output", type=Path, default=FOLDER)
    command.add_argument("--processes", type=int, default=2)
    options = command.parse_args()
    require("benchmarks.travelling.study")
    measurements = Measurements(MEASURED)
    for name in options.names or list(TRAININGS):
        closure = learn(name, options.output, processes=options.processes)
        measurements.measure(partial(dict, closure.provenance["learning"]), "learning", name)
        for flow in FLOWS:
            job = partial(score_flow, flow, closure, options.output)
            measurements.measure(job, "scores", name, flow)
            write_text(RESULTS / "travelling.md", page(measurements.rows))
    draw_scores(measurements.rows["scores"], FAMILIES, RESULTS / "travelling.png")


if __name__ == "__main__":
    run(main)
