"""What limits the score: the floors of inversions, and networks that learned otherwise."""

from __future__ import annotations

from benchmarks.challenge.scores import FLOORS, VALIDATION_DUCT, Rows, mean_of
from benchmarks.common.markdown import table
from benchmarks.data.hills import hill_names
from vcnn.evaluation.report.text import percent


def limits(rows: Rows) -> str:
    """The section on what limits the score."""
    keys = [
        *(f"floor of {kind}" for kind in FLOORS),
        "prior",
        "of inversions",
        "corrected",
        "known",
    ]

    def of(key, name):
        return percent(rows.get(f"{key}, {name}", {}).get("score"))

    def mean(key, split="validation"):
        return percent(mean_of(rows, key, hill_names(split)))

    lines = [[name, *(of(key, name) for key in keys)] for name in hill_names("validation")]
    lines.append(["mean of validation", *map(mean, keys)])
    lines.append(["mean of training", *(mean(key, "train") for key in keys)])
    header = [
        "hill",
        "ν_t inverted",
        "ν_t and a inverted",
        "learned from LES stresses",
        "from inverted ν_t",
        "β of SST's ν_t",
        "learned through the solver",
    ]
    return f"""## What limits the score

Inversions (`solvers.invert_stress`) look for the smooth ν_t, or ν_t and a, with which our equations
come nearest to one hill's LES, {20} and {8} steps of L-BFGS from SST's ν_t and from the stress of
the LES: floors beneath what a closure of that form can reach. Networks beside them: the one before
it learns through the solver; one that learned the inverted ν_t from clouds, without the solver; the
correction β of SST's ν_t that hump and step are solved with; the one above.

{table(header, lines)}

- *Floor.* A smooth ν_t of its own for each hill leads to {mean("floor of eddy viscosity")} on the
  validation hills: the form of the closure is not what limits it.
- *Anisotropy*: a smooth ν_t and an anisotropy of its own lead to
  {mean("floor of eddy viscosity and anisotropy")}.
- *The network* loses the rest: {mean("known")} through the solver, {mean("prior")} from stresses
  alone; the same form as the first floor, learned from clouds of inverted flows:
  {mean("of inversions")}.
- *Unseen geometry*: training hills {mean("known", "train")}, validation
  hills {mean("known")}, {of("known", "alpha_05_10071_2024")} and
  {of("known", "alpha_15_7929_2024")} where the channel is lowest.
- *Ducts*: on {VALIDATION_DUCT} {of("floor of DNS stress", VALIDATION_DUCT)} with the stress of the
  DNS in our equations, {of("known", VALIDATION_DUCT)} with the closure.
"""
