"""Fit a network to flows; a run that is killed goes on where it stopped, bit for bit."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from scipy.stats import special_ortho_group
from tqdm import tqdm

from vcnn.closure.closure import Closure
from vcnn.closure.extrapolation import TrainingRange
from vcnn.closure.scales import Scales
from vcnn.clouds.regions import RegionOfInfluence
from vcnn.errors import DivergenceError
from vcnn.files import fingerprint
from vcnn.flow.field import FlowField
from vcnn.network.base import Network, check_network
from vcnn.network.registry import check_storable
from vcnn.training.config import TrainingConfig
from vcnn.training.run_state import RunState, weights_of
from vcnn.training.samples import check_flows, check_importance, draw_samples

_CALIBRATION = 1000  # clouds that a network is calibrated with
_LARGEST_GRADIENT = 1.0  # longer ones are shortened: rare clouds would throw the weights off


def fit(
    network: Network,
    flows: Sequence[FlowField],
    target: str | Sequence[str],
    region: RegionOfInfluence,
    config: TrainingConfig | None = None,
    validation: Sequence[FlowField] = (),
    run_directory=None,
    importance: str | None = None,
    units=None,
    provenance=None,
    progress: bool = True,
) -> Closure:
    """Train ``network`` on ``flows`` to predict the field ``target``, or several at once.

    The loss is the mean square error of the scaled target, summed over components and targets and
    weighted by the quadrature weights of the centres. With ``validation`` flows, the weights with
    the smallest validation error are kept, else the last ones.

    Parameters
    ----------
    network : Network; its weights are changed in place
    flows, validation : sequences of FlowField that have the target
    target : name of a field of the kind that the network puts out, or one for each of its outputs
    importance : name of a scalar field, optional
        A further factor of the loss at each point, in training flows; points where it is 0 are no
        centres.
    run_directory : path, optional
        Receives ``checkpoint.safetensors`` and ``history.json`` after every epoch and
        ``model.safetensors`` at the end. If it holds a checkpoint of the same run, training goes on
        from there and ends with the same weights as an uninterrupted run.
    units, provenance : kept in the closure; to the provenance are added ``training_seconds``, the
        wall time of all
        gradient steps, those before an interruption included, and ``training_threads``

    Raises
    ------
    InputError
        If a flow lacks a field, dimensions differ, or the directory holds another run.
    DivergenceError
        If the loss becomes NaN or infinite.
    """
    config = config or TrainingConfig()
    flows, validation = list(flows), list(validation)
    target = target if isinstance(target, str) else tuple(target)
    names = (target,) if isinstance(target, str) else target
    check_network(network)
    if run_directory is not None:
        check_storable(network)  # now, not after hours of training
    check_flows(network, [*flows, *validation], names)
    check_importance(flows, importance)
    scales = Scales(targets=((0.0, 1.0),) * len(names))
    if network.scaling:
        scales = Scales.of(flows, region, network, names, importance)
    run = _fingerprint(network, flows, validation, [names, importance], region, config)
    network.to(getattr(torch, config.dtype)).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    closure = Closure(
        network, region, target, flows[0].dimension, scales, units or {}, provenance or {}
    )
    samples = draw_samples(closure, flows, config, importance)
    clouds = samples.clouds
    rng = np.random.default_rng([config.seed, 2])
    some = clouds.select(rng.permutation(len(clouds))[:_CALIBRATION])
    network.calibrate(some if config.max_points is None else some.subsample(config.max_points, rng))
    state = RunState(
        network, optimizer, run, None if run_directory is None else Path(run_directory)
    )
    state.resume()
    steps = config.epochs * math.ceil(len(clouds) / config.batch_size)

    bar = tqdm(
        total=config.epochs,
        initial=state.epoch,
        unit="epoch",
        disable=not progress,
        desc=network.name,
    )
    while state.epoch < config.epochs and not state.patience_exhausted(config.patience):
        epoch = state.epoch
        start = time.perf_counter()
        rng, turning = (np.random.default_rng([config.seed, kind, epoch]) for kind in (1, 3))
        batches = np.array_split(
            rng.permutation(len(clouds)), math.ceil(len(clouds) / config.batch_size)
        )
        total = 0.0
        for number, batch in enumerate(batches):
            part = clouds.select(batch)
            if config.max_points is not None:
                part = part.subsample(config.max_points, rng)
            rotations = None
            if config.augmentation == "rotations":
                rotations = special_ortho_group.rvs(
                    closure.dimension, size=len(part), random_state=turning
                )
                part = part.rotated(rotations.reshape(-1, closure.dimension, closure.dimension))
            rate = config.learning_rate * _schedule((epoch * len(batches) + number + 0.5) / steps)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad()
            loss = samples.loss(network.values(part), batch, rotations)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
            optimizer.step()
            total += loss.item() * len(batch)
        if not math.isfinite(total):
            raise DivergenceError(
                f"training: the loss is {total} in epoch {epoch + 1}; lower learning_rate"
            )
        entry = {
            "epoch": epoch + 1,
            "training_loss": total / len(clouds),
            "seconds": time.perf_counter() - start,
        }
        if validation and ((epoch + 1) % config.validate_every == 0 or epoch + 1 == config.epochs):
            network.eval()
            entry["validation_error"] = float(
                np.mean([list(closure.errors(flow).values()) for flow in validation])
            )
            network.train()
        state.record(entry)
        bar.set_postfix({k: f"{v:.3g}" for k, v in entry.items() if k not in ("epoch", "seconds")})
        bar.update()
    bar.close()
    network.load_state_dict(state.best)
    network.eval()
    spent = {
        "training_seconds": sum(entry["seconds"] for entry in state.history),
        "training_threads": torch.get_num_threads(),
    }
    seen = TrainingRange.of(clouds, network.galilean, np.random.default_rng([config.seed, 4]))
    closure = replace(closure, provenance={**closure.provenance, **spent}, training_range=seen)
    if run_directory is not None:
        closure.save(Path(run_directory) / "model.safetensors")
    return closure


def _schedule(progress: float) -> float:
    """Share of the peak learning rate at a share ``progress`` of all steps."""
    return min(progress / 0.05, 1.0) * 0.5 * (1 + math.cos(math.pi * progress))


def _fingerprint(network, flows, validation, names, region, config) -> str:
    settings = [
        network.name,
        network.config,
        names,
        region.to_dict(),
        asdict(config),
        len(validation),
    ]
    parts = weights_of(network)
    for flow in (*flows, *validation):
        parts += [flow.points, flow.velocity, flow.weights]
        parts += [*flow.scalars.values(), *flow.vectors.values(), *flow.tensors.values()]
    return fingerprint(settings, parts)
