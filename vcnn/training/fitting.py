"""Fit a network to flows; a run that is killed goes on where it stopped, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vcnn.closure.closure import Closure
from vcnn.closure.extrapolation import TrainingRange
from vcnn.closure.scales import Scales
from vcnn.clouds.clouds import VectorClouds
from vcnn.clouds.regions import RegionOfInfluence
from vcnn.files import fingerprint
from vcnn.flow.field import FlowField
from vcnn.network.base import Network, check_network, name_outputs
from vcnn.network.registry import check_storable
from vcnn.threads import few_threads
from vcnn.training.config import TrainingConfig
from vcnn.training.loop import train
from vcnn.training.run_state import RunState, weights_of
from vcnn.training.samples import check_flows, check_importance, draw_samples

_CALIBRATION = 1000  # clouds that a network is calibrated with


@few_threads()
def fit(
    network: Network,
    flows: Sequence[FlowField],
    target: str | Sequence[str],
    region: RegionOfInfluence,
    config: TrainingConfig | None = None,
    validation: Sequence[FlowField] = (),
    run_directory: str | Path | None = None,
    *,
    importance: str | None = None,
    units: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
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
    region : RegionOfInfluence
    config : TrainingConfig, optional
    run_directory : path, optional
        Receives ``checkpoint.safetensors`` and ``history.json`` after every epoch and
        ``model.safetensors`` at the end. If it holds a checkpoint of the same run, training goes on
        from there and ends with the same weights as an uninterrupted run.
    importance : name of a scalar field, optional
        A further factor of the loss at each point, in training flows; points where it is 0 are no
        centres.
    units, provenance : mappings, optional
        Kept in the closure. To the provenance are added ``training_seconds``, the wall time of all
        gradient steps, those before an interruption included, and ``training_threads``.
    progress : whether to show a bar

    Raises
    ------
    InputError
        If a flow lacks a field, dimensions differ, the network is no `Network` or (with a
        directory) could not be loaded again, or the directory holds another run.
    DivergenceError
        If the loss becomes NaN or infinite.
    """
    config = config or TrainingConfig()
    flows, validation = list(flows), list(validation)
    check_network(network)
    targets = name_outputs(network, target)
    check_flows(network, [*flows, *validation], targets)
    check_importance(flows, importance)
    directory = None if run_directory is None else Path(run_directory)
    if directory is not None:
        check_storable(network)  # now, not after hours of training

    run = _fingerprint(network, flows, validation, [list(targets), importance], region, config)
    network.to(config.torch_dtype).train()
    closure = Closure(
        network=network,
        region=region,
        target=target if isinstance(target, str) else tuple(target),
        dimension=flows[0].dimension,
        scales=_scales(network, flows, targets, region, importance),
        units=units or {},
        provenance=provenance or {},
    )
    samples = draw_samples(closure, flows, config, importance)
    network.calibrate(_some(samples.clouds, config))

    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    state = RunState(network, optimizer, run, directory)
    state.resume()
    train(closure, samples, validation, config, state, progress=progress)
    network.load_state_dict(state.best)
    network.eval()

    closure = _finish(closure, samples.clouds, state, config)
    if directory is not None:
        closure.save(directory / "model.safetensors")
    return closure


def _scales(network, flows, targets, region, importance) -> Scales:
    """Those of the flows, or none for a network that takes the units of the data."""
    if not network.scaling:
        return Scales(targets=((0.0, 1.0),) * len(targets))
    return Scales.of(flows, region, network, targets, importance)


def _some(clouds: VectorClouds, config: TrainingConfig) -> VectorClouds:
    """Clouds to calibrate with, as large as those of training."""
    rng = np.random.default_rng([config.seed, 2])
    clouds = clouds.select(rng.permutation(len(clouds))[:_CALIBRATION])
    return clouds if config.max_points is None else clouds.subsample(config.max_points, rng)


def _finish(closure, clouds, state, config) -> Closure:
    """The closure with what it was trained on, and what that took."""
    spent = {
        "training_seconds": sum(entry["seconds"] for entry in state.history),
        "training_threads": torch.get_num_threads(),
    }
    rng = np.random.default_rng([config.seed, 4])
    return replace(
        closure,
        provenance={**closure.provenance, **spent},
        training_range=TrainingRange.of(clouds, closure.network.galilean, rng),
    )


def _fingerprint(network, flows, validation, names, region, config) -> str:
    """What tells this run from others: settings, initial weights, and all values of the flows."""
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
        fields = (*flow.scalars.values(), *flow.vectors.values(), *flow.tensors.values())
        parts += [flow.points, flow.velocity, flow.weights, *fields]
    return fingerprint(settings, parts)
