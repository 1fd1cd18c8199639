"""A large uniform motion takes no digits from networks that do not see it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from tests.test_shipped_values import sheared
from vcnn import Closure, Network, RegionOfInfluence, Scales, VectorCloudNetwork
from vcnn.network import PairEmbeddingNetwork, seeded

REGIONS = {"ball": RegionOfInfluence.ball(0.6), "lattice": RegionOfInfluence.ball(0.8, spacing=0.2)}
U = np.array([600.0, -800.0])


class Shear(Network):
    """A network of one's own that sees differences of velocities."""

    galilean, outputs = True, ("vector",)

    def __init__(self, seed=0):
        super().__init__(seed=seed)
        with seeded(seed):
            self.layer = torch.nn.Linear(2, 2)

    def forward(self, clouds, points):
        means = self.mean(clouds, points.velocity[clouds.neighbours])
        return self.layer(means - points.velocity[clouds.centres])


NETWORKS = {
    "vector-cloud": lambda: VectorCloudNetwork(["strain_rate"], galilean=True, output="vector"),
    "pair-embedding": lambda: PairEmbeddingNetwork(["strain_rate"], galilean=True, output="vector"),
    "own": Shear,
}


@pytest.fixture(params=NETWORKS)
def network(request):
    return NETWORKS[request.param]().eval()


def at_rest_and_moving(network, region):
    """A closure, flows at rest and in motion, and values in double precision."""
    flow = random_flow(2, periodic=True)
    flow = replace(flow, velocity=flow.velocity - flow.velocity.mean(axis=0))
    scales = Scales(0.5, 0.7, {"strain_rate": (1.5, 0.9)})
    closure = Closure(network, REGIONS[region], "force", 2, scales)
    network.calibrate(closure.scale_clouds(closure.region.clouds(flow)))
    return closure, flow, flow.boosted(U), closure.predict(flow, dtype=torch.float64)


@pytest.mark.parametrize("region", REGIONS)
def test_predictions_in_single_precision(network, region):
    closure, _, moving, expected = at_rest_and_moving(network, region)
    size = np.abs(expected).max()
    for _ in range(3):  # clouds are kept from the second time on
        np.testing.assert_allclose(closure.predict(moving), expected, rtol=0, atol=1e-5 * size)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("with_positions", [False, True])
def test_differentiated_predictions_in_single_precision(network, region, with_positions):
    closure, flow, moving, expected = at_rest_and_moving(network, region)
    size, slopes = np.abs(expected).max(), []
    for each in (flow, moving):
        velocity = torch.from_numpy(each.velocity.copy()).requires_grad_()
        positions = [torch.from_numpy(each.points.copy())] * with_positions
        values = closure.differentiable(each)(velocity, *positions)["force"]
        np.testing.assert_allclose(values.detach(), expected, rtol=0, atol=1e-5 * size)
        slopes.append(torch.autograd.grad(values.square().sum(), velocity)[0])
    assert (slopes[0] - slopes[1]).abs().max() < 1e-4 * slopes[0].abs().max()


def test_predictions_that_see_the_motion_keep_their_bits():
    """Velocities are those of the flow, rounded; so are they of the shipped duct's network."""
    moving, duct = random_flow(2).boosted(U), Closure.pretrained("duct-stress")
    for network, flow in (
        (VectorCloudNetwork(), moving),
        (PairEmbeddingNetwork(), moving),
        (duct.network, duct.scale_flow(sheared(3))),
    ):
        fields = Network.points(network, flow)
        np.testing.assert_array_equal(fields.velocity, flow.velocity.astype(np.float32))
