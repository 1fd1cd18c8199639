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


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor], header: dict) -> None:
    """Tensors and a JSON header in one safetensors file, written whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        part.touch()
        usual = part.stat().st_mode  # safetensors would keep the file from all but its owner
        save_file(tensors, part, metadata={"vcnn": json.dumps(header)})
        part.chmod(usual)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def read_tensors(path) -> tuple[dict[str, torch.Tensor], dict]:
    """Inverse of :func:`write_tensors`; a clear error for anything else."""
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
    return tensors, json.loads(header)
