"""
Where a closure is on its own
=============================

How far the cloud of each point is from those of training. Beyond the line at 1 no cloud that the
network learned from is alike, and what it predicts is extrapolation.
"""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np

import meshes
import solvers
from vcnn import Closure

closure = Closure.pretrained("hill-eddy-viscosity")
mesh = meshes.periodic_hill(slope=1.2, cells=(48, 32), grading=15.0, kind="triangle")
flow = solvers.SpalartAllmaras(mesh, 1 / 5600, 0.72).solve().flow("vertex")
flows = {"a hill like those of training": flow}
flows["its velocities doubled"] = replace(flow, velocity=2 * flow.velocity)
shares = []
fig, panels = plt.subplots(2, 1, figsize=(6.4, 6.8), sharex=True)
for axes, (name, seen) in zip(panels, flows.items(), strict=True):
    distance = closure.extrapolation(seen)
    shares.append(np.mean(distance > 1))
    where = *mesh.points.T, mesh.cells_dict["triangle"], distance
    drawn = axes.tricontourf(*where, levels=np.linspace(0, 3, 13), extend="max")
    axes.tricontour(*where, levels=[1], colors="#D55E00", linewidths=2.5)
    axes.set(aspect="equal", ylabel="y / H", title=f"{name}: {shares[-1]:.0%} beyond 1")
assert shares[0] < 0.01 and shares[1] > 0.6
panels[1].set_xlabel("x / H")
bar = {"location": "bottom", "shrink": 0.7, "aspect": 40, "ticks": range(4)}
fig.colorbar(drawn, ax=panels, label="distance to training", **bar)
