"""Several closures as one: their mean, how they differ, and that they are of one kind."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.vcnn.test_adapters import Known, closure, quarter
from vcnn import Closure, InputError, RegionOfInfluence
from vcnn.closure import (
    BaselineCorrection,
    Differentiable,
    Ensemble,
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
    ensemble = Ensemble(made)
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
    ensemble = Ensemble([one])
    for name, value in one.predict(flow).items():
        np.testing.assert_array_equal(ensemble.predict(flow)[name], value)
        assert (ensemble.spread(flow)[name] == 0).all()


def test_the_mean_turns_with_the_frame():
    flow, made = quarter(), members()
    ensemble = Ensemble(made)
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
    ensemble = Ensemble(made)
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
    ensemble = Ensemble([Known(np.ones(4), distance) for distance in distances])
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
        InputError, match=f"members: expected closures of one kind, number 3 has {name}"
    ):
        Ensemble([closure(), closure(), replace(closure(), **change)])


def test_it_is_kept_in_one_file(tmp_path):
    flow, made = quarter(), members()
    ensemble = Ensemble(made, {"beta": 2.0})
    path = ensemble.save(tmp_path / "ensemble.safetensors")
    again = Ensemble.load(path)
    for name, values in ensemble.predict_each(flow).items():
        np.testing.assert_array_equal(again.predict_each(flow)[name], values)
        np.testing.assert_array_equal(again.spread(flow)[name], ensemble.spread(flow)[name])
    plain = Ensemble(made).spread(flow)
    np.testing.assert_allclose(again.spread(flow)["beta"], 2 * plain["beta"], rtol=1e-15)
    mended = again.recalibrated({"beta": 3, "anisotropy": 2.0})
    assert mended.factors == {"beta": 6.0, "anisotropy": 2.0}
    Ensemble([made[0], made[0]], {"beta": np.float32(1.5)}).save(tmp_path / "twice.safetensors")
    with pytest.raises(InputError, match="several models in one"):
        Closure.load(path)
    single = made[0].save(tmp_path / "single.safetensors")
    with pytest.raises(InputError, match="a single model"):
        Ensemble.load(single)
    with pytest.raises(InputError, match=r"save: expected members of vcnn\.Closure, 1 is a Known"):
        Ensemble([Known(np.ones(4), np.ones(4))] * 2).save(path)


def test_members_are_asked_together_or_alone_alike(monkeypatch):
    """Clouds are found once; members that see others are asked one after the other."""
    flow, made = quarter(), members()
    count, clouds = [], RegionOfInfluence.stream
    monkeypatch.setattr(
        RegionOfInfluence, "stream", lambda *a, **k: count.append(1) or clouds(*a, **k)
    )
    together = Ensemble(made).predict_each(flow)
    assert len(count) == 1
    wide = replace(made[2], region=RegionOfInfluence.ball(0.9))
    apart = Ensemble([*made[:2], wide]).predict_each(flow)
    assert len(count) == 4
    for name, values in together.items():
        np.testing.assert_allclose(apart[name][:2], values[:2], rtol=1e-12, atol=1e-15)
        assert np.abs(apart[name][2] - values[2]).max() > 1e-6


@pytest.mark.parametrize("factors", [{"beta": 0.0}, {"gamma": 1.0}, 1.3, {"beta": "1.3"}])
def test_factors_are_positive_and_of_targets(factors):
    with pytest.raises(InputError, match=r"factors: expected .* beta"):
        Ensemble(members(), factors)


def test_an_ensemble_has_members():
    with pytest.raises(InputError, match="number 1 is an ensemble; expected its members"):
        Ensemble([Ensemble(members()), members()[0]])
    for none in ([], closure()):
        with pytest.raises(InputError, match="members: expected a list of closures, at least one"):
            Ensemble(none)
