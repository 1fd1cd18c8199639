"""The epochs of training: batches of samples, gradients of their loss, steps of Adam."""

from __future__ import annotations

import math
import time

import numpy as np
import torch

from vcnn.errors import DivergenceError
from vcnn.training.config import TrainingConfig
from vcnn.training.loss import check_loss
from vcnn.training.progress import Progress
from vcnn.training.run_state import RunState
from vcnn.training.task import Step, Task

_LARGEST_GRADIENT = 1.0  # longer ones are shortened: rare samples would throw the weights off


def train(task: Task, config: TrainingConfig, state: RunState, progress: Progress) -> None:
    """Epochs from where the state stands to the last one, each recorded in it.

    Parameters
    ----------
    task : Task
        Its network is trained in place.
    config : TrainingConfig
    state : RunState
        Of this network and its optimizer.
    progress : Progress
        Is told of each epoch.

    Raises
    ------
    InputError
        If the loss is no number.
    DivergenceError
        If it becomes NaN or infinite, or the validation error does.
    """
    while state.epoch < config.epochs and not state.patience_exhausted(config.patience):
        start, number = time.perf_counter(), state.epoch + 1
        mean = _train_epoch(task, state.optimizer, config, state.epoch)
        _check_finite("loss", mean, number)
        entry = {"epoch": number, "training_loss": mean, "seconds": time.perf_counter() - start}
        if number % config.validate_every == 0 or number == config.epochs:
            error = _validate(task)
            if error is not None:
                _check_finite("validation error", error, number)
                entry["validation_error"] = error
        state.record(entry)
        progress.step(entry)


def _check_finite(what: str, number: float, epoch: int) -> None:
    if not math.isfinite(number):
        raise DivergenceError(
            f"training: the {what} is {number} in epoch {epoch}; lower learning_rate"
        )


def _validate(task) -> float | None:
    task.network.eval()
    error = task.validation_error()
    task.network.train()
    return None if error is None else float(error)


def _train_epoch(task, optimizer, config, epoch) -> float:
    """A step for every batch; returns the mean loss.

    What is drawn depends on the seed and the epoch alone, so that a run can go on anywhere.
    """
    rng, augmentation_rng = (np.random.default_rng([config.seed, kind, epoch]) for kind in (1, 3))
    steps = math.ceil(len(task) / config.batch_size)
    total = 0.0
    for number, index in enumerate(np.array_split(rng.permutation(len(task)), steps)):
        share = (epoch * steps + number + 0.5) / (config.epochs * steps)
        rate = config.learning_rate_at(share)
        for group in optimizer.param_groups:
            group["lr"] = rate
        step = Step(share, rate / config.learning_rate, rng, augmentation_rng)
        batch = task.batch(index, step)
        optimizer.zero_grad()
        loss = check_loss(task.loss(batch))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(task.network.parameters(), _LARGEST_GRADIENT)
        optimizer.step()
        total += loss.item() * len(index)
    return total / len(task)
