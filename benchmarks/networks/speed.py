"""The vector-cloud network beside the one of version 0.2: time, and error for it.

    OMP_NUM_THREADS=1 python -m benchmarks.networks.speed [-o build/speed]

Both learn the published transport problem from five slopes for the same few epochs. Then they are
timed on one thread: a training step, predictions of a whole mesh with clouds by transport, and of a
mesh with clouds on a lattice, asked once and again at the same points, as a solver does. Times are
the least of several of one process. Writes results/speed.md; what was measured is kept in the
folder -o, so that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.common.command import parser, run
from benchmarks.common.markdown import table
from benchmarks.common.measurements import Measurements
from benchmarks.common.paths import RESULTS
from benchmarks.common.timing import matrix_rate, seconds
from benchmarks.networks.published_transport import SCALARS, error, flow_of
from vcnn import Closure, FlowField, RegionOfInfluence, TrainingConfig, VectorCloudNetwork, fit
from vcnn.evaluation.report.text import percent
from vcnn.files import write_text
from vcnn.network import Network, PairEmbeddingNetwork

SLOPES, TEST = (1.0, 1.25, 1.5, 1.75, 2.0), 1.475
CONFIG = TrainingConfig(epochs=12, centres=4000, max_points=64)
REPEATS = 5
SMALL = {"radial": 3, "fits": 1, "mixed": (16, 8, 4), "fitting": (64, 64)}
transport = partial(RegionOfInfluence.transport, 0.1, 3.0)
ball = partial(RegionOfInfluence.ball, 0.5)
NETWORKS: dict[str, tuple[Callable[[], Network], RegionOfInfluence, RegionOfInfluence]] = {
    "pair embedding, sharp, as in version 0.2": (
        lambda: PairEmbeddingNetwork(SCALARS),
        transport(0.2, smooth=1),
        ball(0.1, smooth=1),
    ),
    "vector-cloud": (lambda: VectorCloudNetwork(SCALARS), transport(0.2), ball(0.1)),
    "vector-cloud, wider region": (
        lambda: VectorCloudNetwork(SCALARS),
        transport(0.1),
        ball(0.1),
    ),
    "vector-cloud, small": (
        lambda: VectorCloudNetwork(SCALARS, **SMALL),
        transport(0.2),
        ball(0.125),
    ),
}


def processor_seconds(job: Callable[[], object]) -> float:
    """The least processor time of several runs, after one more."""
    job()
    return seconds(job, REPEATS, time.process_time)


def training_step(closure: Closure, flow: FlowField) -> Callable[[], None]:
    """Forward and backward of 256 clouds of 64 points."""
    centres = np.linspace(0, len(flow) - 1, 256).astype(int)
    clouds = closure.region.clouds(flow, centres, max_points=64, seed=0)
    clouds, network = closure.scale_clouds(clouds), closure.network

    def step():
        network.zero_grad()
        network.values(clouds)[0].square().mean().backward()

    return step


def asked_anew(closure: Closure, flow: FlowField, dtype: torch.dtype) -> Callable[[], np.ndarray]:
    """A prediction at points that the closure was not asked for before."""
    points = [flow.points + shift for shift in np.linspace(0, 1e-6, REPEATS + 2)[1:]]

    def predict():
        moved = FlowField(
            points.pop(), flow.velocity, flow.weights, flow.scalars, periods=flow.periods
        )
        return closure.predict(moved, dtype=dtype)

    return predict


def measure(name: str, folder: Path) -> dict:
    """Errors and times of one network."""
    make, region, lattice = NETWORKS[name]
    flows, flow = [flow_of(s, folder) for s in SLOPES], flow_of(1.25, folder)
    closure = fit(make(), flows, "concentration", region, CONFIG, progress=False)
    row = {
        "weights": sum(p.numel() for p in closure.network.parameters()),
        "error": error(closure, flow_of(TEST, folder)),
        "step": processor_seconds(training_step(closure, flow)),
    }
    on_lattice = Closure(make().eval(), lattice, "concentration", 2, closure.scales)
    for dtype in (torch.float32, torch.float64):
        kind = str(dtype).removeprefix("torch.")
        row[f"mesh, {kind}"] = processor_seconds(partial(closure.predict, flow, dtype=dtype))
        row[f"lattice, {kind}"] = processor_seconds(asked_anew(on_lattice, flow, dtype))
        for _ in range(2):
            on_lattice.predict(flow, dtype=dtype)
        row[f"lattice again, {kind}"] = processor_seconds(
            partial(on_lattice.predict, flow, dtype=dtype)
        )
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        clouds = closure.scale_clouds(region.clouds(flow, np.arange(256)))
        closure.network.values(clouds)
    with torch.inference_mode():
        points = closure.network.points(clouds.flow)
        forward = processor_seconds(lambda: closure.network.values(clouds, points))
    row["rate"] = counter.get_total_flops() / forward / matrix_rate(clock=time.process_time)
    return row


def page(rows: dict[str, dict]) -> str:
    """The table in Markdown, times beside those of the first network."""
    first = rows[next(iter(NETWORKS))]
    times = [key for key in first if key not in ("weights", "error", "rate")]
    body = []
    for name in NETWORKS:
        row = rows[name]
        cells = [f"{1e3 * row[key]:.0f} ms ({first[key] / row[key]:.2f})" for key in times]
        body.append(
            [name, f"{row['weights']:,}", percent(row["error"]), *cells, percent(row["rate"])]
        )
    header = ["network", "weights", f"error at α = {TEST}", "step", *times[1:], "matrix rate"]
    return f"""# Time and error of the default network

Written by `python -m benchmarks.networks.speed`. The published transport problem, learned from
five slopes in {CONFIG.epochs} epochs; error at a slope between them. Processor times on one thread
and, in brackets, how many times as fast as the network of version 0.2. *Step*: forward and backward
of 256 clouds of 64 points. *Mesh*: a hill of {rows["points"]["count"]:,} points with clouds by
transport. *Lattice*: the same points with clouds gathered at a lattice; *again*: asked once more at
the same points. *Matrix rate*: matrix products of a forward pass over its time, as a share of the
rate of a large matrix product.

{table(header, body)}
"""


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=Path("build/speed"))
    options = command.parse_args()
    torch.set_num_threads(1)
    measurements = Measurements(options.output / "results.json")
    flows = options.output / "flows"
    measurements.measure(lambda: {"count": len(flow_of(1.25, flows))}, "points")
    for name in NETWORKS:
        measurements.measure(partial(measure, name, flows), name)
    text = page(measurements.rows)
    write_text(RESULTS / "speed.md", text)
    print(text)


if __name__ == "__main__":
    run(main)
