"""Several closures as one: their mean, how they differ, and that they are of one kind."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.vcnn.test_adapters import Known, closure, quarter
from vcnn import InputError
from vcnn.closure import (
    BaselineCorrection,
    ClosureEnsemble,
    Differentiable,
    MeasuresExtrapolation,
    MirroredSection,
)


def members(count=3):
    """Networks that differ in their last layer."""
    made = []
    for seed in range(count):
        made.append(closure())
        with torch.no_grad():
            for parameter in made[-1].network.fitting[-1].parameters():
                noise = torch.Generator().manual_seed(seed)
                parameter += 0.1 * torch.randn(parameter.shape, generator=noise)
    return made


def test_it_says_the_mean_and_how_they_differ():
    flow, made = quarter(), members()
    ensemble = ClosureEnsemble(made[0], made[1:])
    each = [one.predict(flow) for one in made]
    values, spread = ensemble.predict(flow), ensemble.spread(flow)
    assert set(values) == {"beta", "anisotropy"}
    for name, value in values.items():
        parts = np.stack([one[name] for one in each])
        np.testing.assert_allclose(value, parts.mean(axis=0), rtol=1e-14, atol=1e-300)
        apart = parts - parts.mean(axis=0)
        square = (apart.reshape(3, len(flow), -1) ** 2).sum(axis=(0, 2)) / 2
        np.testing.assert_allclose(spread[name], np.sqrt(square), rtol=1e-12)
        assert (spread[name] > 0).all()
    some = np.array([5, 1])
    np.testing.assert_allclose(ensemble.predict(flow, some)["beta"], values["beta"][some], 1e-14)


def test_one_alone_is_itself():
    flow, one = quarter(), closure()
    ensemble = ClosureEnsemble(one)
    for name, value in one.predict(flow).items():
        np.testing.assert_array_equal(ensemble.predict(flow)[name], value)
        assert (ensemble.spread(flow)[name] == 0).all()


def test_the_mean_turns_with_the_frame():
    flow, made = quarter(), members()
    ensemble = ClosureEnsemble(made[0], made[1:])
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    here, there = ensemble.predict(flow), ensemble.predict(flow.rotated(turn))
    size = np.abs(here["anisotropy"]).max()
    np.testing.assert_allclose(
        there["anisotropy"], turn @ here["anisotropy"] @ turn.T, atol=1e-12 * size
    )
    np.testing.assert_allclose(there["beta"], here["beta"], rtol=1e-12)
    for name, value in ensemble.spread(flow).items():
        np.testing.assert_allclose(ensemble.spread(flow.rotated(turn))[name], value, rtol=1e-9)


def test_it_is_differentiated_by_the_velocity_inside_other_adapters():
    flow, made = quarter(40), members()
    ensemble = ClosureEnsemble(made[0], made[1:])
    adapter = BaselineCorrection(MirroredSection(ensemble), np.full(40, 2.0))
    assert isinstance(ensemble, Differentiable)
    velocity = torch.from_numpy(flow.velocity.copy()).requires_grad_()
    values, known = adapter.differentiable(flow)(velocity), adapter.predict(flow)
    rng, h = np.random.default_rng(4), 1e-6
    direction = rng.normal(size=flow.velocity.shape)
    for name, tensor in values.items():
        size = np.abs(known[name]).max()
        np.testing.assert_allclose(tensor.detach().numpy(), known[name], atol=1e-14 * size)
        (slope,) = torch.autograd.grad(tensor.sum(), velocity, retain_graph=True)
        ends = [
            adapter.predict(replace(flow, velocity=flow.velocity + s))[name].sum()
            for s in (h * direction, -h * direction)
        ]
        assert (slope.numpy() * direction).sum() == pytest.approx(
            (ends[0] - ends[1]) / (2 * h), rel=1e-6, abs=1e-9 * size
        )


def test_it_extrapolates_where_one_of_them_does():
    flow = quarter(4)
    distances = np.array([[0.5, 2.0, 0.1, 1.0], [1.5, 0.2, 0.3, 1.0]])
    ensemble = ClosureEnsemble(
        *[Known(np.ones(4), distances[0]), [Known(np.ones(4), distances[1])]]
    )
    assert isinstance(ensemble, MeasuresExtrapolation)
    np.testing.assert_array_equal(ensemble.extrapolation(flow), [1.5, 2.0, 0.3, 1.0])


@pytest.mark.parametrize(
    "change",
    [
        {"target": ("beta", "reynolds_stress")},
        {"usage": {"bounds": [0.1, 2.0]}},
        {"units": {"length": "m"}},
    ],
)
def test_closures_of_other_kinds_are_refused(change):
    name = {"target": "targets"}.get(*change, *change)
    with pytest.raises(
        InputError, match=f"others: expected closures of one kind, number 3 has {name}"
    ):
        ClosureEnsemble(closure(), [closure(), replace(closure(), **change)])
