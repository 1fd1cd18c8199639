"""What is trained: samples, how they are batched, their loss, and what becomes of the network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from vcnn.errors import InputError
from vcnn.files import fingerprint
from vcnn.training.config import TrainingConfig
from vcnn.training.run_state import weights_of


@dataclass(frozen=True, eq=False)
class Step:
    """One gradient step of a run, as a `Task` is told of it when it makes the batch.

    Parameters
    ----------
    share : float
        Of all steps of the run, from 0 to 1, at the middle of this one.
    rate : float
        The learning rate as a fraction of ``learning_rate``, its peak.
    rng : numpy.random.Generator
        What is drawn depends on the seed and the epoch alone.
    augmentation_rng : numpy.random.Generator
        A second one, so that augmentation changes nothing else that is drawn.
    """

    share: float
    rate: float
    rng: np.random.Generator
    augmentation_rng: np.random.Generator


class Task[Batch, Result](Protocol):
    """What :func:`vcnn.fit` trains a network for; the regression of fields is one.

    Any object with these members is one. A run in a directory goes on bit for bit if all that is
    random in a batch is drawn from the generators of its `Step`.

    Attributes
    ----------
    name : str
        What progress lines call it.
    network : torch.nn.Module
        Is trained in place, in the precision of ``TrainingConfig.dtype``.
    """

    @property
    def name(self) -> str:
        """What progress lines call it."""

    @property
    def network(self) -> torch.nn.Module:
        """What is trained, in place."""

    def fingerprint(self, config: TrainingConfig) -> str:
        """What tells this run from others; see :func:`run_fingerprint`.

        Parameters
        ----------
        config : TrainingConfig
        """

    def __len__(self) -> int:
        """How many samples there are."""

    def batch(self, index: np.ndarray, step: Step) -> Batch:
        """The batch of some samples, in a form of the task's own.

        Parameters
        ----------
        index : (m,) int
            Their numbers; each sample comes once an epoch.
        step : Step
            The step that the batch is for.

        Returns
        -------
        Batch
        """

    def loss(self, batch: Batch) -> torch.Tensor:
        """What the step makes smaller, the mean over the samples of a batch.

        Parameters
        ----------
        batch : Batch
            As :meth:`batch` made it.

        Returns
        -------
        () tensor
            That can be differentiated by the weights.
        """

    def validation_error(self) -> float | None:
        """Error whose least value chooses the weights; None if the last ones are kept.

        The network is in evaluation mode, and gradients are on.
        """

    def finish(self, history: Sequence[Mapping[str, float]], directory: Path | None) -> Result:
        """What `fit` returns; the network has the weights that are kept, in evaluation mode.

        Parameters
        ----------
        history : sequence of mapping
            ``epoch``, ``seconds``, ``training_loss`` and, where known, ``validation_error``.
        directory : Path or None
            Of the run, for files of the task's own.

        Returns
        -------
        Result
        """


# hasattr finds what nn.Module keeps elsewhere than other objects, isinstance would not
_MEMBERS = ("name", "network", "fingerprint", "batch", "loss", "validation_error", "finish")


def check_task(task: object) -> None:
    """Raise `InputError` unless this is a `Task` with samples and weights."""
    kind = type(task).__name__
    missing = [name for name in ("__len__", *_MEMBERS) if not hasattr(task, name)]  # see above
    if missing:
        raise InputError(f"task: expected a vcnn.training.Task, {kind} lacks {', '.join(missing)}")
    if not isinstance(task.network, torch.nn.Module):
        network = type(task.network).__name__
        raise InputError(f"task: network: expected a torch.nn.Module, got {network}")
    if next(task.network.parameters(), None) is None:
        raise InputError("task: network: expected weights, got none")
    if len(task) == 0:
        raise InputError("task: expected at least one sample")


def run_fingerprint(
    task: Task,
    config: TrainingConfig,
    data: Iterable[np.ndarray | torch.Tensor] = (),
    settings: Any = None,
) -> str:
    """A fingerprint for a `Task`, of all that its run depends on.

    That is its name, the initial weights, the configuration but for ``epochs``, which may be given
    more, and what is given here.

    Parameters
    ----------
    task : Task
    config : TrainingConfig
    data : iterable of arrays or tensors, any shapes
        In any units.
    settings : any
        Whatever else it depends on; what JSON can hold.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    InputError
        If JSON cannot hold the settings.
    """
    arrays = [part.detach().cpu().numpy() if torch.is_tensor(part) else part for part in data]
    arrays = [*weights_of(task.network), *map(np.asarray, arrays)]
    forms = [[array.dtype.str, *array.shape] for array in arrays]
    try:
        return fingerprint([task.name, settings, run_settings(config), forms], arrays)
    except TypeError:
        raise InputError(f"task: settings: expected what JSON can hold, got {settings!r}") from None


def run_settings(config: TrainingConfig) -> dict[str, Any]:
    """What of a configuration tells runs apart: all but the number of epochs."""
    return {name: value for name, value in asdict(config).items() if name != "epochs"}
