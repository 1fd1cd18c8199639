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
from vcnn.network.base import Network, name_outputs
from vcnn.network.registry import check_storable
from vcnn.threads import few_threads
from vcnn.training.advice import describe_clouds, warn_of_clouds, warn_of_scales
from vcnn.training.config import TrainingConfig
from vcnn.training.loop import train
from vcnn.training.loss import Loss, name_loss, weighted_square_error
from vcnn.training.progress import Progress
from vcnn.training.run_state import RunState, weights_of
from vcnn.training.samples import Samples, check_flows, check_importance, draw_samples, name_flows
from vcnn.training.setup import check_setup, take_over

_CALIBRATION = 1000  # clouds that a network is calibrated with


@few_threads()
def fit(
    network: Network | None = None,
    flows: Sequence[FlowField] | Mapping[str, FlowField] = (),
    target: str | Sequence[str] | None = None,
    region: RegionOfInfluence | None = None,
    config: TrainingConfig | None = None,
    validation: Sequence[FlowField] | Mapping[str, FlowField] = (),
    run_directory: str | Path | None = None,
    *,
    start: Closure | None = None,
    loss: Loss = weighted_square_error,
    importance: str | None = None,
    units: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
    progress: bool = True,
) -> Closure:
    """Train ``network`` on ``flows`` to predict the field ``target``, or several at once.

    The loss is the mean square error of the scaled target, summed over components and targets and
    weighted by the quadrature weights of the centres. With ``validation`` flows, the weights with
    the smallest validation error are kept, else the last ones.

    Says how large the clouds are, and warns where they hold hardly a point, where flows seem to be
    told in different units, and where a lattice is so coarse that predictions show it.

    Parameters
    ----------
    network : Network, optional
        Its weights are changed in place.
    flows, validation : sequence of FlowField or mapping name -> FlowField
        They have the target; messages name them.
    target : str or sequence of str
        Name of a field of the kind that the network puts out, or one for each of its outputs.
    region : RegionOfInfluence
    config : TrainingConfig, optional
    run_directory : path, optional
        Receives ``checkpoint.safetensors`` and ``history.json`` after every epoch and
        ``model.safetensors`` at the end. If it holds a checkpoint of the same run, training goes on
        from there and ends with the same weights as an uninterrupted run. With more epochs a run
        that has ended goes on too, at the learning rate of the longer one.
    start : Closure, optional
        A closure to begin from, which stays as it is: its network, targets, region, scales, units
        and usage are kept, and need not be given; what is given must be equal to its own.
    loss : callable, optional
        ``loss(values, goals, weights)`` in place of the mean square error: sequences with a tensor
        (m, ...) for each output, in scaled units, and weights (m,) of m clouds; returns a tensor of
        one number. A run in a directory is known by the name of the function.
    importance : str, optional
        Name of a scalar field: a further factor of the loss at each point, in training flows;
        points where it is 0 are no centres.
    units, provenance : mapping, optional
        Kept in the closure. To the provenance are added ``training_seconds``, the wall time of all
        gradient steps, those before an interruption included, and ``training_threads``; with
        ``start`` also the provenance of that closure under this name.
    progress : bool
        Whether to say what goes on: a bar on a terminal, a line now and then elsewhere.

    Returns
    -------
    Closure

    Raises
    ------
    InputError
        If a flow lacks a field, dimensions differ, the network is no `Network` or (with a
        directory) could not be loaded again, the directory holds another run, or an argument is
        none that it could be.
    DivergenceError
        If the loss becomes NaN or infinite.
    """
    config = TrainingConfig() if config is None else config
    named = name_flows(flows, "flows")
    watched = name_flows(validation, "validation", first=len(named))
    everything = {**named, **watched}
    if start is not None:
        network, target, region = take_over(start, network, target, region, everything)
    targets = check_setup(network, target, region, config)
    check_flows(network, everything, targets)
    check_importance(named, importance)
    directory = None if run_directory is None else Path(run_directory)
    if directory is not None:
        check_storable(network)  # now, not after hours of training

    flows, validation = list(named.values()), list(watched.values())
    names = [list(targets), importance, name_loss(loss)]
    run = _fingerprint(network, flows, validation, names, region, config, start)
    network.to(config.torch_dtype).train()
    closure = _begin(network, flows, target, region, importance, start)
    labels = {"units": closure.units if units is None else units}
    labels["provenance"] = {**(provenance or {}), **closure.provenance}
    closure = replace(closure, **labels)
    parts = {
        name: draw_samples(closure, flow, number, config, importance)
        for number, (name, flow) in enumerate(named.items())
    }
    samples = Samples.concatenate(list(parts.values()))
    if start is None:
        network.calibrate(_some(samples.clouds, config))

    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    state = RunState(network, optimizer, run, directory, config.epochs)
    state.resume()
    speaker = Progress(network.name, config.epochs, state.epoch, progress)
    _advise(everything, parts, region, speaker)
    train(closure, samples, validation, config, state, loss=loss, progress=speaker)
    speaker.close()
    network.load_state_dict(state.best)
    network.eval()

    closure = _finish(closure, samples.clouds, state, config)
    if directory is not None:
        closure.save(directory / "model.safetensors")
    return closure


def _advise(flows, parts, region, speaker) -> None:
    """Say how large the clouds are; warn of what looks like a mistake."""
    counts = {name: part.clouds.counts for name, part in parts.items()}
    for line in describe_clouds(counts):
        speaker.say(line)
    warn_of_scales(flows)
    warn_of_clouds(counts, region)


def _begin(network, flows, target, region, importance, start) -> Closure:
    """The closure before training: a new one, or the one to start from with a network to train."""
    if start is not None:
        story = {"start": dict(start.provenance)}
        return replace(start, network=network, provenance=story, training_range=None)
    targets = name_outputs(network, target)
    return Closure(
        network=network,
        region=region,
        target=target if isinstance(target, str) else tuple(target),
        dimension=flows[0].dimension,
        scales=_scales(network, flows, targets, region, importance),
    )


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


def _fingerprint(network, flows, validation, names, region, config, start) -> str:
    """What tells this run from others: settings, initial weights, and all values of the flows.

    How many epochs it has does not: it may be given more.
    """
    settings = [
        network.name,
        network.config,
        names,
        region.to_dict(),
        {name: value for name, value in asdict(config).items() if name != "epochs"},
        len(validation),
        None if start is None else start.scales.to_dict(),
    ]
    parts = weights_of(network)
    for flow in (*flows, *validation):
        fields = (*flow.scalars.values(), *flow.vectors.values(), *flow.tensors.values())
        parts += [flow.points, flow.velocity, flow.weights, *fields]
    return fingerprint(settings, parts)
