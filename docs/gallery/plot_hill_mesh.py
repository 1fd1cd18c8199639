"""
A mesh over a hill
==================

Structured cells between a hill and a flat wall, finer towards both.
"""

import matplotlib.pyplot as plt

import meshes

mesh = meshes.periodic_hill(slope=1.0, cells=(48, 24), grading=8.0)
corners = mesh.points[mesh.cells[0].data]
plt.figure(figsize=(8, 3))
plt.plot(*corners[:, [0, 1, 2, 3, 0]].transpose(2, 1, 0), color="0.3", linewidth=0.5)
plt.axis("equal")
plt.axis("off")
