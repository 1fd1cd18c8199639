"""What `fit` says of clouds and scales, what it refuses, and what it goes on from."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.support.synthetic import random_flow
from vcnn import (
    Closure,
    FlowField,
    InputError,
    RegionOfInfluence,
    TrainingConfig,
    VectorCloudNetwork,
    fit,
)
from vcnn.baselines import DeepSets
from vcnn.flow.quantities import factors
from vcnn.network import Symmetry
from vcnn.network.base import Network
from vcnn.training import loop

BALL = RegionOfInfluence.ball(0.6)
ONE = TrainingConfig(epochs=1, batch_size=64)
TARGET = "concentration"


def small_network(**options):
    return VectorCloudNetwork(["strain_rate"], channels=4, hidden=8, fitting=(8,), **options)


def told_in(flow, length, velocity):
    """The same flow where the units are others: millimetres for length = 1000."""
    by = factors(flow.scalars, length, velocity)
    scalars = {name: values * by[name] for name, values in flow.scalars.items()}
    return FlowField(length * flow.points, velocity * flow.velocity, flow.weights, scalars)


def said_by(flows, region=BALL, **options) -> list[str]:
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        fit(small_network(), flows, TARGET, region, ONE, progress=False, **options)
    return [str(note.message) for note in notes if note.category is UserWarning]


def weights(closure):
    return torch.cat([p.detach().flatten() for p in closure.network.parameters()])


def test_flows_of_one_scale_train_without_a_word():
    flows = [random_flow(2, seed=0), told_in(random_flow(2, seed=1), 1.5, 3.0)]
    assert said_by(flows) == []


def test_clouds_that_hold_hardly_a_point_are_named():
    """A flow in metres and the same in millimetres: a ball of the one holds one point there."""
    flow = random_flow(2)
    notes = said_by({"metres.vtu": flow, "millimetres.vtu": told_in(flow, 1000.0, 1.0)})
    (clouds,) = (note for note in notes if "points on average" in note)
    assert clouds.startswith("millimetres.vtu: its clouds hold 1.0 points on average")
    (extents,) = (note for note in notes if note.startswith("extents"))
    assert "millimetres.vtu" in extents and "factor of 1e+03" in extents


def test_a_radius_below_the_spacing_of_points_is_named():
    (note,) = said_by([random_flow(3)], RegionOfInfluence.ball(1e-6))
    assert note.startswith("flow 0: its clouds hold 1.0 points on average")


@pytest.mark.parametrize("ratio, warned", [(4.9, False), (5.1, True), (1 / 5.1, True)])
def test_velocities_that_differ_by_more_than_five_are_named_wherever_they_are(ratio, warned):
    flow, other = random_flow(2), told_in(random_flow(2), 1.0, ratio)
    for flows, validation in (({"a": flow, "b": other}, ()), ({"a": flow}, {"b": other})):
        notes = said_by(flows, validation=validation)
        assert len(notes) == warned
        if warned:
            assert notes[0].startswith("velocities of ") and "factor of 5.1" in notes[0]
            assert "a (" in notes[0] and "b (" in notes[0]


@pytest.mark.parametrize("parts, warned", [(4, True), (5.9, True), (6.1, False), (8, False)])
def test_a_lattice_that_predictions_will_show_is_named(parts, warned):
    notes = said_by([random_flow(2)], RegionOfInfluence.ball(0.6, spacing=0.6 / parts))
    assert [note.startswith("region: a spacing of") for note in notes] == [True] * warned
    assert not warned or "0.075 is an eighth" in notes[0]


def test_sizes_of_clouds_and_epochs_are_said_where_there_is_no_terminal(capsys):
    flows = {"a.vtu": random_flow(2, n=50), "b.vtu": random_flow(2, n=200)}
    config = TrainingConfig(epochs=45, batch_size=250)
    fit(small_network(), flows, TARGET, BALL, config)
    lines = capsys.readouterr().err.splitlines()
    for line, (name, flow) in zip(lines, flows.items(), strict=False):
        counts = BALL.clouds(flow).counts
        sizes = f"{counts.mean():.0f} points ({counts.min()} to {counts.max()})"
        assert line == f"clouds: {name}: {len(flow)} of {sizes}"
    epochs = [line for line in lines if line.startswith("epoch ")]
    assert [line.split(":")[0] for line in epochs][:3] == ["epoch 1/45", "epoch 3/45", "epoch 6/45"]
    assert len(epochs) <= 21 and epochs[-1].startswith("epoch 45/45: training loss ")
    fit(small_network(), flows, TARGET, BALL, config, progress=False)
    assert capsys.readouterr().err == ""


def test_of_many_flows_the_extremes_are_said(capsys):
    flows = {f"{n}": random_flow(2, n=n) for n in range(40, 60)}
    fit(small_network(), flows, TARGET, BALL, ONE)
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("clouds")]
    assert len(lines) == 2 and all(line.startswith("clouds of 20 flows") for line in lines)


class OwnNetwork(Network):
    outputs, symmetry = ("scalar",), Symmetry.O

    def __init__(self, scalars=()):
        super().__init__(scalars=scalars)

    def forward(self, clouds, points):
        raise NotImplementedError


FLOW = random_flow(2, n=40)


@pytest.mark.parametrize(
    "slip, message",
    [
        (lambda: VectorCloudNetwork("wall_distance"), "scalars: expected a list of names, got the"),
        (lambda: VectorCloudNetwork(vectors="g"), "vectors: expected a list of names, got the"),
        (lambda: VectorCloudNetwork(pseudoscalars="w"), "pseudoscalars: expected a list of names"),
        (lambda: DeepSets("wall_distance"), "scalars: expected a list of names, got the text"),
        (lambda: OwnNetwork("wall_distance"), "scalars: expected a list of names, got the text"),
        (lambda: fit(small_network(), FLOW, TARGET, BALL), "flows: expected a list of flows, got"),
        (
            lambda: fit(small_network(), [FLOW], TARGET, BALL, validation=FLOW),
            "validation: expected a list of flows, got one flow",
        ),
        (
            lambda: fit(small_network(), ["a.vtu"], TARGET, BALL),
            "flows: flow 0: expected a FlowField, got str",
        ),
        (lambda: fit(small_network(), "a.vtu", TARGET, BALL), "flows: expected a list of flows"),
        (lambda: fit(small_network(), 3, TARGET, BALL), "flows: expected a list of flows, got 3"),
        (
            lambda: fit(small_network(), [FLOW], TARGET, BALL, {"epochs": 1}),
            "config: expected a TrainingConfig, got {'epochs': 1}",
        ),
        (
            lambda: fit(small_network(), [FLOW], TARGET, 0.3),
            "region: expected a RegionOfInfluence, such as RegionOfInfluence.ball(0.3), got 0.3",
        ),
        (lambda: fit(small_network(), [FLOW], TARGET), "region: expected a RegionOfInfluence"),
        (
            lambda: fit(small_network(), [FLOW], FLOW.scalars[TARGET], BALL),
            "target: expected the name of a field, or one for each output, got",
        ),
        (lambda: fit(small_network(), [FLOW], 3, BALL), "target: expected the name of a field"),
        (lambda: fit(small_network(), [FLOW], region=BALL), "target: expected the name of a field"),
        (lambda: Closure(small_network(), 0.3, TARGET, 2), "region: expected a RegionOfInfluence"),
        (
            lambda: fit(small_network(), [FLOW], TARGET, BALL, loss="mse"),
            "loss: expected a function of values, goals and weights, got 'mse'",
        ),
        (
            lambda: fit(small_network(), [FLOW], TARGET, BALL, ONE, loss=lambda *_: 1.0),
            "loss: expected a tensor of one number, got float",
        ),
        (
            lambda: fit(
                small_network(), [FLOW], TARGET, BALL, ONE, loss=lambda v, g, w: (v[0] - g[0]) ** 2
            ),
            "loss: expected one number that depends on the values, got shape (",
        ),
        (lambda: fit(flows=[FLOW], start="model"), "start: expected a vcnn.Closure, got str"),
    ],
)
def test_slips_are_refused_in_one_line(slip, message):
    with pytest.raises(InputError) as refused:
        slip()
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value) or "array" in str(refused.value)


def absolute_error(values, goals, weights):
    """Which makes the median the best constant, and not the mean."""
    return (weights * (values[0] - goals[0]).abs()).mean()


def test_a_loss_of_ones_own_is_what_is_made_small(tmp_path):
    """A target that is 0 at most points: the median of any cloud is 0, the mean is not."""
    flow = random_flow(2, n=300)
    spikes = (np.random.default_rng(0).random(300) < 0.2).astype(float)
    flow = FlowField(flow.points, flow.velocity, scalars={"strain_rate": np.ones(300), "c": spikes})
    config = TrainingConfig(epochs=25, batch_size=32, learning_rate=5e-3)
    arguments = dict(flows=[flow], target="c", region=BALL, config=config, progress=False)
    means, medians = (
        fit(small_network(), **arguments, **options).predict(flow)
        for options in ({}, {"loss": absolute_error})
    )
    assert abs(means.mean() - 0.2) < 0.05 and abs(medians.mean()) < 0.05
    arguments["config"] = replace(config, epochs=1)
    fit(small_network(), **arguments, run_directory=tmp_path, loss=absolute_error)
    with pytest.raises(InputError, match="belongs to another run"):
        fit(small_network(), **arguments, run_directory=tmp_path)


def test_fine_tuning_keeps_scales_region_and_targets_and_begins_at_the_weights():
    first, second = random_flow(2, n=200, seed=1), random_flow(2, n=200, seed=2)
    config = TrainingConfig(epochs=60, batch_size=64)
    closure = fit(
        small_network(), [first], TARGET, BALL, config, units={TARGET: "1"}, progress=False
    )
    closure = replace(closure, usage={"layer": 0.1})
    before, error = weights(closure).clone(), closure.errors(second)[TARGET]
    tiny = TrainingConfig(epochs=1, learning_rate=1e-12)
    same = fit(flows=[second], start=closure, config=tiny, progress=False)
    np.testing.assert_allclose(same.predict(second), closure.predict(second), atol=1e-6)
    tuned = fit(flows=[second], start=closure, config=config, progress=False)
    assert tuned.errors(second)[TARGET] < 0.8 * error
    assert tuned.scales == closure.scales and tuned.region == BALL and tuned.target == TARGET
    assert tuned.units == {TARGET: "1"} and tuned.usage == {"layer": 0.1}
    assert tuned.provenance["start"] == dict(closure.provenance)
    assert torch.equal(weights(closure), before)  # it stays as it is
    network = small_network(seed=5)
    given = fit(network, [second], TARGET, BALL, config, start=closure, progress=False)
    assert torch.equal(weights(given), weights(tuned)) and given.network is network
    for slip, message in (
        (
            {"network": small_network(galilean=True)},
            "network: expected one of the settings of the model",
        ),
        ({"region": RegionOfInfluence.ball(0.5)}, "region: expected that of the model to start"),
        ({"target": "k"}, "target: the model to start from predicts concentration, got 'k'"),
        ({"flows": [random_flow(3)]}, "flow 0: dimension: the model was trained on 2-D flows"),
    ):
        with pytest.raises(InputError) as refused:
            fit(**{"flows": [second], "start": closure, **slip})
        assert str(refused.value).startswith(message)


def run_of(epochs, folder, **options):
    config = TrainingConfig(epochs=epochs, batch_size=32, max_points=12)
    flows, watched = [random_flow(2, seed=0)], [random_flow(2, n=60, seed=3)]
    return fit(
        small_network(), flows, TARGET, BALL, config, watched, folder, progress=False, **options
    )


def test_a_run_is_given_more_epochs(tmp_path):
    run_of(4, tmp_path / "a")
    before = json.loads((tmp_path / "a" / "history.json").read_text())
    with pytest.warns(UserWarning, match="was to have 4 and has had 4; from there on"):
        longer = run_of(7, tmp_path / "a")
    history = json.loads((tmp_path / "a" / "history.json").read_text())
    assert [entry["epoch"] for entry in history] == [1, 2, 3, 4, 5, 6, 7]
    assert history[:4] == before
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        again = run_of(7, tmp_path / "a")  # complete: nothing is trained, nothing is said
    assert torch.equal(weights(again), weights(longer))
    with pytest.raises(InputError, match="has had 7, expected at least as many, got 5"):
        run_of(5, tmp_path / "a")


class Killed(Exception):
    pass


def test_a_longer_run_that_is_killed_goes_on_bit_for_bit(tmp_path, monkeypatch):
    for name in "ab":
        run_of(4, tmp_path / name)
    with pytest.warns(UserWarning):
        whole = run_of(8, tmp_path / "a")

    steps, check = [], loop.check_loss

    def kill(number):
        steps.append(1)
        if len(steps) > 10:  # in the third epoch of those that are new
            raise Killed
        return check(number)

    with monkeypatch.context() as patch, pytest.raises(Killed), pytest.warns(UserWarning):
        patch.setattr(loop, "check_loss", kill)
        run_of(8, tmp_path / "b")
    assert 4 < len(json.loads((tmp_path / "b" / "history.json").read_text())) < 8
    assert torch.equal(weights(run_of(8, tmp_path / "b")), weights(whole))
