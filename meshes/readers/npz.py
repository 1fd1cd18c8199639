"""Plane cell-centred flows kept as plain NumPy arrays (``.npz``)."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from meshes.geometry.cells import cell_centres, cell_volumes
from meshes.geometry.periods import flow_period
from meshes.geometry.wall_fields import with_wall_fields
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import named_mesh
from vcnn.flow.quantities import parameter_name

_BOUNDARIES = {"bottomWall": "bottom", "topWall": "top"}
_NEEDED = ("velocity", "points", "cells")


def read_arrays(path, fields=None) -> FlowField:
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
    arrays = _load(path)
    for old in (fields or {}).values():
        if old not in arrays:
            raise InputError(f"{path}: no array {old!r} (there are: {', '.join(arrays)})")
    taken = {new: arrays[old] for new, old in (fields or {}).items()}
    arrays = {
        **{name: a for name, a in arrays.items() if name not in (fields or {}).values()},
        **taken,
    }
    for name in _NEEDED:
        if name not in arrays:
            known = ", ".join(arrays) or "none"
            hint = "; name it: vcnn import --field velocity=NAME" if name == "velocity" else ""
            raise InputError(
                f"{path}: no array {name!r} (needed: {', '.join(_NEEDED)}; there are: {known}){hint}"
            )
    velocity, points, cells = (arrays.pop(name) for name in _NEEDED)
    _check(path, "points", points, "fi", (len(points), 2) if points.ndim else (0, 2))
    n = len(cells) if cells.ndim == 2 else 0
    if cells.dtype.kind not in "iu" or cells.ndim != 2 or cells.shape[1] not in (3, 4):
        raise InputError(
            f"{path}: array 'cells': expected integers of shape (N, 3) or (N, 4), got {cells.shape}"
        )
    _check(path, "velocity", velocity, "fi", (n, 2))
    boundaries = {
        _BOUNDARIES.get(name, name): [("line", arrays.pop(name))]
        for name in list(arrays)
        if arrays[name].dtype.kind in "iu" and arrays[name].ndim == 2 and arrays[name].shape[1] == 2
    }
    for name, vertices in (
        ("cells", cells),
        *((name, blocks[0][1]) for name, blocks in boundaries.items()),
    ):
        if vertices.size and not 0 <= vertices.min() <= vertices.max() < len(points):
            raise InputError(
                f"{path}: array {name!r}: vertex numbers beyond the {len(points)} points"
            )
    mesh = named_mesh(points, [("triangle" if cells.shape[1] == 3 else "quad", cells)], boundaries)
    centres = arrays.pop("centres", None)
    weights = arrays.pop("volume", None)
    thickness = arrays.pop("thickness", 1.0)
    numeric = {name: a for name, a in arrays.items() if a.dtype.kind in "fiu"}
    pick = lambda *shape: {name: a for name, a in numeric.items() if a.shape == shape}
    try:
        flow = FlowField(
            points=cell_centres(mesh) if centres is None else centres,
            velocity=velocity,
            weights=cell_volumes(mesh) if weights is None else weights / thickness,
            scalars=pick(n),
            vectors=pick(n, 2),
            tensors=pick(n, 2, 2),
            periods=flow_period(mesh),
            parameters={parameter_name(name): a for name, a in pick().items()},
            mesh=mesh,
            location="cell",
            provenance={"source": str(path), "format": "NumPy arrays"},
        )
        return with_wall_fields(flow, [name for name in _BOUNDARIES.values() if name in boundaries])
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _load(path):
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: cannot be read as plain NumPy arrays ({error})") from None


def _check(path, name, array, kinds, shape):
    if array.dtype.kind not in kinds or array.shape != shape:
        raise InputError(
            f"{path}: array {name!r}: expected numbers of shape {shape}, got {array.shape}"
        )
