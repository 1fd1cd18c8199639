"""
What does not turn
==================

Means over a cloud turn with the frame; their inner products do not. A vector-cloud network
computes from such products, so its prediction cannot depend on the frame.
"""

import matplotlib.pyplot as plt
import numpy as np

import meshes
import solvers
from vcnn import RegionOfInfluence

mesh = meshes.periodic_hill(slope=1.0, cells=(44, 24))
flow = solvers.LaminarFlow(mesh, viscosity=0.01, bulk_velocity=0.72).solve().flow()
centre = abs(flow.points - (2.0, 0.9)).sum(axis=1).argmin()
cloud = RegionOfInfluence.ball(0.6).clouds(flow, [centre])
angles, means, products = np.arange(0, 361, 5), [], []
for a in np.radians(angles):
    turned = cloud.rotated(np.array([[[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]]))
    velocities = turned.flow.velocity[turned.neighbours]
    above = turned.flow.scalars["wall_distance"][turned.neighbours, None]
    u, m = turned.mean(velocities)[0], 10 * turned.mean(above * turned.positions)[0]
    means.append([*u, *m])
    products.append([u @ u, u @ m, m @ m])
means, products = np.transpose(means), np.transpose(products)
assert np.ptp(products, axis=1).max() < 1e-13
fig, panels = plt.subplots(2, 1, figsize=(6.4, 6.4), sharex=True)
names = ("$u_x$", "$u_y$", "$m_x$", "$m_y$"), (r"$u\cdot u$", r"$u\cdot m$", r"$m\cdot m$")
titles = ("u = ⟨velocity⟩ and m = 10 ⟨wall distance × position⟩", "their inner products")
for axes, curves, labels, title in zip(panels, (means, products), names, titles, strict=True):
    for curve, label, line in zip(curves, labels, ("-", "--", "-.", ":"), strict=False):
        axes.plot(angles, curve, line, label=label)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    axes.set(title=title, xticks=range(0, 361, 90))
panels[1].set(xlabel="angle of the frame [degrees]", ylim=(0, None))
