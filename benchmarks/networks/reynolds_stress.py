"""Reynolds stresses a priori: learned from mean velocities on periodic hills, beside the best
linear eddy viscosity.

    python -m benchmarks.networks.reynolds_stress [-o build/reynolds_stress] [--epochs N]

Training: the 21 training hills of the Closure Challenge (LES of McConkey et al.); test: its 4
validation hills. The network sees clouds of mean velocity and its gradient, with velocities
relative to the centre, and the wall distance; it predicts <u'u'>, <u'v'>, <v'v'> as a positive
semi-definite tensor and <w'w'> as a positive scalar, in squares of the bulk velocity at the crest.
Cells whose LES stress is not positive semi-definite (0.4 % of the area, at walls) are left out.
Writes results/reynolds_stress.md and a picture; an interrupted run goes on where it stopped."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import matplotlib
import numpy as np

import meshes
from benchmarks.data.hills import read_hill
from benchmarks.paths import HILLS, RESULTS
from vcnn import FlowField, RegionOfInfluence, TrainingConfig, VectorCloudNetwork, fit
from vcnn.evaluation import relative_l2
from vcnn.evaluation.report.pictures import draw_field
from vcnn.evaluation.report.text import percent

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.colors import Normalize

TARGETS = ("reynolds_stress", "spanwise_stress")
COMPONENTS = ("uu", "uv", "vv", "ww")
REGION = RegionOfInfluence.ball(0.4)
CONFIG = {"epochs": 60, "centres": 3000, "max_points": 64}


def read_flow(path) -> FlowField:
    """The mean flow of the LES at the cells of a hill, with its stresses and which of them are
    realizable.
    """
    mesh, data = read_hill(path)
    uu, uv, _, vv, _, ww = data["les_reynolds_stress"].astype(float).T
    stress = np.stack([uu, uv, uv, vv], axis=1).reshape(-1, 2, 2)
    velocity = data["les_velocity"][:, :2].astype(float)
    periods = [[float(np.ptp(data["points"][:, 0])), 0.0]]
    gradient = meshes.cell_gradient(mesh, velocity, periods, {"bottom": 0.0, "top": 0.0})
    realizable = (np.linalg.eigvalsh(stress)[:, 0] >= 0) & (ww >= 0)
    return FlowField(
        data["cell_centres"],
        velocity,
        data["cell_areas"],
        scalars={
            "wall_distance": data["wall_distance"],
            "spanwise_stress": ww,
            "realizable": realizable,
        },
        tensors={"reynolds_stress": stress, "velocity_gradient": gradient},
        periods=periods,
        mesh=mesh,
        location="cell",
        provenance={"split": str(data["split"])},
    )


def linear_eddy_viscosity(flow) -> np.ndarray:
    """(n, 4) components of 2/3 k I - 2 ν_t S with the true k and, at every point, the ν_t >= 0 that
    fits best.
    """
    gradient, truth = flow.tensors["velocity_gradient"], components(flow)
    S = 0.5 * (gradient + gradient.transpose(0, 2, 1))
    k = 0.5 * (truth[:, 0] + truth[:, 2] + truth[:, 3])
    anisotropy = flow.tensors["reynolds_stress"] - (2 / 3) * k[:, None, None] * np.eye(2)
    viscosity = np.maximum(-(anisotropy * S).sum(axis=(1, 2)) / (2 * (S**2).sum(axis=(1, 2))), 0)
    stress = (2 / 3) * k[:, None, None] * np.eye(2) - 2 * viscosity[:, None, None] * S
    return np.stack([stress[:, 0, 0], stress[:, 0, 1], stress[:, 1, 1], (2 / 3) * k], axis=1)


def components(flow) -> np.ndarray:
    """(n, 4) stresses of the LES."""
    stress, spanwise = (flow.tensors["reynolds_stress"], flow.scalars["spanwise_stress"])
    return np.stack([stress[:, 0, 0], stress[:, 0, 1], stress[:, 1, 1], spanwise], axis=1)


def predicted(closure, flow):
    """(n, 4) stresses, and the share of points where they are realizable."""
    found = closure.predict(flow)
    stress, spanwise = (found[name] for name in TARGETS)
    trace = np.maximum(np.trace(stress, axis1=1, axis2=2), 1e-300)
    realizable = (np.linalg.eigvalsh(stress)[:, 0] >= -1e-6 * trace) & (
        spanwise >= 0
    )  # round-off in float32
    return np.stack(
        [stress[:, 0, 0], stress[:, 0, 1], stress[:, 1, 1], spanwise], axis=1
    ), realizable.mean()


def errors(values, flow) -> list[float]:
    """Relative L2 error of each component and, with the shear stress twice, of the tensor."""
    kept = flow.scalars["realizable"] > 0
    truth, weights, values = components(flow)[kept], flow.weights[kept], values[kept]
    twice = np.sqrt([1, 2, 1, 1])
    single = [relative_l2(values[:, k], truth[:, k], weights) for k in range(4)]
    return [*single, relative_l2(values * twice, truth * twice, weights)]


def picture(flow, values, path):
    """LES above, prediction below, for each component."""
    truth, titles = components(flow), [f"<{a[0]}'{a[1]}'>" for a in COMPONENTS]
    figure, axes = plt.subplots(2, 4, figsize=(18, 5.2), layout="constrained")
    for k, title in enumerate(titles):
        norm = Normalize(*np.percentile(truth[:, k], [0.2, 99.8]))
        for row, field, name in ((0, truth, "LES"), (1, values, "network")):
            drawn = draw_field(axes[row, k], flow, field[:, k], norm)
            axes[row, k].set(title=f"{title}, {name}", xticks=[], yticks=[])
        figure.colorbar(drawn, ax=axes[:, k], orientation="horizontal", shrink=0.8, aspect=30)
    figure.savefig(path, dpi=90)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("build/reynolds_stress"))
    parser.add_argument("--epochs", type=int, default=CONFIG["epochs"])
    options = parser.parse_args()
    config = {**CONFIG, "epochs": options.epochs}
    flows = {path.stem: read_flow(path) for path in sorted(HILLS.glob("alpha_*.npz"))}
    of = lambda split: {
        name: flow for name, flow in flows.items() if flow.provenance["split"] == split
    }
    network = VectorCloudNetwork(
        ["wall_distance"],
        output=["reynolds_stress", "positive_scalar"],
        tensors=["velocity_gradient"],
        galilean=True,
        order=2,
    )
    run = options.output / f"run_{options.epochs}"
    start = time.perf_counter()
    closure = fit(
        network,
        list(of("train").values()),
        TARGETS,
        REGION,
        TrainingConfig(**config),
        run_directory=run,
        importance="realizable",
    )
    if not (run / "seconds").exists():
        (run / "seconds").write_text(str(time.perf_counter() - start))

    rows, share = [], []
    for name, flow in of("validation").items():
        values, realizable = predicted(closure, flow)
        share.append(realizable)
        for model, found in (
            ("network", values),
            ("linear eddy viscosity", linear_eddy_viscosity(flow)),
        ):
            rows.append(
                f"| {name} | {model} | {' | '.join(percent(e) for e in errors(found, flow))} |"
            )
        if name == "alpha_15_7929_4048":
            picture(flow, values, RESULTS / "reynolds_stress.png")
    seconds = float((run / "seconds").read_text())
    text = f"""# Reynolds stresses a priori

Relative L2 errors, weighted by area, on hills the network never saw. It was trained on {len(of("train"))} others for
{seconds / 60:.0f} min ({config["epochs"]} epochs, {config["centres"]} clouds of each hill). The linear eddy viscosity
is given the true k and, at every point, the ν_t >= 0 that fits the true anisotropy best: no such model can do better.

| hill | model | uu | uv | vv | ww | tensor |
| --- | --- | --- | --- | --- | --- | --- |
{chr(10).join(rows)}

Realizable (positive semi-definite): {100 * min(share):.2f} % of the predictions on each hill, at least.

![Stresses of alpha_15_7929_4048](reynolds_stress.png)
"""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "reynolds_stress.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
