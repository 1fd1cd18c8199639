"""Derivatives through solvers, by Taylor's remainder: |J(m + h δ) − J(m) − h dJ/dm·δ| falls with
h².
"""

import gc

import numpy as np
import pytest
import torch

from solvers import RANS, DifferentiableCoupling, DifferentiableFlow
from solvers.adjoint.implicit import solve
from solvers.adjoint.tangent import TangentCoupling, TangentFlow
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


class Factor:
    """ν_t that does not see the flow: a factor times a twentieth, and a = 0."""

    def __init__(self):
        self.factor = torch.ones((), dtype=torch.float64, requires_grad=True)

    @property
    def targets(self):
        return {"eddy_viscosity": "scalar"}

    def differentiable(self, flow):
        return lambda velocity: {"eddy_viscosity": self.factor * 0.05 * torch.ones(len(flow))}

    def predict(self, flow, centres=None, dtype=None):
        return {"eddy_viscosity": np.full(len(flow if centres is None else centres), 0.05)}


def test_a_tangent_flow_is_exact_to_first_order():
    """Where the closure does not see the flow: its error falls with the square of what changes,
    whatever was solved in between.
    """
    mesh, _ = small_closure()
    closure = Factor()
    problem = RANS(mesh, 0.01, 0.7, closure=closure, location="vertex")
    coupled = DifferentiableCoupling(problem, tolerance=1e-12)
    base, _ = coupled()
    tangent = TangentCoupling(coupled)
    torch.testing.assert_close(tangent()[0], base, rtol=0, atol=1e-12)
    errors = []
    for h in STEPS[:3]:
        with torch.no_grad():
            closure.factor.fill_(1 + h)
        errors.append(float((coupled()[0] - tangent()[0]).detach().norm()))
    np.testing.assert_allclose(np.diff(np.log2(errors)) / np.diff(np.log2(STEPS[:3])), 2, atol=0.05)


def test_a_tangent_flow_answers_its_closure():
    """One that sees the flow: it is nearer to the coupled solution than with a closure that does
    not see what it changes, and its derivatives are its own.
    """
    mesh, closure = small_closure()
    problem = RANS(mesh, 0.01, 0.7, closure=closure, location="vertex")
    coupled, other = (DifferentiableCoupling(problem, tolerance=1e-11) for _ in range(2))
    probe = coupled.solver.at(np.random.default_rng(0).uniform([2, 1.2], [7, 2.5], (20, 2)))
    base = coupled()[0].detach()
    tangent, flow = TangentCoupling(coupled), TangentFlow(coupled.solver)
    weights = list(closure.network.parameters())
    at = [w.detach().clone() for w in weights]
    generator = torch.Generator().manual_seed(0)
    by = [torch.randn(w.shape, generator=generator, dtype=w.dtype) * w.abs().mean() for w in at]

    def move(h):
        with torch.no_grad():
            for w, start, direction in zip(weights, at, by, strict=True):
                w.copy_(start + h * direction)

    def loss():
        return probe(tangent()[0])[:, 0].square().mean()

    slopes = torch.autograd.grad(loss(), weights)
    slope = float(sum((s * direction).sum() for s, direction in zip(slopes, by, strict=True)))
    values = [move(h) or float(loss().detach()) for h in (1e-4, -1e-4)]
    assert slope == pytest.approx((values[0] - values[1]) / 2e-4, rel=1e-5)
    move(1e-3)
    fields = coupled.predict_fields(coupled.velocity())
    blind, _ = solve(flow, *fields, torch.tensor(0.7, dtype=torch.float64))
    exact, answered = other()[0], tangent()[0]
    change = float((exact - base).detach().norm())
    errors = [float((u - exact).detach().norm()) / change for u in (answered, blind)]
    assert errors[0] < 0.05 and errors[0] < 0.6 * errors[1]


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
