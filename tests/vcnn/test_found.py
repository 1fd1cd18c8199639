"""Clouds that stay where they are, are found once: nobody sees it but by the clock."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import Closure, RegionOfInfluence, Scales, VectorCloudNetwork
from vcnn.baselines import DeepSets
from vcnn.closure import found
from vcnn.network import Network, PairEmbeddingNetwork

REGIONS = {
    "ball": RegionOfInfluence.ball(0.6),
    "lattice": RegionOfInfluence.ball(0.9, spacing=0.2),
    "moving": RegionOfInfluence.ellipsoid(0.7, 0.5),
}
NETWORKS = [VectorCloudNetwork, PairEmbeddingNetwork, DeepSets]


class SeesTheFlow(Network):
    """A network that looks at the flow of the clouds where it is given points too."""

    def __init__(self):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.ones(1))

    def forward(self, clouds, points):
        return self.factor * self.as_tensor(clouds.flow.velocity[clouds.centres, 0])


def flow_at(time, n=150):
    """Another velocity and strain rate at the same points for every time."""
    flow = random_flow(2, n, periodic=True)
    strain = flow.scalars["strain_rate"] + time
    velocity = flow.velocity * np.cos(time) + np.array([0.1, 0.3]) * time
    return replace(flow, velocity=velocity, scalars={"strain_rate": strain})


def closure_of(network, region, flow):
    scales = Scales.of([flow], region, network, ["strain_rate"])
    return Closure(network.eval(), region, "strain_rate", 2, scales)


@pytest.fixture
def searches(monkeypatch):
    """Counts how often clouds are searched for."""
    count, scaled_blocks = [], Closure.scaled_blocks

    def counted(*arguments):
        count.append(1)
        return scaled_blocks(*arguments)

    monkeypatch.setattr(Closure, "scaled_blocks", counted)
    return count


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("region", REGIONS)
def test_predictions_are_those_of_clouds_found_anew(region, kind, dtype, searches):
    """To the last bit, while velocity and fields change; from the third time without a search."""
    closure = closure_of(kind(["strain_rate"]), REGIONS[region], flow_at(0))
    predicted = [closure.predict(flow_at(time), dtype=dtype) for time in range(5)]
    assert len(searches) == (5 if region == "moving" else 2)
    for time, values in enumerate(predicted):
        fresh = replace(closure, network=kind(["strain_rate"]).eval())
        np.testing.assert_array_equal(fresh.predict(flow_at(time), dtype=dtype), values)


@pytest.mark.parametrize("region", ["ball", "lattice"])
def test_a_network_that_looks_at_the_flow_sees_the_present_one(region):
    closure = Closure(SeesTheFlow(), REGIONS[region], "strain_rate", 2, Scales())
    for time in range(4):
        flow = flow_at(time)
        np.testing.assert_allclose(closure.predict(flow), flow.velocity[:, 0], rtol=1e-6)


CHANGES = {
    "points": lambda flow: replace(flow, points=1.01 * flow.points, mesh=None, location=None),
    "weights": lambda flow: replace(flow, weights=flow.weights * (1 + flow.points[:, 0] ** 2)),
    "periods": lambda flow: replace(flow, periods=()),
}


@pytest.mark.parametrize("change", [*CHANGES, "centres", "units", "in place"])
def test_clouds_of_another_geometry_are_found_anew(change):
    flow, network = flow_at(0), VectorCloudNetwork(["strain_rate"])
    closure, centres = closure_of(network, REGIONS["ball"], flow), None
    for _ in range(3):
        before = closure.predict(flow)
    if change == "centres":
        centres = np.arange(20, 60)
    elif change == "units":
        closure = closure.in_units(1.1, 1.0)
    elif change == "in place":
        flow.weights.setflags(write=True)
        flow.weights[:40] *= 3
    else:
        flow = CHANGES[change](flow)
    after = closure.predict(flow, centres=centres)
    fresh = replace(closure, network=VectorCloudNetwork(["strain_rate"]).eval())
    fresh.network.load_state_dict(network.state_dict())
    np.testing.assert_array_equal(after, fresh.predict(flow, centres=centres))
    if change != "centres":
        assert not np.array_equal(before, after)


def test_a_differentiated_closure_shares_what_is_kept():
    """Rows kept by a prediction, which records nothing, serve gradients of weights later on."""
    flow, network = flow_at(0), VectorCloudNetwork(["strain_rate"]).double()
    closure = closure_of(network, REGIONS["lattice"], flow)
    for _ in range(3):
        closure.predict(flow)
    velocity = torch.from_numpy(flow.velocity.copy()).requires_grad_()
    for _ in range(2):
        network.zero_grad()
        closure.differentiable(flow)(velocity)["strain_rate"].square().sum().backward()
    assert all(p.grad.isfinite().all() for p in network.parameters())
    assert velocity.grad.abs().max() > 0


def test_too_many_clouds_are_not_kept(monkeypatch, searches):
    monkeypatch.setattr(found, "_MOST_PAIRS", 100)
    closure = closure_of(VectorCloudNetwork(["strain_rate"]), REGIONS["ball"], flow_at(0))
    for time in range(4):
        closure.predict(flow_at(time))
    assert len(searches) == 4


def test_what_is_kept_goes_with_the_network():
    closure = closure_of(VectorCloudNetwork(["strain_rate"]), REGIONS["ball"], flow_at(0))
    closure.predict(flow_at(0))
    known = len(found._FOUND)
    del closure
    assert len(found._FOUND) == known - 1


def test_clouds_of_few_networks_are_kept():
    """Those that were asked last: what is kept of each takes memory."""
    flow = flow_at(0)
    closures = [
        closure_of(VectorCloudNetwork(["strain_rate"]), REGIONS["ball"], flow) for _ in "abc"
    ]
    expected = [closure.predict(flow) for closure in closures]
    for _ in range(3):
        for closure, values in zip(closures, expected, strict=True):
            np.testing.assert_array_equal(closure.predict(flow), values)
    assert closures[0].network not in found._FOUND and closures[2].network in found._FOUND
    assert len(found._FOUND) <= 2


class Writes(Network):
    """A network that changes an array of its clouds in place."""

    def __init__(self, name="positions"):
        super().__init__(name=name)
        self.written, self.factor = name, torch.nn.Parameter(torch.ones(1))

    def forward(self, clouds, points):
        near = points.velocity[clouds.neighbours, 0] * self.as_tensor(clouds.positions[:, 1])
        means = self.mean(clouds, near[:, None])[:, 0]
        getattr(clouds, self.written)[...] *= 0
        return self.factor * means + points.velocity[clouds.centres, 0]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("name", ["positions", "offsets"])
def test_clouds_cannot_be_written_to(region, name):
    """The first time, when they are not kept yet, and any other time."""
    closure = Closure(Writes(name), REGIONS[region], "strain_rate", 2, Scales())
    for time in range(3):
        with pytest.raises(ValueError, match="read-only"):
            closure.predict(flow_at(time))
    if region == "moving":  # clouds of one call only
        return
    velocity = torch.from_numpy(flow_at(0).velocity.copy())
    with pytest.raises(ValueError, match="read-only"):
        closure.differentiable(flow_at(0))(velocity)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("name", ["neighbours", "centres"])
def test_indices_that_are_written_to_are_not_those_of_the_next_prediction(region, name):
    closure = Closure(Writes(name), REGIONS[region], "strain_rate", 2, Scales())
    predicted = [closure.predict(flow_at(0)) for _ in range(4)]
    for values in predicted[1:]:
        np.testing.assert_array_equal(values, predicted[0])
