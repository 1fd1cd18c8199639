"""The jump of a prediction as a point leaves a cloud: the share of the point, or nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import Closure, RegionOfInfluence, Scales, VectorCloudNetwork, VectorClouds
from vcnn.evaluation.smoothness import edge_jumps
from vcnn.evaluation.transformations import transformation_study
from vcnn.network import Network, PairEmbeddingNetwork

REGIONS = [
    RegionOfInfluence.ball(0.6),
    RegionOfInfluence.ball(0.6, spacing=0.15),
    RegionOfInfluence.ellipsoid(0.9, 0.5),
    RegionOfInfluence.transport(0.1, 3.0),
]
by_region = pytest.mark.parametrize("region", REGIONS, ids=str)


class MeanOfScalar(Network):
    """The weighted mean of a scalar over the cloud."""

    scalars = ("strain_rate",)
    scaling = False

    def __init__(self):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.ones(()))

    def forward(self, clouds: VectorClouds, points) -> torch.Tensor:
        values = points.scalars["strain_rate"][clouds.neighbours]
        return self.factor * self.mean(clouds, values[:, None])[:, 0]


def closure_of(network, region, flow):
    scales = Scales.of([flow], region, network, ["concentration"])
    return Closure(network.eval(), region, "concentration", flow.dimension, scales)


@by_region
@pytest.mark.parametrize("kind", [VectorCloudNetwork, PairEmbeddingNetwork])
def test_with_a_smooth_edge_nothing_jumps(region, kind):
    flow = random_flow(2, n=200)
    closure = closure_of(kind(["strain_rate"]), region, flow)
    clouds = region.clouds(flow, range(0, 200, 10))
    sharp = replace(region, smooth=1.0)
    largest = edge_jumps(closure, clouds).max()
    rough = edge_jumps(replace(closure, region=sharp), sharp.clouds(flow, clouds.centres)).max()
    assert largest < 1e-12 < 1e-8 < rough


def test_a_sharp_edge_takes_the_share_of_the_point():
    """Of the mean of s: w_k (s_k − mean without it) / Σ w, computed cloud by cloud."""
    flow, region = random_flow(3, n=200), RegionOfInfluence.ball(0.6, smooth=1)
    closure = closure_of(MeanOfScalar(), region, flow)
    clouds = region.clouds(flow, range(0, 200, 5))
    jumps = edge_jumps(closure, clouds)
    s, w = flow.scalars["strain_rate"], flow.weights
    for k, jump in enumerate(jumps):
        pairs = slice(*clouds.offsets[k : k + 2])
        j = clouds.neighbours[pairs]
        if len(j) == 1:
            assert jump == 0
            continue
        last = np.linalg.norm(clouds.positions[pairs], axis=1).argmax()
        rest = np.delete(j, last)
        mean = np.average(s[rest], weights=w[rest])
        assert jump == pytest.approx(w[j[last]] * abs(s[j[last]] - mean) / w[j].sum(), rel=1e-9)


def test_reports_have_the_jump_relative_to_the_largest_prediction():
    flow = random_flow(2, n=200)
    closures = {
        name: closure_of(VectorCloudNetwork(["strain_rate"]), replace(REGIONS[0], smooth=s), flow)
        for name, s in (("smooth", 0.5), ("sharp", 1.0))
    }
    found = transformation_study(closures, flow).responses
    assert found["smooth"].jump < 1e-12 and 1e-6 < found["sharp"].jump < 0.5
