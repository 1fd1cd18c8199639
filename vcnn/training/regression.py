"""The regression of fields: a network learns what flows have at the centres of its clouds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import special_ortho_group

from vcnn.closure.closure import Closure
from vcnn.closure.extrapolation import TrainingRange
from vcnn.closure.scales import Scales
from vcnn.clouds.clouds import VectorClouds
from vcnn.clouds.regions import RegionOfInfluence
from vcnn.errors import InputError, naming
from vcnn.files import fingerprint
from vcnn.flow.field import FlowField
from vcnn.flow.quantities import find_quantity
from vcnn.flow.spreads import pair_spreads, without_spreads
from vcnn.network.base import Network, name_outputs
from vcnn.network.distributions import distributions
from vcnn.network.registry import check_storable
from vcnn.training.advice import advise
from vcnn.training.config import TrainingConfig
from vcnn.training.loss import (
    Loss,
    name_loss,
    negative_log_likelihood,
    weighted_square_error,
)
from vcnn.training.run_state import weights_of
from vcnn.training.samples import Samples, check_flows, check_importance, draw_samples, name_flows
from vcnn.training.setup import check_setup, take_over
from vcnn.training.task import Step, run_settings

_OF_TURBULENCE = ("eddy_viscosity", "anisotropy", "reynolds_stress", "correction")
_CALIBRATION = 1000  # clouds that a network is calibrated with


@dataclass(frozen=True, eq=False)
class FieldRegression:
    """A `Task`: clouds of flows, what the closure should predict for them, a loss of the two.

    Parameters
    ----------
    closure : Closure
        Its network is trained in place.
    samples : Samples
        Of all training flows.
    owners : (n,)
        Numbers of the training flows that the points of the samples' flow belong to.
    validation : sequence of FlowField
        Whose errors choose the best weights; none if it is empty.
    criterion : as :func:`vcnn.training.loss.weighted_square_error`
    config : TrainingConfig
        How clouds are cut and rotated; that of the run.
    run : what tells the run from others
    flows : name -> FlowField
        All that take part.
    counts : name of a training flow -> (m,) points of its clouds
    """

    closure: Closure
    samples: Samples
    owners: np.ndarray
    validation: Sequence[FlowField]
    criterion: Loss
    config: TrainingConfig
    run: str
    flows: Mapping[str, FlowField]
    counts: Mapping[str, np.ndarray]

    @property
    def network(self) -> Network:
        """That of the closure."""
        return self.closure.network

    @property
    def name(self) -> str:
        """That of the network."""
        return self.network.name

    def advise(self, shown: bool) -> None:
        """Say how large the clouds are, if ``shown``; warn of what looks like a mistake."""
        advise(self.flows, self.counts, self.closure.region, shown)

    def fingerprint(self, config: TrainingConfig) -> str:
        """What tells the run from others; of the configuration that the regression has."""
        return self.run

    def __len__(self) -> int:
        return len(self.samples)

    def batch(self, index: np.ndarray, step: Step) -> Samples:
        """Samples number ``index`` (m,), their clouds cut and rotated as the configuration says."""
        return self.cut(self.samples.select(index), step)

    def cut(self, batch: Samples, step: Step) -> Samples:
        """A ``batch`` with clouds cut and rotated as the configuration says, for this ``step``."""
        batch = batch.subsample(self.config.max_points, step.rng)
        if self.config.augmentation == "rotations":
            d = batch.clouds.flow.dimension
            batch = batch.rotated(_random_frames(d, len(batch), step.augmentation_rng))
        return batch

    def loss(self, batch: Samples) -> torch.Tensor:
        """The criterion of what the network makes of a ``batch``."""
        values = distributions(self.closure.targets, self.network.values(batch.clouds))
        return self.criterion(values, batch.goals, batch.weights)

    def validation_error(self) -> float | None:
        """Mean over validation flows and targets of the relative L2 error; None without flows."""
        if not self.validation:
            return None
        errors = [list(self.closure.errors(flow).values()) for flow in self.validation]
        return float(np.mean(errors))

    def finish(self, history: Sequence[Mapping[str, float]], directory: Path | None) -> Closure:
        """The closure with what it was trained on, and what that took.

        Parameters
        ----------
        history : entries of the epochs
        directory : receives ``model.safetensors``
        """
        spent = {
            "training_seconds": sum(entry["seconds"] for entry in history),
            "training_threads": torch.get_num_threads(),
        }
        rng = np.random.default_rng([self.config.seed, 4])
        network, clouds = self.network, self.samples.clouds
        closure = replace(
            self.closure,
            provenance={**self.closure.provenance, **spent},
            training_range=replace(
                TrainingRange.of(clouds, network.galilean, rng, network.categories),
                viscosity=self._viscosities(),
            ),
        )
        if directory is not None:
            closure.save(directory / "model.safetensors")
        return closure

    def _viscosities(self) -> np.ndarray | None:
        """The least and largest ν of training flows, if turbulence is learned and all have one."""
        values = [self.flows[name].parameters.get("viscosity", 0.0) for name in self.counts]
        rows = [find_quantity(name) for name in without_spreads(self.closure.targets)]
        if not all(row and row.name in _OF_TURBULENCE for row in rows) or min(values) <= 0:
            return None
        scales = self.closure.scales
        return np.array([min(values), max(values)]) / (scales.length * scales.velocity)


def prepare_regression(
    network: Network | None,
    flows: Sequence[FlowField] | Mapping[str, FlowField],
    target: str | Sequence[str] | None,
    region: RegionOfInfluence | None,
    validation: Sequence[FlowField] | Mapping[str, FlowField],
    start: Closure | None,
    loss: Loss | None,
    importance: str | None,
    units: Mapping[str, str] | None,
    provenance: Mapping[str, Any] | None,
    *,
    config: TrainingConfig,
    storable: bool,
) -> FieldRegression:
    """The regression that the arguments of :func:`vcnn.fit` ask for, with a calibrated network.

    Parameters
    ----------
    network, flows, target, region, validation, start, loss, importance, units, provenance
        As in :func:`vcnn.fit`.
    config : TrainingConfig
    storable : whether a file has to be able to hold the network

    Raises
    ------
    InputError
        If an argument is none that it could be.
    """
    named = name_flows(flows, "flows")
    watched = name_flows(validation, "validation", first=len(named))
    everything = {**named, **watched}
    if start is not None:
        network, target, region = take_over(start, network, target, region, everything)
    targets = check_setup(network, target, region)
    if network.normalization == "sum" and config.max_points is not None:
        raise InputError(
            "max_points: a part of a cloud has another sum; expected whole clouds for a network of "
            "normalization 'sum'"
        )
    check_flows(network, everything, targets)
    check_importance(named, importance)
    if loss is weighted_square_error and (pairs := pair_spreads(targets)):
        raise InputError(f"loss: {next(iter(pairs))} comes with a spread; expected its likelihood")
    if loss is None:
        loss = negative_log_likelihood if pair_spreads(targets) else weighted_square_error
    if storable:
        check_storable(network)  # now, not after hours of training

    flows, validation = list(named.values()), list(watched.values())
    names = [list(targets), importance, name_loss(loss)]
    run = _fingerprint(network, flows, validation, names, region, config, start)
    network.to(config.torch_dtype).train()  # what it is calibrated in
    closure = _begin(network, flows, target, region, importance, start)
    labels = {"units": closure.units if units is None else units}
    labels["provenance"] = {**(provenance or {}), **closure.provenance}
    closure = replace(closure, **labels)
    parts = {}
    for number, (name, flow) in enumerate(named.items()):
        with naming(name):
            parts[name] = draw_samples(closure, flow, number, config, importance)
    samples = Samples.concatenate(list(parts.values()))
    if start is None:
        network.calibrate(_calibration_clouds(samples.clouds, network.latents, config))
    counts = {name: part.clouds.counts for name, part in parts.items()}
    sizes = [len(part.clouds.flow) for part in parts.values()]
    owners = np.repeat(np.arange(len(sizes)), sizes)
    return FieldRegression(
        closure, samples, owners, validation, loss, config, run, everything, counts
    )


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


def _calibration_clouds(
    clouds: VectorClouds, latents: Sequence[str], config: TrainingConfig
) -> VectorClouds:
    """Clouds to calibrate with, as large as those of training, each with latent variables drawn."""
    rng = np.random.default_rng([config.seed, 2])
    clouds = clouds.select(rng.permutation(len(clouds))[:_CALIBRATION])
    clouds = clouds if config.max_points is None else clouds.subsample(config.max_points, rng)
    if not latents:
        return clouds
    d, m, rng = clouds.flow.dimension, len(clouds), np.random.default_rng([config.seed, 6])
    clouds = clouds.rotated(np.broadcast_to(np.eye(d), (m, d, d)))  # they share no points then
    owners = np.concatenate([clouds.owners, np.arange(m)])
    drawn = rng.standard_normal((len(latents), m))[:, owners]
    fields = {**clouds.flow.scalars, **dict(zip(latents, drawn, strict=True))}
    return replace(clouds, flow=replace(clouds.flow, scalars=fields))


def _fingerprint(network, flows, validation, names, region, config, start) -> str:
    """Of settings, initial weights, and all values of the flows.

    In the order of the first version, whose folders go on unless their network has another name
    now.
    """
    settings = [
        network.name,
        network.config,
        names,
        region.to_dict(),
        run_settings(config),
        len(validation),
        None if start is None else start.scales.to_dict(),
    ]
    parts = weights_of(network)
    for flow in (*flows, *validation):
        fields = (*flow.scalars.values(), *flow.vectors.values(), *flow.tensors.values())
        parts += [flow.points, flow.velocity, flow.weights, *fields]
    return fingerprint(settings, parts)


def _random_frames(d, count, rng) -> np.ndarray:
    """(count, d, d) uniform on SO(d); on a line, which has no rotation but 1, on O(1) = {1, −1}."""
    if d == 1:
        return rng.choice([-1.0, 1.0], size=(count, 1, 1))
    return special_ortho_group.rvs(d, size=count, random_state=rng).reshape(-1, d, d)
