"""
Regions of influence
====================

Which points a closure may see: a ball, an ellipsoid along the velocity, or one whose length follows
from the speed: as far as a scalar is carried before it has diffused and decayed.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Ellipse

import meshes
import solvers
from vcnn import RegionOfInfluence

mesh = meshes.periodic_hill(slope=1.0, cells=(44, 24), kind="triangle")
result = solvers.LaminarFlow(mesh, viscosity=0.01, bulk_velocity=0.72).solve()
flow = result.flow("vertex")
centres = np.array([[1.6, 0.35], [1.2, 1.6], [3.5, 2.2], [4.7, 1.0], [7.2, 0.5], [7.0, 2.0]])
velocity = solvers.evaluate(result.velocity, centres)
speed, angle = np.linalg.norm(velocity, axis=1), np.degrees(np.arctan2(*velocity.T[::-1]))
regions = {
    "ball": RegionOfInfluence.ball(0.4),
    "ellipsoid": RegionOfInfluence.ellipsoid(along=0.7, across=0.25),
    "transport": RegionOfInfluence.transport(diffusivity=0.05, decay=1.0),
}
fig, panels = plt.subplots(3, 1, figsize=(6.4, 8.4), sharex=True)
for axes, (name, region) in zip(panels, regions.items(), strict=True):
    field = np.linalg.norm(flow.velocity, axis=1)
    drawn = axes.tripcolor(*mesh.points.T, mesh.cells_dict["triangle"], field, shading="gouraud")
    for centre, a, b, turn in zip(centres, *region.half_axes(speed), angle, strict=True):
        axes.add_patch(Ellipse(centre, 2 * a, 2 * b, angle=turn, fc="white", alpha=0.35))
        axes.add_patch(Ellipse(centre, 2 * a, 2 * b, angle=turn, fill=False, ec="white", lw=2))
    axes.plot(*centres.T, "o", color="#D55E00", mec="white")
    axes.set(aspect="equal", ylabel="y / H", title=name, ylim=(0, 3.036), xlim=(0, 9))
panels[-1].set_xlabel("x / H")
fig.colorbar(drawn, ax=panels, label="speed |u| / U", location="bottom", shrink=0.7, aspect=40)
