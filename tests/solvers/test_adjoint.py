"""Derivatives through solvers, by Taylor's remainder: |J(m + h δ) − J(m) − h dJ/dm·δ| falls with
h².
"""

import gc

import numpy as np
import pytest
import torch

from solvers import RANS, DifferentiableCoupling, DifferentiableFlow
from tests.support.closures import LATTICE, cloud_closure, small_closure
from tests.support.derivatives import (
    STEPS,
    flow_problem,
    flow_values,
    observing,
    orders,
    transport_problem,
)
from vcnn import DivergenceError, InputError, RegionOfInfluence


def living():
    """The number of objects that the garbage collector knows."""
    gc.collect()
    return len(gc.get_objects())


CASES = ("bulk velocity, vertices", "bulk velocity, cells", "force, vertices", "symmetry", "3-D")


@pytest.mark.parametrize("which", [0, 1, 2], ids=["eddy viscosity", "anisotropy", "drive"])
@pytest.mark.parametrize("case", CASES)
def test_flows_are_differentiated_exactly(case, which):
    problem, points = flow_problem(case)
    flow = DifferentiableFlow(problem)
    np.testing.assert_allclose(
        orders(observing(flow, points), flow_values(flow), which), 2, atol=0.05
    )


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("which", [0, 1], ids=["diffusivity", "production"])
def test_transport_is_differentiated_exactly(dimension, which):
    transport, loss, values = transport_problem(dimension)
    np.testing.assert_allclose(orders(loss, values, which), 2, atol=0.05)
    assert transport.result().balance().defect == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("stress", [False, True], ids=["eddy viscosity", "and anisotropy"])
def test_the_fixed_point_of_flow_and_closure_is_differentiated(stress):
    """By central differences of the whole coupled solution; as if the flow did not answer, the
    derivative is wrong.
    """
    mesh, closure = small_closure(stress)
    problem = RANS(mesh, 0.01, 0.7, closure=closure, location="vertex")
    coupled = DifferentiableCoupling(problem, tolerance=1e-11, adjoint_tolerance=1e-9)
    probe = coupled.solver.at(np.random.default_rng(0).uniform([2, 1.2], [7, 2.5], (20, 2)))

    def loss():
        return probe(coupled()[0])[:, 0].square().mean()

    weights = list(closure.network.parameters())
    slopes = torch.autograd.grad(loss(), weights)
    frozen = DifferentiableCoupling(problem, tolerance=1e-11, adjoint_steps=0)
    blind = torch.autograd.grad(probe(frozen()[0])[:, 0].square().mean(), weights)
    generator = torch.Generator().manual_seed(0)
    directions = [
        torch.randn(w.shape, generator=generator, dtype=w.dtype) * w.detach().abs().mean()
        for w in weights
    ]

    def along(found):
        return float(sum((s * d).sum() for s, d in zip(found, directions, strict=True)))

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
    assert abs(along(blind) / difference - 1) > 0.001


@pytest.mark.parametrize(
    "region",
    [RegionOfInfluence.transport(0.1, 1.0), RegionOfInfluence.ellipsoid(1.2, 0.6)],
    ids=lambda region: region.kind,
)
def test_clouds_that_move_with_the_flow_are_differentiated_too(region):
    """By Taylor's remainder of the coupled solution in a direction of all weights; clouds that are
    held are not enough.
    """
    mesh, closure = small_closure(region=region)
    problem = RANS(mesh, 0.01, 0.7, closure=closure, location="vertex")
    coupled = DifferentiableCoupling(problem, tolerance=1e-12, adjoint_tolerance=1e-10)
    probe = coupled.solver.at(np.random.default_rng(0).uniform([2, 1.2], [7, 2.5], (20, 2)))
    weights = list(closure.network.parameters())
    found = [w.detach().clone() for w in weights]
    generator = torch.Generator().manual_seed(0)
    directions = [
        torch.randn(w.shape, generator=generator, dtype=w.dtype) * w.abs().mean() for w in found
    ]

    def loss(h=0.0):
        with torch.no_grad():
            for w, at, by in zip(weights, found, directions, strict=True):
                w.copy_(at + h * by)
        return probe(coupled()[0])[:, 0].square().mean()

    J = loss()
    slopes = torch.autograd.grad(J, weights)
    slope = float(sum((s * by).sum() for s, by in zip(slopes, directions, strict=True)))
    steps = STEPS[:3] / 32
    remainders = [abs(float((loss(h) - J).detach()) - h * slope) for h in steps]
    np.testing.assert_allclose(np.diff(np.log2(remainders)) / np.diff(np.log2(steps)), 2, atol=0.05)


def test_iterations_leave_nothing_behind():
    """Neither graphs nor factors nor vectors: as many objects live after sixty as after twenty."""
    problem, points = flow_problem("bulk velocity, vertices")
    flow = DifferentiableFlow(problem)
    loss, (nu_t, a, drive) = observing(flow, points), flow_values(flow)
    nu_t.requires_grad_()

    for step in range(60):
        loss(nu_t * (1 + 0.01 * (step % 3)), a, drive).backward()
        if step == 20:
            before = living()
    assert living() - before < 30  # not one thing for each step


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
