"""Ship the correction that learned from all families, with its card.

    python -m benchmarks.travelling.card [-o build/travelling]

After `benchmarks.travelling.study all`: writes sst-correction to vcnn/pretrained.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.common.cards import use_of
from benchmarks.common.command import parser, run
from benchmarks.common.markdown import table
from benchmarks.common.measurements import Measurements
from benchmarks.common.paths import PRETRAINED
from benchmarks.data.catalogue import require
from benchmarks.travelling.learning import through_solver
from benchmarks.travelling.models import FOLDER
from benchmarks.travelling.study import (
    DEVELOPED,
    FAMILIES,
    MEASURED,
    family_cells,
    friction_cells,
)
from vcnn import Closure
from vcnn.files import write_text

NAME, TRAINING = "sst-correction", "all"


def card(by_training: dict[str, dict]) -> str:
    """The card in Markdown, of the scores of flows by training."""
    rows = by_training[TRAINING]
    families = table(
        ["flows", "k-ω SST", "score", "worst ratio"],
        [
            [family, *family_cells(by_training, [TRAINING], flows), _worst_ratio(rows, flows)]
            for family, flows in FAMILIES.items()
        ],
    )
    frictions = table(
        ["flow", "k-ω SST", "error of the friction"],
        [[name, *friction_cells(by_training, [TRAINING], name)] for name in DEVELOPED],
    )
    return f"""# {NAME}

Correction β of the eddy viscosity of k-ω SST and an anisotropy a = k â, k of that model, for hills,
ducts and channels: ν_t = β ν₀. `Closure.pretrained("{NAME}")` predicts `correction` and
`relative_anisotropy`, from the mean velocities around a point and the model's turbulence there.

**Needs** the flow of k-ω SST, which `solvers.over_baseline` tells it in units of turbulence
([how](../../docs/how-to/travelling.md)): it knows no bulk velocity, no viscosity and no wall
distance. Lengths are in heights of the hill or step, or half heights of the duct or channel:
`closure.in_units(length=..., velocity=1)`. O(3), translation, permutation, and a uniform velocity
added to all change nothing but the frame of a.

{use_of(NAME)}

**Trained** on 21 hills and 4 ducts of the Closure Challenge (McConkey et al., arXiv 2603.28884) and
the channels of del Álamo & Jiménez and Hoyas & Jiménez, Re_τ = 180 to 2000: on their stresses, then
through the solver on velocities and friction, by
`OMP_NUM_THREADS=1 python -m benchmarks.travelling.study all` and
`python -m benchmarks.travelling.card`.

**In the loop**, mean |ΔU| by mean |U| against LES and DNS ([all
flows](../../benchmarks/results/travelling.md)); the curved step is of a family that it never saw,
the hill at Re_h = 10,595 has twice the Reynolds number of the others. All settle to 1e-8.

{families}

Friction at given bulk velocity, beside DNS:

{frictions}

**Limits.** β is cut to 0.1 to 5. It stands on k-ω SST, ours or OpenFOAM's; what that model cannot
be solved for, it cannot correct. Where nothing in training is alike
(`closure.extrapolation` of 2 or more) it does nothing.
"""


def _worst_ratio(rows, flows: Sequence[str]) -> str:
    return f"{max(rows[name]['score'] / rows[name]['model'] for name in flows):.2f}"


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=FOLDER)
    options = command.parse_args()
    require("benchmarks.travelling.card")
    text = card(Measurements(MEASURED).rows["scores"])
    Closure.load(through_solver(options.output, TRAINING)).save(PRETRAINED / f"{NAME}.safetensors")
    write_text(PRETRAINED / f"{NAME}.md", text)
    print(text)


if __name__ == "__main__":
    run(main)
