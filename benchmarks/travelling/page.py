"""The page of corrections that travel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.common.markdown import table
from benchmarks.travelling.flows import FLOWS
from benchmarks.travelling.learning import (
    CHANNELS,
    DUCTS,
    HILLS,
    TRAININGS,
    VALIDATION_DUCTS,
    VALIDATION_HILLS,
)
from benchmarks.travelling.members import MEMBER, flows_of_member
from vcnn.evaluation.report.text import percent

WIDE = [name for name in FLOWS if name.startswith("wide")]
FAMILIES = {  # name -> flows
    "training hills": HILLS,
    "validation hills": VALIDATION_HILLS,
    "hill at Re_h 10,595": ["PHLL10595"],
    "curved step": ["CBFS13700"],
    "training ducts": DUCTS,
    "validation duct": VALIDATION_DUCTS,
    "channels": CHANNELS,
    "channels as ducts without ends": WIDE,
}
SEPARATED = [*VALIDATION_HILLS, "PHLL10595", "CBFS13700"]
IMPOSED = ("alpha_10_6000_3036", "alpha_15_10929_2024", "alpha_05_7071_4048")
DEVELOPED = [*CHANNELS, *WIDE, *(name for name in FLOWS if name.startswith("AR_"))]


LEFT_OUT = {  # training without a family -> rows of `FAMILIES` that are of it
    "all but hills": ("training hills", "validation hills", "hill at Re_h 10,595"),
    "all but ducts": ("training ducts", "validation duct"),
    "all but channels": ("channels",),
    "all": ("curved step",),
}


def page(measured: dict[str, dict]) -> str:
    """The page in Markdown, of all that was measured: scores, how corrections learned, stresses."""
    rows, learning = measured["scores"], measured["learning"]
    names = [name for name in TRAININGS if name in rows]
    steps = table(
        ["", "flows", "epochs", "passes", "error before", "after", "epoch kept", "hours"],
        [line for name in names for line in _learning_lines(name, learning)],
    )
    introduction = f"""# Corrections that travel

Written by `python -m benchmarks.travelling.study`. Corrections β of the eddy viscosity of our k-ω
SST, with an anisotropy in units of its k, told flows in
[units of turbulence](../../docs/how-to/travelling.md): first they learn the split stresses of DNS
and LES, then the velocities, and in ducts and channels the friction, through the solver. Each flow
begins with the model, solved on the same mesh. Corrections act where the model's flow is
[like those of training](../../docs/how-to/travelling.md).

*Epochs*: of the stresses and through the solver. One of the latter is a *pass* over the flows as
they are solved, and the others over their
[tangent linear models](../../docs/how-to/learning.md#weights).
*Error*: mean over the flows of validation of the relative L2 error of what is known, before and
after a step through the solver, whose prior is what the last one gave; *hours* are its own. Ducts
without ends, with their friction, are among the flows of validation of a third step. Members go on
from the last step with half the flows each, and what is used is the mean of their weights
(`benchmarks.travelling.members`).

{steps}
"""
    imposed = _imposed(measured.get("imposed", {}))
    return "\n".join(
        [
            introduction,
            _families(rows, names),
            *_left_out(rows),
            _walls(rows, names),
            *imposed,
            _flows(rows, names),
        ]
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
    models = {flow: row["model"] for flow, row in _of_models(rows).items()}
    scores = table(
        ["flow", "k-ω SST", *names],
        [
            [flow, percent(model), *(_score_of(rows[name], flow) for name in names)]
            for flow, model in models.items()
        ],
    )
    runs = table(
        ["flow", "ratio", "rounds", "change", "unlike", "s"],
        [_run_line(flow, row) for flow, row in rows["all"].items() if "score" in row],
    )
    return f"""## Flow by flow

Scores:

{scores}

Runs with what learned from all. *Ratio*: of the score to that of k-ω SST; *change*: what the
closure still changes at the end, relative; *unlike*: share of the points whose clouds are unlike
those of training. Seconds are processor time of one core, after the model's.

{runs}
"""


def step_labels(name: str) -> list[str]:
    """How the steps through the solver of one of `TRAININGS` are called."""
    training = TRAININGS[name]
    numbers = range(2, 1 + len(training.steps))
    members = [f"{name}, {training.members} members"] if training.members else []
    return [name, *(f"{name}, step {number}" for number in numbers), *members]


def _learning_lines(name: str, learning: dict) -> Iterator[list]:
    """A line for each step that was measured."""
    training = TRAININGS[name]
    steps = [*training.steps, *[MEMBER] * bool(training.members)]
    for label, step in zip(step_labels(name), steps, strict=True):
        if label in learning:
            epochs, flows = step.config.epochs, training.flows
            yield [
                label,
                len(flows_of_member(1) if step is MEMBER else flows),
                f"{training.stresses.epochs}, {epochs}" if label == name else epochs,
                1 + step.config.tangent_passes,
                *(percent(error) for error in learning[label].get("validation", ())),
                *["-"] * (2 if step is MEMBER else 0),
                learning[label].get("kept", "-"),
                f"{learning[label]['seconds'] / 3600:.1f}",
            ]


def _left_out(rows) -> Iterator[str]:
    """Families that a correction did not learn from, beside what learned from all."""
    lines = [
        [family, *_left_out_cells(rows, name, FAMILIES[family])]
        for name, families in LEFT_OUT.items()
        for family in families
        if name in rows
    ]
    yield f"""## Families left out

Mean scores of families by corrections that learned from all other families, beside the model's and
that of what learned from all; nobody learned from the step. *Worst ratio*: largest ratio of the
score of a flow to that of the model. Where a correction is not used at all that is not 1: the
model's ν_t is given at vertices then.

{table(["family", "k-ω SST", "learned from all", "from all others", "worst ratio"], lines)}
"""


def _left_out_cells(rows, name: str, flows: Sequence[str]) -> Iterator[str]:
    for training, key in (("all", "model"), ("all", "score"), (name, "score")):
        yield mean_of(rows[training], flows, key)
    yield worst_ratio(rows[name], flows)


def worst_ratio(rows: dict[str, dict], flows: Sequence[str]) -> str:
    """Largest ratio of a score to the model's, of flows that were all solved; else a dash."""
    if not all("score" in rows.get(flow, {}) for flow in flows):
        return "-"
    return f"{max(rows[flow]['score'] / rows[flow]['model'] for flow in flows):.2f}"


def mean_of(rows: dict[str, dict], flows: Sequence[str], key: str) -> str:
    """Mean of a number of flows, a dash where one of them has none."""
    numbers = [rows.get(flow, {}).get(key) for flow in flows]
    return "-" if None in numbers else percent(float(np.mean(numbers)))


def family_cells(
    rows: dict[str, dict], names: Sequence[str], flows: Sequence[str]
) -> Iterator[str]:
    """Mean scores of the model, then of each correction."""
    yield mean_of(_of_models(rows), flows, "model")
    for name in names:
        yield mean_of(rows[name], flows, "score")


def _of_models(rows: dict[str, dict]) -> dict[str, dict]:
    """Flow -> a row with what its model does, whatever correction is over it."""
    return {flow: row for flows in rows.values() for flow, row in flows.items()}


def friction_cells(rows: dict[str, dict], names: Sequence[str], flow: str) -> Iterator[str]:
    """Errors of the force of the model, then with each correction."""
    forces = [(_of_models(rows), "model force"), *((rows[name], "force") for name in names)]
    for flows, key in forces:
        force = flows.get(flow, {}).get(key)
        yield "-" if force is None else f"{100 * force:+.1f} %"


def _bubble_cells(rows, names, flow: str) -> Iterator[str]:
    """Of the LES, the model, then with each correction."""
    models = _of_models(rows)
    bubbles = [(models, "known bubble"), (models, "model bubble")]
    for flows, key in [*bubbles, *((rows[name], "bubble") for name in names)]:
        ends = flows.get(flow, {}).get(key)
        yield "-" if ends is None else f"{ends[0]:.2f} to {ends[1]:.2f}"


def _score_of(rows: dict[str, dict], flow: str) -> str:
    row = rows.get(flow, {})
    return row.get("failure", "-") if "score" not in row else percent(row["score"])


def _run_line(flow: str, row: dict) -> list:
    return [
        flow,
        f"{row['score'] / row['model']:.2f}",
        row["rounds"],
        f"{row['change']:.0e}",
        percent(row["extrapolating"]),
        f"{row['seconds']:.0f}",
    ]
