"""Which targets networks see from velocities at loose points: derivatives and an integral.

    python -m benchmarks.networks.targets [-o build/targets] [--epochs N]

Random smooth flows in a periodic square, each a sum of six waves, at uniformly random points
without a mesh, which know nothing but their velocity. Each target is computed from the formula of
the flow, so that points bring no error of their own into it. Every network learns all targets at
once from four flows and predicts them in a fifth. Writes results/targets.md; what was measured is
kept in the folder -o, so that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.common.command import parser, run
from benchmarks.common.markdown import table
from benchmarks.common.measurements import Measurements
from benchmarks.common.paths import RESULTS
from vcnn import FlowField, RegionOfInfluence, TrainingConfig, VectorCloudNetwork, fit
from vcnn.evaluation.report.text import percent
from vcnn.files import write_text
from vcnn.network import PairEmbeddingNetwork

WAVES = 2 * np.pi * np.array([[1, 0], [0, 1], [1, 1], [1, -1], [2, 1], [1, 2]])
POINTS, TRAINING, UNSEEN = 3000, 4, 99
RADIUS, EPOCHS = 0.08, 60
REGION = RegionOfInfluence.ball(RADIUS)
TARGETS = {  # name of the field: what it is, kind of output
    "strain": ("\\|S\\|² = 2 S:S", "scalar"),
    "rotation": ("\\|Ω\\|² = 2 Ω:Ω", "scalar"),
    "laplacian": ("∇²u", "vector"),
    "integral": ("∫ K \\|u − u₀\\|² / ∫ K", "scalar"),
}
NETWORKS = {
    "pair embedding, order 1": partial(PairEmbeddingNetwork, galilean=True),
    "pair embedding, order 2": partial(PairEmbeddingNetwork, galilean=True, order=2),
    "vector-cloud": partial(VectorCloudNetwork, galilean=True),
}


def random_flow(seed: int, points: int = POINTS) -> FlowField:
    """A divergence-free flow at uniformly random points, with all targets."""
    rng = np.random.default_rng(seed)
    x, phases = rng.uniform(0, 1, (points, 2)), 2 * np.pi * rng.random(len(WAVES))
    across = np.stack([-WAVES[:, 1], WAVES[:, 0]], 1) / np.linalg.norm(WAVES, axis=1)[:, None]

    def velocity(x):
        return np.cos(x @ WAVES.T + phases) @ across

    angles = x @ WAVES.T + phases
    gradient = -np.einsum("nk,ki,kj->nij", np.sin(angles), WAVES, across)
    strain, rotation = (0.5 * (gradient + sign * gradient.swapaxes(1, 2)) for sign in (1, -1))
    return FlowField(
        x,
        velocity(x),
        scalars={
            "strain": 2 * (strain**2).sum(axis=(1, 2)),
            "rotation": 2 * (rotation**2).sum(axis=(1, 2)),
            "integral": spread(velocity, x),
        },
        vectors={"laplacian": -(np.cos(angles) * (WAVES**2).sum(axis=1)) @ across},
        periods=[(1, 0), (0, 1)],
    )


def spread(
    velocity: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    radii: int = 8,
    angles: int = 16,
) -> np.ndarray:
    """(n,) ∫ K |u − u₀|² / ∫ K over discs, K = (1 − |r|²/R²)², by quadrature in polar coordinates.

    Parameters
    ----------
    velocity : callable, (n, 2) -> (n, 2)
    x : (n, 2)
    radii, angles : numbers of nodes, with Gauss's rule along radii
    """
    nodes, shares = np.polynomial.legendre.leggauss(radii)
    rho = 0.5 * (nodes + 1)
    weights = shares * rho * (1 - rho**2) ** 2
    total = np.zeros(len(x))
    for angle in 2 * np.pi * np.arange(angles) / angles:
        direction = RADIUS * np.array([np.cos(angle), np.sin(angle)])
        for distance, weight in zip(rho, weights, strict=True):
            change = velocity(x + distance * direction) - velocity(x)
            total += weight * (change**2).sum(axis=1)
    return total / (angles * weights.sum())


def measure(name: str, epochs: int) -> dict:
    """Errors of a network in the flow it has not seen, and the seconds of its training."""
    start, kinds = time.process_time(), [kind for _, kind in TARGETS.values()]
    flows, unseen = [random_flow(seed) for seed in range(TRAINING)], random_flow(UNSEEN)
    config = TrainingConfig(epochs=epochs)
    network = NETWORKS[name](output=kinds)
    closure = fit(network, flows, list(TARGETS), REGION, config, progress=False)
    return {
        "seconds": time.process_time() - start,
        "weights": sum(p.numel() for p in closure.network.parameters()),
        **{target: float(error) for target, error in closure.errors(unseen).items()},
    }


def page(rows: dict, epochs: int) -> str:
    """The page in Markdown, from measurements by network."""
    errors = [
        [label, *(percent(rows[name][target]) for name in NETWORKS)]
        for target, (label, _) in TARGETS.items()
    ]
    costs = [
        [name, f"{rows[name]['weights']:,}", f"{rows[name]['seconds']:.0f} s"] for name in NETWORKS
    ]
    clouds = REGION.clouds(random_flow(UNSEEN)).counts.mean()
    return f"""# Targets seen from loose points

Written by `python -m benchmarks.networks.targets`. Relative L2 errors in a flow that no network was
trained on. Each flow is a sum of {len(WAVES)} plane waves in a periodic unit square, known at
{POINTS:,} uniformly random points by its velocity alone; clouds are discs of radius {RADIUS} with
{clouds:.0f} points on average. {TRAINING} flows and {epochs} epochs, in which each network learns
all targets at once; `galilean = true`, and else the settings that they have by default.

{table(["target", *NETWORKS], errors)}

Targets are computed from the formula of the flow. S and Ω are the symmetric and the antisymmetric
part of the velocity gradient; the integral is over the disc, K = (1 − |r|²/R²)² and u₀ the
velocity at its centre.

Training and prediction, on one thread of a shared machine:

{table(["network", "weights", "CPU time"], costs)}
"""


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=Path("build/targets"))
    command.add_argument("--epochs", type=int, default=EPOCHS)
    options = command.parse_args()
    measurements = Measurements(options.output / f"errors_{options.epochs}.json")
    for name in NETWORKS:
        measurements.measure(partial(measure, name, options.epochs), name)
    text = page(measurements.rows, options.epochs)
    write_text(RESULTS / "targets.md", text)
    print(text)


if __name__ == "__main__":
    run(main)
