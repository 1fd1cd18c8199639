"""A velocity on a boundary from the columns of a file, linear between its points."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
from scipy.spatial import cKDTree

from vcnn.errors import InputError, naming

_COMPONENTS = "uvw"
_BEYOND = 0.1  # of the boundary: how far its vertices may be beyond the points
_SAME = 1e-9  # of the boundary: how near to each other two points are one


def velocity_columns(path: Path, positions: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """A function of positions (d, k) with velocities (d, k), from a ``.csv`` file.

    Its first line names the columns: coordinates among x, y and z, those that change along the
    boundary, and the components u, v (and w in space). Between its points the velocity is linear
    along the boundary; beyond the last ones, such as centres of cells that end before the wall, it
    stays what it is there.

    Parameters
    ----------
    path : Path
    positions : (k, d)
        Vertices of the boundary.

    Raises
    ------
    InputError
        If there is no such file, it lacks a column, holds something else than numbers or two
        velocities at one place, lies beside the boundary, or a vertex beyond its points is farther
        away from them than they are from each other and than a tenth of the boundary.
    """
    with naming(path.name):
        dimension = positions.shape[1]
        table = _columns(path)
        axes = [i for i, name in enumerate("xyz"[:dimension]) if name in table]
        missing = [name for name in _COMPONENTS[:dimension] if name not in table]
        if not axes or missing:
            wanted = f"{', '.join('xyz'[:dimension])} and {', '.join(_COMPONENTS[:dimension])}"
            raise InputError(f"expected columns among {wanted}, it has {', '.join(table)}")
        points = np.stack([table["xyz"[i]] for i in axes], axis=-1)
        velocity = np.stack([table[name] for name in _COMPONENTS[:dimension]], axis=-1)
        origin, directions = _directions(positions[:, axes], dimension - 1)
        along = (points - origin) @ directions.T
        _check_reach(along, (positions[:, axes] - origin) @ directions.T)
        between = _interpolator(along, velocity)

    def values(x: np.ndarray) -> np.ndarray:
        """The velocities at positions."""
        return between((x[axes].T - origin) @ directions.T).T

    return values


def _columns(path) -> dict[str, np.ndarray]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot be read: {error}") from None
    names = [name.strip() for name in rows[0]] if rows else []
    if len(rows) < 3:
        raise InputError(f"expected a line of names and two of numbers or more, got {len(rows)}")
    try:
        numbers = np.array([[float(cell) for cell in row] for row in rows[1:]])
    except ValueError:
        raise InputError("expected as many numbers in each line as there are names") from None
    if numbers.shape[1] != len(names) or not np.isfinite(numbers).all():
        raise InputError("expected as many finite numbers in each line as there are names")
    return dict(zip(names, numbers.T, strict=True))


def _directions(positions, dimension) -> tuple[np.ndarray, np.ndarray]:
    """A point of a boundary, and orthonormal directions (at most ``dimension``) that it spans."""
    origin = positions.mean(axis=0)
    _, _, directions = np.linalg.svd(positions - origin, full_matrices=False)
    return origin, directions[: min(dimension, positions.shape[1])]


def _check_reach(points, positions) -> None:
    """Points must lie apart, and reach over a boundary but for a little."""
    tree, extent = cKDTree(points), np.ptp(positions, axis=0).max()
    spacing = tree.query(points, k=2)[0][:, 1]
    if spacing.min() <= _SAME * extent:
        raise InputError("has two lines at one place of the boundary")
    distance, nearest = tree.query(positions)
    low, high = points.min(axis=0), points.max(axis=0)
    outside = ((positions < low) | (positions > high)).any(axis=1)
    beside = (positions.max(axis=0) <= low) | (positions.min(axis=0) >= high)
    far = distance > np.maximum(spacing[nearest], _BEYOND * extent)
    if beside.any() or (outside & far).any():
        raise InputError("its points do not reach over the whole boundary")


def _interpolator(points, velocity) -> Callable[[np.ndarray], np.ndarray]:
    if points.shape[1] == 1:
        order = np.argsort(points[:, 0])
        s, u = points[order, 0], velocity[order]
        return lambda x: np.stack([np.interp(x[:, 0], s, column) for column in u.T], axis=-1)
    linear, nearest = (
        LinearNDInterpolator(points, velocity),
        NearestNDInterpolator(points, velocity),
    )

    def values(x: np.ndarray) -> np.ndarray:
        """Linear within the points, that of the nearest one outside."""
        inside = linear(x)
        return np.where(np.isnan(inside), nearest(x), inside)

    return values
