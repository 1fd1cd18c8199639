"""
The eddy viscosity behind a flow
================================

Field inversion by the adjoint method: which eddy viscosity explains the velocities that were seen?
It begins with a constant and goes downhill on the misfit. Where there is little shear the velocity
hardly says what it is.
"""

import matplotlib.pyplot as plt
import numpy as np

import meshes
import solvers

mesh = meshes.periodic_hill(slope=1.0, cells=(30, 20), grading=10.0, kind="triangle")
hill = {"mesh": mesh, "viscosity": 1e-3, "bulk_velocity": 0.72}
truth = solvers.SpalartAllmaras(**hill).solve().flow("vertex")
seen = [solvers.Observation(truth.points, truth.velocity, weights=truth.weights)]
prior = np.full(len(mesh.points), 0.01)
inverse = solvers.invert_stress(
    solvers.RANS(**hill, location="vertex"), seen, prior, length=0.3, steps=20
)
errors = 100 * np.sqrt(inverse.misfits)
assert errors[0] > 25 > 2 > errors[-1]

fields = {"true": truth.scalars["eddy_viscosity"], "found": inverse.eddy_viscosity}
fig, panels = plt.subplots(3, 1, figsize=(6.4, 8.6))
for axes, (name, values) in zip(panels, fields.items(), strict=False):
    where = *mesh.points.T, mesh.cells_dict["triangle"], 1e3 * values
    drawn = axes.tricontourf(*where, levels=np.arange(0, 25, 2), extend="max")
    axes.set(aspect="equal", xlabel="x / H", ylabel="y / H", title=f"eddy viscosity, {name}")
fig.colorbar(drawn, ax=panels[:2], label=r"$1000\,\nu_t$ / (U H)", shrink=0.8)
panels[2].semilogy(errors, "o-")
panels[2].set(xlabel="step", ylabel="error of velocity [%]", yticks=(2, 5, 10, 20))
panels[2].set_yticklabels(("2", "5", "10", "20"))
panels[2].minorticks_off()
panels[2].grid(alpha=0.3)
