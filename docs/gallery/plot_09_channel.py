"""
A turbulent channel and the law of the wall
===========================================

Spalart-Allmaras in a channel driven by a pressure gradient, in wall units: linear at the wall,
logarithmic above.
"""

import matplotlib.pyplot as plt
import numpy as np

import meshes
import solvers

REYNOLDS = 2000  # u_τ times half the height over ν
mesh = meshes.channel(length=0.2, height=2.0, cells=(3, 80), grading=200.0)
channel = solvers.SpalartAllmaras(mesh, viscosity=1 / REYNOLDS, drive=solvers.Force(1.0))
profile = solvers.station_profiles(channel.solve(), [0.1], count=4001)[0]
half = (profile.points[:, 1] > 0) & (profile.points[:, 1] <= 1)
y, u = REYNOLDS * profile.points[half, 1], profile.velocity[half, 0]
middle = (y > 100) & (y < 200)
assert abs(u[middle] - (np.log(y[middle]) / 0.41 + 5.0)).max() < 0.6

fig, axes = plt.subplots()
axes.semilogx(y, u, color="#0072B2", lw=3, label="Spalart-Allmaras")
axes.semilogx(y[y < 20], y[y < 20], "--", color="#D55E00", label=r"$u^+ = y^+$")
log = y[y > 8]
axes.semilogx(log, np.log(log) / 0.41 + 5.0, "-.", color="#009E73", label=r"$\ln y^+ / 0.41 + 5$")
axes.set(xlim=(0.5, REYNOLDS), ylim=(0, 26), xlabel=r"$y^+$", ylabel=r"$u^+$")
axes.set_title(rf"$Re_\tau$ = {REYNOLDS:,}")
axes.grid(alpha=0.3)
axes.legend()
