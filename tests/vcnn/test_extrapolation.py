"""Extrapolation: a closure knows its training flows, in any frame, and says where another one
leaves them.
"""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.synthetic import random_flow
from vcnn import (
    Closure,
    InputError,
    RegionOfInfluence,
    TrainingConfig,
    VectorCloudNetwork,
    Zhou2022,
    fit,
)

BALL = RegionOfInfluence.ball(0.5)


def trained(network, flows) -> Closure:
    return fit(network, flows, "concentration", BALL, TrainingConfig(epochs=1), progress=False)


@pytest.fixture(scope="module", params=["vector-cloud", "galilean", "zhou2022"])
def closure(request):
    options = {"channels": 4, "hidden": 8, "fitting": (8,)}
    network = {
        "vector-cloud": VectorCloudNetwork(["strain_rate", "wall_distance"], **options),
        "galilean": VectorCloudNetwork(["wall_distance"], galilean=True, **options),
        "zhou2022": Zhou2022(),
    }[request.param]
    return trained(network, [random_flow(2, n=600, seed=seed) for seed in range(3)])


def test_flows_like_those_of_training_are_within_its_range(closure):
    found = closure.extrapolation(random_flow(2, n=600, seed=9))
    assert found.shape == (600,)
    assert 0.001 < np.mean(found > 1) < 0.1  # 1 % of the training clouds by definition


@pytest.mark.parametrize("factor", [3.0, 10.0])
def test_a_faster_flow_is_outside_and_a_much_faster_one_farther(closure, factor):
    flow = random_flow(2, n=600, seed=9)
    fast = closure.extrapolation(replace(flow, velocity=factor * flow.velocity))
    assert np.median(fast) > 1.5 * np.median(closure.extrapolation(flow))
    assert np.mean(fast > 1) > 0.3 if factor < 5 else np.mean(fast > 1) > 0.9


def test_it_says_where(closure):
    flow = random_flow(2, n=600, seed=9)
    distance = flow.scalars["wall_distance"].copy()
    left = flow.points[:, 0] < 1
    distance[left] += 5
    found = closure.extrapolation(
        replace(flow, scalars={**flow.scalars, "wall_distance": distance})
    )
    deep = flow.points[:, 0] < 0.5
    far = flow.points[:, 0] > 1.5
    assert found[deep].min() > found[far].max()


def test_the_frame_does_not_matter_and_a_file_keeps_it(closure, tmp_path):
    flow = random_flow(2, n=300, seed=4)
    angle = 0.7
    R = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    found = closure.extrapolation(flow)
    np.testing.assert_allclose(closure.extrapolation(flow.rotated(R)), found, rtol=1e-9, atol=1e-12)
    again = Closure.load(closure.save(tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(again.extrapolation(flow), found)
    np.testing.assert_array_equal(again.extrapolation(flow, [5, 3]), found[[5, 3]])


def test_a_closure_that_was_not_trained_says_so():
    bare = Closure(VectorCloudNetwork(), BALL, "concentration", 2)
    with pytest.raises(InputError, match="does not say which clouds"):
        bare.extrapolation(random_flow(2))
