"""Flows told in units of their turbulence: no unit is left, closures turn as before."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vcnn import Closure, FlowField, InputError, RegionOfInfluence, VectorCloudNetwork
from vcnn.closure import (
    TURBULENCE_INPUTS,
    BaselineCorrection,
    Differentiable,
    TurbulenceUnits,
    over_model,
    turbulence_inputs,
    turbulence_velocity,
)
from vcnn.closure.requirements import check_differentiable
from vcnn.closure.scales import Scales

POWERS = {  # of length and velocity
    "turbulent_kinetic_energy": (0, 2),
    "turbulent_time_scale": (1, -1),
    "eddy_viscosity": (1, 1),
    "strain_rate": (-1, 1),
    "wall_distance": (1, 0),
}


def model_flow(count=60, seed=0):
    """What a k-omega model might say at points of the plane; two of them at a wall."""
    rng = np.random.default_rng(seed)
    scalars = dict(zip(POWERS, rng.uniform(0.1, 1, (len(POWERS), count)), strict=True))
    for name in ("turbulent_kinetic_energy", "turbulent_time_scale", "wall_distance"):
        scalars[name][:2] = 0
    return FlowField(
        rng.uniform(0, 1, (count, 2)),
        rng.normal(size=(count, 2)),
        rng.uniform(0.5, 1, count),
        scalars=scalars,
        parameters={"viscosity": 0.01},
    )


def in_units(flow, length, velocity):
    """The same flow by other rulers and clocks."""
    return replace(
        flow,
        points=flow.points * length,
        velocity=flow.velocity * velocity,
        weights=flow.weights * length**2,
        scalars={
            n: v * length**a * velocity**b for n, v in flow.scalars.items() for a, b in [POWERS[n]]
        },
        parameters={"viscosity": flow.parameters["viscosity"] * length * velocity},
    )


def closure(units=None):
    kinds = {"correction": "positive_scalar", "relative_anisotropy": "traceless_symmetric_tensor"}
    network = VectorCloudNetwork(
        TURBULENCE_INPUTS, output=list(kinds.values()), fits=0, fitting=(16,), seed=3
    )
    with torch.no_grad():
        network.fitting[-1].weight.mul_(10)
    scales = Scales(
        scalars=dict.fromkeys(TURBULENCE_INPUTS, (0.0, 1.0)), targets=((0.0, 1.0), (0.0, 1.0))
    )
    region = RegionOfInfluence.ball(0.5, smooth=0.0)
    units = {"velocity": "turbulence"} if units is None else units
    return Closure(
        network.double(), region, tuple(kinds), 2, scales, units=units, usage={"bounds": [0.2, 5.0]}
    )


def test_in_the_layer_near_walls_ratios_are_those_of_equilibrium():
    """k = u²/0.3, ω = u / (0.3 κ d), |S| = u / (κ d), ν_t = κ u d, all in units of the flow."""
    friction, kappa, nu = 0.05, 0.41, 1e-5
    d = np.array([0.01, 0.1, 0.3])
    scalars = {
        "turbulent_kinetic_energy": np.full(3, friction**2 / 0.3),
        "turbulent_time_scale": 0.3 * kappa * d / friction,
        "eddy_viscosity": kappa * friction * d,
        "strain_rate": friction / (kappa * d),
        "wall_distance": d,
    }
    points = np.stack([d, d], axis=1)
    flow = FlowField(points, 0 * points, np.ones(3), scalars=scalars, parameters={"viscosity": nu})
    inputs = turbulence_inputs(flow)
    assert tuple(inputs) == TURBULENCE_INPUTS
    d_plus = friction * d / nu
    exact = {
        "wall_turbulence": d_plus / (d_plus + 50 * np.sqrt(0.3)),
        "viscosity_ratio": kappa * d_plus / (kappa * d_plus + 10),
        "strain_ratio": 0.5,
        "length_ratio": 0.5,
        "energy_ratio": 0.5,
    }
    for name, values in inputs.items():
        # β* = 0.09, κ = 0.41 give 2.495 where 2.5 is taken
        np.testing.assert_allclose(values, exact[name], rtol=2e-3 if "length" in name else 1e-14)


def test_the_velocity_of_turbulence_is_a_mean_over_turbulence():
    """Still fluid beside it changes nothing, in whatever volume."""
    flow = model_flow()
    k, w = flow.scalars["turbulent_kinetic_energy"], flow.weights
    assert turbulence_velocity(flow) == pytest.approx(np.sqrt((w * k**2).sum() / (w * k).sum()))
    weights = np.where(k > 0, w, 1000 * w)
    assert turbulence_velocity(replace(flow, weights=weights)) == turbulence_velocity(flow)


def test_inputs_are_the_same_in_all_units_and_between_0_and_1():
    flow = model_flow()
    inputs, others = turbulence_inputs(flow), turbulence_inputs(in_units(flow, 1e-3, 30.0))
    for name, values in inputs.items():
        assert (values >= 0).all() and (values < 1).all(), name
        np.testing.assert_allclose(others[name], values, rtol=1e-13, atol=1e-300)


def test_predictions_have_the_units_of_the_flow():
    """β has none, of a the square of a velocity is one; the unit of length is the closure's."""
    flow, model = model_flow(), model_flow(seed=1)
    one = over_model(closure(), model)
    other = over_model(closure().in_units(1e-3, 1.0), in_units(model, 1e-3, 30.0))
    values, theirs = one.predict(flow), other.predict(in_units(flow, 1e-3, 30.0))
    assert one.targets == {
        "eddy_viscosity": "positive_scalar",
        "anisotropy": "traceless_symmetric_tensor",
    }
    assert np.ptp(values["eddy_viscosity"] / model.scalars["eddy_viscosity"]) > 0.1
    assert (values["anisotropy"][:2] == 0).all() and np.abs(values["anisotropy"][2:]).min() > 0
    for name, factor in (("eddy_viscosity", 0.03), ("anisotropy", 900.0)):
        size = np.abs(values[name]).max()
        np.testing.assert_allclose(theirs[name] / factor, values[name], atol=1e-12 * size)
    with pytest.raises(InputError, match="velocity: expected 1, got 30: the closure is told"):
        closure().in_units(1e-3, 30)


def test_predictions_turn_with_the_frame():
    flow, model, made = model_flow(), model_flow(seed=1), closure()
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    here = over_model(made, model).predict(flow)
    there = over_model(made, model.rotated(turn)).predict(flow.rotated(turn))
    np.testing.assert_allclose(there["eddy_viscosity"], here["eddy_viscosity"], rtol=1e-12)
    a, size = here["anisotropy"], np.abs(here["anisotropy"]).max()
    np.testing.assert_allclose(there["anisotropy"], turn @ a @ turn.T, atol=1e-12 * size)


def test_it_is_told_nothing_but_turbulence():
    """The units of its flow, the viscosity and other scalars are not for the network."""
    flow, model = model_flow(), model_flow(seed=1)
    adapter = TurbulenceUnits(closure(), model)
    told = adapter.prepare(flow)
    assert adapter.needs == () and not told.parameters
    speed = turbulence_velocity(model)
    np.testing.assert_array_equal(told.velocity, flow.velocity / speed)
    for name, values in turbulence_inputs(model).items():
        np.testing.assert_array_equal(told.scalars[name], values)
    some = np.arange(0, len(flow), 7)
    values, parts = adapter.predict(flow), adapter.predict(flow, some)
    size = np.abs(values["anisotropy"]).max()
    np.testing.assert_allclose(
        parts["anisotropy"], values["anisotropy"][some], rtol=0, atol=1e-14 * size
    )


@pytest.mark.parametrize("trust", [None, 0.4, np.linspace(0, 1, 60)])
def test_a_correction_is_differentiated_by_the_velocity(trust):
    """Beside what is predicted, and beside central differences of it."""
    flow, model = model_flow(), model_flow(seed=1)
    made = over_model(closure(), model)
    made = replace(made, trust=trust)
    assert isinstance(made, Differentiable)
    check_differentiable(made)
    predict, direction = made.differentiable(flow), np.random.default_rng(5).normal(size=(60, 2))
    velocity = torch.from_numpy(flow.velocity.copy()).requires_grad_()
    values, known = predict(velocity), made.predict(flow)
    h = 1e-6
    for name, tensor in values.items():
        size = np.abs(known[name]).max()
        np.testing.assert_allclose(tensor.detach().numpy(), known[name], atol=1e-14 * size)
        load = torch.from_numpy(np.random.default_rng(6).normal(size=tensor.shape))
        (slope,) = torch.autograd.grad((load * tensor).sum(), velocity, retain_graph=True)
        ends = [
            (
                load.numpy()
                * made.predict(replace(flow, velocity=flow.velocity + s * direction))[name]
            )
            for s in (h, -h)
        ]
        difference = (ends[0].sum() - ends[1].sum()) / (2 * h)
        assert (slope.numpy() * direction).sum() == pytest.approx(difference, rel=1e-7)


def test_where_it_is_not_trusted_the_model_is_left():
    """With no anisotropy, and with parts of both in between."""
    flow, model = model_flow(), model_flow(seed=1)
    made, share = over_model(closure(), model), np.linspace(0, 1, 60)
    whole, part = (replace(made, trust=trust).predict(flow) for trust in (None, share))
    nu_0 = model.scalars["eddy_viscosity"]
    np.testing.assert_allclose(
        part["eddy_viscosity"], nu_0 + share * (whole["eddy_viscosity"] - nu_0), rtol=1e-12
    )
    assert np.abs(whole["anisotropy"]).max() > 0 and not part["anisotropy"][0].any()
    np.testing.assert_allclose(
        part["anisotropy"], share[:, None, None] * whole["anisotropy"], rtol=1e-12
    )


def test_asked_without_a_model_it_says_who_tells_it():
    with pytest.raises(InputError, match=r"by vcnn.closure.over_model, needs scalars wall_turbul"):
        closure().predict(model_flow())


def test_only_closures_in_its_units_are_told_the_flow_in_them():
    model = model_flow()
    with pytest.raises(InputError, match="wall_turbulence"):
        over_model(closure(units={"velocity": "bulk"}), model).check(model)
    over_model(closure(), model).check(model)


@pytest.mark.parametrize("name", [*POWERS, "viscosity"])
def test_a_flow_of_another_model_is_refused_by_what_it_lacks(name):
    flow = model_flow()
    scalars = {key: values for key, values in flow.scalars.items() if key != name}
    parameters = {} if name == "viscosity" else flow.parameters
    with pytest.raises(InputError, match=name):
        over_model(closure(), replace(flow, scalars=scalars, parameters=parameters))


def test_a_laminar_flow_and_other_points_are_refused():
    flow = model_flow()
    laminar = flow.with_fields(scalars={"turbulent_kinetic_energy": np.zeros(60)})
    with pytest.raises(InputError, match="laminar"):
        over_model(closure(), laminar)
    with pytest.raises(InputError, match="59 points where"):
        TurbulenceUnits(closure(), flow).predict(model_flow(59))


def test_what_cannot_be_differentiated_says_so():
    flow = model_flow()
    smooth = BaselineCorrection(closure(), np.ones(60), smooth=lambda values: values)
    with pytest.raises(InputError, match="smooth"):
        smooth.differentiable(flow)
    plain = BaselineCorrection(lambda flow: np.ones(60), np.ones(60))
    with pytest.raises(InputError, match=r"can be differentiated, such as a vcnn\.Closure"):
        plain.differentiable(flow)
