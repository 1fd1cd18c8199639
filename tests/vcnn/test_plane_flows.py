"""Closures for flows in space, asked about plane flows: nothing points across."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.vcnn.test_adapters import closure, quarter
from vcnn import FlowField, InputError, RegionOfInfluence
from vcnn.closure import MirroredSection, PlaneFlow, in_space


def plane_flow(count=40, seed=2):
    rng = np.random.default_rng(seed)
    scalars = {"wall_distance": rng.uniform(0.1, 1, count)}
    points, velocity = rng.uniform(0, 1, (count, 2)), rng.normal(size=(count, 2))
    tensors = {"velocity_gradient": rng.normal(size=(count, 2, 2))}
    return FlowField(
        points,
        velocity,
        rng.uniform(0.5, 1, count),
        scalars=scalars,
        tensors=tensors,
        periods=((2.0, 0.0),),
    )


def test_a_plane_flow_in_space_is_at_rest_across_its_plane():
    flow = plane_flow()
    space = in_space(flow)
    np.testing.assert_array_equal(space.points[:, :2], flow.points)
    np.testing.assert_array_equal(space.velocity[:, :2], flow.velocity)
    plane = space.tensors["velocity_gradient"][:, :2, :2]
    np.testing.assert_array_equal(plane, flow.tensors["velocity_gradient"])
    assert (space.points[:, 2] == 0).all() and (space.velocity[:, 2] == 0).all()
    gradient = space.tensors["velocity_gradient"]
    assert (gradient[:, 2] == 0).all() and (gradient[:, :, 2] == 0).all()
    np.testing.assert_array_equal(space.periods[0], (2.0, 0.0, 0.0))


def test_what_is_predicted_lies_in_the_plane():
    """The whole tensor has no shear across; less half its trace it acts on a plane flow alike."""
    flow, made = plane_flow(), PlaneFlow(closure())
    whole, values = closure().predict(in_space(flow)), made.predict(flow)
    np.testing.assert_array_equal(values["beta"], whole["beta"])
    a, size = whole["anisotropy"], np.abs(whole["anisotropy"]).max()
    assert np.abs(a[:, :2, 2]).max() < 1e-14 * size and np.abs(a[:, 2, 2]).max() > 1e-3 * size
    difference = a[:, :2, :2] - values["anisotropy"]
    isotropic = difference[:, 0, 0][:, None, None] * np.eye(2)
    np.testing.assert_allclose(difference, isotropic, atol=1e-14 * size)
    assert np.abs(np.trace(values["anisotropy"], axis1=1, axis2=2)).max() < 1e-14 * size
    some = np.array([7, 3, 30])
    np.testing.assert_allclose(
        made.predict(flow, some)["anisotropy"], values["anisotropy"][some], atol=1e-14 * size
    )


def test_predictions_turn_in_the_plane():
    flow, made = plane_flow(), PlaneFlow(closure())
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    here, there = made.predict(flow), made.predict(flow.rotated(turn))
    np.testing.assert_allclose(there["beta"], here["beta"], rtol=1e-12)
    size = np.abs(here["anisotropy"]).max()
    np.testing.assert_allclose(
        there["anisotropy"], turn @ here["anisotropy"] @ turn.T, atol=1e-12 * size
    )


@pytest.mark.parametrize("spacing", [None, 0.125])
@pytest.mark.parametrize("kind", ["plane", "mirrored"])
@pytest.mark.parametrize("centres", [None, [11, 2, 30]])
def test_they_are_differentiated_by_the_velocity(kind, centres, spacing):
    """Beside what they predict, and beside central differences of it."""
    flow = plane_flow() if kind == "plane" else quarter(40)
    made = PlaneFlow(closure()) if kind == "plane" else MirroredSection(closure())
    region = RegionOfInfluence.ball(0.5, spacing=spacing, smooth=0.5)
    made = replace(made, closure=replace(made.closure, region=region))
    centres = None if centres is None else np.array(centres)
    predict = made.differentiable(flow, centres)
    velocity = torch.from_numpy(flow.velocity.copy()).requires_grad_()
    values, known = predict(velocity), made.predict(flow, centres)
    rng, h = np.random.default_rng(4), 1e-6
    direction = rng.normal(size=flow.velocity.shape)
    for name, tensor in values.items():
        size = np.abs(known[name]).max()
        np.testing.assert_allclose(tensor.detach().numpy(), known[name], atol=1e-14 * size)
        load = rng.normal(size=tensor.shape)
        (slope,) = torch.autograd.grad(
            (torch.from_numpy(load) * tensor).sum(), velocity, retain_graph=True
        )
        ends = [
            (load * made.predict(replace(flow, velocity=flow.velocity + s), centres)[name]).sum()
            for s in (h * direction, -h * direction)
        ]
        difference = (ends[0] - ends[1]) / (2 * h)
        assert (slope.numpy() * direction).sum() == pytest.approx(difference, rel=1e-7)


def test_a_flow_in_space_is_refused():
    with pytest.raises(InputError, match="expected a plane one, of 2 dimensions, got 3"):
        PlaneFlow(closure()).predict(quarter())
