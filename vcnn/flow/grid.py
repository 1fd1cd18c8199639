"""VTU files as plain arrays: those of this package in this process, others in one of their own.

VTK believes what a file says of itself. So that a damaged one cannot end the caller's process,
files that are written here carry a digest; without it, or with another one, VTK gets a process of
its own (:mod:`vcnn.reader_process`)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vcnn.errors import InputError
from vcnn.flow.mesh import Blocks
from vcnn.reader_process import read_apart

_OPENING, _END = b"<!-- vcnn, sha256 of what is above: ", b"</VTKFile>\n"


@dataclass(frozen=True, eq=False)
class Grid:
    """What a VTU file holds.

    Parameters
    ----------
    points : (M, 3)
    cells : sequence of (meshio's type, (k, vertices) int), runs of one type in the file's order
    point_data, cell_data : mappings name -> (M, ...) or (number of cells, ...)
    field_data : mapping name -> array, of text too
    """

    points: np.ndarray
    cells: Blocks
    point_data: Mapping[str, np.ndarray]
    cell_data: Mapping[str, np.ndarray]
    field_data: Mapping[str, np.ndarray]


def read_grid(path: Path) -> Grid:
    """What is in a VTU file.

    Raises
    ------
    InputError
        If it is missing, damaged or of another kind.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if path.suffix != ".vtu":
        raise InputError(f"{path}: expected a .vtu flow file; convert others with 'vcnn import'")
    if _is_sealed(path):
        return Grid(**_parts(path))
    with open(path, "rb") as file:
        if b"UnstructuredGrid" not in file.read(4096):
            raise InputError(f"{path}: damaged or not a VTU file")
    parts = read_apart("vcnn.flow.grid:_parts", path)
    return Grid(**parts | {"cells": [tuple(block) for block in parts["cells"]]})


def seal(path: Path) -> None:
    """Put the digest of a VTU file that was just written into a comment before its last tag."""
    size = path.stat().st_size - len(_END)
    with open(path, "r+b") as file:
        file.seek(size)
        if file.read() == _END:  # else VTK ends its files in another way now: they are read apart
            file.seek(size)
            file.write(_comment(_digest(path, size)) + _END)


def _is_sealed(path: Path) -> bool:
    """Whether a file ends with the digest of all that comes before."""
    size = path.stat().st_size - len(_comment("0" * 64) + _END)
    if size < 0:
        return False
    with open(path, "rb") as file:
        file.seek(size)
        end = file.read()
    return end.startswith(_OPENING) and end == _comment(_digest(path, size)) + _END


def _comment(digest: str) -> bytes:
    return _OPENING + digest.encode() + b" -->\n"


def _digest(path: Path, size: int) -> str:
    """SHA-256 of the first bytes of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while size > 0:
            part = file.read(min(size, 1 << 20))
            digest.update(part)
            size -= len(part)
    return digest.hexdigest()


def _parts(path: Path) -> dict:
    """The arguments of a `Grid`, read by VTK."""
    import pyvista

    grid = pyvista.read(path)
    mesh = pyvista.to_meshio(grid)
    return {
        "points": np.asarray(grid.points),
        # polyhedra are lists of faces
        "cells": [
            (
                block.type,
                block.data if block.type.startswith("polyhedron") else np.asarray(block.data),
            )
            for block in mesh.cells
        ],
        **{
            kind: {name: np.asarray(data[name]) for name in data.keys()}
            for kind, data in {
                "point_data": grid.point_data,
                "cell_data": grid.cell_data,
                "field_data": grid.field_data,
            }.items()
        },
    }
