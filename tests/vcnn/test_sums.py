"""Moments that are sums: what they may not depend on."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import (
    Closure,
    FlowField,
    RegionOfInfluence,
    Scales,
    TrainingConfig,
    VectorCloudNetwork,
)
from vcnn.evaluation import equivariance
from vcnn.testing import assert_equivariant
from vcnn.training.samples import draw_samples

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


REGIONS = {
    "ball": BALL,
    "lattice": RegionOfInfluence.ball(0.6, spacing=0.15),
    "moving": RegionOfInfluence.ellipsoid(0.7, 0.5),
}


def in_other_units(flow, length, velocity, weights):
    return replace(
        flow,
        points=flow.points * length,
        velocity=flow.velocity * velocity,
        weights=flow.weights * weights,
        scalars={"strain_rate": flow.scalars["strain_rate"] * velocity / length},
        vectors={},
        periods=[period * length for period in flow.periods],
    )


def summing_closure(flow, region):
    network = network_of()
    scales = Scales(0.5, 0.8, {"strain_rate": (1.5, 0.9)}, targets=((0.3, 2.0),))
    closure = Closure(network, region, "pressure", flow.dimension, scales)
    network.calibrate(closure.scale_clouds(region.clouds(flow)))
    return closure


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("unit", [1e-3, 0.5, 1e3])
@pytest.mark.parametrize("points_are", ["volumes", "numbered"])
def test_sums_in_other_units(region, d, unit, points_are, tmp_path):
    """Weights are volumes in the unit of length; those that are all 1 number the points."""
    flow, power = random_flow(d, 60, periodic=d < 3), d
    if points_are == "numbered":
        flow, power = replace(flow, weights=None), 0
    closure = summing_closure(flow, REGIONS[region])
    expected = 2.0**2 * closure.predict(flow)
    assert np.ptp(expected) > 1e-3 * np.abs(expected).max()
    other = in_other_units(flow, unit, 2.0, unit**power)
    again = closure.in_units(unit, 2.0)
    for _ in range(3):  # clouds are kept from the second time on
        np.testing.assert_allclose(again.predict(other), expected, rtol=1e-8)
    np.testing.assert_allclose(again.in_units(1 / unit, 0.5).predict(flow), expected / 4, rtol=1e-8)
    loaded = Closure.load(again.save(tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(loaded.predict(other), again.predict(other))


@pytest.mark.parametrize("region", REGIONS)
def test_sums_in_other_units_are_differentiated(region):
    flow, unit = random_flow(2, 60), 1e3
    closure = summing_closure(flow, REGIONS[region])
    other = in_other_units(flow, unit, 1.0, unit**2)
    again = closure.in_units(unit, 1.0)
    tensors = [torch.from_numpy(array.copy()) for array in (other.velocity, other.points)]
    for given in (tensors[:1], tensors):
        values = again.differentiable(other)(*given)["pressure"].detach().numpy()
        np.testing.assert_allclose(values, closure.predict(flow), rtol=1e-8)


def test_weights_of_a_section_of_space_are_areas():
    rng = np.random.default_rng(0)
    points, velocity = rng.uniform(0, 2, (60, 2)), rng.normal(size=(60, 3))
    scalars = {"strain_rate": rng.uniform(0, 3, 60)}
    flow = FlowField(points, velocity, rng.uniform(0.5, 1.5, 60), scalars)
    closure = summing_closure(flow, BALL)
    other = in_other_units(flow, 100.0, 1.0, 100.0**2)
    values = closure.in_units(100.0, 1.0).predict(other)
    np.testing.assert_allclose(values, closure.predict(flow), rtol=1e-8)


@pytest.mark.parametrize("points_are", ["volumes", "numbered"])
def test_studies_and_trainings_see_the_same_sums(points_are, monkeypatch):
    flow, power = random_flow(2, 60), 2
    if points_are == "numbered":
        flow, power = replace(flow, weights=None), 0
    closure = summing_closure(flow, REGIONS["lattice"])
    other = in_other_units(flow, 100.0, 1.0, 100.0**power)
    again, seen = closure.in_units(100.0, 1.0), []

    def values_of(closure, clouds):
        seen.append(equivariance_values(closure, clouds)["pressure"])
        return {"pressure": seen[-1]}

    equivariance_values = equivariance.values_of
    monkeypatch.setattr(equivariance, "values_of", values_of)
    assert_equivariant(again, other, 1e-9)
    other = other.with_fields({"pressure": np.ones(60)})
    samples = draw_samples(again, other, 0, TrainingConfig(), None)
    values = again.network.values(samples.clouds)[0]
    seen.append(values.detach().numpy())
    for values in (seen[0], seen[-1]):
        np.testing.assert_allclose(0.3 + 2.0 * values, closure.predict(flow), rtol=1e-8)
