"""
A vector cloud
==============

All that a closure sees of a flow: the points within a region around one point, each with its
position relative to that point, its velocity, and its share of the cloud's volume.
"""

import matplotlib.pyplot as plt

import meshes
import solvers
from vcnn import RegionOfInfluence

mesh = meshes.periodic_hill(slope=1.0, cells=(44, 24), grading=6.0)
flow = solvers.LaminarFlow(mesh, viscosity=0.01, bulk_velocity=0.72).solve().flow()
centre = abs(flow.points - (2.0, 0.9)).sum(axis=1).argmin()
cloud = RegionOfInfluence.ball(0.75).clouds(flow, [centre])
assert abs(cloud.shares.sum() - 1) < 1e-12

x, y = (flow.points[centre] + cloud.positions).T
fig, axes = plt.subplots(figsize=(6.4, 5.0))
axes.scatter(*flow.points.T, s=4, color="0.8")
dots = axes.scatter(x, y, s=60, c=100 * cloud.shares, edgecolors="white", linewidths=0.5)
axes.quiver(x, y, *flow.velocity[cloud.neighbours].T, scale=6, width=0.004, color="black")
axes.plot(*flow.points[centre], "o", ms=13, mfc="none", color="#D55E00", mew=2.5)
axes.add_patch(plt.Circle(flow.points[centre], 0.75, fill=False, color="#D55E00", lw=2))
axes.set(aspect="equal", xlim=(0.9, 3.1), ylim=(-0.05, 1.75), xlabel="x / H", ylabel="y / H")
fig.colorbar(dots, label="share of the cloud [%]", location="bottom", shrink=0.7, aspect=30)
axes.set_title(f"{cloud.counts[0]} points around one")
