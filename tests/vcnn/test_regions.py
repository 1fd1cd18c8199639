"""Regions of influence: their descriptions, units, and what they say of themselves."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from tests.support.synthetic import random_flow
from vcnn import InputError, RegionOfInfluence
from vcnn.clouds import Ball, Ellipsoid, TransportRegion

DESCRIPTIONS = {
    RegionOfInfluence.ball(1): {"kind": "ball", "radius": 1.0, "smooth": 0.5},
    RegionOfInfluence.ball(0.8, 0.2, 1): {
        "kind": "ball",
        "radius": 0.8,
        "spacing": 0.2,
        "smooth": 1.0,
    },
    RegionOfInfluence.ellipsoid(2, 0.5, smooth=0): {
        "kind": "ellipsoid",
        "along": 2.0,
        "across": 0.5,
        "smooth": 0.0,
    },
    RegionOfInfluence.transport(0.1, 3): {
        "kind": "transport",
        "diffusivity": 0.1,
        "decay": 3.0,
        "tolerance": 0.2,
        "smooth": 0.5,
    },
}
by_kind = pytest.mark.parametrize("region", list(DESCRIPTIONS), ids=str)


@by_kind
def test_descriptions_say_all(region):
    """In the order of the fields, numbers as floats: runs are known by the text of it."""
    assert list(region.to_dict().items()) == list(DESCRIPTIONS[region].items())
    again = RegionOfInfluence.from_dict(region.to_dict())
    assert again == region and hash(again) == hash(region) and type(again) is type(region)
    assert isinstance(region, RegionOfInfluence)
    assert all(type(value) in (str, float) for value in region.to_dict().values())
    with pytest.raises(FrozenInstanceError):
        region.radius = 2.0


def test_kinds_are_classes():
    assert RegionOfInfluence.ball(0.8, spacing=0.2) == Ball(radius=0.8, spacing=0.2)
    assert RegionOfInfluence.ellipsoid(along=2, across=1) == Ellipsoid(2.0, 1.0)
    assert RegionOfInfluence.transport(0.1, 3, tolerance=0.1) == TransportRegion(0.1, 3.0, 0.1)
    assert RegionOfInfluence.ball(1.0) != RegionOfInfluence.ellipsoid(1.0, 1.0)


@by_kind
def test_half_axes_at_rest_and_in_motion(region):
    along, across = region.half_axes([0.0, 0.3, 2.0])
    np.testing.assert_allclose(across, region.lateral, rtol=1e-15)
    assert along[0] == pytest.approx(region.lateral, rel=1e-14)
    assert (np.ptp(along) > 0) == region.moves_with_flow == (region.kind != "ball")


@by_kind
def test_in_other_units_clouds_are_the_same(region):
    length, velocity = 0.028, 3.0
    flow = random_flow(2, 60)
    other = replace(flow, points=flow.points * length, velocity=flow.velocity * velocity)
    clouds, same = region.clouds(flow), region.in_units(length, velocity).clouds(other)
    np.testing.assert_array_equal(same.neighbours, clouds.neighbours)
    np.testing.assert_allclose(same.positions, length * clouds.positions, rtol=1e-9, atol=1e-12)


def test_a_spacing_survives_a_change_of_units():
    """At a quarter of the radius, whatever either is rounded to."""
    for length in np.random.default_rng(0).uniform(1e-3, 1e3, 200):
        region = RegionOfInfluence.ball(0.3, spacing=0.075).in_units(length, 1.0)
        assert region.spacing == pytest.approx(region.radius / 4, rel=1e-15)


@pytest.mark.parametrize(
    "description, message",
    [
        (
            {"kind": "ball", "size": 1},
            "unknown key 'size'; known are: kind, radius, spacing",
        ),
        ({"kind": "ball"}, "region of kind 'ball': missing 1 required .* 'radius'"),
        ({"radius": 1}, "kind: expected one of transport, ball, ellipsoid, got None"),
        (
            {"kind": "ellipsoid", "along": True, "across": 1},
            "along: expected a positive number, got True",
        ),
        (
            {"kind": "transport", "diffusivity": 0.1, "decay": float("inf")},
            "decay: expected a positive number, got inf",
        ),
        (
            {"kind": "transport", "diffusivity": 0.1, "decay": 1, "tolerance": 1},
            "tolerance: expected a number between 0 and 1, got 1.0",
        ),
    ],
)
def test_descriptions_that_are_refused(description, message):
    with pytest.raises(InputError, match=message):
        RegionOfInfluence.from_dict(description)
