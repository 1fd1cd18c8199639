"""
Secondary flow in a square duct
===============================

Turbulence drives eddies into the corners of a duct, which no eddy viscosity can. The network
``duct-stress`` predicts the anisotropy that does, in the loop with the flow: a quarter of the duct.
"""

import matplotlib.pyplot as plt
import numpy as np

import meshes
import solvers
from vcnn import Closure
from vcnn.closure import BaselineCorrection, MirroredSection, NearWall

mesh = meshes.section(meshes.channel(cells=(16, 16), kind="triangle"))
wall, mirror = solvers.Wall(), solvers.Symmetry()
conditions = {"top": wall, "outlet": wall, "bottom": mirror, "inlet": mirror}
conditions["section"] = solvers.Developed((1, 0, 0), pressure_gradient=2.0)
duct = {"mesh": mesh, "viscosity": 1 / 180, "conditions": conditions}
model = solvers.SpalartAllmaras(**duct).solve()
closure = MirroredSection(NearWall(Closure.pretrained("duct-stress")))
closure = BaselineCorrection(closure, model.flow("vertex").scalars["eddy_viscosity"])
result = solvers.RANS(**duct, closure=closure, location="vertex").solve(model, tolerance=1e-3)

flow = result.flow("vertex")
across, y, z = np.linalg.norm(flow.velocity[:, 1:], axis=1), *mesh.points[:, 1:].T
bulk = flow.velocity[:, 0] @ flow.weights / flow.weights.sum()
assert 0.015 < across.max() / bulk < 0.03
fig, axes = plt.subplots(figsize=(6.4, 5.6))
levels = np.arange(0, 1.45, 0.1)
along = flow.velocity[:, 0] / bulk
drawn = axes.tricontourf(y, z, mesh.cells_dict["triangle"], along, levels=levels)
axes.quiver(y, z, *flow.velocity[:, 1:].T, color="white", scale=5, width=0.004)
axes.set(aspect="equal", xlabel="y / h", ylabel="z / h", xlim=(0, 1), ylim=(0, 1))
axes.set_title(f"flow across: up to {across.max() / bulk:.1%} of the bulk velocity")
fig.colorbar(drawn, label="velocity along the duct / bulk velocity", ticks=np.arange(0, 1.5, 0.2))
