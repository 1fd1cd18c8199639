"""A hill and a channel with a scalar that moves the flow."""

from functools import partial

import numpy as np

import meshes
from solvers import ActiveScalar, ScalarTransport
from vcnn.evaluation import relative_l2

HEIGHT, D, P = 2.0, 0.5, 3.0
PRODUCED = partial(ScalarTransport, diffusivity=D, decay=0.0, production=P)
HILL = meshes.periodic_hill(1.325, cells=(24, 16))
FLOW = {"mesh": HILL, "viscosity": 0.01, "bulk_velocity": 0.721039}
FINER = {**FLOW, "mesh": meshes.periodic_hill(1.325, cells=(36, 24))}
ACROSS = np.array([0.0, -0.3])  # the flow changes by 4 %


def channel(n, viscosity=0.1, kind="quadrilateral", **options):
    mesh = meshes.channel(1.0, HEIGHT, cells=(3, n), kind=kind)
    return ActiveScalar(mesh, viscosity, 1.0, scalar=PRODUCED, **options).solve()


def relative_concentration(a, b):
    a, b = a.flow(), b.flow()
    return relative_l2(a.scalars["concentration"], b.scalars["concentration"], b.weights)
