"""Gradients of cell-centred fields on any mesh, by least squares over each cell's neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import meshio
import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from meshes.geometry.boundaries import named_facets
from meshes.geometry.cells import cell_centres
from meshes.geometry.facets import cells_at, shared_facets
from vcnn.errors import InputError
from vcnn.flow.field import FlowField


def cell_gradient(
    mesh: meshio.Mesh,
    values: ArrayLike,
    periods: Sequence[ArrayLike] = (),
    wall_values: Mapping[str, ArrayLike] | None = None,
) -> np.ndarray:
    """Gradients of a field given at cell centres; exact for linear fields.

    Each cell fits a linear function to its face neighbours, weighted by the inverse square of their
    distance. Second-order accurate where neighbours lie symmetrically, first-order elsewhere.

    Parameters
    ----------
    mesh : meshio.Mesh
    values : (N, ...)
        One value a cell.
    periods : sequence of (d,)
        Period vectors; outer facets that these map on one another make their cells neighbours.
    wall_values : mapping boundary name -> value, optional
        What the field is on walls, at their facets' middles; anything that broadcasts to (facets,
        ...).

    Returns
    -------
    (N, d, ...)
        ``gradient[n, i, ...]`` is the derivative of ``values[n, ...]`` along axis i.

    Raises
    ------
    InputError
        If there is not one value for each cell, or no wall of one of the names.
    """
    centres, values = cell_centres(mesh), np.asarray(values, dtype=float)
    if len(values) != len(centres):
        raise InputError(
            f"values: expected one for each of {len(centres)} cells, got {len(values)}"
        )
    start, end, shift = _neighbours(mesh, periods)
    cells = [start]
    steps = [centres[end] + shift - centres[start]]
    changes = [values[end] - values[start]]
    for name, value in (wall_values or {}).items():
        vertices = named_facets(mesh, [name])
        inside = np.concatenate([cells_at(mesh, v) for v in vertices])
        middles = np.concatenate([mesh.points[v].mean(axis=1) for v in vertices])
        cells.append(inside)
        steps.append(middles - centres[inside])
        changes.append(np.broadcast_to(value, (len(inside), *values.shape[1:])) - values[inside])
    cells, dx, du = map(np.concatenate, (cells, steps, changes))
    # In each cell Σ w (dx·G − du)², w = 1/|dx|², is least: (Σ w dx⊗dx) G = Σ w dx du.
    weighted = dx / np.sum(dx**2, axis=1, keepdims=True)
    flat = du.reshape(len(du), -1)
    n, d = centres.shape
    normal, right = np.zeros((n, d, d)), np.zeros((n, d, flat.shape[1]))
    np.add.at(normal, cells, weighted[:, :, None] * dx[:, None])
    np.add.at(right, cells, weighted[:, :, None] * flat[:, None])
    # The pseudo-inverse leaves out directions in which a cell has no neighbour.
    return (np.linalg.pinv(normal, hermitian=True) @ right).reshape(n, d, *values.shape[1:])


def strain_rate(flow: FlowField, walls: Iterable[str] = ()) -> np.ndarray:
    """|S| = √2 |sym ∇u| of a cell-centred flow that sticks to the named walls.

    Returns
    -------
    (N,)

    Raises
    ------
    InputError
        If the flow is not cell-centred.
    """
    if flow.location != "cell":
        raise InputError("strain_rate: needs a flow at cell centres of a mesh")
    gradient = cell_gradient(flow.mesh, flow.velocity, flow.periods, dict.fromkeys(walls, 0.0))
    symmetric = (gradient + gradient.swapaxes(1, 2)) / 2
    return np.sqrt(2) * np.linalg.norm(symmetric, axis=(1, 2))


def _neighbours(mesh, periods):
    """Each cell, one of its neighbours, and how that one must be moved to lie next to it."""
    inner, outer, corners = shared_facets(mesh)
    starts, ends = [inner[:, 0], inner[:, 1]], [inner[:, 1], inner[:, 0]]
    shift = [np.zeros((2 * len(inner), mesh.points.shape[1]))]
    middles = np.array([mesh.points[v].mean(axis=0) for v in corners])
    size = np.array(
        [np.linalg.norm(mesh.points[v[0]] - m) for v, m in zip(corners, middles, strict=True)]
    )
    for period in np.asarray(periods, dtype=float):
        gap, match = cKDTree(middles).query(middles + period)
        paired = gap < 0.1 * size
        start, end = outer[paired], outer[match[paired]]
        starts += [start, end]
        ends += [end, start]
        shift += [np.tile(-period, (len(start), 1)), np.tile(period, (len(start), 1))]
    return np.concatenate(starts), np.concatenate(ends), np.concatenate(shift)
