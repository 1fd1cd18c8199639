"""
Where the eddy viscosity matters
================================

One adjoint solution says how the driving force of a flow changes with the eddy viscosity at every
point of the mesh.
"""

import matplotlib.pyplot as plt
import torch

import meshes
import solvers

mesh = meshes.periodic_hill(slope=1.0, cells=(48, 32), grading=15.0, kind="triangle")
hill = {"mesh": mesh, "viscosity": 1 / 1000, "bulk_velocity": 0.72}
model = solvers.SpalartAllmaras(**hill).solve()
state = model.flow("vertex")
flow = solvers.DifferentiableFlow(solvers.RANS(**hill, location="vertex"), start=model)
nu_t = torch.tensor(state.scalars["eddy_viscosity"], requires_grad=True)
coefficients, force = flow(nu_t)
force.backward()
share = (nu_t.grad * nu_t).detach().numpy() / force.item() / state.weights

fig, axes = plt.subplots(figsize=(6.4, 3.8))
where = *mesh.points.T, mesh.cells_dict["triangle"], share
drawn = axes.tripcolor(*where, shading="gouraud", cmap="RdBu_r", vmin=-0.07, vmax=0.07)
axes.set(aspect="equal", xlabel="x / H", ylabel="y / H")
axes.set_title(f"1 % more $\\nu_t$ everywhere: {share @ state.weights:.2f} % more force")
label = "more force [%] for 1 % more $\\nu_t$, by area"
fig.colorbar(drawn, label=label, location="bottom", shrink=0.7, aspect=40, ticks=(-0.05, 0, 0.05))
assert abs(share @ state.weights - 0.407) < 0.01
