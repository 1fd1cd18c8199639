"""Closures made of closures: what they give is what their formulas say, in any frame."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vcnn import Closure, FlowField, InputError, RegionOfInfluence
from vcnn.closure import (
    BaselineCorrection,
    ClosureLike,
    MirroredSection,
    NearWall,
    mirror_images,
    trust,
)
from vcnn.closure.scales import Scales
from vcnn.network import PairEmbeddingNetwork

USAGE = {"bounds": [0.5, 1.5], "layer": 0.2, "damping": 26.0}
NORMALS = ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def closure(scalars=("wall_distance",), targets=("beta", "anisotropy")):
    """A network with random weights, for flows in space: that of the shipped duct model."""
    kinds = {"beta": "positive_scalar", "anisotropy": "traceless_symmetric_tensor"}
    output = [kinds.get(name, "positive_scalar") for name in targets]
    network = PairEmbeddingNetwork(scalars, output=output, embedding=8, fitting=(16,), seed=3)
    with torch.no_grad():
        network.fitting[-1].weight.mul_(100)  # else the bias is most of what it says
    scales = Scales(scalars=dict.fromkeys(scalars, (0.0, 1.0)), targets=((0.0, 1.0),) * len(output))
    region = RegionOfInfluence.ball(0.5)
    return Closure(network.double(), region, targets, 3, scales, usage=USAGE)


def quarter(count=60, seed=0):
    """A part of a section, y and z > 0, with walls at 1."""
    rng = np.random.default_rng(seed)
    points = np.pad(rng.uniform(0, 1, (count, 2)), ((0, 0), (1, 0)))
    wall = 1 - points.max(axis=1)
    velocity = rng.normal(size=(count, 3))
    return FlowField(
        points,
        velocity,
        rng.uniform(0.5, 1, count),
        scalars={"wall_distance": wall},
        parameters={"viscosity": 0.01},
    )


class Known:
    """A closure that says the same β of every flow, and how far it extrapolates."""

    def __init__(self, beta, extrapolation=0.0):
        self.targets = {"correction": "scalar"}
        self.beta, self.distance = beta, extrapolation

    def predict(self, flow, centres=None, dtype=None):
        return {"correction": self.beta if centres is None else self.beta[centres]}

    def extrapolation(self, flow, centres=None):
        return self.distance


# -- corrections


def test_a_correction_is_a_factor_of_its_baseline():
    flow, rng = quarter(), np.random.default_rng(1)
    beta, baseline, trusted = rng.uniform(0, 2, (3, len(flow)))
    trusted /= 2
    some = np.arange(0, len(flow), 7)
    made = BaselineCorrection(Known(beta), baseline)
    np.testing.assert_array_equal(made.predict(flow)["eddy_viscosity"], beta * baseline)
    bounded = BaselineCorrection(Known(beta), baseline, bounds=(0.5, 1.5), trust=trusted)
    expected = (1 + trusted * (np.clip(beta, 0.5, 1.5) - 1)) * baseline
    np.testing.assert_array_equal(bounded.predict(flow)["eddy_viscosity"], expected)
    reverse = BaselineCorrection(Known(beta), baseline, smooth=lambda values: values[::-1])
    np.testing.assert_array_equal(
        reverse.predict(flow, some)["eddy_viscosity"], (beta[::-1] * baseline)[some]
    )
    for adapter in (made, bounded):
        assert isinstance(adapter, ClosureLike) and adapter.targets == {"eddy_viscosity": "scalar"}
        np.testing.assert_array_equal(
            adapter.predict(flow, some)["eddy_viscosity"],
            adapter.predict(flow)["eddy_viscosity"][some],
        )


def test_what_is_predicted_beside_a_correction_stays():
    flow = quarter()
    inner = closure()
    made = BaselineCorrection(inner, np.full(len(flow), 2.0))
    assert made.targets == {
        "eddy_viscosity": "positive_scalar",
        "anisotropy": "traceless_symmetric_tensor",
    }
    values, known = made.predict(flow), inner.predict(flow)
    np.testing.assert_array_equal(values["anisotropy"], known["anisotropy"])
    np.testing.assert_array_equal(  # the bounds that the closure states
        values["eddy_viscosity"], 2 * np.clip(known["beta"], 0.5, 1.5)
    )
    assert np.ptp(values["eddy_viscosity"]) > 0
    assert made.needs == ("wall_distance",) and made.dimension == 3 and made.reach == 0.5


def test_a_plain_factor_is_a_correction():
    flow = quarter()
    made = BaselineCorrection(lambda flow: 1 + flow.scalars["wall_distance"], np.ones(len(flow)))
    np.testing.assert_array_equal(
        made.predict(flow)["eddy_viscosity"], 1 + flow.scalars["wall_distance"]
    )


def test_trust_falls_from_one_to_zero_between_extrapolations_of_one_and_two():
    distance = np.array([0.0, 1.0, 1.25, 1.5, 1.75, 2.0, 7.0])
    expected = [1, 1, 0.84375, 0.5, 0.15625, 0, 0]
    np.testing.assert_allclose(trust(Known(None, distance), quarter()), expected, rtol=1e-15)


@pytest.mark.parametrize(("share", "used"), [(0.39, True), (0.41, False)])
def test_a_correction_of_a_part_of_the_turbulence_is_none(share, used):
    """What counts is the production ν_t |S|², not the volume: most of it is trusted here."""
    flow = quarter(7)
    distance = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 7.0])
    production = np.append(np.full(6, (1 - share) / 6), share)
    scalars = {"eddy_viscosity": 4 * production / flow.weights, "strain_rate": np.full(7, 0.5)}
    expected = np.where(distance > 1, 0, 1) if used else np.zeros(7)
    known = flow.with_fields({**flow.scalars, **scalars})
    np.testing.assert_array_equal(trust(Known(None, distance), known), expected)
    scalars["eddy_viscosity"] = np.zeros(7)  # laminar: there is nothing to correct
    still = flow.with_fields({**flow.scalars, **scalars})
    np.testing.assert_array_equal(trust(Known(None, distance), still), np.where(distance > 1, 0, 1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BaselineCorrection(Known(0), -np.ones(3)), "baseline: expected eddy viscosities"),
        (lambda: BaselineCorrection(Known(0), np.ones((3, 2))), "baseline: expected eddy"),
        (lambda: BaselineCorrection(Known(0), np.ones(3), trust=2.0), "trust: expected one number"),
        (lambda: BaselineCorrection(Known(0), np.ones(3), trust=np.ones(4)), "trust: expected"),
        (
            lambda: BaselineCorrection(closure(targets=("nut",)), np.ones(3)),
            r"closure: predicts nut; expected one correction \(named correction or beta\)",
        ),
        (lambda: BaselineCorrection("beta", np.ones(3)), "closure: expected a vcnn.Closure"),
        (
            lambda: BaselineCorrection(Known(np.ones(60)), np.ones(59)).predict(quarter()),
            "baseline: expected an eddy viscosity for each of the 60 points of the flow, got 59",
        ),
        (
            lambda: BaselineCorrection(closure(), np.ones(60)).extrapolation(quarter()),
            "extrapolation: the model does not say which clouds it was trained on",
        ),
        (
            lambda: BaselineCorrection(np.ones(60), np.ones(60)).extrapolation(quarter()),
            "extrapolation: the closure does not know what it was trained on",
        ),
    ],
)
def test_corrections_that_make_no_sense(make, message):
    with pytest.raises(InputError, match=message):
        make()


# -- parts of symmetric flows


def test_a_mirrored_part_is_the_whole_flow():
    """Predictions in the quarter are those in the whole section, and a mirror image of the quarter
    has their mirror images; without the images they are others.
    """
    part, inner = quarter(), closure()
    whole = mirror_images(part, NORMALS)
    assert len(whole) == 4 * len(part) and whole.parameters == part.parameters
    np.testing.assert_array_equal(whole.points[: len(part)], part.points)
    np.testing.assert_allclose(whole.velocity.mean(axis=0)[1:], 0, atol=1e-15)
    values, known = MirroredSection(inner).predict(part), inner.predict(whole)
    alone = inner.predict(part)
    for name in ("beta", "anisotropy"):
        np.testing.assert_allclose(  # clouds go through the network in other groups
            values[name], known[name][: len(part)], rtol=1e-12
        )
        assert np.abs(values[name] - alone[name]).max() > 1e-3
    image = MirroredSection(inner).predict(part.reflected((0, 1, 0)))
    R = np.diag([1.0, -1.0, 1.0])
    np.testing.assert_allclose(image["anisotropy"], R @ values["anisotropy"] @ R, atol=1e-12)


def test_a_point_on_a_plane_of_symmetry_is_its_own_image():
    part = quarter()
    points, velocity = part.points.copy(), part.velocity.copy()
    points[0, 1] = velocity[0, 1] = 0.0  # on the plane, and moving in it
    part = replace(part, points=points, velocity=velocity)
    a = MirroredSection(closure()).predict(part)["anisotropy"][0]
    scale = np.abs(a).max()
    assert scale > 1e-3
    assert max(abs(a[0, 1]), abs(a[1, 2])) < 1e-12 * scale < abs(a[0, 2])


def test_planes_of_symmetry_turn_with_the_frame():
    part, inner = quarter(), closure()
    R, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))
    turned = MirroredSection(inner, [R @ normal for normal in NORMALS])
    values = MirroredSection(inner).predict(part)
    found = turned.predict(part.rotated(R))
    np.testing.assert_allclose(found["beta"], values["beta"], rtol=1e-11)
    np.testing.assert_allclose(found["anisotropy"], R @ values["anisotropy"] @ R.T, atol=1e-11)


@pytest.mark.parametrize(
    ("normals", "message"),
    [
        ([(0, 1)], "normals: expected vectors of 3 numbers"),
        ([(0, 0, 0)], "normals: expected vectors of 3 numbers"),
        ([(0, 1, 0), (0, 1, 1)], "normals: expected planes of symmetry that are orthogonal"),
        ([(0, 1, -1)], "normals: the flow lies on both sides of the plane"),
    ],
)
def test_planes_that_are_none(normals, message):
    with pytest.raises(InputError, match=message):
        MirroredSection(closure(), normals).predict(quarter())


# -- near walls


def test_the_wall_layer_and_van_driest():
    flow, inner = quarter(), closure(scalars=("wall_distance", "layer"))
    made = NearWall(inner)
    assert (made.layer, made.damping) == (0.2, 26.0) and made.needs == ("wall_distance",)
    d = flow.scalars["wall_distance"]
    known = inner.predict(flow.with_fields(scalars={"layer": 1 - np.exp(-d / 0.2)}))
    values = made.predict(flow)
    np.testing.assert_array_equal(values["beta"], known["beta"])
    damping = 1 - np.exp(-d / 0.01 / 26)
    np.testing.assert_allclose(
        values["anisotropy"], damping[:, None, None] * known["anisotropy"], rtol=1e-14
    )
    some = np.arange(0, len(flow), 7)
    np.testing.assert_allclose(
        made.predict(flow, some)["anisotropy"], values["anisotropy"][some], rtol=1e-11
    )
    with pytest.raises(InputError, match="viscosity: expected it among the parameters"):
        made.predict(replace(flow, parameters={}))
    with pytest.raises(InputError, match="wall_distance: needed"):
        made.predict(replace(flow, scalars={}))
    with pytest.raises(InputError, match="layer: expected a positive number, got None"):
        NearWall(replace(inner, usage={}))
    with pytest.raises(InputError, match="damping: expected a positive number, got -1"):
        NearWall(inner, damping=-1)


# -- files


def test_a_file_says_what_its_closure_needs(tmp_path):
    inner = closure()
    inner.save(tmp_path / "model.safetensors")
    assert Closure.load(tmp_path / "model.safetensors").usage == USAGE
    replace(inner, usage={}).save(tmp_path / "plain.safetensors")
    assert Closure.load(tmp_path / "plain.safetensors").usage == {}
    for name in ("hill-correction", "duct-stress"):
        assert Closure.pretrained(name).usage["baseline"] == "eddy viscosity of k-omega SST"
    assert Closure.pretrained("hill-correction").usage["bounds"] == [0.25, 4.0]
    assert Closure.pretrained("hill-stress").usage == {}
