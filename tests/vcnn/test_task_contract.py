"""What `fit` tells a task of its steps, what it asks of one, and how runs are told apart."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.support.own_task import (
    CONFIG,
    FRAMES,
    UNSEEN,
    EnergiesAndForces,
    energies_and_forces,
    train,
)
from tests.support.synthetic import random_flow
from vcnn import InputError, RegionOfInfluence, fit
from vcnn.training import run_fingerprint

FLOW = random_flow(2, n=40)


class Noting(EnergiesAndForces):
    """Keeps what its batches were made with."""

    def batch(self, index, step):
        drawn = (step.rng.random(), step.augmentation_rng.random())
        self.noted.append((step.share, step.rate, tuple(index), *drawn))
        return super().batch(index, step)


def noted(config=CONFIG, **options):
    cls = type("Noting", (Noting,), {"noted": []})
    train(energies_and_forces(cls, **options), config=config)
    return cls.noted


def test_batches_know_where_the_run_stands_and_hold_each_sample_once():
    steps = noted()
    assert len(steps) == 4 * 5
    assert [step[0] for step in steps] == pytest.approx([(k + 0.5) / 20 for k in range(20)])
    rates = [CONFIG.learning_rate_at(step[0]) / CONFIG.learning_rate for step in steps]
    assert [step[1] for step in steps] == pytest.approx(rates)
    for epoch in range(4):
        index = np.concatenate([step[2] for step in steps[5 * epoch : 5 * epoch + 5]])
        assert sorted(index) == list(range(23)) != list(index)
    assert len({step[3] for step in steps} | {step[4] for step in steps}) == 40


class NotingModes(EnergiesAndForces):
    """Keeps whether its network was in training mode, in steps and in validations."""

    def loss(self, batch):
        self.modes.add(("loss", self.network.training))
        return super().loss(batch)

    def validation_error(self):
        self.modes.add(("validation", self.network.training))
        return super().validation_error()


def test_the_network_is_in_training_mode_in_steps_and_in_no_validation():
    cls = type("NotingModes", (NotingModes,), {"modes": set()})
    assert not train(energies_and_forces(cls)).training
    assert cls.modes == {("loss", True), ("validation", False)}


def test_what_is_drawn_depends_on_seed_and_epoch_alone():
    steps = noted()
    assert noted(seed=1) == steps
    assert [s[2:] for s in noted(replace(CONFIG, epochs=2))] == [s[2:] for s in steps[:10]]
    assert all(
        a[2] != b[2] and a[3] != b[3] and a[4] != b[4]
        for a, b in zip(noted(replace(CONFIG, seed=4)), steps, strict=True)
    )


def test_fingerprints_tell_shapes_types_and_settings_apart():
    task = energies_and_forces()
    values = np.arange(6.0)
    forms = [values, values.reshape(2, 3), values.view(np.int64), torch.arange(6.0)]
    prints = [run_fingerprint(task, CONFIG, [form]) for form in forms]
    prints += [run_fingerprint(task, CONFIG, [values], {"cutoff": c}) for c in (1, 2)]
    assert len({*prints}) == len(prints)
    assert run_fingerprint(task, replace(CONFIG, epochs=9), [values]) == prints[0]
    assert run_fingerprint(task, CONFIG, [torch.from_numpy(values)]) == prints[0]
    with pytest.raises(InputError, match="task: settings: expected what JSON can hold"):
        run_fingerprint(task, CONFIG, [values], {"cutoff": np.float32(1)})


class Lacking:
    name, network = "lacking", torch.nn.Linear(1, 1)

    def __len__(self):
        return 3


class OfShape(EnergiesAndForces):
    def errors(self, frames):
        return tuple(error[None] for error in super().errors(frames))


NONE_LEFT = replace(FRAMES, energies=FRAMES.energies[:0])


@pytest.mark.parametrize(
    "given, message",
    [
        ({"network": torch.nn.Linear(1, 1)}, "task: network: of the regression of fields"),
        ({"flows": [FLOW], "target": "c"}, "task: flows, target: of the regression of fields"),
        ({"region": RegionOfInfluence.ball(1)}, "task: region: of"),
        ({"validation": [FLOW]}, "task: validation: of"),
        ({"start": "model", "importance": "c"}, "task: start, importance: of"),
        ({"loss": lambda *_: 0.0}, "task: loss: of"),
        ({"units": {}, "provenance": {}}, "task: units, provenance: of"),
        ({"config": replace(CONFIG, max_points=3)}, "task: max_points: of"),
        (
            {"config": replace(CONFIG, centres=3, augmentation="rotations")},
            "task: centres, augmentation: of",
        ),
        ({"config": {}}, "config: expected a TrainingConfig"),
        (
            {"task": Lacking()},
            "task: expected a vcnn.training.Task, Lacking lacks fingerprint, batch, loss, "
            "validation_error, finish",
        ),
        ({"task": "forces"}, "task: expected a vcnn.training.Task, str lacks name, network"),
        (
            {"task": EnergiesAndForces(len, FRAMES, UNSEEN)},
            "task: network: expected a torch.nn.Module, got builtin_function_or_method",
        ),
        (
            {"task": EnergiesAndForces(torch.nn.Identity(), FRAMES, UNSEEN)},
            "task: network: expected weights, got none",
        ),
        ({"task": energies_and_forces(frames=NONE_LEFT)}, "task: expected at least one sample"),
        ({"task": energies_and_forces(OfShape)}, "loss: expected one number that depends on"),
    ],
)
def test_slips_are_refused_in_one_line(given, message):
    with pytest.raises(InputError) as refused:
        fit(**{"task": energies_and_forces(), "config": CONFIG, "progress": False, **given})
    assert str(refused.value).startswith(message) and "\n" not in str(refused.value)


def test_defaults_of_the_regression_are_nothing_that_is_given():
    fit(
        task=energies_and_forces(),
        config=CONFIG,
        flows=(),
        loss=None,
        progress=False,
    )
