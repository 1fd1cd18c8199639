"""What consists of a network and some numbers, in one file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from vcnn.errors import InputError
from vcnn.network.base import Network
from vcnn.network.registry import build_network, check_storable
from vcnn.tensor_file import read_tensors, write_tensors


def write_model(
    path: str | Path, network: Network, kind: str, called: str, numbers: Mapping[str, Any]
) -> Path:
    """Write the weights, and all else as JSON, to one ``.safetensors`` file.

    Parameters
    ----------
    path : path
    network : Network
    kind : str
        By which :func:`read_model` knows it.
    called : str
        What messages call it.
    numbers : mapping
        What JSON can hold.

    Raises
    ------
    InputError
        If the network could not be read again, or the path has another suffix.
    """
    if Path(path).suffix != ".safetensors":
        raise InputError(f"{path}: a {called} is saved as .safetensors")
    check_storable(network)
    header = {"kind": kind, "architecture": network.name, "config": network.config, **numbers}
    write_tensors(Path(path), dict(network.state_dict()), header)
    return Path(path)


def read_model[Model](
    path: str | Path, kind: str, called: str, make: Callable[[Network, Mapping[str, Any]], Model]
) -> Model:
    """What ``make`` makes of a network and the numbers that :func:`write_model` wrote.

    Parameters
    ----------
    path : path
    kind, called : str
        As it was written.
    make : callable (network, header) -> Model

    Raises
    ------
    InputError
        If the file is missing, damaged, or of another kind.
    """
    tensors, header = read_tensors(path)
    if header.get("kind") != kind:
        raise InputError(f"{path}: no {called}")
    try:
        network = build_network(header["architecture"], header["config"])
        network.to(next(iter(tensors.values())).dtype).load_state_dict(tensors)
        model = make(network.eval(), header)
    except (KeyError, TypeError, RuntimeError, StopIteration) as error:
        raise InputError(f"{path}: damaged, {type(error).__name__} in reading it") from None
    if not all(tensor.isfinite().all() for tensor in tensors.values()):
        raise InputError(f"{path}: damaged, its weights are not finite")
    return model
