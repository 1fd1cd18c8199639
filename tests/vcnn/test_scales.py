"""Scales: what is constant or zero but for round-off does not become an input of any size."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.synthetic import random_flow
from vcnn import (
    Closure,
    FlowField,
    RegionOfInfluence,
    Scales,
    TrainingConfig,
    VectorCloudNetwork,
    fit,
)
from vcnn.closure.extrapolation import TrainingRange

REGION = RegionOfInfluence.ball(0.7)
VALUES, SIZES = (0.0414, 1.0, 1e-5, 5600.0, -0.3), (96, 100, 300, 2400)


def flow_with(value, n, seed=0, spread=0.0):
    """Scattered points with a scalar that is one value, but for a relative ``spread``."""
    flow = random_flow(2, n=n, seed=seed)
    noise = np.random.default_rng(seed).uniform(-1, 1, n)
    return flow.with_fields(scalars={"Re": value * (1 + spread * noise)})


def scales_of(flows, network, targets=("concentration",)):
    return Scales.of(flows, REGION, network, targets)


def untrained(flow):
    """A closure with the scales and the range of a flow, of a network that sees the scalar Re."""
    network = VectorCloudNetwork(["Re", "strain_rate"], seed=3).eval()
    closure = Closure(network, REGION, "concentration", 2, scales_of([flow], network))
    clouds = closure.scale_clouds(REGION.clouds(flow))
    known = TrainingRange.of(clouds, network.galilean, np.random.default_rng(0))
    return replace(closure, training_range=known)


@pytest.mark.parametrize("spread", [0.0, 6e-8, 3e-7])
@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("value", VALUES)
def test_a_constant_scalar_is_divided_by_its_own_size(value, n, spread):
    scales = scales_of([flow_with(value, n, spread=spread)], VectorCloudNetwork(["Re"]))
    mean, divisor = scales.scalars["Re"]
    assert mean == pytest.approx(value, rel=1e-6) and divisor == pytest.approx(abs(value), rel=1e-6)


@pytest.mark.parametrize("value", VALUES)
def test_single_precision_of_a_constant_changes_no_prediction(value):
    flow = flow_with(value, 300)
    closure = untrained(flow)
    exact, known = closure.predict(flow), closure.extrapolation(flow)
    for other in (value * (1 + 1e-7), float(np.float32(value)), value * (1 - 5e-7)):
        rounded = flow.with_fields(scalars={"Re": np.full(300, other)})
        change = np.abs(closure.predict(rounded) - exact).max()
        assert change < 1e-4 * np.abs(exact).max()
        np.testing.assert_allclose(closure.extrapolation(rounded), known, atol=0.01)


def test_another_constant_is_extrapolation_and_not_infinity():
    flow = flow_with(0.0414, 300)
    closure = untrained(flow)
    other = flow.with_fields(scalars={"Re": np.full(300, 0.0414 * 1.01)})
    assert np.abs(closure.predict(other)).max() < 2 * np.abs(closure.predict(flow)).max()
    doubled = flow.with_fields(scalars={"Re": np.full(300, 2 * 0.0414)})
    assert closure.extrapolation(doubled).min() > 1


def test_constants_of_two_precisions_in_one_training_set_are_one_constant():
    flows = [flow_with(0.0414, 100), flow_with(float(np.float32(0.0414)), 96, seed=1)]
    assert scales_of(flows, VectorCloudNetwork(["Re"])).scalars["Re"][1] > 0.04


def test_a_scalar_that_varies_keeps_its_standard_deviation():
    """By 1e-5 of its mean, in double precision; and one that differs from flow to flow."""
    flow = flow_with(101325.0, 2400, spread=1e-5)
    _, divisor = scales_of([flow], VectorCloudNetwork(["Re"])).scalars["Re"]
    assert divisor == pytest.approx(101325 * 1e-5 / np.sqrt(3), rel=0.05)
    flows = [flow_with(100.0, 96), flow_with(200.0, 96, seed=1)]
    mean, divisor = scales_of(flows, VectorCloudNetwork(["Re"])).scalars["Re"]
    assert (mean, divisor) == (pytest.approx(150), pytest.approx(50))


def test_a_scalar_without_dimension_may_be_as_small_as_it_likes():
    flow = random_flow(2)
    trace = 1e-15 * flow.scalars["concentration"]
    network = VectorCloudNetwork(["trace", "concentration"])
    flow = flow.with_fields(scalars={"trace": trace, "concentration": trace})
    scales = scales_of([flow], network)
    for name in ("trace", "concentration"):
        assert scales.scalars[name][1] == pytest.approx(1e-15, rel=0.5)
    assert scales_of([flow], network).targets[0][1] == pytest.approx(1e-15, rel=0.5)


@pytest.mark.parametrize("name", ["pressure_gradient", "unheard_of"])
@pytest.mark.parametrize("units", [(1.0, 1.0), (1e-3, 1e-2), (1e3, 30.0)])
def test_vectors_and_tensors_of_round_off_are_zero_in_any_units(name, units):
    """A field as it should be, and the round-off of such a field, where it should vanish."""
    length, speed = units
    flow, noise = random_flow(2, seed=2), np.random.default_rng(0)
    vector, tensor = noise.normal(size=(120, 2)), noise.normal(size=(120, 2, 2))
    dimension = speed**2 / length if name == "pressure_gradient" else min(length, speed, 1) ** 2
    network = VectorCloudNetwork(vectors=[name], tensors=["velocity_gradient"])
    for size, expected in ((1.0, 1.0), (1e-16, None), (0.0, None)):
        fields = {
            "vectors": {name: size * dimension * vector},
            "tensors": {"velocity_gradient": size * speed / length * tensor},
        }
        other = FlowField(length * flow.points, speed * flow.velocity, **fields)
        other = other.with_fields(scalars={"concentration": flow.scalars["concentration"]})
        region = RegionOfInfluence.ball(0.7 * length)
        scales = Scales.of([other], region, network, ["concentration"])
        if expected is None:
            assert scales.vectors[name] == scales.tensors["velocity_gradient"] == 1.0
        else:
            assert scales.vectors[name] == pytest.approx(2**0.5 * dimension, rel=0.2)
            found = scales.tensors["velocity_gradient"]
            assert found == pytest.approx(2 * speed / length, rel=0.2)


def test_scalars_that_should_vanish_are_zero():
    """The rate of strain of a uniform stream, computed."""
    flow = random_flow(2)
    noise = 1e-16 * np.random.default_rng(0).uniform(0, 1, len(flow))
    flow = flow.with_fields(scalars={"strain_rate": noise})
    assert scales_of([flow], VectorCloudNetwork(["strain_rate"])).scalars["strain_rate"][1] == 1.0


@pytest.mark.parametrize("value", [0.0414, 5600.0, 1e-5])
def test_a_target_that_is_constant_is_learned(value):
    flow = flow_with(value, 96)
    network = VectorCloudNetwork(["strain_rate"], channels=4, hidden=8, fitting=(8,))
    config = TrainingConfig(epochs=40, batch_size=32)
    closure = fit(network, [flow], "Re", REGION, config, progress=False)
    np.testing.assert_allclose(closure.predict(flow), value, rtol=0.1)
