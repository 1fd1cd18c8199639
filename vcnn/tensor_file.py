"""Tensors and a JSON header in one safetensors file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from vcnn.errors import InputError
from vcnn.files import replacing
from vcnn.headers import parse_json


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor], header: dict) -> None:
    """Tensors and a JSON header in one safetensors file, written whole or not at all."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with replacing(path) as part:
        save_file(tensors, part, metadata={"vcnn": json.dumps(header)})


def read_tensors(path: str | os.PathLike) -> tuple[dict[str, torch.Tensor], dict]:
    """Inverse of :func:`write_tensors`.

    Raises
    ------
    InputError
        If the file is missing, truncated, or was not written by it.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with safe_open(path, framework="pt") as file:
            header = (file.metadata() or {}).get("vcnn")
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except SafetensorError:
        raise InputError(f"{path}: truncated or not a safetensors file") from None
    if header is None:
        raise InputError(f"{path}: a safetensors file, but not written by this package")
    return tensors, parse_json(header, f"{path}: its header")
