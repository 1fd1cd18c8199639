"""Speed of clouds and networks on a 200 x 200 hill, as ratios against named peers in the same run.

    python benchmarks/clouds.py

Peers: a loop over centres that compares each with all points (how the published code builds clouds, written in numpy),
scipy's bare k-d tree query with the same reach, and a float32 matrix product on the same number of threads.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from scipy.spatial import cKDTree

import meshes
from vcnn import FlowField, RegionOfInfluence, VectorCloudNetwork, Zhou2022
from vcnn.baselines import GraphKernelNetwork

REGION = RegionOfInfluence.transport(diffusivity=0.1, decay=3.0)


def hill_flow() -> FlowField:
    """A parabolic profile between the walls of a hill: enough of a velocity to shape the clouds."""
    mesh = meshes.periodic_hill(1.0, (200, 200))
    points, periods = meshes.cell_centres(mesh), [[9.0, 0.0]]
    floor = meshes.hill_profile(points[:, 0])
    depth = (points[:, 1] - floor) / (3.036 - floor)
    scalars = {
        "strain_rate": 4 * np.abs(1 - 2 * depth),
        "wall_distance": meshes.wall_distance(mesh, points, periods=periods),
        "boundary": meshes.wall_flag(mesh, ["bottom", "top"]),
    }
    velocity = np.stack([4 * depth * (1 - depth), np.zeros(len(points))], axis=1)
    return FlowField(points, velocity, meshes.cell_volumes(mesh), scalars, periods=periods, mesh=mesh, location="cell")


def seconds(job, repeat=3) -> float:
    """Shortest of several wall-clock times."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return min(times)


def loop_over_centres(flow, centres):
    """Each centre against every point and its two nearest images; returns the number of pairs."""
    images = np.concatenate([flow.points + shift * flow.periods[0] for shift in (-1, 0, 1)])
    pairs = 0
    for centre in centres:
        u = flow.velocity[centre]
        speed = np.hypot(*u)
        along, across = REGION.half_axes(speed)
        r = images - flow.points[centre]
        parallel = r @ u / speed
        pairs += np.count_nonzero((parallel / along) ** 2 + ((r**2).sum(1) - parallel**2) / across**2 <= 1)
    return pairs


def main():
    flow = hill_flow()
    some = np.random.default_rng(0).permutation(len(flow))[:200]
    clouds = [block.counts for block in REGION.stream(flow)]
    pairs = sum(counts.sum() for counts in clouds)
    ours = seconds(lambda: [None for _ in REGION.stream(flow)], repeat=1) / len(flow)
    loop = seconds(lambda: loop_over_centres(flow, some), repeat=1) / len(some)
    reach = REGION.half_axes(np.linalg.norm(flow.velocity, axis=1))[0]
    tree = cKDTree(flow.points)
    bare = seconds(lambda: tree.query_ball_point(flow.points, reach), repeat=1) / len(flow)
    print(f"{len(flow):,} clouds of {pairs / len(flow):.0f} points on average, {torch.get_num_threads()} threads")
    print(f"clouds             {1e6 * ours:8.1f} µs a cloud")
    print(f"loop over centres  {1e6 * loop:8.1f} µs a cloud, {loop / ours:.0f} times ours")
    print(f"bare k-d tree      {1e6 * bare:8.1f} µs a cloud (to the longer half-axis), {bare / ours:.2f} times ours")

    a = torch.rand(2048, 2048)
    rate = 2 * 2048**3 / seconds(lambda: a @ a)
    print(f"\nmatrix product     {rate / 1e9:8.1f} GFLOP/s (float32)")
    scalars = ("strain_rate", "wall_distance")
    for network, points in (
        (VectorCloudNetwork(scalars), 150),
        (Zhou2022(), 150),
        (GraphKernelNetwork(scalars), 25),
    ):
        sample = REGION.clouds(flow, some, max_points=points, seed=0)
        with torch.inference_mode():
            forward = seconds(lambda net=network, c=sample: net(c)) / len(sample)
        backward = seconds(lambda net=network, c=sample: net(c).square().sum().backward()) / len(sample)
        print(
            f"{network.name:13s} clouds of {points:3d} points: {1 / forward:8,.0f} clouds/s forward, "
            f"{1 / backward:8,.0f} in training"
        )


if __name__ == "__main__":
    main()
