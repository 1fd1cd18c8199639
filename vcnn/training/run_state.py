"""The state of a training run, kept in files so that a run that is killed can go on."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from vcnn.errors import InputError
from vcnn.files import write_text
from vcnn.headers import check_entries, is_number, is_table, lists
from vcnn.tensor_file import read_tensors, write_tensors

_CHECKPOINT = "checkpoint.safetensors"


def _is_entry(value: object) -> bool:
    """Whether something is an epoch's entry of the history."""
    return (
        is_table(value)
        and type(value.get("epoch")) is int
        and is_number(value.get("seconds"))
        and is_number(value.get("validation_error", 0.0))
    )


# What the keys of the checkpoint's header hold.
_HEADER = {
    "epoch": lambda value: type(value) is int and value > 0,
    "history": lists(_is_entry),
    "best": _is_entry,
    "epochs": lambda value: value is None or type(value) is int,
}


class RunState:
    """Everything a run needs to go on: epoch, history, weights, those of Adam, the best so far.

    Parameters
    ----------
    network : torch.nn.Module
    optimizer : torch.optim.Adam
    run : str
        What tells this run from others.
    directory : Path or None
        Receives ``checkpoint.safetensors`` and ``history.json`` with each :meth:`record`.
    epochs : int, optional
        That the run is to have; it may be given more later.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        run: str,
        directory: Path | None,
        epochs: int | None = None,
    ):
        self.network, self.optimizer, self.run, self.directory = network, optimizer, run, directory
        self.epochs = epochs
        self.epoch, self.history, self.best_entry = 0, [], {}
        self.best = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    def resume(self) -> None:
        """Go on where the directory's checkpoint stops, if there is one.

        Raises
        ------
        InputError
            If it is that of another run, or has had more epochs already.
        """
        checkpoint = read_checkpoint(self.directory, self.run)
        if checkpoint is None:
            return
        tensors, header = checkpoint
        what = self.directory / _CHECKPOINT
        check_entries(header, _HEADER, what)
        self._check_tensors(tensors, what)
        self.network.load_state_dict(_part(tensors, "weights"))
        self.best = _part(tensors, "best")
        moments = {number: {} for number, _ in enumerate(self.network.parameters())}
        for key, tensor in _part(tensors, "adam").items():
            number, name = key.split("/")
            moments[int(number)][name] = tensor
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": moments})
        self.epoch, self.history = header["epoch"], header["history"]
        self.best_entry = header["best"]
        if self.epochs is not None:
            self._compare_epochs(header["epochs"] or self.epochs)

    def _compare_epochs(self, planned: int) -> None:
        if self.epochs < self.epoch:
            raise InputError(
                f"epochs: the run in {self.directory} has had {self.epoch}, "
                f"expected at least as many, got {self.epochs}"
            )
        if self.epochs != planned:
            warnings.warn(
                f"epochs: the run in {self.directory} was to have {planned} and has had "
                f"{self.epoch}; from there on it has the learning rate of a run of {self.epochs}, "
                "whose weights would be others",
                stacklevel=5,
            )

    def _check_tensors(self, tensors: Mapping[str, torch.Tensor], what: object) -> None:
        """Refuse tensors that are not those of such a network and its optimizer."""
        state = self.network.state_dict()
        expected = {
            f"{kind}/{name}": t for kind in ("weights", "best") for name, t in state.items()
        }
        moments = {}
        for number, weights in enumerate(self.network.parameters()):
            moments[f"adam/{number}/step"] = torch.zeros(())
            for name in ("exp_avg", "exp_avg_sq"):
                moments[f"adam/{number}/{name}"] = weights
        shapes = {name: tensor.shape for name, tensor in (expected | moments).items()}
        for name, tensor in tensors.items():
            if tensor.shape != shapes.get(name) or not tensor.isfinite().all():
                raise InputError(f"{what}: damaged, {name!r} is not as this network has it")
        # a weight that never had a gradient has no moments
        for name in expected:
            if name not in tensors:
                raise InputError(f"{what}: damaged, {name!r} is missing")

    def record(self, entry: dict) -> None:
        """The end of an epoch.

        Parameters
        ----------
        entry : dict
            Joins the history: ``epoch``, ``seconds`` and, if it was computed, ``validation_error``.
        """
        self.epoch = entry["epoch"]
        self.history.append(entry)
        if self._is_best(entry):
            self.best_entry = entry
            self.best = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        # copies: a file holds no tensor twice, which weights that layers share would be
        tensors = {f"weights/{name}": t.clone() for name, t in self.network.state_dict().items()}
        tensors |= {f"best/{name}": t for name, t in self.best.items()}
        for number, values in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam/{number}/{name}": t for name, t in values.items()}
        header = {
            "epoch": self.epoch,
            "epochs": self.epochs,
            "history": self.history,
            "best": self.best_entry,
        }
        write_checkpoint(self.directory, self.run, tensors, header)

    def _is_best(self, entry) -> bool:
        """Whether its weights are kept: those with least error, the last where none is known."""
        error, least = (e.get("validation_error") for e in (entry, self.best_entry))
        if error is None:
            return least is None
        return error < (math.inf if least is None else least)

    def patience_exhausted(self, patience: int | None) -> bool:
        """Whether the best weights are older than so many epochs; never for None."""
        since = self.epoch - self.best_entry.get("epoch", self.epoch)
        return patience is not None and since >= patience


def _part(tensors, kind) -> dict[str, torch.Tensor]:
    """The tensors of a checkpoint whose names begin with ``kind/``, by the rest of their names."""
    prefix = f"{kind}/"
    names = [name for name in tensors if name.startswith(prefix)]
    return {name.removeprefix(prefix): tensors[name] for name in names}


def weights_of(network: torch.nn.Module) -> list[np.ndarray]:
    """The tensors of a network's state, in its order: what its fingerprint is taken of."""
    return [tensor.detach().cpu().numpy() for tensor in network.state_dict().values()]


def read_checkpoint(directory: Path | None, run: str) -> tuple[dict, dict] | None:
    """Tensors and header that :func:`write_checkpoint` wrote; None if it has not.

    Raises
    ------
    InputError
        If they are those of another run, or the file is damaged.
    """
    path = None if directory is None else directory / _CHECKPOINT
    if path is None or not path.exists():
        return None
    tensors, header = read_tensors(path)
    if header.get("run") != run:
        raise InputError(
            f"{path}: belongs to another run (other configuration or data); choose another"
        )
    return tensors, header


def write_checkpoint(
    directory: Path | None, run: str, tensors: Mapping[str, torch.Tensor], header: Mapping
) -> None:
    """``checkpoint.safetensors``, and ``history.json`` with the header's ``history``.

    Parameters
    ----------
    directory : Path or None
        Nothing is written without it.
    run : str
        What tells this run from others.
    tensors : mapping
    header : mapping
        What JSON can hold.
    """
    if directory is None:
        return
    write_tensors(directory / _CHECKPOINT, tensors, {"run": run, **header})
    write_text(directory / "history.json", json.dumps(header["history"], indent=1))
