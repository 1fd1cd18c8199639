"""
Flow over a hill
================

Laminar flow over periodic hills, by its streamlines on the speed, and where it comes back to the
wall behind the hill.
"""

import matplotlib.pyplot as plt
import numpy as np

import meshes
import solvers

mesh = meshes.periodic_hill(slope=1.0, cells=(90, 60), kind="triangle")
result = solvers.LaminarFlow(mesh, viscosity=0.01, bulk_velocity=0.72).solve()
separation, reattachment = (
    getattr(solvers.along_wall(result, "bottom"), kind)[0]
    for kind in ("separation", "reattachment")
)
assert abs(separation[0] - 0.45) < 0.02 and abs(reattachment[0] - 7.73) < 0.02

x, y = np.meshgrid(np.linspace(0, 9, 181), np.linspace(0.02, 3.02, 91))
inside = y > meshes.hill_profile(x) + 0.02
velocity = np.full((*x.shape, 2), np.nan)
velocity[inside] = solvers.evaluate(result.velocity, np.stack([x, y], axis=-1)[inside])
speed = np.linalg.norm(result.flow("vertex").velocity, axis=1)
fig, axes = plt.subplots(figsize=(6.4, 3.8))
drawn = axes.tripcolor(*mesh.points.T, mesh.cells_dict["triangle"], speed, shading="gouraud")
axes.streamplot(x, y, *velocity.transpose(2, 0, 1), color="white", linewidth=0.8, arrowsize=0.8)
for point, mark in ((separation, "v"), (reattachment, "^")):
    axes.plot(*point, mark, color="#D55E00", mec="white", ms=12, clip_on=False)
axes.set_title(f"separates at x = {separation[0]:.2f} H, is back at {reattachment[0]:.2f} H")
axes.set(aspect="equal", xlim=(0, 9), ylim=(0, 3.036), xlabel="x / H", ylabel="y / H")
fig.colorbar(drawn, label="speed |u| / U", location="bottom", shrink=0.7, aspect=40)
