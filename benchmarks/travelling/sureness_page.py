"""The page of how sure an ensemble of corrections is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from benchmarks.common.markdown import table
from benchmarks.travelling.sureness import LEVEL, QUANTITIES, left_out
from vcnn.evaluation import Calibration
from vcnn.evaluation.report import calibration_figure
from vcnn.evaluation.report.text import percent

INDICATORS = {
    "extrapolation": "distance",
    "spread": "members differ",
    "change": "changed",
    "both": "both",
}

type ByFlow = Mapping[str, Mapping[str, Calibration]]


def page(
    rows: Mapping[str, dict], by_flow: ByFlow, components: Mapping[str, Mapping[float, float]]
) -> str:
    """All of it in Markdown; ``components`` are coverages of their bands by flow and level."""
    count = len(next(iter(rows.values()))["members"])
    scores = table(
        ["flow", "k-ω SST", "members", "mean of their flows", "their mean in the loop", "cost"],
        [_score_line(name, row) for name, row in rows.items()],
    )
    return f"""# How sure corrections are

Written by `python -m benchmarks.travelling.how_sure`. {count} members of an ensemble of
corrections of k-ω SST (`benchmarks.travelling.members`: each goes on from
[what learned from all](travelling.md) with a random half of the hills and ducts), none of which has
learned from these flows, in the loop one after the other, each from the flow of the one before.

Scores, mean |ΔU| by mean |U|; *cost*: processor time of the flow with their mean and of all
members, over that of the flow with their mean alone.

{scores}

{_coverages(by_flow)}
{_places(by_flow)}
{_components(components)}"""


def _coverages(by_flow: ByFlow) -> str:
    header = ["flow", *(f"{label}, {when}" for label in QUANTITIES.values() for when in _WHEN)]
    coverage = table(header, [[name, *_coverage(by_flow, name)] for name in by_flow])
    return f"""## Coverage

Share of each flow, by area, where the error is within the band of {percent(LEVEL)}: of the velocity
in the loop; of ν_t and the deviatoric stress with the velocity that is known. *Before*: as the
members say; *after*: with the factor that the other flows of the table say, in brackets
(`vcnn.evaluation.recalibrate`).

{coverage}

![Reliability, transforms of errors and sparsification of the velocity](how_sure.png)

*The velocity: coverage by the level of the band, shares of errors in tenths of what was said, and
the error of what is left when the points where members differ most are taken away (grey: those with
the largest errors). Before the factors.*
"""


def _places(by_flow: ByFlow) -> str:
    correlations = table(
        ["flow", *INDICATORS.values()],
        [
            [name, *(f"{of['velocity'].rank_correlations()[key]:.2f}" for key in INDICATORS)]
            for name, of in by_flow.items()
        ],
    )
    return f"""## Where are the errors?

Rank correlation of the error of the velocity with: the *distance* to the clouds of training; how
far *members differ* in the velocity; how much the correction has *changed* the model's velocity;
and the root of the product of the last two, *both*.

{correlations}
"""


def _components(components) -> str:
    levels = list(next(iter(components.values())))
    lines = [
        [name, *(f"{100 * of[level]:.0f} %" for level in levels)] for name, of in components.items()
    ]
    return f"""## Bands of components

Members that went on from one closure share its errors, and differ by far less. What the correction
has changed is nearer to the size of the errors: bands of a component are multiples of its change,
with a little of the others', and of the mean speed where the correction is not trusted. That form
was chosen on these very flows, among seven. Coverage with the multiples that the other flows say:

{table(["flow", *map(percent, levels)], lines)}

The bands around the [velocities for the Closure Challenge](submission.md) are such, with the
multiples of all these flows (`python -m benchmarks.challenge.bands`).
"""


_WHEN = ("before", "after")


def draw(by_flow: ByFlow, folder: Path) -> None:
    """Write the picture of the velocities."""
    figure = calibration_figure({name: of["velocity"] for name, of in by_flow.items()})
    figure.savefig(folder / "how_sure.png", dpi=130)


def _score_line(name: str, row: dict) -> list:
    first, others = row["seconds"]
    members = row["members"]
    return [
        name,
        percent(row["model"]),
        f"{percent(min(members))} to {percent(max(members))}",
        percent(row["mean flow"]),
        percent(row["mean"]),
        f"{1 + others / first:.1f}",
    ]


def _coverage(by_flow: ByFlow, name: str) -> Iterator[str]:
    for quantity in QUANTITIES:
        parts = {flow: of[quantity] for flow, of in by_flow.items()}
        factor, after = left_out(parts)[name]
        yield f"{100 * np.take(parts[name].coverage([LEVEL]), 0):.0f} %"
        yield f"{100 * np.take(after.coverage([LEVEL]), 0):.0f} % ({factor:.1f})"
