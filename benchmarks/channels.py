"""Mean velocity of turbulent channels in wall units, for the picture beside the law of the wall and DNS."""

from __future__ import annotations

import numpy as np
from turbulence import BULK

import meshes
from solvers import SpalartAllmaras

REYNOLDS = tuple(BULK)   # friction Reynolds numbers


def wall_units(reynolds) -> dict:
    """y⁺ and U⁺ of Spalart and Allmaras' model at the vertices from the wall to the centre of a channel."""
    mesh = meshes.channel(length=1.0, height=2.0, cells=(3, 96), grading=40.0)
    result = SpalartAllmaras(mesh, 1 / reynolds, BULK[reynolds]).solve()
    friction_velocity = result.pressure_gradient**0.5   # mean balance: f = τ_w / half height
    half = (mesh.points[:, 0] == 0) & (mesh.points[:, 1] <= 1)
    y, u = mesh.points[half, 1], result.flow("vertex").velocity[half, 0]
    return {
        "y": np.round(y * reynolds * friction_velocity, 3).tolist(),
        "u": np.round(u / friction_velocity, 4).tolist(),
    }
