"""Potentials learned from energies, forces and virials of frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from vcnn.atoms.clouds import AtomClouds, join_clouds
from vcnn.atoms.frame import Frame
from vcnn.atoms.potential import Potential
from vcnn.errors import InputError, naming
from vcnn.network.base import Network, check_network
from vcnn.network.registry import check_storable
from vcnn.training.config import TrainingConfig, check_config
from vcnn.training.fitting import fit
from vcnn.training.task import Step, run_fingerprint

_CALIBRATION = 8  # frames that a network is calibrated with


@dataclass(frozen=True)
class EnergyLoss:
    """What errors count for: p_E (ΔE/n)² + p_F |ΔF|²/3n + p_V |ΔV/n|²/9 of a frame of n atoms.

    Each p falls or rises with the learning rate from its first value to its last (DeePMD-kit): of
    forces there are 3n in a frame, of energies one, which is right only when little changes.

    Parameters
    ----------
    energy, force, virial : pair of float
        First and last; in 1/eV², Å²/eV² and 1/eV².
    """

    energy: tuple[float, float] = (1.0, 1000.0)
    force: tuple[float, float] = (1.0, 1.0)
    virial: tuple[float, float] = (0.0, 0.0)

    def weights(self, rate: float) -> tuple[float, float, float]:
        """p_E, p_F, p_V where the learning rate is so large a fraction of its peak."""
        pairs = (self.energy, self.force, self.virial)
        return tuple(rate * first + (1 - rate) * last for first, last in pairs)


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
    rate : float
    """

    clouds: AtomClouds
    positions: torch.Tensor
    sizes: torch.Tensor
    energies: torch.Tensor
    forces: torch.Tensor
    virials: torch.Tensor | None
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
        energy, force, virial = self._errors(batch, differentiable=True)
        p_energy, p_force, p_virial = self.weights.weights(batch.rate)
        return p_energy * energy + p_force * force + p_virial * virial

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
        like = next(self.network.parameters())
        virials = None
        if self.weights.virial != (0.0, 0.0):
            virials = torch.as_tensor(np.stack([frame.virial for frame in frames])).to(like)
        return Batch(
            join_clouds(clouds),
            torch.as_tensor(np.concatenate([f.positions for f in frames])).to(like),
            torch.tensor([len(frame) for frame in frames]),
            torch.tensor([frame.energy for frame in frames], dtype=torch.float64),
            torch.as_tensor(np.concatenate([f.forces for f in frames])).to(like),
            virials,
            rate,
        )

    def _errors(self, batch, differentiable) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Means over frames of squares of energies an atom, force components and virials."""
        values = self.potential.energies(
            batch.clouds, batch.positions, differentiable=differentiable
        )
        energy = ((values.energy - batch.energies) / batch.sizes).square().mean()
        squares = (values.forces - batch.forces).square().mean(1)
        sums = squares.new_zeros(len(batch.sizes))
        sums = sums.index_add(0, batch.clouds.frame_of_atoms, squares)
        force, virial = (sums / batch.sizes).mean(), torch.zeros(())
        if batch.virials is not None:
            error = (values.virial - batch.virials) / batch.sizes[:, None, None]
            virial = error.square().mean()
        return energy, force, virial


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
        ``batch_size`` counts frames.
    species : sequence of str, optional
        In the order of their numbers; default: as they come in the frames.
    validation : sequence of Frame
        That choose among epochs.
    weights : EnergyLoss, optional
        What energies and forces count for.
    smooth : float
        Share of the cut-off from which the weights of neighbours fall.
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
        If frames have no energies or forces, or the network is not of this kind.
    DivergenceError
        If the loss becomes NaN or infinite.
    """
    config = config or TrainingConfig()
    check_config(config)
    check_network(network)
    if run_directory is not None:
        check_storable(network)
    frames, validation = list(frames), list(validation)
    for place, part in (("frames", frames), ("validation", validation)):
        for number, frame in enumerate(part):
            with naming(f"{place}: {number}"):
                _check_frame(frame)
    if not frames:
        raise InputError("frames: expected at least one")
    if species is None:
        species = tuple(dict.fromkeys(name for frame in frames for name in frame.species))
    size = float(np.sqrt(np.mean(np.concatenate([f.forces.ravel() for f in frames]) ** 2)))
    offsets = energy_offsets(frames, species)
    potential = Potential(network, species, cutoff, offsets, size or 1.0, smooth)
    network.to(config.torch_dtype).train()
    rng = np.random.default_rng([config.seed, 2])
    some = [frames[k] for k in rng.permutation(len(frames))[:_CALIBRATION]]
    joined = join_clouds([potential.clouds(frame) for frame in some])
    places = torch.as_tensor(np.concatenate([frame.positions for frame in some]))
    near = joined.relative(places) / cutoff
    network.calibrate(joined.as_vector_clouds(near, smooth))
    task = EnergyTask(potential, frames, validation, weights or EnergyLoss())
    return fit(task=task, config=config, run_directory=run_directory, progress=progress)


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


def _check_frame(frame: object) -> None:
    if not isinstance(frame, Frame):
        raise InputError(f"expected a vcnn.atoms.Frame, got a {type(frame).__name__}")
    for name in ("energy", "forces"):
        if getattr(frame, name) is None:
            raise InputError(f"expected a frame with {name}")
