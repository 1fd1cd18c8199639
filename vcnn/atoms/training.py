"""Potentials learned from energies, forces and virials of frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from vcnn.atoms.clouds import AtomClouds, join_clouds
from vcnn.atoms.energy_loss import EnergyLoss
from vcnn.atoms.frame import Frame
from vcnn.atoms.potential import Potential
from vcnn.atoms.preparation import POTENTIAL_TRAINING, prepare_model
from vcnn.errors import InputError
from vcnn.network.base import Network
from vcnn.training.config import TrainingConfig, check_config
from vcnn.training.fitting import fit
from vcnn.training.task import Step, run_fingerprint


@dataclass(frozen=True, eq=False)
class Batch:
    """Frames as one, and how far the learning rate has fallen.

    Parameters
    ----------
    clouds : AtomClouds
    positions : (n, 3)
    sizes, energies : (m,)
    forces : (n, 3)
    virials : (m, 3, 3) or None
    dipoles : (m, 3) or None
    rate : float
    """

    clouds: AtomClouds
    positions: torch.Tensor
    sizes: torch.Tensor
    energies: torch.Tensor
    forces: torch.Tensor
    virials: torch.Tensor | None
    dipoles: torch.Tensor | None
    rate: float = 0.0


class EnergyTask:
    """A task: energies and forces of frames.

    Parameters
    ----------
    potential : Potential
        Its network is trained in place.
    frames, validation : sequence of Frame
        With energies and forces.
    weights : EnergyLoss
    """

    name = "potential"

    def __init__(
        self,
        potential: Potential,
        frames: Sequence[Frame],
        validation: Sequence[Frame],
        weights: EnergyLoss,
    ):
        self.potential, self.weights = potential, weights
        self.frames, self.validation = list(frames), list(validation)
        self._clouds = [potential.clouds(frame) for frame in self.frames]
        self._seen = [potential.clouds(frame) for frame in self.validation]

    @property
    def network(self) -> Network:
        """That of the potential."""
        return self.potential.network

    def fingerprint(self, config: TrainingConfig) -> str:
        """What tells the run from others."""
        data = []
        for frame in (*self.frames, *self.validation):
            data += [frame.positions, frame.forces, np.array([frame.energy])]
        settings = [self.potential.cutoff, self.potential.smooth, repr(self.weights)]
        return run_fingerprint(self, config, data, settings)

    def __len__(self) -> int:
        return len(self.frames)

    def batch(self, index: np.ndarray, step: Step) -> Batch:
        """Frames number ``index`` (m,)."""
        frames = [self.frames[k] for k in index]
        return self._join(frames, [self._clouds[k] for k in index], step.rate)

    def loss(self, batch: Batch) -> torch.Tensor:
        """The mean over the frames, in the units of `EnergyLoss`."""
        errors = self._errors(batch, differentiable=True)
        weights = self.weights.weights(batch.rate)
        return sum(weight * error for weight, error in zip(weights, errors, strict=True))

    def validation_error(self) -> float | None:
        """Root of the loss with the last weights, of frames that choose; None without any."""
        if not self.validation:
            return None
        total = 0.0
        for frame, clouds in zip(self.validation, self._seen, strict=True):
            errors = self._errors(self._join([frame], [clouds], 0.0), differentiable=False)
            parts = zip(self.weights.weights(0.0), errors, strict=True)
            total += sum(weight * float(error.detach()) for weight, error in parts)
        return (total / len(self.validation)) ** 0.5

    def finish(self, history: Sequence[Mapping[str, float]], directory: Path | None) -> Potential:
        """The potential with what its training took.

        Parameters
        ----------
        history : entries of the epochs
        directory : receives ``model.safetensors``
        """
        spent = {"training_seconds": sum(entry["seconds"] for entry in history)}
        potential = replace(self.potential, provenance={**self.potential.provenance, **spent})
        if directory is not None:
            potential.save(directory / "model.safetensors")
        return potential

    def _join(self, frames, clouds, rate) -> Batch:
        like, virials, dipoles = next(self.network.parameters()), None, None
        if any(self.weights.virial):
            virials = torch.as_tensor(np.stack([frame.virial for frame in frames])).to(like)
        if any(self.weights.dipole):
            values = np.stack([frame.properties["dipole"] for frame in frames])
            dipoles = torch.as_tensor(values).to(like)
        return Batch(
            join_clouds(clouds),
            torch.as_tensor(np.concatenate([f.positions for f in frames])).to(like),
            torch.tensor([len(frame) for frame in frames]),
            torch.tensor([frame.energy for frame in frames], dtype=torch.float64),
            torch.as_tensor(np.concatenate([f.forces for f in frames])).to(like),
            virials,
            dipoles,
            rate,
        )

    def _errors(self, batch, differentiable) -> tuple[torch.Tensor, ...]:
        """Mean squares of energies an atom, and of components of forces, virials and dipoles."""
        values = self.potential.energies(
            batch.clouds, batch.positions, differentiable=differentiable
        )
        energy = ((values.energy - batch.energies) / batch.sizes).square().mean()
        squares = batch.clouds.sums((values.forces - batch.forces).square().mean(1))
        force, virial, dipole = (squares / batch.sizes).mean(), torch.zeros(()), torch.zeros(())
        if batch.virials is not None:
            error = (values.virial - batch.virials) / batch.sizes[:, None, None]
            virial = error.square().mean()
        if batch.dipoles is not None:
            moments = batch.clouds.sums(values.charges[:, None] * batch.positions)
            dipole = (moments - batch.dipoles).square().mean()
        return energy, force, virial, dipole


def fit_potential(
    network: Network,
    frames: Sequence[Frame],
    cutoff: float,
    config: TrainingConfig | None = None,
    *,
    species: Sequence[str] | None = None,
    validation: Sequence[Frame] = (),
    weights: EnergyLoss | None = None,
    smooth: float = 0.1,
    start: Potential | None = None,
    run_directory: str | Path | None = None,
    progress: bool = True,
) -> Potential:
    """Learn a potential from frames with energies and forces.

    Parameters
    ----------
    network : Network
        Of one scalar, with ``categories={"species": k}`` and ``normalization="sum"``; trained in
        place.
    frames : sequence of Frame
        To learn from; of any sizes.
    cutoff : float
        Å.
    config : TrainingConfig, optional
        ``batch_size`` counts frames; default: 4 of them.
    species : sequence of str, optional
        In the order of their numbers; default: as they come in the frames.
    validation : sequence of Frame
        That choose among epochs.
    weights : EnergyLoss, optional
        What energies and forces count for.
    smooth : float
        Share of the cut-off from which the weights of neighbours fall.
    start : Potential, optional
        To begin from, such as :func:`vcnn.atoms.fit_linear_potential` gives; it stays as it is.
        Its weights become those of the network, all else is its own.
    run_directory : path, optional
        As for :func:`vcnn.fit`.
    progress : bool
        Show a line with epochs.

    Returns
    -------
    Potential

    Raises
    ------
    InputError
        If frames have no energies or forces, the network is not of this kind, or it or the cut-off
        is not that of ``start``.
    DivergenceError
        If the loss becomes NaN or infinite.
    """
    config, weights = config or POTENTIAL_TRAINING, weights or EnergyLoss()
    frames, validation = list(frames), list(validation)
    check_frames(frames, validation, _wanted(weights))
    if start is None:
        begin = partial(begin_potential, network, frames, cutoff, smooth)
        potential = prepare_model(begin, network, frames, config, species, run_directory)
    else:
        potential = _take_over(start, network, cutoff, config)
    if any(weights.dipole) and not potential.has_charges:
        raise InputError("weights: dipole: the network has no output for charges")
    task = EnergyTask(potential, frames, validation, weights)
    return fit(task=task, config=config, run_directory=run_directory, progress=progress)


def begin_potential(
    network: Network, frames: Sequence[Frame], cutoff: float, smooth: float, species: Sequence[str]
) -> Potential:
    """A potential before training: energies of species taken off, in units of the forces.

    Parameters
    ----------
    network : Network
    frames : sequence of Frame
    cutoff, smooth : float
    species : sequence of str
    """
    size = float(np.sqrt(np.mean(np.concatenate([f.forces.ravel() for f in frames]) ** 2)))
    offsets = energy_offsets(frames, species)
    return Potential(network, species, cutoff, offsets, size or 1.0, smooth=smooth)


def _take_over(start, network, cutoff, config) -> Potential:
    """A potential to go on from, with weights in the network that is to be trained."""
    check_config(config)
    if not isinstance(start, Potential):
        raise InputError(f"start: expected a vcnn.atoms.Potential, got {type(start).__name__}")
    own, others = ({**each.config, "seed": 0} for each in (start.network, network))
    if own != others or cutoff != start.cutoff:
        raise InputError(f"start: expected its settings, {own}, and its cut-off, {start.cutoff} Å")
    network.load_state_dict(start.network.state_dict())
    network.to(config.torch_dtype).train()
    return replace(start, network=network)


def energy_offsets(frames: Sequence[Frame], species: Sequence[str]) -> list[float]:
    """E₀ of each species that explain energies best, by least squares in double precision.

    Total energies of electrons are thousands of times what binds atoms: single precision would lose
    that.

    Parameters
    ----------
    frames : sequence of Frame
    species : sequence of str

    Returns
    -------
    list of float
        eV.
    """
    counts = np.array([[f.species.count(name) for name in species] for f in frames], dtype=float)
    energies = np.array([frame.energy for frame in frames])
    return np.linalg.lstsq(counts, energies, rcond=None)[0].tolist()


def _wanted(weights: EnergyLoss) -> list[str]:
    """What a loss compares beside energy and forces."""
    return [name for name in ("virial", "dipole") if any(getattr(weights, name))]


def check_frames(frames: Sequence, validation: Sequence, others: Sequence[str]) -> None:
    """Raise `InputError` unless there are frames, with energies, forces and ``others``."""
    if not frames:
        raise InputError("frames: expected at least one")
    for place, part in (("frames", frames), ("validation", validation)):
        for number, frame in enumerate(part):
            if not isinstance(frame, Frame):
                kind = type(frame).__name__
                raise InputError(f"{place}: {number}: expected a vcnn.atoms.Frame, got a {kind}")
            for name in ("energy", "forces", *others):
                if frame.properties.get(name, getattr(frame, name, None)) is None:
                    raise InputError(f"{place}: {number}: expected a frame with {name}")
