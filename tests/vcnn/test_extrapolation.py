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
from vcnn.closure import TrainingRange

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


def numbered(species, seed=0):
    return random_flow(2, n=600, seed=seed).with_fields(scalars={"species": species})


def test_categories_that_training_saw_are_no_extrapolation_and_others_are(tmp_path):
    """However rare: species 3 is at one point of training, species 2 at none."""
    rng = np.random.default_rng(0)
    common = rng.integers(0, 2, 600).astype(float)
    common[300] = 3.0
    network = VectorCloudNetwork(["strain_rate"], categories={"species": 5}, hidden=8, fitting=(8,))
    closure = trained(network, [numbered(common)])
    closure = Closure.load(closure.save(tmp_path / "model.safetensors"))
    flow = numbered(common, seed=9)
    usual = closure.extrapolation(flow)
    assert 0.001 < np.mean(usual > 1) < 0.2

    seen = np.array([3.0, 0.0, np.nan, 1.0])[common.astype(int)]  # each is another one, all known
    np.testing.assert_array_equal(closure.extrapolation(numbered(seen, seed=9)), usual)

    left = flow.points[:, 0] < 0.7
    found = closure.extrapolation(numbered(np.where(left, 2.0, common), seed=9))
    holds = flow.points[:, 0] < 0.7 + BALL.radius
    assert (found[left] >= 2).all()
    np.testing.assert_array_equal(found[~holds], usual[~holds])
    assert (found[~left & holds] >= 2).mean() > 0.7  # but for clouds that just miss the border


def test_a_training_range_of_other_categories_is_damaged(tmp_path):
    network = VectorCloudNetwork(categories={"species": 2}, hidden=8, fitting=(8,))
    closure = trained(network, [numbered(np.zeros(600))])
    arrays = closure.training_range.arrays()
    arrays["categories/kind"] = arrays.pop("categories/species")
    with pytest.raises(InputError, match="damaged, its training range does not fit together"):
        TrainingRange.from_arrays(arrays, network.categories)


@pytest.mark.parametrize(
    "viscosity", [[0.1], [0.1, 0.2, 0.3], 0.1, [0.0, 0.1], [-1.0, 1.0], [0.1, np.nan]]
)
def test_viscosities_that_are_no_range_are_damaged(viscosity):
    arrays = {
        "references": np.ones((4, 3)),
        "scales": np.ones(3),
        "usual": np.array(1.0),
        "viscosity": np.array(viscosity),
    }
    with pytest.raises(InputError, match="damaged, its training range does not fit together"):
        TrainingRange.from_arrays(arrays)


def flow_at(viscosity, seed=0):
    flow = random_flow(2, n=600, seed=seed)
    nu_t = {"eddy_viscosity": 0.1 + flow.scalars["concentration"] ** 2}
    return flow.with_fields(scalars=nu_t, parameters={"viscosity": viscosity})


@pytest.fixture(scope="module")
def of_turbulence():
    """ν_t, learned at two viscosities."""
    flows = [flow_at(0.001), flow_at(0.002, seed=1)]
    network = VectorCloudNetwork(["wall_distance"], channels=4, hidden=8, fitting=(8,))
    config = TrainingConfig(epochs=1)
    return fit(network, flows, "eddy_viscosity", BALL, config, progress=False)


def test_another_viscosity_is_extrapolation_everywhere(of_turbulence, tmp_path):
    """Which a closure of turbulence is not told: 1 for each factor of 1.25 beyond training's."""
    between, unknown = flow_at(0.0015, seed=9), replace(flow_at(1.0, seed=9), parameters={})
    clouds = of_turbulence.extrapolation(unknown)
    np.testing.assert_array_equal(of_turbulence.extrapolation(between), clouds)
    of_turbulence.save(tmp_path / "model.safetensors")
    for closure in (of_turbulence, Closure.load(tmp_path / "model.safetensors")):
        for viscosity in (0.001 / 1.25**2, 0.002 * 1.25**2):
            far = closure.extrapolation(flow_at(viscosity, seed=9))
            np.testing.assert_allclose(far, np.maximum(clouds, 2.0), rtol=1e-9)


def test_a_viscosity_has_units(of_turbulence):
    flow, length, velocity = flow_at(0.002 * 1.25**3, seed=9), 0.5, 4.0
    scalars = {name: values for name, values in flow.scalars.items() if name == "wall_distance"}
    other = replace(
        flow,
        points=length * flow.points,
        velocity=velocity * flow.velocity,
        weights=length**2 * flow.weights,
        periods=length * np.asarray(flow.periods),
        scalars={"wall_distance": length * scalars["wall_distance"]},
        parameters={"viscosity": length * velocity * flow.parameters["viscosity"]},
    )
    np.testing.assert_allclose(
        of_turbulence.in_units(length, velocity).extrapolation(other),
        of_turbulence.extrapolation(flow),
        rtol=1e-6,
    )


def test_closures_of_else_do_not_depend_on_a_viscosity():
    network = VectorCloudNetwork(["wall_distance"], channels=4, hidden=8, fitting=(8,))
    closure = trained(network, [flow_at(0.001)])
    assert closure.training_range.viscosity is None
