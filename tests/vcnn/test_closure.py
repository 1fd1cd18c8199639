"""Closures: exact files, clear refusals, predictions that do not depend on blocks."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import vcnn.closure.evaluator
from tests.support.synthetic import random_flow
from vcnn import (
    Closure,
    DivergenceError,
    FlowField,
    InputError,
    RegionOfInfluence,
    Scales,
    VectorCloudNetwork,
    Zhou2022,
)

REGION = RegionOfInfluence.transport(diffusivity=0.1, decay=3.0)
SCALARS = ("strain_rate", "wall_distance")


def make_closure(flow, **changes):
    network = VectorCloudNetwork(SCALARS, seed=4).eval()
    scales = Scales.of([flow], REGION, network, ["concentration"])
    return Closure(
        network,
        REGION,
        "concentration",
        flow.dimension,
        scales,
        {"length": "H"},
        {"seed": 4},
        **changes,
    )


def test_saved_closure_predicts_the_same_bits(tmp_path):
    flow = random_flow(2, periodic=True)
    closure = make_closure(flow)
    path = closure.save(tmp_path / "model.safetensors")
    again = Closure.load(path)
    np.testing.assert_array_equal(again.predict(flow), closure.predict(flow))
    assert again.units == {"length": "H"} and again.provenance == {"seed": 4}
    assert again.region == closure.region and again.scales == closure.scales
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]
    (tmp_path / "any").touch()
    assert (
        path.stat().st_mode == (tmp_path / "any").stat().st_mode
    )  # readable for whom other files are


def test_prediction_does_not_depend_on_block_sizes(monkeypatch):
    flow = random_flow(2, n=300)
    closure = make_closure(flow)
    whole = closure.predict(flow, dtype=torch.float64)
    monkeypatch.setattr(vcnn.closure.evaluator, "ROWS", 64)
    np.testing.assert_allclose(closure.predict(flow, dtype=torch.float64), whole, rtol=1e-12)
    some = np.array([250, 3, 77])
    np.testing.assert_allclose(
        closure.predict(flow, some, dtype=torch.float64), whole[some], rtol=1e-12
    )


def test_scales_follow_units():
    """The same flow in other units (length x 1000, velocity x 36) gives the same prediction."""
    a, b = 1000.0, 36.0
    flow = random_flow(2, periodic=True)
    scalars = {
        **flow.scalars,
        "strain_rate": flow.scalars["strain_rate"] * b / a,
        "wall_distance": flow.scalars["wall_distance"] * a,
    }
    other = FlowField(
        flow.points * a,
        flow.velocity * b,
        flow.weights * a * a,
        scalars,
        periods=[p * a for p in flow.periods],
    )
    region = RegionOfInfluence.transport(diffusivity=0.1 * a * b, decay=3.0 * b / a)
    closure = make_closure(flow)
    rescaled = Closure(
        closure.network,
        region,
        "concentration",
        2,
        Scales.of([other], region, closure.network, ["concentration"]),
    )
    np.testing.assert_allclose(
        rescaled.predict(other, dtype=torch.float64),
        closure.predict(flow, dtype=torch.float64),
        rtol=1e-10,
    )


@pytest.mark.parametrize(
    "region", [REGION, RegionOfInfluence.ball(0.8, spacing=0.2)], ids=lambda r: r.kind
)
def test_a_closure_in_other_units(region):
    """Millimetres and km/h: what it predicts has the dimension of the target, for any region."""
    a, b = 1000.0, 3.6
    flow = random_flow(2, periodic=True)
    flow = flow.with_fields(scalars={"sst_nut": 0.1 + flow.scalars["wall_distance"] ** 2})
    network = VectorCloudNetwork(
        SCALARS, ["pressure_gradient"], output="positive_scalar", seed=4
    ).eval()
    closure = Closure(
        network, region, "sst_nut", 2, Scales.of([flow], region, network, ["sst_nut"])
    )
    s, v = flow.scalars, flow.vectors
    other = FlowField(
        flow.points * a,
        flow.velocity * b,
        flow.weights * a * a,
        {"strain_rate": s["strain_rate"] * b / a, "wall_distance": s["wall_distance"] * a},
        {"pressure_gradient": v["pressure_gradient"] * b * b / a},
        periods=[p * a for p in flow.periods],
    )
    found = closure.in_units(length=a, velocity=b).predict(other, dtype=torch.float64)
    np.testing.assert_allclose(
        found, a * b * closure.predict(flow, dtype=torch.float64), rtol=1e-10
    )


def test_units_that_cannot_be():
    flow = random_flow(2)
    closure = make_closure(flow)
    with pytest.raises(InputError, match=r"length: expected a positive number, got -1"):
        closure.in_units(-1, 1)
    network = VectorCloudNetwork(["humidity"])
    strange = Closure(network, REGION, "concentration", 2, Scales(scalars={"humidity": (0.0, 1.0)}))
    with pytest.raises(InputError, match="units: the dimension of 'humidity' is not known"):
        strange.in_units(1, 1)
    with pytest.raises(
        InputError, match="units: the network 'zhou2022' takes published units only"
    ):
        Closure(Zhou2022(), REGION, "concentration", 2).in_units(1, 1)


def test_refusals(tmp_path):
    flow = random_flow(2)
    closure = make_closure(flow)
    with pytest.raises(InputError, match="trained on 2-D flows, this flow is 3-D"):
        closure.predict(random_flow(3))
    with pytest.raises(
        InputError, match="the model needs scalars strain_rate, wall_distance; the flow has: none"
    ):
        closure.predict(FlowField(flow.points, flow.velocity))
    with pytest.raises(InputError, match=r"saved as \.safetensors"):
        closure.save(tmp_path / "model.pt")
    path = closure.save(tmp_path / "model.safetensors")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"model\.safetensors: truncated"):
        Closure.load(path)
    save_file({"a": torch.zeros(3)}, tmp_path / "foreign.safetensors")
    with pytest.raises(InputError, match=r"foreign\.safetensors: .* not written by this package"):
        Closure.load(tmp_path / "foreign.safetensors")
    with pytest.raises(InputError, match="no such file"):
        Closure.load(tmp_path / "none.safetensors")


def test_non_finite_predictions_stop():
    flow = random_flow(2)
    closure = make_closure(flow)
    with torch.no_grad():
        closure.network.fitting[0].weight.fill_(torch.inf)
    with pytest.raises(DivergenceError, match="concentration: 120 values are NaN"):
        closure.predict(flow)
