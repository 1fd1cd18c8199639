"""Learning vectors and tensors of atoms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from vcnn.atoms.clouds import AtomClouds, join_clouds
from vcnn.atoms.frame import Frame
from vcnn.atoms.preparation import POTENTIAL_TRAINING, prepare_model
from vcnn.atoms.tensors import SHAPES, AtomicTensors
from vcnn.errors import InputError
from vcnn.network.base import Network, check_network
from vcnn.training.config import TrainingConfig
from vcnn.training.fitting import fit
from vcnn.training.task import Step, run_fingerprint


@dataclass(frozen=True, eq=False)
class TensorBatch:
    """Frames as one, with what is known of their atoms.

    Parameters
    ----------
    clouds : AtomClouds
        m in all.
    positions : (n, 3)
    goals : list of (m, ...)
        Each quantity of the clouds, in its own scale.
    """

    clouds: AtomClouds
    positions: torch.Tensor
    goals: list[torch.Tensor]


class TensorTask:
    """A task: quantities of atoms, each with the mean square of its error in its own scale.

    Parameters
    ----------
    model : AtomicTensors
        Its network is trained in place.
    frames, validation : sequence of Frame
        With the quantities among their properties.
    """

    name = "tensors of atoms"

    def __init__(self, model: AtomicTensors, frames: Sequence[Frame], validation: Sequence[Frame]):
        self.model, self.frames, self.validation = model, list(frames), list(validation)
        self._clouds = [model.clouds(frame) for frame in self.frames]
        self._seen = [model.clouds(frame) for frame in self.validation]

    @property
    def network(self) -> Network:
        """That of the model."""
        return self.model.network

    def fingerprint(self, config: TrainingConfig) -> str:
        """What tells the run from others."""
        data = []
        for frame in (*self.frames, *self.validation):
            data += [frame.positions, *(frame.properties[name] for name in self.model.names)]
        return run_fingerprint(self, config, data, [self.model.header()])

    def __len__(self) -> int:
        return len(self.frames)

    def batch(self, index: np.ndarray, step: Step) -> TensorBatch:
        """Frames number ``index`` (m,)."""
        return self._join([self.frames[k] for k in index], [self._clouds[k] for k in index])

    def loss(self, batch: TensorBatch) -> torch.Tensor:
        """The mean over clouds and quantities of |ΔT|², in units of their scales."""
        values = self.model.tensors(batch.clouds, batch.positions)
        errors = [
            ((value - goal) / scale).square().flatten(1).sum(1).mean()
            for value, goal, scale in zip(values, batch.goals, self.model.scales, strict=True)
        ]
        return sum(errors) / len(errors)

    def validation_error(self) -> float | None:
        """Root of the loss of frames that choose; None without any."""
        if not self.validation:
            return None
        with torch.no_grad():
            losses = [
                float(self.loss(self._join([frame], [clouds])))
                for frame, clouds in zip(self.validation, self._seen, strict=True)
            ]
        return float(np.mean(losses)) ** 0.5

    def finish(
        self, history: Sequence[Mapping[str, float]], directory: Path | None
    ) -> AtomicTensors:
        """The model with what its training took.

        Parameters
        ----------
        history : entries of the epochs
        directory : receives ``model.safetensors``
        """
        spent = {"training_seconds": sum(entry["seconds"] for entry in history)}
        model = replace(self.model, provenance={**self.model.provenance, **spent})
        if directory is not None:
            model.save(directory / "model.safetensors")
        return model

    def _join(self, frames, clouds) -> TensorBatch:
        like, joined = next(self.network.parameters()), join_clouds(clouds)
        positions = np.concatenate([frame.positions for frame in frames])
        goals = [
            np.concatenate(
                [f.properties[name][c.atoms.numpy()] for f, c in zip(frames, clouds, strict=True)]
            )
            for name in self.model.names
        ]
        return TensorBatch(
            joined,
            torch.as_tensor(positions).to(like),
            [torch.as_tensor(goal).to(like) for goal in goals],
        )


def fit_tensors(
    network: Network,
    frames: Sequence[Frame],
    names: Sequence[str],
    cutoff: float,
    config: TrainingConfig | None = None,
    *,
    carriers: Sequence[str] | None = None,
    species: Sequence[str] | None = None,
    validation: Sequence[Frame] = (),
    smooth: float = 0.1,
    run_directory: str | Path | None = None,
    progress: bool = True,
) -> AtomicTensors:
    """Learn vectors and tensors of atoms, such as dipoles and polarizabilities.

    Parameters
    ----------
    network : Network
        With an output for each name, ``categories={"species": k}`` and ``normalization="sum"``;
        trained in place.
    frames : sequence of Frame
        To learn from, with each name among their properties: (n,), (n, 3) or (n, 3, 3).
    names : sequence of str
        Of the quantities.
    cutoff : float
        Å.
    config : TrainingConfig, optional
        ``batch_size`` counts frames; default: 4 of them.
    carriers : sequence of str, optional
        Species whose atoms have the quantities; default: all.
    species : sequence of str, optional
        In the order of their numbers; default: as they come in the frames.
    validation : sequence of Frame
        That choose among epochs.
    smooth : float
        Share of the cut-off from which the weights of neighbours fall.
    run_directory : path, optional
        As for :func:`vcnn.fit`.
    progress : bool
        Show a line with epochs.

    Returns
    -------
    AtomicTensors

    Raises
    ------
    InputError
        If frames lack a quantity, or the network is not of this kind.
    DivergenceError
        If the loss becomes NaN or infinite.
    """
    check_network(network)
    config, frames, validation = config or POTENTIAL_TRAINING, list(frames), list(validation)
    shapes = [SHAPES.get(kind, ()) for kind in network.outputs]
    if len(names) != len(shapes):
        raise InputError(f"names: expected {len(shapes)}, one for each output of the network")
    if not frames:
        raise InputError("frames: expected at least one")
    for place, part in (("frames", frames), ("validation", validation)):
        for number, frame in enumerate(part):
            for name, shape in zip(names, shapes, strict=True):
                _check_property(f"{place}: {number}", frame, name, (len(frame), *shape))

    def begin(species):
        chosen = species if carriers is None else carriers
        targets = zip(names, network.outputs, strict=True)
        numbers = [_scale(frames, chosen, name, kind) for name, kind in targets]
        scales, offsets = zip(*numbers, strict=True)
        return AtomicTensors(
            network, species, cutoff, names, scales, offsets, chosen, smooth=smooth
        )

    model = prepare_model(begin, network, frames, config, species, run_directory)
    task = TensorTask(model, frames, validation)
    return fit(task=task, config=config, run_directory=run_directory, progress=progress)


def _check_property(place, frame, name, shape) -> None:
    if not isinstance(frame, Frame):
        raise InputError(f"{place}: expected a vcnn.atoms.Frame, got a {type(frame).__name__}")
    if name not in frame.properties:
        raise InputError(f"{place}: {name}: not among the properties of the frame")
    if np.shape(frame.properties[name]) != shape:
        raise InputError(
            f"{place}: {name}: expected shape {shape}, got {np.shape(frame.properties[name])}"
        )


def _scale(frames, carriers, name, kind) -> tuple[float, float]:
    """How much a quantity varies, and the mean of its isotropic part."""
    values = np.concatenate(
        [f.properties[name][[s in carriers for s in f.species]] for f in frames]
    )
    if not len(values):
        raise InputError(f"carriers: no frame has {', '.join(carriers)}")
    offset, isotropic = 0.0, np.zeros(())
    if kind == "symmetric_tensor":
        offset, isotropic = float(np.trace(values, axis1=1, axis2=2).mean() / 3), np.eye(3)
    elif kind == "scalar":
        offset, isotropic = float(values.mean()), np.ones(())
    rest = (values - offset * isotropic).reshape(len(values), -1)
    return float(np.sqrt((rest**2).sum(axis=1).mean())) or 1.0, offset
