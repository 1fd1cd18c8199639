"""The state of a training run, kept in files so that a run that is killed goes on where it stopped."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from vcnn.errors import InputError
from vcnn.files import write_text
from vcnn.tensor_file import read_tensors, write_tensors


class RunState:
    """Everything a run needs to go on: epoch, history, weights, moments of Adam, best weights so
    far.

    Parameters
    ----------
    network : nn.Module
    optimizer : torch.optim.Adam
    run : str
        What tells this run from others.
    directory : Path or None
        Receives ``checkpoint.safetensors`` and ``history.json`` with each :meth:`record`.
    """

    def __init__(self, network, optimizer, run, directory):
        self.network, self.optimizer, self.run, self.directory = network, optimizer, run, directory
        self.epoch, self.history, self.best_entry = 0, [], {}
        self.best = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    def resume(self):
        """Go on where the directory's checkpoint stops, if there is one.

        Raises
        ------
        InputError
            If it is that of another run.
        """
        checkpoint = read_checkpoint(self.directory, self.run)
        if checkpoint is None:
            return
        tensors, header = checkpoint
        pick = lambda kind: {
            k.split("/", 1)[1]: t for k, t in tensors.items() if k.startswith(kind + "/")
        }
        self.network.load_state_dict(pick("weights"))
        self.best = pick("best")
        states = {i: {} for i, _ in enumerate(self.network.parameters())}
        for key, tensor in pick("adam").items():
            number, name = key.split("/")
            states[int(number)][name] = tensor
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": states})
        self.epoch, self.history, self.best_entry = (
            header["epoch"],
            header["history"],
            header["best"],
        )

    def record(self, entry):
        """The end of an epoch: an entry of the history with ``epoch`` and, if it is known,
        ``validation_error``.
        """
        self.epoch = entry["epoch"]
        self.history.append(entry)
        error = entry.get("validation_error")
        if error is None and "validation_error" not in self.best_entry:
            better = True  # nothing to choose by yet: the last weights
        else:
            better = error is not None and error < self.best_entry.get("validation_error", math.inf)
        if better:
            self.best_entry = entry
            self.best = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        tensors = {f"weights/{name}": t for name, t in self.network.state_dict().items()}
        tensors |= {f"best/{name}": t for name, t in self.best.items()}
        for number, values in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam/{number}/{name}": t for name, t in values.items()}
        header = {"epoch": self.epoch, "history": self.history, "best": self.best_entry}
        write_checkpoint(self.directory, self.run, tensors, header)

    def patience_exhausted(self, patience) -> bool:
        since = self.epoch - self.best_entry.get("epoch", self.epoch)
        return patience is not None and since >= patience


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
    path = None if directory is None else directory / "checkpoint.safetensors"
    if path is None or not path.exists():
        return None
    tensors, header = read_tensors(path)
    if header["run"] != run:
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
    write_tensors(directory / "checkpoint.safetensors", tensors, {"run": run, **header})
    write_text(directory / "history.json", json.dumps(header["history"], indent=1))
