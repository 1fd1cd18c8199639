"""Ship what learned from all families, and from ducts and channels, with their cards.

    python -m benchmarks.travelling.card [-o build/travelling]

After `benchmarks.travelling.study all "all but hills"`: writes sst-correction and duct-correction
to vcnn/pretrained.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.common.cards import use_of
from benchmarks.common.command import parser, run
from benchmarks.common.markdown import table
from benchmarks.common.measurements import Measurements
from benchmarks.common.paths import PRETRAINED
from benchmarks.data.catalogue import require
from benchmarks.travelling.learning import TRAININGS
from benchmarks.travelling.members import final_file
from benchmarks.travelling.models import FOLDER
from benchmarks.travelling.page import (
    DEVELOPED,
    FAMILIES,
    family_cells,
    friction_cells,
    worst_ratio,
)
from benchmarks.travelling.study import MEASURED
from vcnn import Closure
from vcnn.files import write_text


@dataclass(frozen=True)
class Shipped:
    """What a card says of a correction besides numbers.

    Parameters
    ----------
    training : str
        Of `benchmarks.travelling.learning.TRAININGS`.
    serves : str
        For which flows it is.
    unit : str
        Of length.
    flows : str
        That it learned from.
    seen : str
        What of the table it did not learn from.
    families : tuple of str
        Rows of the table.
    """

    training: str
    serves: str
    unit: str
    flows: str
    seen: str
    families: tuple[str, ...]


_DUCTS = "channels of del Álamo & Jiménez and Hoyas & Jiménez, Re_τ = 180 to 2000"
SHIPPED = {
    "sst-correction": Shipped(
        training="all",
        serves="hills, ducts and channels",
        unit="heights of the hill or step, or half heights of the duct or channel",
        flows="21 hills and 4 ducts of the Closure Challenge (McConkey et al., arXiv 2603.28884) "
        f"and the {_DUCTS}",
        seen="the curved step is of a family that it never saw, the hill at Re_h = 10,595 has "
        "twice the Reynolds number of the others",
        families=tuple(FAMILIES),
    ),
    "duct-correction": Shipped(
        training="all but hills",
        serves="developed flow in rectangular ducts, with its secondary flow, and in channels",
        unit="half heights of the duct or channel",
        flows="4 ducts at Re_τ = 180 of the Closure Challenge (McConkey et al., arXiv 2603.28884) "
        f"and the {_DUCTS}",
        seen="the validation duct is AR_7_Ret_180",
        families=(
            "training ducts",
            "validation duct",
            "channels",
            "channels as ducts without ends",
        ),
    ),
}


def card(name: str, by_training: dict[str, dict]) -> str:
    """The card of a shipped correction in Markdown, of the scores of flows by training."""
    shipped = SHIPPED[name]
    rows = by_training[shipped.training]
    families = table(
        ["flows", "k-ω SST", "score", "worst ratio"],
        [
            [
                family,
                *family_cells(by_training, [shipped.training], FAMILIES[family]),
                worst_ratio(rows, FAMILIES[family]),
            ]
            for family in shipped.families
        ],
    )
    frictions = table(
        ["flow", "k-ω SST", "error of the friction"],
        [[flow, *friction_cells(by_training, [shipped.training], flow)] for flow in DEVELOPED],
    )
    return f"""# {name}

Correction β of the eddy viscosity of k-ω SST and an anisotropy a = k â, k of that model, for
{shipped.serves}: ν_t = β ν₀. `Closure.pretrained("{name}")` predicts `correction` and
`relative_anisotropy`, from the mean velocities around a point and the model's turbulence there.

**Needs** the flow of k-ω SST, which `solvers.over_baseline` tells it in units of turbulence
([how](../../docs/how-to/travelling.md)): it knows no bulk velocity, no viscosity and no wall
distance. Lengths are in {shipped.unit}:
`closure.in_units(length=..., velocity=1)`. O(3), translation, permutation, and a uniform velocity
added to all change nothing but the frame of a.

{use_of(name)}

**Trained** on {shipped.flows}: on their stresses, then
through the solver on velocities and friction{_members(shipped.training)}, by
`OMP_NUM_THREADS=1 python -m benchmarks.travelling.study "{shipped.training}"` and
`python -m benchmarks.travelling.card`.

**In the loop**, mean |ΔU| by mean |U| against LES and DNS ([all
flows](../../benchmarks/results/travelling.md)); {shipped.seen}. All settle to 1e-8.

{families}

Friction at given bulk velocity, beside DNS:

{frictions}

**Limits.** β is cut to 0.1 to 5. It stands on k-ω SST, ours or OpenFOAM's; what that model cannot
be solved for, it cannot correct. Where nothing in training is alike
(`closure.extrapolation` of 2 or more) it does nothing.
"""


def _members(training: str) -> str:
    count = TRAININGS[training].members
    return f" (its weights are the mean of those of {count} members)" if count else ""


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=FOLDER)
    options = command.parse_args()
    require("benchmarks.travelling.card")
    rows = Measurements(MEASURED).rows["scores"]
    texts = {name: card(name, rows) for name in SHIPPED}
    for name, text in texts.items():
        learned = final_file(options.output, SHIPPED[name].training)
        if learned.is_file():  # else the weights stay that are shipped
            Closure.load(learned).save(PRETRAINED / f"{name}.safetensors")
        write_text(PRETRAINED / f"{name}.md", text)
        print(text)


if __name__ == "__main__":
    run(main)
