"""A task of one's own, that of docs/how-to/own-task.md, learns, resumes exactly, ends cleanly."""

import json
import math
from dataclasses import replace

import pytest
import torch

from tests.support.own_task import (
    CONFIG,
    FRAMES,
    UNSEEN,
    EnergiesAndForces,
    Frames,
    PairEnergy,
    energies_and_forces,
    morse,
    train,
)
from tests.support.synthetic import random_flow
from vcnn import (
    DivergenceError,
    InputError,
    RegionOfInfluence,
    TrainingConfig,
    VectorCloudNetwork,
    fit,
)
from vcnn.tensor_file import read_tensors

FLOW = random_flow(2, n=40)


def weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def history(directory):
    return json.loads((directory / "history.json").read_text())


def test_forces_are_learned_and_the_best_weights_kept(tmp_path):
    task = energies_and_forces(frames=morse(0, frames=60))
    task.network.double()
    untrained = task.validation_error()
    network = train(task, tmp_path, replace(CONFIG, epochs=40))
    assert network is task.network and not network.training
    errors = [entry["validation_error"] for entry in history(tmp_path)]
    assert task.validation_error() == min(errors) < 0.2 * untrained
    positions = UNSEEN.positions.clone().requires_grad_()
    (slopes,) = torch.autograd.grad(network(positions).sum(), positions)
    assert (slopes + UNSEEN.forces).norm() < 0.2 * UNSEEN.forces.norm()


class Killed(Exception):
    pass


def kill_in_the_third_epoch(network):
    """Batches of the first two are 2 · 5."""
    passes = []

    def kill(network, _):
        passes.append(network.training)
        if sum(passes) > 12:
            raise Killed

    network.register_forward_pre_hook(kill)


class WithoutValidation(EnergiesAndForces):
    def validation_error(self):
        return None


@pytest.mark.parametrize("cls", [EnergiesAndForces, WithoutValidation])
def test_a_run_that_is_killed_goes_on_bit_for_bit(tmp_path, cls):
    whole = train(energies_and_forces(cls), tmp_path / "whole")
    victim = energies_and_forces(cls)
    kill_in_the_third_epoch(victim.network)
    with pytest.raises(Killed):
        train(victim, tmp_path / "killed")
    assert len(history(tmp_path / "killed")) == 2
    resumed = train(energies_and_forces(cls), tmp_path / "killed")
    assert torch.equal(weights(resumed), weights(whole))
    without_seconds = [
        [{k: v for k, v in entry.items() if k != "seconds"} for entry in history(tmp_path / name)]
        for name in ("whole", "killed")
    ]
    assert without_seconds[0] == without_seconds[1]
    assert ("validation_error" in history(tmp_path / "whole")[0]) == (cls is not WithoutValidation)


def test_without_validation_the_last_weights_are_kept(tmp_path):
    network = train(energies_and_forces(WithoutValidation), tmp_path)
    tensors, _ = read_tensors(tmp_path / "checkpoint.safetensors")
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, tensors[f"weights/{name}"])


def test_the_folder_of_another_run_is_refused_and_more_epochs_are_not(tmp_path):
    train(energies_and_forces(), tmp_path)
    other = replace(FRAMES, forces=FRAMES.forces * (1 + 1e-15))
    for task, config in (
        (energies_and_forces(seed=1), CONFIG),
        (energies_and_forces(frames=other), CONFIG),
        (energies_and_forces(), replace(CONFIG, learning_rate=2e-2)),
    ):
        with pytest.raises(InputError, match="belongs to another run"):
            train(task, tmp_path, config)
    region, network = RegionOfInfluence.ball(0.5), VectorCloudNetwork()
    with pytest.raises(InputError, match="belongs to another run"):
        fit(network, [FLOW], "concentration", region, run_directory=tmp_path, progress=False)
    with pytest.warns(UserWarning, match="was to have 4 and has had 4"):
        train(energies_and_forces(), tmp_path, replace(CONFIG, epochs=6))
    assert len(history(tmp_path)) == 6


class DivergingInTraining(EnergiesAndForces):
    """In the middle of the third epoch of four."""

    def batch(self, index, step):
        batch = super().batch(index, step)
        return replace(batch, energies=batch.energies * (math.nan if step.share > 0.6 else 1))


def diverging_in_validation(error):
    errors = iter([1.0, 2.0, error])  # the first is the best
    body = {"validation_error": lambda self: next(errors)}
    return type("DivergingInValidation", (EnergiesAndForces,), body)


@pytest.mark.parametrize(
    "cls, what",
    [
        (DivergingInTraining, "loss is nan"),
        (diverging_in_validation(math.nan), "validation error is nan"),
        (diverging_in_validation(math.inf), "validation error is inf"),
    ],
)
def test_what_is_no_number_ends_the_run_with_the_best_weights(tmp_path, cls, what):
    task = energies_and_forces(cls)
    with pytest.raises(DivergenceError, match=f"the {what} in epoch 3; lower learning_rate"):
        train(task, tmp_path)
    tensors, header = read_tensors(tmp_path / "checkpoint.safetensors")
    assert [entry["epoch"] for entry in history(tmp_path)] == [1, 2]
    assert header["best"] == min(header["history"], key=lambda entry: entry["validation_error"])
    for name, tensor in task.network.state_dict().items():
        assert tensor.isfinite().all() and torch.equal(tensor, tensors[f"best/{name}"])


def test_the_network_is_brought_to_the_precision_of_the_configuration():
    for dtype in ("float32", "float64"):
        cast = getattr(torch, dtype)
        parts = [
            Frames(*(t.to(cast) for t in (f.positions, f.energies, f.forces)))
            for f in (FRAMES, UNSEEN)
        ]
        task = EnergiesAndForces(PairEnergy(8), *parts)
        network = train(task, config=TrainingConfig(epochs=1, dtype=dtype))
        assert {p.dtype for p in network.parameters()} == {cast}


class Shared(torch.nn.Module):
    """Two layers with the same weights."""

    def __init__(self):
        super().__init__()
        self.pairs = PairEnergy(8)
        self.again = self.pairs

    def forward(self, positions):
        return self.pairs(positions) + self.again(positions)


def test_layers_may_share_weights(tmp_path):
    def task():
        return EnergiesAndForces(Shared(), FRAMES, UNSEEN)

    whole = train(task(), tmp_path)
    assert torch.equal(weights(train(task(), tmp_path)), weights(whole))
