"""Plane cell-centred flows kept as plain NumPy arrays (``.npz``)."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from meshes.geometry.cells import cell_centres, cell_volumes
from meshes.geometry.periods import flow_period
from meshes.geometry.wall_fields import with_wall_fields
from vcnn.errors import InputError, naming
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import named_mesh
from vcnn.flow.quantities import parameter_name

_BOUNDARIES = {"bottomWall": "bottom", "topWall": "top"}
_NEEDED = ("velocity", "points", "cells")


def read_arrays(path: str | os.PathLike, fields: Mapping[str, str] | None = None) -> FlowField:
    """A plane flow from the arrays of an ``.npz`` file.

    The layout, for N cells with M vertices:

    - ``points`` (M, 2), ``cells`` (N, 3) or (N, 4) vertex numbers, ``velocity`` (N, 2);
    - ``centres`` (N, 2), default the centroids; ``volume`` (N,), default the areas, divided by the
      number ``thickness`` if that is there;
    - boundaries: integer arrays (k, 2) of vertex numbers, "bottomWall" and "topWall" (which become
      "bottom" and "top", the walls), "inlet", "outlet" and others;
    - further (N,) arrays are scalars, (N, 2) vectors, (N, 2, 2) tensors; numbers are parameters
      ("nu" becomes "viscosity", "alpha" "slope"); anything else is left out.

    If inlet and outlet are translates of each other the flow is periodic. The scalars "boundary",
    "wall_distance" and "strain_rate" are added where missing.

    Parameters
    ----------
    path : path
    fields : mapping name -> array, optional
        Names to be given to arrays, e.g. ``{"velocity": "les_velocity"}``. Others keep theirs.

    Raises
    ------
    InputError
        If the file cannot be read or an array is missing or has the wrong shape.
    """
    path = Path(path)
    with naming(path):
        arrays = _named(_load(path), dict(fields or {}))
        velocity, points, cells = (arrays.pop(name) for name in _NEEDED)
        _check_arrays(velocity, points, cells)
        boundaries = {}
        for name, array in list(arrays.items()):
            if array.dtype.kind in "iu" and array.ndim == 2 and array.shape[1] == 2:
                boundaries[_BOUNDARIES.get(name, name)] = arrays.pop(name)
        for name, vertices in {"cells": cells, **boundaries}.items():
            if vertices.size and not 0 <= vertices.min() <= vertices.max() < len(points):
                raise InputError(f"array {name!r}: vertex numbers beyond the {len(points)} points")
        kind = "triangle" if cells.shape[1] == 3 else "quad"
        lines = {name: [("line", vertices)] for name, vertices in boundaries.items()}
        mesh = named_mesh(points, [(kind, cells)], lines)
        flow = _flow(path, mesh, velocity, arrays)
        return with_wall_fields(flow, [name for name in _BOUNDARIES.values() if name in boundaries])


def _named(arrays, fields) -> dict[str, np.ndarray]:
    """The arrays of a file by the names that the user gives them, those needed among them."""
    for old in fields.values():
        if old not in arrays:
            raise InputError(f"no array {old!r} (there are: {', '.join(arrays)})")
    others = {name: array for name, array in arrays.items() if name not in fields.values()}
    arrays = {**others, **{new: arrays[old] for new, old in fields.items()}}
    for name in _NEEDED:
        if name not in arrays:
            listing = ", ".join(arrays) or "none"
            hint = "; name it: vcnn import --field velocity=NAME" if name == "velocity" else ""
            raise InputError(
                f"no array {name!r} (needed: {', '.join(_NEEDED)}; there are: {listing}){hint}"
            )
    return arrays


def _check_arrays(velocity, points, cells) -> None:
    _check("points", points, (len(points), 2) if points.ndim else (0, 2))
    if cells.dtype.kind not in "iu" or cells.ndim != 2 or cells.shape[1] not in (3, 4):
        raise InputError(
            f"array 'cells': expected integers of shape (N, 3) or (N, 4), got {cells.shape}"
        )
    _check("velocity", velocity, (len(cells), 2))


def _flow(path, mesh, velocity, arrays) -> FlowField:
    """A flow at cells from its velocity and other arrays, whose shapes say what they are."""
    centres, volumes = arrays.pop("centres", None), arrays.pop("volume", None)
    thickness = arrays.pop("thickness", 1.0)
    n = len(velocity)

    def of_shape(*shape):
        return {
            name: array
            for name, array in arrays.items()
            if array.dtype.kind in "fiu" and array.shape == shape
        }

    return FlowField(
        points=cell_centres(mesh) if centres is None else centres,
        velocity=velocity,
        weights=cell_volumes(mesh) if volumes is None else volumes / thickness,
        scalars=of_shape(n),
        vectors=of_shape(n, 2),
        tensors=of_shape(n, 2, 2),
        periods=flow_period(mesh),
        parameters={parameter_name(name): number for name, number in of_shape().items()},
        mesh=mesh,
        location="cell",
        provenance={"source": str(path), "format": "NumPy arrays"},
    )


def _load(path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: cannot be read as plain NumPy arrays ({error})") from None


def _check(name, array, shape) -> None:
    if array.dtype.kind not in "fi" or array.shape != shape:
        raise InputError(f"array {name!r}: expected numbers of shape {shape}, got {array.shape}")
