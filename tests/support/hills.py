"""A coarse hill with a closure, and how far apart two flows are."""

import numpy as np

import meshes
from solvers import RANS, LaminarFlow

HILL = meshes.periodic_hill(1.0, cells=(20, 14))


REYNOLDS = {"viscosity": 1 / 300, "bulk_velocity": 0.72}


def hill(closure, **options):
    return RANS(HILL, **REYNOLDS, closure=closure, **options)


def gap(a, b):
    """Relative L² difference of two velocities at cells."""
    a, b = a.flow(), b.flow()
    return np.sqrt(
        (a.weights @ (a.velocity - b.velocity) ** 2).sum() / (a.weights @ b.velocity**2).sum()
    )


def laminar_hill(cells=(18, 10), kind="triangle"):
    return LaminarFlow(meshes.periodic_hill(1.0, cells=cells, kind=kind), 0.02, 0.7).solve()
