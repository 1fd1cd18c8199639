"""Reynolds stresses a priori: learned from mean velocities, beside the best eddy viscosity.

    python -m benchmarks.networks.reynolds_stress [-o build/reynolds_stress] [--epochs N]

Training: the 21 training hills of the Closure Challenge (LES of McConkey et al.); test: its 4
validation hills. The network sees clouds of mean velocity and its gradient, with velocities
relative to the centre, and the wall distance; it predicts <u'u'>, <u'v'>, <v'v'> as a positive
semi-definite tensor and <w'w'> as a positive scalar, in squares of the bulk velocity at the crest.
Cells whose LES stress is not positive semi-definite (0.4 % of the area, at walls) are left out.
Writes results/reynolds_stress.md and a picture; an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import time
from pathlib import Path

import matplotlib
import numpy as np

import meshes
from benchmarks.common.command import parser, run
from benchmarks.common.markdown import table
from benchmarks.common.paths import RESULTS
from benchmarks.data.catalogue import require
from benchmarks.data.hills import hill_file, hill_names, read_hill
from vcnn import Closure, FlowField, RegionOfInfluence, TrainingConfig, fit
from vcnn.evaluation import relative_l2
from vcnn.evaluation.report.fields import draw_field
from vcnn.evaluation.report.text import percent
from vcnn.files import write_text
from vcnn.network import PairEmbeddingNetwork

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.colors import Normalize

TARGETS = ("reynolds_stress", "spanwise_stress")
COMPONENTS = ("uu", "uv", "vv", "ww")
REGION = RegionOfInfluence.ball(0.4, smooth=1)  # as recorded
SHOWN = "alpha_15_7929_4048"
CONFIG = {"epochs": 60, "centres": 3000, "max_points": 64}


def les_flow(name: str) -> FlowField:
    """The mean flow of the LES of a hill at cells, its stresses and where they are realizable."""
    mesh, data = read_hill(hill_file(name))
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


def linear_eddy_viscosity(flow: FlowField) -> np.ndarray:
    """(n, 4) components of 2/3 k I - 2 ν_t S with the true k and, pointwise, the best ν_t >= 0."""
    gradient, truth = flow.tensors["velocity_gradient"], components(flow)
    S = 0.5 * (gradient + gradient.transpose(0, 2, 1))
    k = 0.5 * (truth[:, 0] + truth[:, 2] + truth[:, 3])
    anisotropy = flow.tensors["reynolds_stress"] - (2 / 3) * k[:, None, None] * np.eye(2)
    viscosity = np.maximum(-(anisotropy * S).sum(axis=(1, 2)) / (2 * (S**2).sum(axis=(1, 2))), 0)
    stress = (2 / 3) * k[:, None, None] * np.eye(2) - 2 * viscosity[:, None, None] * S
    return np.stack([stress[:, 0, 0], stress[:, 0, 1], stress[:, 1, 1], (2 / 3) * k], axis=1)


def components(flow: FlowField) -> np.ndarray:
    """(n, 4) stresses of the LES."""
    stress, spanwise = (flow.tensors["reynolds_stress"], flow.scalars["spanwise_stress"])
    return np.stack([stress[:, 0, 0], stress[:, 0, 1], stress[:, 1, 1], spanwise], axis=1)


def predict(closure: Closure, flow: FlowField) -> tuple[np.ndarray, float]:
    """(n, 4) stresses, and the share of points where they are realizable."""
    predicted = closure.predict(flow)
    stress, spanwise = (predicted[name] for name in TARGETS)
    trace = np.maximum(np.trace(stress, axis1=1, axis2=2), 1e-300)
    least = -1e-6 * trace  # round-off in float32
    realizable = (np.linalg.eigvalsh(stress)[:, 0] >= least) & (spanwise >= 0)
    parts = [stress[:, 0, 0], stress[:, 0, 1], stress[:, 1, 1], spanwise]
    return np.stack(parts, axis=1), realizable.mean()


def errors(values: np.ndarray, flow: FlowField) -> list[float]:
    """Relative L2 error of each component and, with the shear stress twice, of the tensor."""
    fit_for_truth = flow.scalars["realizable"] > 0
    truth, weights = components(flow)[fit_for_truth], flow.weights[fit_for_truth]
    values = values[fit_for_truth]
    twice = np.sqrt([1, 2, 1, 1])
    single = [relative_l2(values[:, k], truth[:, k], weights) for k in range(4)]
    return [*single, relative_l2(values * twice, truth * twice, weights)]


def draw(flow: FlowField, values: np.ndarray, path: Path) -> None:
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
    plt.close(figure)


def train(folder: Path, config: dict) -> tuple[Closure, float]:
    """The closure, and the seconds that its training took."""
    network = PairEmbeddingNetwork(  # as recorded
        ["wall_distance"],
        output=["reynolds_stress", "positive_scalar"],
        tensors=["velocity_gradient"],
        galilean=True,
        order=2,
    )
    clock, start = folder / "seconds", time.perf_counter()
    closure = fit(
        network,
        [les_flow(name) for name in hill_names("train")],
        TARGETS,
        REGION,
        TrainingConfig(**config),
        run_directory=folder,
        importance="realizable",
    )
    if not clock.exists():
        write_text(clock, str(time.perf_counter() - start))
    return closure, float(clock.read_text())


def page(rows: list[list[str]], shares: list[float], seconds: float, config: dict) -> str:
    """The page in Markdown.

    Parameters
    ----------
    rows : hill, model and its errors
    shares : of each hill's points with a realizable prediction
    seconds, config : of the training
    """
    return f"""# Reynolds stresses a priori

Written by `python -m benchmarks.networks.reynolds_stress`. Relative L2 errors, weighted by area, on
hills the network, a `vcnn.network.PairEmbeddingNetwork`, never saw. It was trained on
{len(hill_names("train"))} others for
{seconds / 60:.0f} min ({config["epochs"]} epochs, {config["centres"]} clouds of each hill). The
linear eddy viscosity is given the true k and, at every point, the ν_t >= 0 that fits the true
anisotropy best: no such model can do better.

{table(["hill", "model", *COMPONENTS, "tensor"], rows)}

Realizable (positive semi-definite): {100 * min(shares):.2f} % of the predictions on each hill, at
least.

![Stresses of {SHOWN}](reynolds_stress.png)
"""


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=Path("build/reynolds_stress"))
    command.add_argument("--epochs", type=int, default=CONFIG["epochs"])
    options = command.parse_args()
    require("benchmarks.networks.reynolds_stress")
    config = {**CONFIG, "epochs": options.epochs}
    closure, seconds = train(options.output / f"run_{options.epochs}", config)
    rows, shares = [], []
    for name in hill_names("validation"):
        flow = les_flow(name)
        values, share = predict(closure, flow)
        shares.append(share)
        linear = linear_eddy_viscosity(flow)
        for model, stresses in (("network", values), ("linear eddy viscosity", linear)):
            rows.append([name, model, *map(percent, errors(stresses, flow))])
        if name == SHOWN:
            draw(flow, values, RESULTS / "reynolds_stress.png")
    text = page(rows, shares, seconds, config)
    write_text(RESULTS / "reynolds_stress.md", text)
    print(text)


if __name__ == "__main__":
    run(main)
