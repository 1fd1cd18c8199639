"""Meshes and fields of the formats that meshio reads."""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import meshio
import numpy as np

from meshes.readers.dataset import Dataset
from meshes.readers.gmsh_file import save_groups
from meshes.readers.groups import named_facets_of
from meshes.readers.times import refuse_time
from meshes.readers.xdmf import is_series, read_series
from vcnn.errors import InputError
from vcnn.reader_process import read_apart


def read_meshio(path: Path, time: float | str | None = None) -> Dataset:
    """The dataset in a file of any format that meshio knows.

    Parameters
    ----------
    path : path
    time : float or str, optional
        Of an XDMF series; default the last.

    Raises
    ------
    InputError
        If it cannot be read, for meshio's reason, or there is no such time.
    """
    heavy = [file for file in (path.with_suffix(".h5"),) if file.is_file()]
    items = read_apart("meshes.readers.meshio_file:parts", path, beside=heavy, time=time)
    items["cells"] = list(map(tuple, items["cells"]))
    items["boundaries"] = {
        name: list(map(tuple, blocks)) for name, blocks in items["boundaries"].items()
    }
    return Dataset(**items)


def parts(path: Path, time: float | str | None) -> dict[str, Any]:
    """The arguments of a `Dataset`, for :func:`vcnn.reader_process.read_apart`."""
    words, about = io.StringIO(), {}
    try:  # meshio prints its reasons and may leave the program
        with contextlib.redirect_stderr(words), contextlib.redirect_stdout(words):
            if is_series(path):
                mesh, about = read_series(path, time)
            else:
                refuse_time(time, path)
                mesh = _read(path)
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        printed = " ".join(words.getvalue().split()).removeprefix("Error: ")
        own = [] if isinstance(error, SystemExit) else [type(error).__name__, str(error)]
        reason = ": ".join(" ".join(word.split()) for word in [printed, *own] if word.strip())
        raise InputError(f"{path}: cannot be read ({reason or 'no reason is known'})") from None
    # SU2's names, which meshio tells when it replaces them
    replaced = re.findall(r"Surface tag\s+(\S+)\s+will be replaced by\s+(\d+)", words.getvalue())
    dataset = mesh_dataset(mesh, path, {int(tag): [name] for name, tag in replaced}, about)
    return {item.name: getattr(dataset, item.name) for item in fields(Dataset)}


def _read(path) -> meshio.Mesh:
    try:
        return meshio.read(path)
    except ValueError as error:
        if "gmsh:physical" not in str(error):
            raise
    # meshio does not read gmsh's files of which only a part is in groups
    with tempfile.TemporaryDirectory() as folder:
        return meshio.read(save_groups(path, Path(folder)))


def mesh_dataset(
    mesh: meshio.Mesh,
    path: Path,
    group_names: dict[int, list[str]] | None = None,
    about: dict[str, Any] | None = None,
    notes: Sequence[str] = (),
) -> Dataset:
    """A mesh as meshio holds it: cells of the highest dimension are the domain.

    Parameters
    ----------
    mesh : meshio.Mesh
        Points with two or three coordinates.
    path : path
        Where it is from.
    group_names : mapping tag -> names, optional
        Of groups of facets, where the file tells them.
    about : mapping, optional
        For its provenance.
    notes : sequence of str, optional
        What was left out already.

    Raises
    ------
    InputError
        If it has no cells, or points of another shape.
    """
    points = np.asarray(mesh.points, dtype=float)
    if points.ndim != 2 or points.shape[1] not in (2, 3):
        raise InputError(f"{path}: its points have shape {points.shape}, expected (n, 2) or (n, 3)")
    if not any(len(block.data) for block in mesh.cells):
        raise InputError(
            f"{path}: the mesh has no cells of dimension 2 or 3 (cells: none); loose points are "
            "read from .npz and .csv"
        )
    d = max(block.dim for block in mesh.cells if len(block.data))
    domain = [block.dim == d and len(block.data) > 0 for block in mesh.cells]
    cell_fields = {
        name: np.concatenate([np.asarray(a) for a, use in zip(blocks, domain, strict=True) if use])
        for name, blocks in mesh.cell_data.items()
    }
    boundaries, unused = named_facets_of(mesh, d, group_names or {})
    return Dataset(
        points=np.pad(points, ((0, 0), (0, 3 - points.shape[1]))),
        cells=[(b.type, b.data) for b, use in zip(mesh.cells, domain, strict=True) if use],
        point_fields=_users(mesh.point_data),
        cell_fields=_users(cell_fields),
        boundaries=boundaries,
        notes=(*notes, *unused),
        provenance={"source": str(path), "format": path.suffix, **(about or {})},
    )


def _users(data) -> dict[str, np.ndarray]:
    """Fields without those in which programs keep their books."""
    return {
        name: np.asarray(values)
        for name, values in data.items()
        if not name.startswith(("gmsh:", "vtk")) and name != "su2:tag"
    }
