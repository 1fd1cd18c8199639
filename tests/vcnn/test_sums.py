"""Moments that are sums: what they may not depend on."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.synthetic import random_flow
from vcnn import Closure, FlowField, RegionOfInfluence, Scales, VectorCloudNetwork
from vcnn.testing import assert_equivariant

BALL = RegionOfInfluence.ball(0.4)


def network_of():
    network = VectorCloudNetwork(
        ["strain_rate"], normalization="sum", channels=4, hidden=8, fitting=(8,)
    )
    return network.double().eval()


def test_a_point_at_both_ends_of_a_period_is_one_point():
    """Its twin lies at the centre but for round-off, which depends on the frame."""
    rng = np.random.default_rng(0)
    seam = np.linspace(0.1, 0.9, 5)[:, None]
    ends = [np.hstack([np.full((5, 1), x), seam]) for x in (0.0, 1.0)]
    points = np.concatenate([rng.uniform(size=(50, 2)), *ends])
    strain = rng.normal(size=60)
    strain[55:] = strain[50:55]
    weights = np.where(np.arange(60) < 50, 1.0, 0.5)
    flow = FlowField(points, weights=weights, scalars={"strain_rate": strain}, periods=[(1.0, 0.0)])
    network = network_of()
    network.calibrate(BALL.clouds(flow))
    assert_equivariant(network, flow, 1e-10, BALL)


@pytest.mark.parametrize("unit", [1e-30, 1e30])
def test_the_unit_of_weights_does_not_matter(unit):
    values = []
    for factor in (1.0, unit):
        flow = random_flow(2, 80)
        flow = replace(flow, weights=factor * flow.weights)
        network = network_of()
        network.calibrate(BALL.clouds(flow))
        scales = Scales(scalars={"strain_rate": (0.0, 1.0)})
        values.append(Closure(network, BALL, "energy", 2, scales).predict(flow))
    np.testing.assert_allclose(values[1], values[0], rtol=1e-8)


def test_points_without_neighbours_have_finite_sums():
    flow = random_flow(2, 20)
    flow = replace(flow, points=100 * flow.points)
    clouds = BALL.clouds(flow)
    assert (clouds.counts == 1).all()
    network = network_of()
    network.calibrate(clouds)
    scales = Scales(scalars={"strain_rate": (0.0, 1.0)})
    assert np.isfinite(Closure(network, BALL, "energy", 2, scales).predict(flow)).all()
