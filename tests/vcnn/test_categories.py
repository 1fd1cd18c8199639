"""Points of several kinds in one cloud, with or without a velocity."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.synthetic import random_flow
from vcnn import (
    Closure,
    FlowField,
    InputError,
    RegionOfInfluence,
    Scales,
    TrainingConfig,
    VectorCloudNetwork,
    fit,
)
from vcnn.testing import assert_equivariant

BALL = RegionOfInfluence.ball(0.5)
CHARGES = np.array([1.0, -2.0, 0.5])


def points_of(seed, n=300):
    """Points of three species without a velocity, and the potential of their charges."""
    rng = np.random.default_rng(seed)
    points, species = rng.uniform(size=(n, 2)), rng.integers(0, 3, n)
    apart = points[:, None] - points
    apart -= np.rint(apart)
    near = np.exp(-(apart**2).sum(axis=2) / (2 * 0.15**2))
    potential = (near @ CHARGES[species]) * CHARGES[species]
    fields = {"species": species.astype(float), "potential": potential}
    return FlowField(points, scalars=fields, periods=[(1, 0), (0, 1)])


def test_points_without_a_velocity_are_at_rest():
    assert (points_of(0).velocity == 0).all()
    assert points_of(0).velocity.shape == (300, 2)


def test_categories_are_learned_as_a_table():
    """A potential of charges that belong to species, which points alone do not tell."""
    flows, unseen = [points_of(seed) for seed in range(4)], points_of(9)
    config = TrainingConfig(epochs=12, batch_size=50, learning_rate=4e-3)
    errors = []
    for categories in ({"species": 3}, {}):
        network = VectorCloudNetwork(categories=categories, normalization="sum")
        closure = fit(network, flows, "potential", BALL, config, progress=False)
        errors.append(closure.errors(unseen)["potential"])
    assert errors[0] < 0.15 and errors[1] > 0.5, errors


def test_kinds_that_training_lacks_do_not_blow_up():
    """Those that are declared, or are too rare to be among the clouds of the calibration."""
    flow, network = points_of(0), VectorCloudNetwork(categories={"species": 3}).double().eval()
    known = np.minimum(flow.scalars["species"], 1)
    network.calibrate(BALL.clouds(flow.with_fields(scalars={"species": known})))
    closure = Closure(network, BALL, "potential", 2, Scales(scalars={"species": (0.0, 1.0)}))
    sizes = [
        np.abs(closure.predict(flow.with_fields(scalars={"species": species}))).max()
        for species in (known, np.where(np.arange(300) < 30, 2.0, known))
    ]
    assert sizes[1] < 20 * sizes[0], sizes


def test_categories_have_neither_scale_nor_order():
    """Numbered otherwise, with the table numbered accordingly, predictions are the same."""
    flow, network = points_of(0), VectorCloudNetwork(categories={"species": 3}).double().eval()
    scales = Scales.of([flow], BALL, network, ["potential"])
    assert scales.scalars["species"] == (0.0, 1.0)
    closure = Closure(network, BALL, "potential", 2, scales)
    before = closure.predict(flow)
    order = np.array([2, 0, 1])
    other = VectorCloudNetwork(categories={"species": 3}).double().eval()
    state = network.state_dict()
    speed = 1  # the feature that comes first
    turned = np.argsort(order)
    first = state["point_embedding.0.weight"]
    state["point_embedding.0.weight"] = first[:, [0, *(speed + turned)]]
    mixed = network.mixed_scalars.in_features // network.sizes.radial
    for name in ("mixed_scalars.weight", "mixed_vectors.weight"):
        columns = np.arange(state[name].shape[1])
        own = columns[: network.sizes.radial * mixed].reshape(-1, mixed)
        own[:, -3:] = own[:, -3:][:, turned]
        state[name] = state[name][:, columns]
    last = state["fitting.0.weight"]
    state["fitting.0.weight"] = last[:, [*range(last.shape[1] - 3), *(last.shape[1] - 3 + turned)]]
    other.load_state_dict(state)
    numbered = flow.with_fields(scalars={"species": order[flow.scalars["species"].astype(int)]})
    after = replace(closure, network=other).predict(numbered)
    np.testing.assert_allclose(after, before, rtol=1e-10)
    assert np.abs(closure.predict(numbered) - before).max() > 1e-3 * np.abs(before).max()


def test_categories_have_no_unit():
    flow, network = points_of(0), VectorCloudNetwork(categories={"species": 3}).double().eval()
    scales = Scales(scalars={"species": (0.0, 1.0)})
    closure = Closure(network, BALL, "concentration", 2, scales)
    periods = [2 * period for period in flow.periods]
    larger = replace(flow, points=2 * flow.points, periods=periods)
    values = closure.in_units(2.0, 1.0).predict(larger)
    np.testing.assert_allclose(values, closure.predict(flow), rtol=1e-10)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_networks_with_categories_are_equivariant(d):
    flow = random_flow(d, 60, periodic=True)
    species = np.random.default_rng(0).integers(0, 2, len(flow)).astype(float)
    flow = flow.with_fields(scalars={"species": species})
    network = VectorCloudNetwork(["strain_rate"], categories={"species": 2}, output="vector")
    assert_equivariant(network.double(), flow, 1e-12, RegionOfInfluence.ball(1.2))


def test_a_saved_model_knows_its_categories(tmp_path):
    flow, network = points_of(0), VectorCloudNetwork(categories={"species": 3}).eval()
    closure = Closure(network, BALL, "potential", 2, Scales.of([flow], BALL, network, ["species"]))
    again = Closure.load(closure.save(tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(again.predict(flow), closure.predict(flow))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: VectorCloudNetwork(categories=["species"]),
            "categories: expected names with the numb",
        ),
        (
            lambda: VectorCloudNetwork(categories={"species": 0}),
            "categories: expected names with the",
        ),
        (lambda: predict_with(7.0), "species: expected numbers 0..2 of categories, got 7"),
        (lambda: predict_with(0.5), "species: expected numbers 0..2 of categories, got 0.5"),
        (lambda: predict_with(-1.0), "species: expected numbers 0..2 of categories, got -1"),
        (
            lambda: Closure(
                VectorCloudNetwork(categories={"species": 3}),
                RegionOfInfluence.ball(0.5, spacing=0.1),
                "potential",
                2,
            ),
            "region: a lattice takes means, which species has none of",
        ),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(InputError) as caught:
        make()
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def predict_with(number):
    flow = points_of(0)
    flow = flow.with_fields(scalars={"species": np.where(np.arange(300) == 5, number, 0.0)})
    network = VectorCloudNetwork(categories={"species": 3})
    scales = Scales.of([flow], BALL, network, ["species"])
    Closure(network, BALL, "potential", 2, scales).predict(flow)
