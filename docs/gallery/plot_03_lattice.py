"""
Clouds on fine meshes
=====================

A mesh that is fine at walls puts thousands of points into a ball. With a ``spacing`` they are
gathered at the nodes of a lattice, which keep their volume: a cloud costs the same on any mesh.
"""

import matplotlib.pyplot as plt
import numpy as np

import meshes
from vcnn import FlowField, RegionOfInfluence

mesh = meshes.periodic_hill(slope=1.0, cells=(300, 200), grading=30.0)
points, volumes = meshes.cell_centres(mesh), meshes.cell_volumes(mesh)
flow = FlowField(points, np.zeros_like(points), weights=volumes, mesh=mesh, location="cell")
centre = np.linalg.norm(points - (2.5, 0.7), axis=1).argmin()
regions = {
    "every point": RegionOfInfluence.ball(0.6),
    "gathered": RegionOfInfluence.ball(0.6, spacing=0.6 / 6),
}
fig, panels = plt.subplots(1, 2, figsize=(6.4, 3.8), sharey=True)
counts = []
for axes, (name, region) in zip(panels, regions.items(), strict=True):
    cloud = region.clouds(flow, [centre])
    counts.append(cloud.counts[0])
    axes.scatter(*points.T, s=0.6, color="0.75", linewidths=0)
    places = points[centre] + cloud.positions
    area = 4000 * cloud.shares if region.lattice_spacing else 1.5
    axes.scatter(*places.T, s=area, color="#0072B2", linewidths=0)
    axes.plot(*points[centre], "o", color="#D55E00", mec="white", ms=8)
    axes.set(aspect="equal", xlim=(1.7, 3.3), ylim=(0, 1.6), xlabel="x / H")
    axes.set_title(f"{name}: {counts[-1]:,}")
panels[0].set_ylabel("y / H")
assert counts[0] > 10 * counts[1]
