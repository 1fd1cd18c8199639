"""The epochs of training: batches of clouds, gradients of their loss, steps of Adam."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from scipy.stats import special_ortho_group

from vcnn.closure.closure import Closure
from vcnn.errors import DivergenceError
from vcnn.flow.field import FlowField
from vcnn.training.config import TrainingConfig
from vcnn.training.loss import Loss, evaluate_loss
from vcnn.training.progress import Progress
from vcnn.training.run_state import RunState
from vcnn.training.samples import Samples

_LARGEST_GRADIENT = 1.0  # longer ones are shortened: rare clouds would throw the weights off


def train(
    closure: Closure,
    samples: Samples,
    validation: Sequence[FlowField],
    config: TrainingConfig,
    state: RunState,
    *,
    loss: Loss,
    progress: Progress,
) -> None:
    """Epochs from where the state stands to the last one, each recorded in it.

    Parameters
    ----------
    closure : Closure
        Its network is trained in place.
    samples : Samples
    validation : flows whose errors choose the best weights
    config : TrainingConfig
    state : RunState
        Of this network and its optimizer.
    loss : as :func:`vcnn.training.loss.weighted_square_error`
    progress : Progress
        Is told of each epoch.

    Raises
    ------
    InputError
        If the loss is no number.
    DivergenceError
        If it becomes NaN or infinite.
    """
    network = closure.network
    while state.epoch < config.epochs and not state.patience_exhausted(config.patience):
        start, number = time.perf_counter(), state.epoch + 1
        mean = _train_epoch(network, state.optimizer, samples, config, state.epoch, loss)
        if not math.isfinite(mean):
            raise DivergenceError(
                f"training: the loss is {mean} in epoch {number}; lower learning_rate"
            )
        entry = {"epoch": number, "training_loss": mean, "seconds": time.perf_counter() - start}
        if validation and (number % config.validate_every == 0 or number == config.epochs):
            entry["validation_error"] = validation_error(closure, validation)
        state.record(entry)
        progress.step(entry)


def validation_error(closure: Closure, flows: Sequence[FlowField]) -> float:
    """Mean over flows and targets of the relative L2 error."""
    closure.network.eval()
    error = float(np.mean([list(closure.errors(flow).values()) for flow in flows]))
    closure.network.train()
    return error


def _train_epoch(network, optimizer, samples, config, epoch, loss) -> float:
    """A step for every batch; returns the mean loss."""
    steps = math.ceil(len(samples) / config.batch_size)
    total = 0.0
    for step, batch in enumerate(_batches(samples, steps, config, epoch)):
        rate = config.learning_rate_at((epoch * steps + step + 0.5) / (config.epochs * steps))
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        values = network.values(batch.clouds)
        number = evaluate_loss(loss, values, batch.goals, batch.weights)
        number.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
        optimizer.step()
        total += number.item() * len(batch)
    return total / len(samples)


def _batches(samples, count, config, epoch) -> Iterator[Samples]:
    """All samples in random batches, their clouds cut and rotated as the configuration says.

    What is drawn depends on the seed and the epoch alone, so that a run can go on anywhere.
    """
    rng, rotation_rng = (np.random.default_rng([config.seed, kind, epoch]) for kind in (1, 3))
    for index in np.array_split(rng.permutation(len(samples)), count):
        batch = samples.select(index).subsample(config.max_points, rng)
        if config.augmentation == "rotations":
            d = batch.clouds.flow.dimension
            batch = batch.rotated(_random_frames(d, len(batch), rotation_rng))
        yield batch


def _random_frames(d, count, rng) -> np.ndarray:
    """(count, d, d) uniform on SO(d); on a line, which has no rotation but 1, on O(1) = {1, −1}."""
    if d == 1:
        return rng.choice([-1.0, 1.0], size=(count, 1, 1))
    return special_ortho_group.rvs(d, size=count, random_state=rng).reshape(-1, d, d)
