"""Speed of clouds and networks on a hill, as ratios against named peers in the same run.

    python -m benchmarks.networks.clouds              # 200 x 200 cells
    python -m benchmarks.networks.clouds --million    # also 1000 x 1000 cells, a few minutes

Peers: a loop over centres in pandas that does what the published preparation does (needs pandas),
scipy's bare k-d tree query, a float32 matrix product on the same thread, and the published network
as it was written, on padded tensors.
"""

from __future__ import annotations

import math
import resource
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from scipy.spatial import cKDTree

import meshes
from benchmarks.common.command import parser, run
from benchmarks.common.timing import matrix_rate, seconds
from vcnn import (
    Closure,
    FlowField,
    RegionOfInfluence,
    Scales,
    VectorClouds,
    Zhou2022,
)
from vcnn.baselines import GraphKernelNetwork
from vcnn.network import PairEmbeddingNetwork
from vcnn.network.base import ROWS  # pairs handed at once to a network that predicts a mesh

REGION = RegionOfInfluence.transport(diffusivity=0.1, decay=3.0)
SCALARS = ("strain_rate", "wall_distance")


def hill_flow(cells: int = 200) -> FlowField:
    """A parabolic profile between the walls of a hill: enough of a velocity to shape the clouds."""
    mesh = meshes.periodic_hill(1.0, (cells, cells))
    points, periods = meshes.cell_centres(mesh), [[9.0, 0.0]]
    floor = meshes.hill_profile(points[:, 0])
    depth = (points[:, 1] - floor) / (3.036 - floor)
    scalars = {
        "strain_rate": 4 * np.abs(1 - 2 * depth),
        "wall_distance": meshes.wall_distance(mesh, points, periods=periods),
        "boundary": meshes.wall_flag(mesh, ["bottom", "top"]),
    }
    velocity = np.stack([4 * depth * (1 - depth), np.zeros(len(points))], axis=1)
    return FlowField(
        points,
        velocity,
        meshes.cell_volumes(mesh),
        scalars,
        periods=periods,
        mesh=mesh,
        location="cell",
    )


def loop_in_pandas(flow: FlowField, centres: np.ndarray, size: int = 150) -> None:
    """The published preparation: each centre's ellipse among points and images; 150 of them."""
    import pandas

    images = [flow.points + shift * flow.periods[0] for shift in (0, 1, -1)]
    margin = REGION.half_axes(np.linalg.norm(flow.velocity, axis=1))[0].max()
    near = np.abs(np.concatenate(images)[:, 0] - 4.5) < 4.5 + margin
    columns = [
        flow.velocity,
        *(flow.scalars[name][:, None] for name in SCALARS),
        flow.weights[:, None],
    ]
    table = np.concatenate(
        [np.concatenate(images), np.tile(np.concatenate(columns, axis=1), (3, 1))], axis=1
    )[near]
    points = pandas.DataFrame(table, columns=["x", "y", "u", "v", "strain", "wall", "volume"])

    def distance(x, y):
        return np.sqrt(x**2 + y**2)

    def upwinding(x, y, u, v):
        r, speed = np.sqrt(x**2 + y**2), np.sqrt(u**2 + v**2)
        return 0.5 * (1.05 - (x * u + y * v) / (r * speed + 1e-10)) * speed * 0.01 / (r + 0.01)

    for i in centres:
        (x, y), (u, v) = flow.points[i], flow.velocity[i]
        along, across = REGION.half_axes(math.hypot(u, v))
        angle = np.arctan2(v, u)
        dx, dy = points["x"] - x, points["y"] - y
        parallel = dx * np.cos(angle) + dy * np.sin(angle)
        normal = dx * np.sin(angle) - dy * np.cos(angle)
        cloud = points[parallel**2 / along**2 + normal**2 / across**2 < 1].copy()
        cloud["x"], cloud["y"] = cloud["x"] - x, cloud["y"] - y
        cloud["r"] = list(map(distance, cloud["x"], cloud["y"]))
        cloud = cloud.sort_values("r").sample(n=size, random_state=1, replace=len(cloud) < size)
        cloud["upwinding"] = list(map(upwinding, cloud["x"], cloud["y"], cloud["u"], cloud["v"]))
        cloud.to_numpy()


def time_clouds(flow: FlowField) -> None:
    """Seconds a cloud: ours, a bare tree, the published loop."""
    centres = np.random.default_rng(0).permutation(len(flow))[:100]
    pairs = sum(len(block.neighbours) for block in REGION.stream(flow))
    ours = seconds(lambda: [None for _ in REGION.stream(flow)], repeat=3) / len(flow)
    whole = seconds(lambda: REGION.clouds(flow), repeat=3) / len(flow)
    reach = REGION.half_axes(np.linalg.norm(flow.velocity, axis=1))[0]
    tree = cKDTree(flow.points)
    bare = seconds(lambda: tree.query_ball_point(flow.points, reach), repeat=1) / len(flow)
    print(f"\n{len(flow):,} clouds of {pairs / len(flow):.0f} points on average")
    print(f"clouds                    {1e6 * ours:9.1f} µs a cloud")
    print(f"kept all at once          {1e6 * whole:9.1f} µs a cloud, {whole / ours:.1f} times that")
    print(f"bare k-d tree             {1e6 * bare:9.1f} µs a cloud, {bare / ours:.1f} times ours")
    try:
        loop = seconds(lambda: loop_in_pandas(flow, centres), repeat=1) / len(centres)
        print(
            f"published loop, in pandas {1e6 * loop:9.1f} µs a cloud, {loop / ours:.0f} times ours"
        )
    except ModuleNotFoundError:
        print("published loop: left out, it needs pandas")
    print(f"memory: {peak_memory():.2f} GiB at most so far")


def peak_memory() -> float:
    """GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def padded_published(network: Zhou2022, clouds: VectorClouds, flow: FlowField) -> Callable:
    """The published network as it was written, on features of all pairs in an (m, n, 11) tensor.

    Their notebook evaluates all its 20,000 clouds in one batch, as here; smaller batches stay in
    the cache. The features are made here, the function that is returned is the network.
    """
    m, n = len(clouds), int(clouds.counts[0])
    j, r = clouds.neighbours, clouds.positions
    u, distance = flow.velocity[j], np.linalg.norm(r, axis=1)
    speed, near = np.linalg.norm(u, axis=1), 0.01 / (distance + 0.01)
    cos = -(r * u).sum(axis=1) / (distance * speed + 1e-10)
    wall = np.minimum(flow.scalars["wall_distance"][j] / (1.5 * network.diffusion_length), 1)
    named = [
        flow.scalars["strain_rate"][j],
        flow.scalars["boundary"][j],
        flow.weights[j],
        speed,
        wall,
        near,
    ]
    Q = np.concatenate(
        [
            r / (distance[:, None] + 1e-5),
            u,
            np.stack([*named, 0.5 * (cos + 1.05) * speed * near], 1),
        ],
        1,
    )
    X = torch.tensor(Q.reshape(m, n, 11), dtype=torch.float32)

    def forward():
        G = network.embedding(X[:, :, 4:])
        left = torch.bmm(G.permute(0, 2, 1), X) / n
        right = torch.bmm(X.permute(0, 2, 1), G[:, :, :4]) / n
        return network.fitting(torch.bmm(left, right).reshape(m, -1)).squeeze(1)

    return forward


def unfactored_operations(network: PairEmbeddingNetwork, n: int) -> float:
    """Operations of a cloud of n points in 2-D, were the product embedding evaluated on pairs."""

    def layers(net):
        return sum(2 * layer.weight.numel() for layer in net if isinstance(layer, torch.nn.Linear))

    moments = 2 * network.config["embedding"] * 5
    pair = layers(network.point_embedding) + layers(network.pair_embedding) + moments
    return n * pair + layers(network.fitting)


def evaluate(network: torch.nn.Module, parts: list[VectorClouds], points: torch.Tensor) -> None:
    """Evaluate a network on all parts of some clouds."""
    for part in parts:
        network(part, points)


def time_networks(flow: FlowField) -> None:
    """Clouds a second, of the pair-embedding network and the published one."""
    rate = matrix_rate()
    print(f"{torch.get_num_threads()} threads; matrix product {rate / 1e9:9.1f} GFLOP/s (float32)")
    order = np.random.default_rng(0).permutation(len(flow))
    inside = REGION.clouds(flow, order[:6000])
    sample = inside.select(np.flatnonzero(inside.counts >= 150)[:5000]).subsample(
        150, np.random.default_rng(0)
    )
    default, published = PairEmbeddingNetwork(SCALARS), Zhou2022()
    with torch.inference_mode():
        speed = {}
        for network in (default, published):
            points, parts = network.points(flow), list(sample.split(sample.counts, ROWS))
            job = partial(evaluate, network, parts, points)
            speed[network.name] = len(sample) / seconds(job)
        few = sample.select(np.arange(128))
        speed["few padded"] = len(few) / seconds(padded_published(published, few, flow))
        eager = padded_published(published, sample, flow)
        speed["padded"] = len(sample) / seconds(eager, repeat=3)
        ours = torch.cat([published(part) for part in sample.split(sample.counts, ROWS)])
        difference = ((ours - eager()).abs().max() / ours.abs().max()).item()
    share = speed[default.name] * unfactored_operations(default, 150) / rate
    print(f"{len(sample):,} clouds of 150 points, clouds a second forward:")
    print(
        f"published, eager, padded  {speed['padded']:9,.0f}, all in one batch as in their notebook"
    )
    print(f"the same, 128 at a time   {speed['few padded']:9,.0f}")
    print(f"{published.name:25s} {speed[published.name]:9,.0f}, same values to {difference:.0e}")
    ratio = speed[default.name] / speed["padded"]
    few = speed[default.name] / speed["few padded"]
    rate_of_ours = f"{default.name:25s} {speed[default.name]:9,.0f}"
    print(f"{rate_of_ours}, {ratio:.1f} and {few:.1f} times the padded ones")
    print(f"operations of the unfactored form: {100 * share:.0f} % of the matrix product's rate")
    small = sample.select(np.arange(200)).subsample(25, np.random.default_rng(0))
    for network, clouds in (
        (default, sample.select(np.arange(500))),
        (GraphKernelNetwork(SCALARS), small),
    ):
        step = seconds(lambda net=network, c=clouds: net(c).square().sum().backward()) / len(clouds)
        print(f"training {network.name}, {clouds.counts[0]} points: {1 / step:,.0f} clouds/s")


def time_prediction(cells: int, region: RegionOfInfluence) -> float:
    """Whole-mesh prediction of the pair-embedding network: seconds a point."""
    flow = hill_flow(cells)
    scales = Scales(scalars=dict.fromkeys(SCALARS, (0.0, 1.0)))
    closure = Closure(PairEmbeddingNetwork(SCALARS).eval(), region, "concentration", 2, scales)
    spent = seconds(lambda: closure.predict(flow), repeat=1) / len(flow)
    memory = f"{peak_memory():.2f} GiB at most so far"
    print(f"{len(flow):9,} points: {1e6 * spent:6.1f} µs a point, {memory}")
    return spent


def main():
    command = parser(__doc__)
    command.add_argument("--million", action="store_true", help="predict a mesh of 10⁶ cells, too")
    options = command.parse_args()
    flow = hill_flow()
    time_networks(flow)
    time_clouds(flow)
    print("\nwhole-mesh prediction, clouds as large as above")
    small = time_prediction(200, REGION)
    if options.million:  # five times finer, a region five times smaller: clouds of as many points
        large = time_prediction(1000, RegionOfInfluence.transport(diffusivity=0.02, decay=15.0))
        print(f"time a point: {large / small:.2f} times that of the smaller mesh")


if __name__ == "__main__":
    run(main)
