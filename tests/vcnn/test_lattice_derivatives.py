"""Predictions with a lattice differentiated by positions: centroid, axes, shares and nodes move."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch

from tests.vcnn.test_derivatives import closure_of, flow_of, inputs_of, predict, vector_cloud
from vcnn import FlowField, InputError, RegionOfInfluence, Zhou2022
from vcnn.closure.moving_nodes import MovingNodes
from vcnn.clouds.lattice import find_nodes

SPACING = 0.22
REGION = RegionOfInfluence.ball(0.9, spacing=SPACING)


LINE = np.array([[-1.5], [0.0], [1.5]])  # its middle is exactly at a node


def flow_with_fields(points, dimension, periods=()):
    """Loose points with unequal weights and what :func:`vector_cloud` takes."""
    rng, shape = np.random.default_rng(3), (len(points), dimension)
    return FlowField(
        points,
        rng.normal(size=shape),
        rng.uniform(0.5, 1.5, len(points)),
        {"strain_rate": rng.uniform(0, 3, len(points))},
        {"pressure_gradient": rng.normal(size=shape)},
        {"stress": rng.normal(size=(*shape, dimension))},
        periods=periods,
    )


def square(n=5):
    """Points of a square, whose second moments are as round as can be; some lie on borders."""
    x = (np.arange(n) - (n - 1) / 2) / 2.1
    flow = flow_with_fields(np.stack(np.meshgrid(x, x), axis=-1).reshape(-1, 2), 2)
    return replace(flow, weights=np.ones(n * n))


def four_fold(n=8):
    """Scattered points that a quarter of a turn takes to one another."""
    quarter = np.random.default_rng(5).uniform(-1, 1, (n, 2))
    turns = [np.linalg.matrix_power([[0, 1], [-1, 0]], k) for k in range(4)]
    flow = flow_with_fields(np.concatenate([quarter @ turn for turn in turns]), 2)
    return replace(flow, weights=np.ones(4 * n))


def in_space(flow):
    """A flow in the plane z = 0 or on the line y = z = 0, tilted, with velocities across it."""
    axes = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0][: flow.dimension]
    weights = flow.weights
    periods = [period @ axes for period in flow.periods]
    return replace(flow_with_fields(flow.points @ axes + 2, 3, periods), weights=weights)


DOMAINS = {
    "line": lambda: flow_of(1),
    "periodic line": lambda: flow_of(1, True),
    "plane": lambda: flow_of(2),
    "periodic plane": lambda: flow_of(2, True),
    "four-fold": four_fold,
    "space": lambda: flow_of(3),
    "periodic space": lambda: flow_of(3, True),
    "plane in space": lambda: in_space(flow_of(2)),
    "four-fold in space": lambda: in_space(four_fold()),
    "periodic plane in space": lambda: in_space(flow_of(2, True)),
    "line in space": lambda: in_space(flow_of(1)),
}


def slopes_of(closure, flow, *names):
    """Of a random sum of the values, by the inputs of these names, all if there are none; and the
    sum's coefficients.
    """
    given = inputs_of(closure, flow)
    given = {name: given[name].requires_grad_() for name in names or given}
    values = predict(closure.differentiable(flow), given)
    wanted = torch.randn(values.shape, generator=torch.Generator().manual_seed(0)).to(values)
    slopes = torch.autograd.grad((wanted * values).sum(), [*given.values()])
    return dict(zip(given, (s.numpy() for s in slopes), strict=True)), wanted.numpy()


@pytest.mark.parametrize("moving", ["positions", "velocity and positions"])
@pytest.mark.parametrize("domain", DOMAINS)
def test_slopes_are_those_of_predictions_of_moved_points(domain, moving):
    """Of `Closure.predict`, whose fields at nodes move too; the points of a section of space stay
    in their plane.
    """
    flow = DOMAINS[domain]()
    closure = closure_of(vector_cloud(), REGION, flow)
    slopes, wanted = slopes_of(closure, flow, "velocity", "positions")
    rng, centred = np.random.default_rng(2), flow.points - flow.points.mean(axis=0)
    direction = rng.normal(size=flow.points.shape)
    if "in space" in domain:
        plane = np.linalg.pinv(centred, rcond=1e-9) @ centred
        direction = direction @ plane
    faster = np.sin(7 * flow.velocity) * ("velocity" in moving)  # but for a point at rest

    def moved(t):
        points, velocity = flow.points + t * direction, flow.velocity + t * faster
        return replace(flow, points=points, velocity=velocity)

    def change(h):
        for t in (h, -h):  # no point crosses a border
            nodes = (find_nodes(f, SPACING).points for f in (flow, moved(t)))
            distances = np.linalg.norm(next(nodes)[:, None] - next(nodes), axis=2)
            assert max(distances.min(axis).max() for axis in (0, 1)) < 0.01
        return float(((closure.predict(moved(h)) - closure.predict(moved(-h))) * wanted).sum())

    h = 2e-5
    found = (8 * change(h) - change(2 * h)) / (12 * h)
    slope = (slopes["positions"] * direction).sum() + (slopes["velocity"] * faster).sum()
    assert slope == pytest.approx(found, rel=1e-7)
    assert abs(found) > 1e-3


@pytest.mark.parametrize("domain", [*DOMAINS, "square", "square in space"])
def test_slopes_along_motions_of_the_frame_vanish(domain):
    """Translations of the points and, where no periods are, rotations of all that turns: those of a
    section of space take it out of its plane.
    """
    squares = {"square": square, "square in space": lambda: in_space(square())}
    flow = {**DOMAINS, **squares}[domain]()
    d = flow.dimension
    slopes, _ = slopes_of(closure_of(vector_cloud(), REGION, flow), flow)
    by_points = slopes["positions"]
    assert np.abs(by_points.sum(axis=0)).max() <= 1e-10 * np.abs(by_points).sum()
    for i, j in () if flow.periods else combinations(range(d), 2):
        turn = np.zeros((d, d))
        turn[i, j], turn[j, i] = 1, -1
        stress = flow.tensors["stress"]
        terms = [
            slopes["positions"] * (flow.points @ turn),
            slopes["velocity"] * (flow.velocity @ turn),
            slopes["vectors pressure_gradient"] * (flow.vectors["pressure_gradient"] @ turn),
            slopes["tensors stress"] * (stress @ turn - turn @ stress),
        ]
        sizes = [np.abs(term).sum() for term in terms]
        assert abs(sum(term.sum() for term in terms)) <= 1e-10 * sum(sizes)
        assert min(sizes) > 1e-3


def test_predictions_are_continuous_where_a_point_crosses_a_border():
    """By distances of 1e-9 they change as little, while the slopes by its position jump."""
    flow = flow_of(2)
    closure = closure_of(vector_cloud(), REGION, flow)
    nodes = find_nodes(flow, SPACING)
    k, step = 7, np.linalg.pinv(nodes.basis)[:, 0]

    def moved(t):
        return replace(flow, points=flow.points + t * (np.arange(len(flow)) == k)[:, None] * step)

    def crossed(t):
        return (find_nodes(moved(t), SPACING).corners[0, k] != nodes.corners[0, k]).any()

    low, high = 0.0, 0.05
    assert crossed(high)
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (low, middle) if crossed(middle) else (middle, high)
    before, after = moved(low), moved(high)
    values = closure.predict(before)
    allowed = 1e-8 * np.ptp(values)
    np.testing.assert_allclose(closure.predict(after), values, rtol=0, atol=allowed)
    jumps = slopes_of(closure, after)[0]["positions"] - slopes_of(closure, before)[0]["positions"]
    assert np.abs(jumps[k]).max() > 1e-3


@pytest.mark.parametrize("flow", [FlowField(LINE, LINE), square(), in_space(square())])
def test_no_weight_is_lost_where_points_lie_on_borders(flow):
    """A point on a node gives nothing to its neighbours, which go, wherever it is about to move."""
    positions = torch.tensor(flow.points, requires_grad=True)
    nodes = MovingNodes.of(flow, SPACING, positions)
    (slopes,) = torch.autograd.grad(nodes.weights.sum(), positions)
    assert slopes.abs().max() <= 1e-12
    expected = find_nodes(flow, SPACING)
    np.testing.assert_array_equal(nodes.weights.detach(), expected.weights)
    np.testing.assert_allclose(nodes.points.detach(), expected.points, atol=1e-13)


def test_a_network_that_does_not_weigh_nodes_is_refused():
    """A node that takes next to nothing counts in full: predictions jump where it comes."""
    flow = flow_of(2)
    predicted = closure_of(Zhou2022(), REGION, flow).differentiable(flow)
    velocity, positions = torch.tensor(flow.velocity), torch.tensor(flow.points)
    predicted(velocity)
    with pytest.raises(InputError, match="positions: network 'zhou2022' does not weigh the nodes"):
        predicted(velocity, positions)
