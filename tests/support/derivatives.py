"""Problems to differentiate, and Taylor's remainders of losses of their solutions."""

import numpy as np
import torch

import meshes
from solvers import (
    RANS,
    DifferentiableTransport,
    LaminarFlow,
    Periodic,
    ScalarTransport,
    Symmetry,
    Wall,
)
from tests.support.boxes import box

STEPS = 0.1 * 0.5 ** np.arange(4)


def orders(function, values, which):
    """Observed orders of the remainder in a random direction of the size of the values."""
    m = [v.detach().clone() for v in values]
    m[which].requires_grad_()
    J = function(*m)
    (slope,) = torch.autograd.grad(J, [m[which]])
    rng = np.random.default_rng(which)
    direction = torch.from_numpy(np.asarray(rng.standard_normal(m[which].shape)))
    if direction.ndim == 3:
        direction = direction + direction.transpose(1, 2)
    direction *= float(m[which].detach().abs().mean()) or 0.01
    remainders = []
    with torch.no_grad():
        for h in STEPS:
            moved = [*m[:which], m[which] + h * direction, *m[which + 1 :]]
            remainders.append(float(abs(function(*moved) - J - h * (slope * direction).sum())))
    return np.diff(np.log(remainders)) / np.log(0.5)


def flow_problem(case):
    """Problem, points of observation and number of values."""
    hill, driven = (
        meshes.periodic_hill(1.0, cells=(12, 8)),
        Periodic("outlet", pressure_gradient=0.05),
    )
    given = {"bottom": Wall(), "top": Wall(), "inlet": driven}
    half = {"bottom": Wall(), "top": Symmetry(), "inlet": Periodic("outlet", bulk_velocity=0.5)}
    channel = meshes.channel(length=1.0, height=1.0, cells=(4, 6))
    rng = np.random.default_rng(0)
    plane = rng.uniform([2, 1.2], [7, 2.5], (20, 2))
    return {
        "bulk velocity, vertices": (RANS(hill, 0.01, 0.7, location="vertex"), plane),
        "bulk velocity, cells": (RANS(hill, 0.01, 0.7), plane),
        "force, vertices": (RANS(hill, 0.01, conditions=given, location="vertex"), plane),
        "symmetry": (RANS(channel, 0.01, conditions=half, location="vertex"), plane[:, :2] % 1),
        "3-D": (
            RANS(box(3, "hexahedron"), 0.05, 0.5, walls=("wall",), location="vertex"),
            rng.uniform(size=(20, 3)),
        ),
    }[case]


def observing(flow, points):
    """A loss of velocities and gradients at points and of the driving force."""
    probe, gradients = flow.at(points), flow.gradients_at(points[:5])
    wanted = torch.from_numpy(np.random.default_rng(1).standard_normal(points.shape))

    def loss(*values):
        coefficients, force = flow(*values)
        friction = gradients(coefficients).square().mean()
        return (probe(coefficients) - wanted).square().mean() + 0.01 * friction + 0.1 * force**2

    return loss


def flow_values(flow):
    """Eddy viscosity, anisotropy and drive to differentiate at."""
    n, d = flow.values.count, flow.domain.dimension
    rng = np.random.default_rng(2)
    a = 0.01 * rng.standard_normal((n, d, d))
    drive = flow.problem.bulk_velocity or flow.drive()
    return [
        torch.from_numpy(v)
        for v in (rng.uniform(0.02, 0.05, n), a + a.transpose(0, 2, 1), np.array(drive))
    ]


def transport_problem(dimension):
    """Differentiable transport, a loss, and the diffusivity and production to differentiate at."""
    if dimension == 2:
        mesh = meshes.periodic_hill(1.0, cells=(12, 8))
        flow = LaminarFlow(mesh, 0.02, 0.7).solve()
        options, points = {}, np.random.default_rng(0).uniform([2, 1.2], [7, 2.5], (20, 2))
    else:
        mesh = box(3, "hexahedron")
        flow = LaminarFlow(mesh, 0.1, 0.5, walls=("wall",)).solve()
        options, points = {"walls": ("wall",)}, np.random.default_rng(0).uniform(size=(20, 3))
    n = len(mesh.points)
    production = np.random.default_rng(3).uniform(0.5, 1.5, n)
    transport = DifferentiableTransport(
        ScalarTransport(mesh, flow, 0.4, production=production, **options)
    )
    probe = transport.at(points)

    def loss(D, P):
        return (probe(transport(D, P)) - 0.1).square().mean()

    values = [torch.full((n,), 0.4, dtype=torch.float64), torch.from_numpy(production)]
    return transport, loss, values
