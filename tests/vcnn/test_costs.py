"""Costs of closures: the power of the cloud's points, memory that was really used, what the file
says of training.
"""

import time
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tests.support.synthetic import random_flow
from vcnn import Closure, RegionOfInfluence, Scales, VectorCloudNetwork
from vcnn.baselines import GraphKernelNetwork
from vcnn.evaluation.costs import cost_study

BALL = RegionOfInfluence.ball(0.5)


def closure_of(network, flow, **provenance):
    scales = Scales.of([flow], BALL, network, ["concentration"])
    return Closure(network.eval(), BALL, "concentration", 2, scales, provenance=provenance)


@pytest.fixture
def counting(monkeypatch):
    """A clock of multiplications, a billion a second: the same on every machine, however busy."""
    counter = FlopCounterMode(display=False)
    monkeypatch.setattr(time, "thread_time", lambda: counter.get_total_flops() / 1e9)
    with counter:
        yield


def test_graph_networks_cost_the_square_of_the_points_and_vector_clouds_the_first_power(counting):
    flow = random_flow(2, n=500)
    known = {"training_seconds": 12.5, "training_threads": 2}
    closures = {
        "cloud": closure_of(VectorCloudNetwork(["strain_rate"]), flow, **known),
        "graph": closure_of(GraphKernelNetwork(["strain_rate"]), flow),
    }
    study = cost_study(closures, flow, sizes=(50, 100, 200, 400))
    cloud, graph = study.costs.values()
    slopes = np.diff(cloud.cloud_seconds) / np.diff(study.sizes)
    np.testing.assert_allclose(slopes, slopes[0], rtol=1e-6)  # a straight line, from what a cloud
    assert 0 < slopes[0] * 50 < cloud.cloud_seconds[0]  # costs whatever is in it
    assert 0 < cloud.exponent < 1
    assert graph.exponent == pytest.approx(2, abs=0.05)
    assert (graph.cloud_seconds > 100 * cloud.cloud_seconds).all()
    assert graph.seconds_per_point > 100 * cloud.seconds_per_point
    assert (cloud.architecture, cloud.symmetry) == ("vector-cloud", "O(d)")
    assert (cloud.training_seconds, cloud.training_threads) == (12.5, 2)
    assert graph.training_seconds is None
    assert graph.parameters == sum(p.numel() for p in closures["graph"].network.parameters())


@dataclass
class Allocating:
    """Needs two arrays of a megabyte each at a time, and a tenth of a second."""

    target: str = "c"

    def predict(self, flow, centres=None, dtype=None):
        end = time.thread_time() + 0.1
        for _ in range(3):
            one = torch.zeros(2**18)
            one = one + 1
            del one
        while time.thread_time() < end:
            pass
        return np.zeros(len(centres))


def test_memory_and_time_are_those_of_a_prediction():
    cost = cost_study({"x": Allocating()}, random_flow(2, n=40)).costs["x"]
    assert cost.memory == pytest.approx(2 * 2**20, rel=0.01)
    assert cost.seconds_per_point == pytest.approx(0.1 / 40, rel=0.2)
    assert (cost.architecture, cost.parameters, cost.cloud_seconds, cost.exponent) == (
        "Allocating",
        None,
        None,
        None,
    )


def test_the_number_of_threads_is_as_before():
    before = torch.get_num_threads()
    cost_study({"x": Allocating()}, random_flow(2, n=40))
    assert torch.get_num_threads() == before
