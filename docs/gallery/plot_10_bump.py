"""
A bump in three dimensions
==========================

Paths of the flow over an oblique bump on the floor of a channel, and the pressure on the floor.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.interpolate import LinearNDInterpolator, griddata

import meshes
import solvers

mesh = meshes.bump_channel(height=0.8, aspect=2.0, cells=(10, 5, 8), kind="hexahedron")
conditions = dict.fromkeys(("bottom", "top"), solvers.Wall())
conditions["back"] = solvers.Periodic("front")
conditions["inlet"] = solvers.Periodic("outlet", bulk_velocity=1.0)
flow = solvers.LaminarFlow(mesh, viscosity=0.05, conditions=conditions).solve().flow("vertex")
velocity = LinearNDInterpolator(flow.points, flow.velocity)
paths = [[[0.01, y, z] for y in (0.25, 0.6) for z in np.arange(0.2, 3, 0.2)]]
for _ in range(400):
    paths.append(paths[-1] + 0.02 * velocity(paths[-1]))

x, z = np.meshgrid(np.linspace(0, 4, 90), np.linspace(0, 3, 70))
floor = np.unique(mesh.cells_dict["quad"][mesh.cell_sets_dict["bottom"]["quad"]])
pressure = griddata(flow.points[floor][:, ::2], flow.scalars["pressure"][floor], (x, z), "cubic")
axes = plt.figure(figsize=(6.4, 4.6)).add_subplot(projection="3d", computed_zorder=False)
colours = plt.cm.ScalarMappable(plt.Normalize(-0.75, 0.75))
height = meshes.bump_profile(x - 2, z - 1.5, 0.8, 2.0)
axes.plot_surface(x, z, height, facecolors=colours.to_rgba(pressure), rcount=70, ccount=90)
for path in np.transpose(paths, (1, 2, 0)):
    axes.plot(*path[[0, 2, 1]], color="#D55E00", lw=1)
axes.set(xlabel="x", ylabel="z", zlabel="y", box_aspect=(4, 3, 1.2))
axes.view_init(38, -70)
plt.colorbar(colours, ax=axes, label="pressure / U²", location="bottom", shrink=0.6, aspect=40)
