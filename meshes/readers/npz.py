"""Flows kept as plain NumPy arrays (``.npz``)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from meshes.readers.components import join_components
from meshes.readers.dataset import Dataset
from meshes.readers.flow import dataset_flow
from vcnn.errors import InputError, naming
from vcnn.files import load_arrays
from vcnn.flow.field import FlowField
from vcnn.flow.quantities import parameter_name

_BOUNDARIES = {"bottomWall": "bottom", "topWall": "top"}
_CELLS = {(2, 3): "triangle", (2, 4): "quad", (3, 4): "tetra", (3, 8): "hexahedron"}


def read_arrays(path: str | os.PathLike, fields: Mapping[str, str] | None = None) -> FlowField:
    """A flow from the arrays of an ``.npz`` file.

    The layout, for N cells with M vertices in d = 2 or 3 dimensions, or M points on a line, d = 1:

    - ``points`` (M, d), ``cells`` (N, 3) or (N, 4) vertex numbers in a plane, (N, 4) or (N, 8) in
      space, and ``velocity``, (N, d) at cells or (M, d) at points; without ``cells`` the points are
      loose, as those on a line always are. In a plane a velocity may have three components;
    - ``centres`` (N, d), default the centroids; ``volume`` (N,), default the areas, divided by the
      number ``thickness`` if that is there;
    - boundaries: integer arrays (k, m) of vertex numbers, "bottomWall" and "topWall" (which become
      "bottom" and "top", the walls), "inlet", "outlet" and others;
    - further arrays with N or M rows are scalars, vectors (2 or 3 columns, on a line 1) and
      tensors, at cells or at points; numbers are parameters ("nu" becomes "viscosity", "alpha"
      "slope"). Arrays of other shapes are left out, with a note, texts without one.

    If inlet and outlet are translates of each other the flow is periodic. The scalars "boundary",
    "wall_distance" and "strain_rate" are added where missing.

    Parameters
    ----------
    path : path
        The ``.npz`` file.
    fields : mapping name -> str, optional
        Names to be given to arrays, e.g. ``{"velocity": "les_velocity"}``. Others keep theirs.

    Returns
    -------
    FlowField

    Raises
    ------
    InputError
        If the file cannot be read or an array is missing or has the wrong shape.
    """
    return dataset_flow(read_npz(Path(path), fields))


def read_npz(path: Path, fields: Mapping[str, str] | None = None) -> Dataset:
    """The arrays of a file as a dataset, with the names that the user gives them.

    Parameters
    ----------
    path : path
    fields : mapping name -> array, optional
        As in :func:`read_arrays`.

    Raises
    ------
    InputError
        If the file cannot be read or an array is missing or has the wrong shape.
    """
    with naming(path):
        arrays, replaced = _named(load_arrays(path), dict(fields or {}))
        points = arrays.pop("points")
        rows = len(points) if points.ndim else 0
        _check(
            points,
            "points",
            [(rows, d) for d in (2, 3, 1)],
            " (three columns in space, one on a line)",
        )
        cells = _cells(arrays.pop("cells", None), points)
        n, m = len(points), sum(len(vertices) for _, vertices in cells)
        boundaries = _boundaries(arrays, points) if cells else {}
        thickness = arrays.pop("thickness", 1.0)
        centres, volume = arrays.pop("centres", None), arrays.pop("volume", None)
        if cells and centres is not None and centres.shape != (m, points.shape[1]):
            raise InputError(
                f"array 'centres': expected points of shape {(m, points.shape[1])}, got "
                f"{centres.shape}"
            )
        _check_velocity(arrays, points, m or n)
        numbers = {name: a for name, a in arrays.items() if a.dtype.kind in "fiu"}
        lost = [name for name, a in arrays.items() if a.ndim and len(a) not in (n, m)]
        left_out = [f"arrays of unknown shape left out: {', '.join(lost)}"] if lost else []
        if replaced:
            left_out.append(f"left out, their names were given to others: {', '.join(replaced)}")
        return Dataset(
            points=_in_space(points),
            cells=cells,
            point_fields={k: a for k, a in arrays.items() if a.ndim and len(a) == n != m},
            cell_fields={k: a for k, a in arrays.items() if a.ndim and len(a) == m},
            boundaries=boundaries,
            parameters={parameter_name(k): float(a) for k, a in numbers.items() if not a.ndim},
            centres=None if centres is None else _in_space(centres),
            volumes=None if volume is None else volume / thickness,
            notes=tuple(left_out),
            provenance={
                "source": str(path),
                "format": "NumPy arrays",
                "skipped_fields": [*replaced, *lost],
            },
        )


def _named(arrays, fields) -> tuple[dict[str, np.ndarray], list[str]]:
    """The arrays by the names that the user gives them, and which gave way to these."""
    for old in fields.values():
        if old not in arrays:
            raise InputError(f"no array {old!r} (there are: {', '.join(arrays)})")
    others = {name: array for name, array in arrays.items() if name not in fields.values()}
    named = {**others, **{new: arrays[old] for new, old in fields.items()}}
    for name in ("points", "velocity"):
        if name not in named and not (name == "velocity" and _has_velocity(named)):
            listing = ", ".join(named) or "none"
            hint = "; name it: vcnn import --field velocity=NAME" if name == "velocity" else ""
            raise InputError(
                f"no array {name!r} (needed: points, velocity, and cells for a mesh; there are: "
                f"{listing}){hint}"
            )
    return named, [name for name in others if name in fields]


def _has_velocity(arrays) -> bool:
    least = 1 if arrays["points"].shape[1:] == (1,) else 2
    return "U" in arrays or "velocity" in join_components(arrays, least=least)


def _cells(cells, points):
    if cells is None:
        return []
    d = points.shape[1]
    if d == 1:
        raise InputError("array 'cells': expected none, points of one coordinate are loose")
    if cells.dtype.kind not in "iu" or cells.ndim != 2 or (d, cells.shape[1]) not in _CELLS:
        shapes = " or ".join(f"(N, {k})" for dimension, k in _CELLS if dimension == d)
        raise InputError(f"array 'cells': expected integers of shape {shapes}, got {cells.shape}")
    _check_vertices("cells", cells, points)
    return [(_CELLS[d, cells.shape[1]], cells)]


def _boundaries(arrays, points):
    """Taken out of the arrays."""
    boundaries, d = {}, points.shape[1]
    facets = {2: "line"} if d == 2 else {3: "triangle", 4: "quad"}
    for name, array in list(arrays.items()):
        if array.dtype.kind in "iu" and array.ndim == 2 and array.shape[1] in facets:
            _check_vertices(name, array, points)
            kind = facets[array.shape[1]]
            boundaries[_BOUNDARIES.get(name, name)] = [(kind, arrays.pop(name))]
    return boundaries


def _check_vertices(name, vertices, points) -> None:
    if vertices.size and not 0 <= vertices.min() <= vertices.max() < len(points):
        raise InputError(f"array {name!r}: vertex numbers beyond the {len(points)} points")


def _check_velocity(arrays, points, rows) -> None:
    if "velocity" in arrays:
        n, d = points.shape
        shapes = [(rows, d), (rows,) if d == 1 else (rows, 3), (n, d), (n, 3)]
        hint = "; one for each cell or point, with a third component or without" * (rows != n)
        _check(arrays["velocity"], "velocity", shapes, hint)


def _check(array, name, shapes, hint="") -> None:
    if array.dtype.kind not in "fiu" or array.shape not in shapes:
        raise InputError(
            f"array {name!r}: expected numbers of shape {shapes[0]}, got {array.shape}{hint}"
        )


def _in_space(points):
    if points.shape[1] == 1:  # there a flow stays on its line
        return points.astype(float)
    return np.pad(points.astype(float), ((0, 0), (0, 3 - points.shape[1])))
