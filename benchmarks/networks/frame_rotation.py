"""Closures with and without symmetry in rotated frames, with equal parameters and training time.

    python -m benchmarks.networks.frame_rotation [-o build/frame_rotation] [--processes 2]

Trains every architecture on the same five hills, one thread each, with as many epochs as take about
the same time, to predict an unseen one; then networks with, without and with learned symmetry on 1,
2, 4, 8 and 16 hills. Writes results/frame_rotation.md, its pictures, and the full report of
`vcnn rotate` into the folder -o. Flows and models are kept there: an interrupted run goes on where
it stopped.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from benchmarks.common.command import parser, run
from benchmarks.common.markdown import table
from benchmarks.common.paths import RESULTS
from benchmarks.networks.frame_models import (
    BUMPS,
    CENTRES,
    FAMILIES,
    HILLS,
    MODELS,
    SIZES,
    SPATIAL,
    TARGET,
    VISITS,
    bump_of,
    flow,
    jobs,
    model_path,
    train,
    training_seconds,
)
from benchmarks.networks.frame_pictures import draw_efficiency
from benchmarks.networks.published_transport import flow_of
from vcnn import Closure, FlowField
from vcnn.evaluation import relative_l2
from vcnn.evaluation.costs import FITTED_FROM, CostStudy, cost_study
from vcnn.evaluation.costs import SIZES as CLOUD_SIZES
from vcnn.evaluation.frames import RotationStudy, rotate_study, rotation
from vcnn.evaluation.report.curves import angle_curve, cost_curve
from vcnn.evaluation.report.panels import error_panel, prediction_panel
from vcnn.evaluation.report.rotation import write_report
from vcnn.evaluation.report.text import percent
from vcnn.evaluation.report.verdict import rotation_verdict
from vcnn.evaluation.transformations import NOISE, TransformationStudy, transformation_study
from vcnn.files import write_text

UNSEEN, UNSEEN_BUMP = 1.225, (0.6, 1.75, 45)
# Graph networks take 10 s for a frame on the first mesh, and two minutes on the second.
COARSE, FINER = (36, 24), (60, 40)
COARSE_BUMP = (9, 6, 7)
FARTHER = (0.75, 1.225, 2.5)  # slopes for the comparison of sizes
TITLE = "An unseen flow in turned frames"
PICTURED = (
    "vector-cloud",
    "VCNN as published",
    "invariant graph kernel",
    "e3nn",
    "graph kernel",
    "Deep Sets",
    "attention",
)


def error_in_rotated_frames(
    closure: Closure,
    flows: Sequence[FlowField],
    angles: Sequence[float] = (35, 90, 180),
    count: int = 1000,
) -> float:
    """Root mean square over flows and rotated frames of the relative L2 error at some points."""
    errors = []
    for truth in flows:
        chosen = np.random.default_rng(0).permutation(len(truth))[:count]
        values, weights = truth.scalars[TARGET][chosen], truth.weights[chosen]
        for angle in angles:
            predicted = closure.predict(truth.rotated(rotation(angle)), chosen)
            errors.append(relative_l2(predicted, values, weights))
    return float(np.sqrt(np.mean(np.square(errors))))


def load_models(folder: Path, group: str, models: Sequence[str]) -> dict[str, Closure]:
    """Models of a group that were trained."""
    return {model: Closure.load(model_path(folder, group, model)) for model in models}


def efficiency(folder: Path, path: Path) -> list[list]:
    """Rows of errors in rotated frames by number of hills; draws them, too."""
    unseen = [flow_of(slope, folder / "flows") for slope in FARTHER]
    by_size = [load_models(folder, f"hills_{size}", FAMILIES) for size in SIZES]
    rows = [
        [model, *(error_in_rotated_frames(closures[model], unseen) for closures in by_size)]
        for model in FAMILIES
    ]
    draw_efficiency(rows, path)
    return rows


def frames_table(
    study: RotationStudy, costs: CostStudy, folder: Path, group: str, finer: dict | None = None
) -> str:
    """Errors of models as the frame turns, with a column for a finer mesh if there is one."""
    rows, more = [], [] if finer is None else ["finer mesh, 0°"]
    for name, errors in study.errors.items():
        seconds = training_seconds(model_path(folder, group, name))
        cells = [f"{costs.costs[name].parameters:,}", f"{seconds:.0f} s", *map(percent, errors)]
        cells += [f"{study.variation[name]:.1e}", *(percent(finer[name]["finer"]) for _ in more)]
        rows.append([name, *cells])
    angles = [f"{a:g}°" for a in study.angles]
    return table(["model", "parameters", "training", *angles, "largest change", *more], rows)


def cost_table(costs: CostStudy, transformations: TransformationStudy) -> str:
    """Seconds, memory, and what noise does."""
    rows = []
    for name, cost in costs.costs.items():
        noise = [f"{value:.1e}" for value in transformations.responses[name].noise]
        seconds, memory = f"{1e6 * cost.seconds_per_point:.0f} µs", f"{cost.memory / 1e6:.0f} MB"
        rows.append([name, cost.symmetry, seconds, memory, f"{cost.exponent:.2f}", *noise])
    noise = [f"noise of {100 * NOISE:g} %: median change", "largest"]
    return table(["model", "claims", "a point", "memory", "exponent of n", *noise], rows)


def conclusion(rows: list[list]) -> str:
    """What more hills bring, in a sentence."""
    parts = [
        f"{model} from {percent(errors[0])} to {percent(errors[-1])}" for model, *errors in rows
    ]
    sizes = f"From {min(SIZES)} hill to {max(SIZES)}"
    return f"{sizes} the error in turned frames goes, with {'; with '.join(parts)}."


def save(pictures: dict[str, Figure]) -> None:
    """Write pictures beside the page."""
    for name, figure in pictures.items():
        figure.savefig(RESULTS / f"frame_rotation_{name}.png", dpi=90)


def hills(folder: Path) -> str:
    """Studies of all models on the unseen hill: the first parts of the page."""
    unseen, finer = (flow_of(UNSEEN, folder / "flows", cells) for cells in (COARSE, FINER))
    models = load_models(folder, "hills", MODELS)
    study, costs = rotate_study(models, unseen), cost_study(models, unseen)
    transformations = transformation_study(models, unseen, {"finer": finer})
    by_model = ("predictions", "errors", "changes", "curve_errors", "curve_changes")
    few = replace(
        study,
        **{kind: {name: getattr(study, kind)[name] for name in PICTURED} for kind in by_model},
    )
    apart = replace(
        costs, costs={name: cost for name, cost in costs.costs.items() if "," not in name}
    )
    write_report(
        few, folder / "report", TITLE, force=True, transformations=transformations, costs=costs
    )
    save(
        {
            "fields": prediction_panel(few),
            "errors": error_panel(few),
            "curve": angle_curve(few),
            "cost": cost_curve(apart),
        }
    )
    error = {name: percent(errors[0]) for name, errors in study.errors.items()}
    return f"""# Closures in turned frames

Written by `python -m benchmarks.networks.frame_rotation`. The concentration over periodic hills
(see published_transport.md), learned from the hills of slope {separated(HILLS)} and predicted on
slope {UNSEEN:g}, at {len(unseen):,} points, as the frame turns. Relative L2 errors; the largest
change is that of a prediction over a full turn. All models were trained on {CENTRES:,} clouds a
hill, in about the same time of one processor core but for those on layers of torch_geometric and
e3nn, whose time is in the table. "e3nn" is another house's network as published, with width 16
(published: 50), degree 1 (2), depth 2 (3), radial 32 (100), and means in place of sums.
"vector-cloud" is the default network, `vcnn.VectorCloudNetwork`; "pair embedding" is
`vcnn.network.PairEmbeddingNetwork`, that of version 0.2.

{rotation_verdict(few)}

{frames_table(study, costs, folder, "hills", transformations.mesh_errors)}

"VCNN, as often as graph" saw exactly the clouds that the graph networks saw:
{error["VCNN, as often as graph"]} beside {error["graph kernel"]} of the graph kernel network and
{error["invariant graph kernel"]} of its invariant form, as its authors found. The published VCNN
reads cell volumes and counts points equally: it notices that the mesh is coarser than those of
training. The last column is for the same hill at {len(finer):,} points; those of training have
about 6,000.

![Predictions](frame_rotation_fields.png)

![Errors](frame_rotation_errors.png)

![Error over a full turn](frame_rotation_curve.png)

{cost_section(costs, transformations)}
{efficiency_section(folder)}"""


def cost_section(costs: CostStudy, transformations: TransformationStudy) -> str:
    """The part of the page on seconds, memory and noise."""
    return f"""## Cost

One thread; memory is the largest sum of tensors in a prediction at 256 points. The exponent is that
of n, the number of points in a cloud, fitted from n = {FITTED_FROM} to {CLOUD_SIZES[-1]}. Noise: a
velocity that differs by normal noise of {100 * NOISE:g} % of its root mean square; the change of
the prediction is relative to the largest prediction. A canonical frame is lost where the velocity
vanishes, and predictions jump there.

{cost_table(costs, transformations)}

![Seconds against n](frame_rotation_cost.png)
"""


def efficiency_section(folder: Path) -> str:
    """The part of the page on errors by the number of training hills."""
    rows = efficiency(folder, RESULTS / "frame_rotation_data.png")
    return f"""## Data efficiency

Root mean square of the errors at 35, 90 and 180 degrees, on the unseen slopes {separated(FARTHER)},
by the number of training hills; {VISITS:,} clouds in all for each model. {conclusion(rows)}

{table(["model", *SIZES], [[model, *map(percent, errors)] for model, *errors in rows])}

![Error against the number of hills](frame_rotation_data.png)
"""


def separated(numbers: Sequence[float]) -> str:
    """Numbers with commas between them."""
    return ", ".join(f"{x:g}" for x in numbers)


def bumps(folder: Path) -> str:
    """Studies of some models on an unseen bump in three dimensions: the last part of the page."""
    unseen = bump_of(UNSEEN_BUMP, folder / "flows", COARSE_BUMP)
    models = load_models(folder, "bumps", SPATIAL)
    study, costs, transformations = (
        job(models, unseen) for job in (rotate_study, cost_study, transformation_study)
    )
    write_report(
        study,
        folder / "report_bump",
        TITLE,
        force=True,
        transformations=transformations,
        costs=costs,
    )
    save({"bump": prediction_panel(study)})
    return f"""## Three dimensions

The same concentration in a channel with a bump on its floor, on tetrahedra: three bumps for
training (height, aspect, yaw: {"; ".join(map(separated, BUMPS))}), a fourth
({separated(UNSEEN_BUMP)}) predicted at {len(unseen):,} points. The frame turns about an oblique
axis; the last column is over random rotations too.

{rotation_verdict(study)}

{frames_table(study, costs, folder, "bumps")}

![Predictions](frame_rotation_bump.png)
"""


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=Path("build/frame_rotation"))
    command.add_argument(
        "--processes", type=int, default=os.cpu_count(), help="models to train at once"
    )
    options = command.parse_args()
    wanted = list(jobs())
    for case in dict.fromkeys(case for _, _, cases, _ in wanted for case in cases):
        flow(case, options.output / "flows")  # solved here once, read by all
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(train, options.output, *job) for job in wanted]
        for done in tqdm(as_completed(running), total=len(running), unit="model"):
            done.result()
    text = ""
    for part in (hills, bumps):
        text = f"{text}\n{part(options.output)}".lstrip()
        write_text(RESULTS / "frame_rotation.md", text)
    print(text)


if __name__ == "__main__":
    run(main)
