"""
A closure in the loop
=====================

The network ``hill-eddy-viscosity`` and the flow are solved together until they agree: velocity
profiles over a hill beside those of Spalart-Allmaras, on the eddy viscosity of the network.
"""

import matplotlib.pyplot as plt
import numpy as np

import meshes
import solvers
from vcnn import Closure

mesh = meshes.periodic_hill(slope=1.2, cells=(48, 32), grading=25.0, kind="triangle")
hill = {"mesh": mesh, "viscosity": 1 / 5600, "bulk_velocity": 0.72}
closure = Closure.pretrained("hill-eddy-viscosity")
network = solvers.RANS(**hill, closure=closure, location="vertex").solve(tolerance=1e-4)
model = solvers.SpalartAllmaras(**hill).solve()
assert network.history.change[-1] < 1e-4

fig, axes = plt.subplots(figsize=(6.4, 4.2))
ratio = 5600 * network.flow("vertex").scalars["eddy_viscosity"]
cells = mesh.cells_dict["triangle"]
drawn = axes.tripcolor(*mesh.points.T, cells, ratio, shading="gouraud", cmap="Blues", vmax=200)
looks = {"network": (network, "-", "black"), "Spalart-Allmaras": (model, "--", "#D55E00")}
for name, (result, line, colour) in looks.items():
    for profile in solvers.station_profiles(result, np.arange(1.0, 9.0)):
        x, label = (
            profile.parameters["station"],
            name if profile.parameters["station"] == 1 else None,
        )
        u = 0.6 * profile.velocity[:, 0]
        axes.plot(x + u, profile.points[:, 1], line, color=colour, lw=1.8, label=label)
axes.set(aspect="equal", xlabel="x / H + 0.6 u / U", ylabel="y / H")
fig.legend(loc="outside upper center", ncols=2)
fig.colorbar(drawn, label=r"$\nu_t / \nu$ of the network", location="bottom", shrink=0.7, aspect=40)
