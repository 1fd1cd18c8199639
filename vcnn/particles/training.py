"""Laws of steps learned from steps, by their likelihood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path

import numpy as np
import torch

from vcnn.errors import InputError
from vcnn.network.base import Network, check_network
from vcnn.network.registry import check_storable
from vcnn.particles.bodies import Bodies
from vcnn.particles.transition import StepScales, Transition, changes
from vcnn.training.config import TrainingConfig, check_config
from vcnn.training.fitting import fit
from vcnn.training.loss import negative_log_likelihood
from vcnn.training.task import Step, run_fingerprint

_CALIBRATION = 500  # states that a network is calibrated with


@dataclass(frozen=True, eq=False)
class Steps:
    """Known steps: states before and after.

    Parameters
    ----------
    before, after : Bodies
    """

    before: Bodies
    after: Bodies


@dataclass(frozen=True, eq=False)
class StepLikelihood:
    """A task: steps that were seen, as likely as can be.

    Parameters
    ----------
    transition : Transition
        Its network is trained in place.
    steps : Steps
    validation : Steps or None
    """

    transition: Transition
    steps: Steps
    validation: Steps | None

    name = "transition"

    @property
    def network(self) -> Network:
        """That of the transition."""
        return self.transition.network

    def fingerprint(self, config: TrainingConfig) -> str:
        """What tells the run from others."""
        parts = [part for part in (self.steps, self.validation) if part is not None]
        data = [
            array
            for part in parts
            for state in (part.before, part.after)
            for array in (state.positions, state.velocities, state.masses)
        ]
        return run_fingerprint(self, config, data, self.transition.lag)

    def __len__(self) -> int:
        return len(self.steps.before)

    def batch(self, index: np.ndarray, step: Step) -> Steps:
        """Steps number ``index`` (m,)."""
        return Steps(self.steps.before[index], self.steps.after[index])

    def loss(self, batch: Steps) -> torch.Tensor:
        """Minus the mean log-density of a body's step, weighted against collapse."""
        goals = self._goals(batch)
        laws = self.transition.law(batch.before)
        return negative_log_likelihood(laws, goals, torch.ones_like(goals[0][:, 0]))

    def validation_error(self) -> float | None:
        """Minus the mean log-density of a body's step."""
        if self.validation is None:
            return None
        with torch.no_grad():
            laws = self.transition.law(self.validation.before)
            goals = self._goals(self.validation)
            densities = [law.log_density(goal) for law, goal in zip(laws, goals, strict=True)]
        return -float(sum(densities).mean())

    def finish(self, history: Sequence[Mapping[str, float]], directory: Path | None) -> Transition:
        """The transition with what its training took.

        Parameters
        ----------
        history : entries of the epochs
        directory : receives ``model.safetensors``
        """
        spent = {"training_seconds": sum(entry["seconds"] for entry in history)}
        transition = replace(self.transition, provenance={**self.transition.provenance, **spent})
        if directory is not None:
            transition.save(directory / "model.safetensors")
        return transition

    def _goals(self, steps):
        like = next(self.network.parameters())
        parts = changes(steps.before, steps.after, self.transition.lag)
        units = self.transition.scales.change, self.transition.scales.deviation
        return [
            torch.as_tensor(part / unit).to(like) for part, unit in zip(parts, units, strict=True)
        ]


def fit_transition(
    network: Network,
    before: Bodies,
    after: Bodies,
    lag: float,
    config: TrainingConfig | None = None,
    *,
    validation: tuple[Bodies, Bodies] | None = None,
    run_directory: str | Path | None = None,
    progress: bool = True,
) -> Transition:
    """Learn the law of a step of bodies from steps that were seen.

    Parameters
    ----------
    network : Network
        With the outputs "vector", "covariance", "vector", "covariance"; trained in place.
    before, after : Bodies
        States of the same bodies, those after a time ``lag`` in the same order.
    lag : float
        Time.
    config : TrainingConfig, optional
        Samples are states.
    validation : (Bodies, Bodies), optional
        Steps whose likelihood chooses among epochs.
    run_directory : path, optional
        As of :func:`vcnn.fit`.
    progress : bool
        Whether to say what goes on.

    Returns
    -------
    Transition

    Raises
    ------
    InputError
        If states do not belong together, or the network has other outputs or is none.
    DivergenceError
        If the likelihood becomes NaN or infinite.
    """
    config = config or TrainingConfig()
    check_config(config)
    check_network(network)
    if not isinstance(lag, Real) or not 0 < lag < np.inf:
        raise InputError(f"lag: expected a positive number, got {lag!r}")
    _check_states("", before, after)
    if validation is not None:
        if not isinstance(validation, tuple) or len(validation) != 2:
            raise InputError("validation: expected a pair (before, after) of vcnn.particles.Bodies")
        _check_states("validation: ", *validation)
    if run_directory is not None:
        check_storable(network)
    transition = Transition(network, _scales(before, after, lag), lag, before.dimension)
    network.to(config.torch_dtype).train()
    rng = np.random.default_rng([config.seed, 2])
    some = before[rng.permutation(len(before))[:_CALIBRATION]]
    network.calibrate(transition.clouds(some))
    watched = None if validation is None else Steps(*validation)
    task = StepLikelihood(transition, Steps(before, after), watched)
    return fit(task=task, config=config, run_directory=run_directory, progress=progress)


def _check_states(place: str, before: object, after: object) -> None:
    for name, states in (("before", before), ("after", after)):
        if not isinstance(states, Bodies):
            raise InputError(
                f"{place}{name}: expected vcnn.particles.Bodies, got a {type(states).__name__}"
            )
    shapes = before.positions.shape, after.positions.shape
    if shapes[0] != shapes[1]:
        raise InputError(f"{place}after: expected states of shape {shapes[0]}, got {shapes[1]}")
    if not np.array_equal(before.masses, after.masses):
        raise InputError(f"{place}after: expected the same masses as before")


def _scales(before: Bodies, after: Bodies, lag: float) -> StepScales:
    """Root mean squares; of length, that of distances between bodies."""
    parts = changes(before, after, lag)
    change, deviation = (float(np.sqrt((part**2).sum(1).mean())) for part in parts)
    spread = before.positions - before.positions.mean(axis=1, keepdims=True)
    length = float(np.sqrt(2 * (spread**2).sum(-1).mean())) or 1.0
    velocity = float(np.sqrt((before.velocities**2).sum(-1).mean())) or 1.0
    return StepScales(length, velocity, change or 1.0, deviation or 1.0)
