"""
A cylinder in a channel
=======================

A mesh of Gmsh with names on its boundaries: the benchmark of Schäfer & Turek (1996) at Re = 20.
"""

import tempfile

import gmsh
import matplotlib.pyplot as plt
import numpy as np

import meshes
import solvers

gmsh.initialize(["", "-v", "0"])
cad = gmsh.model.occ
cad.cut([(2, cad.addRectangle(0, 0, 0, 2.2, 0.41))], [(2, cad.addDisk(0.2, 0.2, 0, 0.05, 0.05))])
cad.synchronize()
gmsh.model.addPhysicalGroup(2, [1])
for curve, name in enumerate(("cylinder", "bottom", "inlet", "outlet", "top"), start=5):
    gmsh.model.addPhysicalGroup(1, [curve], name=name)
gmsh.model.mesh.setSizeCallback(lambda *at: 0.08 * np.hypot(at[2] - 0.2, at[3] - 0.2) - 0.001)
gmsh.model.mesh.generate(2)
with tempfile.NamedTemporaryFile(suffix=".msh") as file:
    gmsh.write(file.name)
    mesh = meshes.read_mesh(file.name)
conditions = dict.fromkeys(("cylinder", "bottom", "top"), solvers.Wall())
conditions["inlet"] = solvers.Inlet(lambda x: [1.2 * x[1] * (0.41 - x[1]) / 0.41**2, 0 * x[1]])
conditions["outlet"] = solvers.Outlet()
result = solvers.LaminarFlow(mesh, viscosity=1e-3, conditions=conditions).solve()
drag = solvers.wall_force(result, "cylinder")[0] / (0.2**2 * 0.1 / 2)
assert abs(drag - 5.5795) < 0.01  # the reference
plt.title(f"drag coefficient {drag:.3f}")
plt.triplot(*mesh.points.T, mesh.cells_dict["triangle"], color="white", lw=0.2)
speed = np.linalg.norm(result.flow("vertex").velocity, axis=1)
plt.tripcolor(*mesh.points.T, mesh.cells_dict["triangle"], speed, shading="gouraud", zorder=0)
plt.colorbar(label="speed [m/s]", location="bottom", shrink=0.7, aspect=40)
plt.gca().set(aspect="equal", xlabel="x [m]", ylabel="y [m]", xlim=(0, 0.9))
