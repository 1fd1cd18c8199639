"""Calibration: what a vector-cloud network works with is of order one on the clouds of training."""

import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import RegionOfInfluence, VectorCloudNetwork
from vcnn.network import PairEmbeddingNetwork
from vcnn.network.heads import value

BALL = RegionOfInfluence.ball(0.6)


@pytest.mark.parametrize(
    "make, options",
    [(VectorCloudNetwork, {}), (PairEmbeddingNetwork, {}), (PairEmbeddingNetwork, {"order": 2})],
)
def test_inputs_of_the_last_network_are_standardised(make, options):
    """Mean 0, and deviation 1 but for what hardly varies; they are far from it before."""
    network = make(["strain_rate"], output="symmetric_tensor", **options).double()
    clouds, inputs = BALL.clouds(random_flow(2)), []
    network.fitting.register_forward_pre_hook(lambda _, x: inputs.append(x[0]))
    with torch.no_grad():
        network(clouds)
        network.calibrate(clouds)
        network(clouds)
    before, after = inputs
    if make is VectorCloudNetwork:  # shortened to 8, below as they were
        before, after = (x / torch.sqrt(1 - (x / 8) ** 2) for x in inputs)
    deviation = after.std(dim=0, correction=0)
    assert after.mean(dim=0).abs().max() < 1e-12  # round-off of sums over clouds
    # what varies by less than 1 % of its size is divided by more than its deviation
    assert deviation.max() <= 1 + 1e-12 and deviation.median() > 0.9
    assert before.mean(dim=0).abs().max() > 1 and before.std(dim=0).median() < 0.1


def test_a_positive_scalar_is_one_where_its_coefficient_vanishes():
    """log(1 + (e - 1) exp(c)): positive, growing, and of order one for an untrained network."""
    c = torch.linspace(-30, 30, 61, dtype=torch.float64)[:, None]
    values = value("positive_scalar", c, None, None)
    assert values[30].item() == pytest.approx(1.0, rel=1e-15)
    assert (values > 0).all() and (values.diff() > 0).all()
