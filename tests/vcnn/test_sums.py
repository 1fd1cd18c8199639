"""Moments that are sums: what they may not depend on."""

from dataclasses import replace

import numpy as np

from tests.support.synthetic import random_flow
from vcnn import Closure, RegionOfInfluence, Scales, VectorCloudNetwork

BALL = RegionOfInfluence.ball(0.4)


def network_of():
    network = VectorCloudNetwork(
        ["strain_rate"], normalization="sum", channels=4, hidden=8, fitting=(8,)
    )
    return network.double().eval()


def test_points_without_neighbours_have_finite_sums():
    flow = random_flow(2, 20)
    flow = replace(flow, points=100 * flow.points)
    clouds = BALL.clouds(flow)
    assert (clouds.counts == 1).all()
    network = network_of()
    network.calibrate(clouds)
    scales = Scales(scalars={"strain_rate": (0.0, 1.0)})
    assert np.isfinite(Closure(network, BALL, "energy", 2, scales).predict(flow)).all()
