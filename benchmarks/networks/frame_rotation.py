"""Closures with and without symmetry in turned frames: equal parameters, equal training time, one
unseen hill.

    python -m benchmarks.networks.frame_rotation [-o build/frame_rotation] [--processes 2]

Trains every architecture on the same five hills, one thread each, with as many epochs as take about
the same time; then networks with, without and with learned symmetry on 1, 2, 4, 8 and 16 hills.
Writes results/frame_rotation.md, its pictures, and the full report of `vcnn rotate` into the folder
-o. Flows and models are kept there: an interrupted run goes on where it stopped."""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import matplotlib
import numpy as np
from tqdm import tqdm

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
)
from benchmarks.networks.published_transport import flow_of
from benchmarks.paths import RESULTS
from benchmarks.verification.page import table
from vcnn import Closure
from vcnn.evaluation import relative_l2
from vcnn.evaluation.costs import FITTED_FROM, cost_study
from vcnn.evaluation.costs import SIZES as CLOUD_SIZES
from vcnn.evaluation.frames import rotate_study, rotation
from vcnn.evaluation.report.curves import cost_curve
from vcnn.evaluation.report.pictures import angle_curve, error_panel, prediction_panel
from vcnn.evaluation.report.rotation import verdict, write_report
from vcnn.evaluation.report.text import percent
from vcnn.evaluation.transformations import NOISE, transformation_study

matplotlib.use("Agg")
from matplotlib import pyplot as plt

UNSEEN, COARSE, UNSEEN_BUMP = 1.225, (60, 40), (0.6, 1.75, 45)
FARTHER = (0.75, 1.225, 2.5)  # slopes for the comparison of sizes
PICTURED = (
    "vector-cloud",
    "VCNN as published",
    "invariant graph kernel",
    "graph kernel",
    "Deep Sets",
    "attention",
)


def error_turned(closure, flows, angles=(35, 90, 180), count=1000) -> float:
    """Root mean square over flows and turned frames of the relative L2 error at some points."""
    found = []
    for known in flows:
        chosen = np.random.default_rng(0).permutation(len(known))[:count]
        truth, weights = known.scalars[TARGET][chosen], known.weights[chosen]
        found += [
            relative_l2(closure.predict(known.rotated(rotation(a)), chosen), truth, weights)
            for a in angles
        ]
    return float(np.sqrt(np.mean(np.square(found))))


def trained(folder, group, models) -> dict[str, Closure]:
    return {model: Closure.load(model_path(folder, group, model)) for model in models}


def efficiency(folder, path) -> list:
    """Rows of errors in turned frames by number of hills, and the picture of them."""
    unseen = [flow_of(slope, folder / "flows") for slope in FARTHER]
    by_size = [trained(folder, f"hills_{size}", FAMILIES) for size in SIZES]
    rows = [
        [model, *(error_turned(closures[model], unseen) for closures in by_size)]
        for model in FAMILIES
    ]
    figure, axes = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    for (model, *errors), marker in zip(rows, "os^", strict=True):
        axes.loglog(list(SIZES), 100 * np.array(errors), marker=marker, label=model)
    axes.set(
        xlabel="training hills", ylabel="relative L2 error in turned frames [%]", xticks=list(SIZES)
    )
    axes.set_xticklabels(map(str, SIZES))
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return rows


def frames_table(study, costs, folder, group, finer=None) -> str:
    rows, more = [], [] if finer is None else ["finer mesh, 0°"]
    for name, errors in study.errors.items():
        seconds = float(model_path(folder, group, name).with_name("cpu_seconds").read_text())
        cells = [f"{costs.costs[name].parameters:,}", f"{seconds:.0f} s", *map(percent, errors)]
        cells += [f"{study.variation[name]:.1e}", *(percent(finer[name]["finer"]) for _ in more)]
        rows.append([name, *cells])
    angles = [f"{a:g}°" for a in study.angles]
    return table(["model", "parameters", "training", *angles, "largest change", *more], rows)


def cost_table(costs, transformations) -> str:
    rows = []
    for name, cost in costs.costs.items():
        noise = [f"{value:.1e}" for value in transformations.responses[name].noise]
        memory, exponent = f"{cost.memory / 1e6:.0f} MB", f"{cost.exponent:.2f}"
        rows.append(
            [
                name,
                cost.symmetry,
                f"{1e6 * cost.seconds_per_point:.0f} µs",
                memory,
                exponent,
                *noise,
            ]
        )
    noise = [f"noise of {100 * NOISE:g} %: median change", "largest"]
    return table(["model", "claims", "a point", "memory", "exponent of n", *noise], rows)


def conclusion(rows) -> str:
    least, most = min(SIZES), max(SIZES)
    parts = [
        f"{model} from {percent(errors[0])} to {percent(errors[-1])}" for model, *errors in rows
    ]
    return f"From {least} hill to {most} the error in turned frames goes, with {'; with '.join(parts)}."


def save(pictures):
    for name, figure in pictures.items():
        figure.savefig(RESULTS / f"frame_rotation_{name}.png", dpi=90)


def report(study, costs, transformations, folder):
    """What `vcnn rotate` would write."""
    write_report(
        study,
        folder,
        "An unseen flow in turned frames",
        force=True,
        transformations=transformations,
        costs=costs,
    )


def hills(folder) -> str:
    """Studies of all models on the unseen hill: the first parts of the page."""
    unseen, models = flow_of(UNSEEN, folder / "flows", COARSE), trained(folder, "hills", MODELS)
    study, costs = rotate_study(models, unseen), cost_study(models, unseen)
    transformations = transformation_study(
        models, unseen, {"finer": flow_of(UNSEEN, folder / "flows")}
    )
    by_model = ("predictions", "errors", "changes", "curve_errors", "curve_changes")
    few = replace(
        study,
        **{kind: {name: getattr(study, kind)[name] for name in PICTURED} for kind in by_model},
    )
    apart = replace(
        costs, costs={name: cost for name, cost in costs.costs.items() if "," not in name}
    )
    report(few, costs, transformations, folder / "report")
    save(
        {
            "fields": prediction_panel(few),
            "errors": error_panel(few),
            "curve": angle_curve(few),
            "cost": cost_curve(apart),
        }
    )
    rows = efficiency(folder, RESULTS / "frame_rotation_data.png")
    error = {name: percent(errors[0]) for name, errors in study.errors.items()}
    return f"""# Closures in turned frames

Written by `python -m benchmarks.networks.frame_rotation`. The concentration over periodic hills (see published_transport.md),
learned from the hills of slope {listed(HILLS)} and predicted on slope {UNSEEN:g}, at
{len(unseen):,} points, as the frame turns. Relative L2 errors; the largest change is that of a prediction
over a full turn. All models were trained on {CENTRES:,} clouds a hill in about the same time of one processor core.

{verdict(few)}

{frames_table(study, costs, folder, "hills", transformations.mesh_errors)}

"VCNN, as often as graph" saw exactly the clouds that the graph networks saw: {error["VCNN, as often as graph"]} beside
{error["graph kernel"]} of the graph kernel network and {error["invariant graph kernel"]} of its invariant form, as its
authors found. The published VCNN reads cell volumes and counts points equally: it notices that the mesh is coarser than
those of training. The last column is for the same hill on a mesh as fine as theirs.

![Predictions](frame_rotation_fields.png)

![Errors](frame_rotation_errors.png)

![Error over a full turn](frame_rotation_curve.png)

## Cost

One thread; memory is the largest sum of tensors in a prediction at 256 points. The exponent is that of n, the number
of points in a cloud, fitted from n = {FITTED_FROM} to {CLOUD_SIZES[-1]}. Noise: a velocity that differs by normal noise
of {100 * NOISE:g} % of its root mean square; the change of the prediction is relative to the largest prediction. A
canonical frame is lost where the velocity vanishes, and predictions jump there.

{cost_table(costs, transformations)}

![Seconds against n](frame_rotation_cost.png)

## Data efficiency

Root mean square of the errors at 35, 90 and 180 degrees, on the unseen slopes {listed(FARTHER)}, by the number of
training hills; {VISITS:,} clouds in all for each model. {conclusion(rows)}

{table(["model", *SIZES], [[model, *map(percent, errors)] for model, *errors in rows])}

![Error against the number of hills](frame_rotation_data.png)
"""


def listed(numbers) -> str:
    return ", ".join(f"{x:g}" for x in numbers)


def bumps(folder) -> str:
    """Studies of some models on an unseen bump in three dimensions: the last part of the page."""
    unseen, models = bump_of(UNSEEN_BUMP, folder / "flows"), trained(folder, "bumps", SPATIAL)
    study, costs, transformations = (
        job(models, unseen) for job in (rotate_study, cost_study, transformation_study)
    )
    report(study, costs, transformations, folder / "report_bump")
    save({"bump": prediction_panel(study)})
    return f"""## Three dimensions

The same concentration in a channel with a bump on its floor, on tetrahedra: three bumps for training (height, aspect,
yaw: {"; ".join(map(listed, BUMPS))}), a fourth ({listed(UNSEEN_BUMP)}) predicted at {len(unseen):,} points. The frame
turns about an oblique axis; the last column is over random rotations too.

{verdict(study)}

{frames_table(study, costs, folder, "bumps")}

![Predictions](frame_rotation_bump.png)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("build/frame_rotation"))
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count(), help="models to train at once"
    )
    options = parser.parse_args()
    wanted = list(jobs())
    for case in dict.fromkeys(case for _, _, cases, _ in wanted for case in cases):
        flow(case, options.output / "flows")  # solved here once, read by all
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(train, options.output, *job) for job in wanted]
        for done in tqdm(as_completed(running), total=len(running), unit="model"):
            done.result()
    text = "\n".join([hills(options.output), bumps(options.output)])
    (RESULTS / "frame_rotation.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
