"""Meshes and fields of the formats that meshio reads."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path

import meshio
import numpy as np

from meshes.readers.dataset import Dataset
from vcnn.errors import InputError

_MARKERS = ("gmsh:physical", "su2:tag", "cell_tags", "medit:ref", "ansys:material")


def read_meshio(path: Path) -> Dataset:
    """The dataset in a file of any format that meshio knows.

    Raises
    ------
    InputError
        If it cannot be read, for meshio's reason.
    """
    return mesh_dataset(quietly(path, meshio.read, path), path)


def quietly(path: Path, read: Callable, *arguments: object):
    """What a reader of meshio returns; it prints its reasons and may leave the program.

    Raises
    ------
    InputError
        In either case, with the reason.
    """
    words = io.StringIO()
    try:
        with contextlib.redirect_stderr(words), contextlib.redirect_stdout(words):
            return read(*arguments)
    except (Exception, SystemExit) as error:
        own = "" if isinstance(error, SystemExit) else f"{type(error).__name__}: {error}"
        reason = " ".join(f"{words.getvalue()} {own}".split()).removeprefix("Error: ")
        raise InputError(f"{path}: cannot be read ({reason or 'no reason is known'})") from None


def mesh_dataset(mesh: meshio.Mesh, path: Path) -> Dataset:
    """A mesh as meshio reads it: cells of the highest dimension are the domain.

    Raises
    ------
    InputError
        If its points have neither two nor three coordinates.
    """
    points = np.asarray(mesh.points, dtype=float)
    if points.ndim != 2 or points.shape[1] not in (2, 3):
        raise InputError(f"{path}: its points have shape {points.shape}, expected (n, 2) or (n, 3)")
    d = max((block.dim for block in mesh.cells), default=0)
    cells = [(block.type, block.data) for block in mesh.cells if block.dim == d]
    fields = {}
    for name, blocks in mesh.cell_data.items():
        values = [np.asarray(a) for a, b in zip(blocks, mesh.cells, strict=True) if b.dim == d]
        if not name.startswith("gmsh:"):
            fields[name] = np.concatenate(values)
    return Dataset(
        np.pad(points, ((0, 0), (0, 3 - points.shape[1]))),
        cells,
        {n: np.asarray(a) for n, a in mesh.point_data.items() if not n.startswith("gmsh:")},
        fields,
        _boundaries(mesh, d),
        provenance={"source": str(path), "format": path.suffix},
    )


def _boundaries(mesh, d) -> dict:
    """Facets by name: of gmsh's physical groups, or other markers, else those of the cell sets."""
    marker = next((name for name in _MARKERS if name in mesh.cell_data), None)
    members = {}
    if marker is not None:
        names = {
            int(entry[0]): name
            for name, entry in mesh.field_data.items()
            if np.shape(entry) == (2,) and entry[1] == d - 1
        }
        tags = [np.asarray(tags).ravel() for tags in mesh.cell_data[marker]]
        values = [t for t, block in zip(tags, mesh.cells, strict=True) if block.dim == d - 1]
        for tag in np.unique(np.concatenate(values)) if values else ():
            # meshio's 0 is a cell without a group
            if tag != 0 or int(tag) in names:
                name = names.get(int(tag), str(int(tag)))
                members[name] = [np.flatnonzero(t == tag) for t in tags]
    else:
        for name, sets in mesh.cell_sets.items():
            members[name] = [np.asarray([] if m is None else m, int) for m in sets]
    boundaries = {}
    for name, sets in members.items():
        facets = [
            (block.type, np.asarray(block.data)[m])
            for block, m in zip(mesh.cells, sets, strict=True)
            if block.dim == d - 1 and len(m)
        ]
        if facets and not name.startswith("gmsh:"):
            boundaries[name] = facets
    return boundaries
