"""Derivatives through solvers, by Taylor's remainder: |J(m + h δ) − J(m) − h dJ/dm·δ| falls with
h².
"""

import resource

import numpy as np
import pytest
import torch
from test_coupling import LATTICE, cloud_closure
from test_laminar import box

import meshes
from solvers import (
    RANS,
    DifferentiableCoupling,
    DifferentiableFlow,
    DifferentiableTransport,
    LaminarFlow,
    Periodic,
    ScalarTransport,
    Symmetry,
    Wall,
)
from vcnn import DivergenceError, InputError, VectorCloudNetwork, fit
from vcnn.training.fitting import TrainingConfig

STEPS = 0.1 * 0.5 ** np.arange(4)
CASES = ("bulk velocity, vertices", "bulk velocity, cells", "force, vertices", "symmetry", "3-D")


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


@pytest.mark.parametrize("which", [0, 1, 2], ids=["eddy viscosity", "anisotropy", "drive"])
@pytest.mark.parametrize("case", CASES)
def test_flows_are_differentiated_exactly(case, which):
    problem, points = flow_problem(case)
    flow = DifferentiableFlow(problem)
    np.testing.assert_allclose(
        orders(observing(flow, points), flow_values(flow), which), 2, atol=0.05
    )


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
    loss = lambda D, P: (probe(transport(D, P)) - 0.1).square().mean()
    values = [torch.full((n,), 0.4, dtype=torch.float64), torch.from_numpy(production)]
    return transport, loss, values


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("which", [0, 1], ids=["diffusivity", "production"])
def test_transport_is_differentiated_exactly(dimension, which):
    transport, loss, values = transport_problem(dimension)
    np.testing.assert_allclose(orders(loss, values, which), 2, atol=0.05)
    assert transport.result().balance().defect == pytest.approx(0, abs=1e-9)


def small_closure(stress=True):
    """A network that learned an eddy viscosity from a laminar flow, and an anisotropy too."""
    output = ["positive_scalar", "traceless_symmetric_tensor"] if stress else "positive_scalar"
    names = ["eddy_viscosity", "anisotropy"] if stress else "eddy_viscosity"
    mesh = meshes.periodic_hill(1.0, cells=(12, 8))
    flow = LaminarFlow(mesh, 0.02, 0.7).solve().flow("vertex")
    n, rng = len(flow), np.random.default_rng(5)
    a = 0.002 * rng.standard_normal((n, 2, 2))
    flow = flow.with_fields(
        scalars={"eddy_viscosity": 0.02 + 0.01 * np.linalg.norm(flow.velocity, axis=1)},
        tensors={"anisotropy": a + a.transpose(0, 2, 1)},
    )
    network = VectorCloudNetwork(
        ["wall_distance"], output=output, embedding=12, hidden=16, fitting=(24,)
    )
    config = TrainingConfig(epochs=3, dtype="float64")
    return mesh, fit(network, [flow], names, LATTICE, config, progress=False)


@pytest.mark.parametrize("stress", [False, True], ids=["eddy viscosity", "and anisotropy"])
def test_the_fixed_point_of_flow_and_closure_is_differentiated(stress):
    """By central differences of the whole coupled solution; as if the flow did not answer, the
    derivative is wrong.
    """
    mesh, closure = small_closure(stress)
    problem = RANS(mesh, 0.01, 0.7, closure=closure, location="vertex")
    coupled = DifferentiableCoupling(problem, tolerance=1e-11, adjoint_tolerance=1e-9)
    probe = coupled.solver.at(np.random.default_rng(0).uniform([2, 1.2], [7, 2.5], (20, 2)))
    loss = lambda: probe(coupled()[0])[:, 0].square().mean()
    weights = list(closure.network.parameters())
    slopes = torch.autograd.grad(loss(), weights)
    frozen = DifferentiableCoupling(problem, tolerance=1e-11, adjoint_steps=0)
    blind = torch.autograd.grad(probe(frozen()[0])[:, 0].square().mean(), weights)
    generator = torch.Generator().manual_seed(0)
    directions = [
        torch.randn(w.shape, generator=generator, dtype=w.dtype) * w.detach().abs().mean()
        for w in weights
    ]
    along = lambda found: float(sum((s * d).sum() for s, d in zip(found, directions, strict=True)))

    def moved(h):
        with torch.no_grad():
            for w, d in zip(weights, directions, strict=True):
                w += h * d
            value = float(loss())
            for w, d in zip(weights, directions, strict=True):
                w -= h * d
        return value

    h = 1e-4
    difference = (moved(h) - moved(-h)) / (2 * h)
    assert along(slopes) == pytest.approx(difference, rel=1e-4)
    assert abs(along(blind) / difference - 1) > 0.005


def test_two_hundred_iterations_take_no_more_memory_than_twenty():
    problem, points = flow_problem("bulk velocity, vertices")
    flow = DifferentiableFlow(problem)
    loss, (nu_t, a, drive) = observing(flow, points), flow_values(flow)
    nu_t.requires_grad_()
    peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MiB
    for step in range(200):
        loss(nu_t * (1 + 0.01 * (step % 3)), a, drive).backward()
        if step == 20:
            before = peak()
    assert peak() - before < 10


def test_backwards_goes_through_the_state_that_was_found():
    """Whatever was solved in between, and calls that fail leave no trace."""
    problem, points = flow_problem("bulk velocity, vertices")
    flow = DifferentiableFlow(problem)
    loss, (nu_t, a, drive) = observing(flow, points), flow_values(flow)
    nu_t.requires_grad_()
    (alone,) = torch.autograd.grad(loss(nu_t, a, drive), [nu_t])
    first = loss(nu_t, a, drive)
    loss(2 * nu_t, a, drive)
    with pytest.raises(DivergenceError, match="NaN"):
        loss(nu_t * torch.nan, a, drive)
    (between,) = torch.autograd.grad(first, [nu_t])
    torch.testing.assert_close(between, alone, rtol=1e-7, atol=1e-12)


def test_what_cannot_be_differentiated_is_refused():
    problem, _ = flow_problem("bulk velocity, vertices")
    flow = DifferentiableFlow(problem)
    with pytest.raises(InputError, match="eddy_viscosity: expected a float64 tensor of shape"):
        flow(torch.ones(3))
    with pytest.raises(InputError, match="closure: expected one that can be differentiated"):
        DifferentiableCoupling(problem)
    sees = cloud_closure(region=LATTICE)
    with pytest.raises(InputError, match="closure: sees strain_rate, which changes with the flow"):
        DifferentiableCoupling(RANS(problem.mesh, 0.01, 0.7, closure=sees))
