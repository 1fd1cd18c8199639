"""
A scalar that moves the flow
============================

A concentration made near the walls, where it is heavier or lighter than the fluid: flow and
transport are solved together, and where the eddy ends changes with the buoyancy.
"""

import matplotlib.pyplot as plt
import numpy as np

import meshes
import solvers

mesh = meshes.periodic_hill(slope=1.0, cells=(36, 24), kind="triangle")
hill = {"mesh": mesh, "viscosity": 0.01, "bulk_velocity": 0.72, "scalar": solvers.ScalarTransport}
x, y = np.meshgrid(np.linspace(0, 9, 121), np.linspace(0.02, 3.02, 61))
inside = y > meshes.hill_profile(x) + 0.02
velocity, ends = np.full((*x.shape, 2), np.nan), []
fig, panels = plt.subplots(2, 1, figsize=(6.4, 6.6), sharex=True)
for axes, (name, lift) in zip(panels, {"heavy": -0.8, "light": 0.8}.items(), strict=True):
    result = solvers.ActiveScalar(**hill, buoyancy=(0, lift)).solve(tolerance=1e-5)
    ends.append(solvers.along_wall(result, "bottom").reattachment[-1, 0])
    scalar = result.flow("vertex").scalars["concentration"]
    where = *mesh.points.T, mesh.cells_dict["triangle"], scalar
    drawn = axes.tripcolor(*where, shading="gouraud", vmin=0, vmax=1.2)
    velocity[inside] = solvers.evaluate(result.velocity, np.stack([x, y], axis=-1)[inside])
    axes.streamplot(x, y, *velocity.transpose(2, 0, 1), color="white", linewidth=0.8, density=0.8)
    axes.set(aspect="equal", xlim=(0, 9), ylim=(0, 3.036), ylabel="y / H")
    axes.set_title(f"{name}: the eddy ends at x = {ends[-1]:.2f} H")
assert ends[1] - ends[0] > 0.5
panels[1].set_xlabel("x / H")
fig.colorbar(drawn, ax=panels, label="concentration", location="bottom", shrink=0.7, aspect=40)
