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
from vcnn.flow.mesh import cell_dimension

_SPAN = 1e-10  # least over largest eigenvalue of what a fit rests on; the sine of an angle, squared
_RINGS = 3  # of neighbours of neighbours that a cell may need


def cell_gradient(
    mesh: meshio.Mesh,
    values: ArrayLike,
    periods: Sequence[ArrayLike] = (),
    wall_values: Mapping[str, ArrayLike] | None = None,
) -> np.ndarray:
    """Gradients of a field given at cell centres; exact for linear fields.

    Each cell fits a linear function to its face neighbours, weighted by the inverse square of their
    distance. Second-order accurate where neighbours lie symmetrically, first-order elsewhere. Where
    these neighbours and the walls do not span the space, as in a corner, theirs are added.
    In a section of space there is no derivative across it.

    Parameters
    ----------
    mesh : meshio.Mesh
    values : (N, ...)
        One value a cell.
    periods : sequence of (d,)
        Period vectors, length; outer facets that these map on one another make their cells
        neighbours.
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
        If there is not one value for each cell, no wall of one of the names, or a cell has too few
        neighbours to tell a gradient.
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
    n, d = centres.shape
    normal = np.zeros((n, d, d))
    right = np.zeros((n, d, values[:1].size))
    _add_steps(normal, right, cells, dx, du)
    lacking = ~_spans(normal, mesh)
    pairs = (start[lacking[start]], end[lacking[start]], shift[lacking[start]])
    for _ in range(_RINGS):
        if not lacking.any():
            break
        pairs = _next_ring(pairs, (start, end, shift))
        own, other, step = (array[lacking[pairs[0]]] for array in pairs)
        dx, du = centres[other] + step - centres[own], values[other] - values[own]
        apart = np.linalg.norm(dx, axis=1) > 0  # the way back leads to the cell itself
        _add_steps(normal, right, own[apart], dx[apart], du[apart])
        lacking = ~_spans(normal, mesh)
    if lacking.any():
        raise InputError(
            f"mesh: {lacking.sum()} of {n} cells have too few neighbours for a gradient, first "
            f"cell {np.argmax(lacking)}; they lie in one row or layer without walls or periods"
        )
    # The pseudo-inverse leaves out the direction across a section.
    return (np.linalg.pinv(normal, hermitian=True) @ right).reshape(n, d, *values.shape[1:])


def _add_steps(normal, right, cells, dx, du) -> None:
    """In each cell Σ w (dx·G − du)², w = 1/|dx|², is least: (Σ w dx⊗dx) G = Σ w dx du."""
    weighted = dx / np.sum(dx**2, axis=1, keepdims=True)
    np.add.at(normal, cells, weighted[:, :, None] * dx[:, None])
    np.add.at(right, cells, weighted[:, :, None] * du.reshape(len(du), 1, right.shape[2]))


def _spans(normal, mesh) -> np.ndarray:
    """(N,) whether the steps from a cell span the space or plane that the mesh lies in."""
    sizes = np.linalg.eigvalsh(normal)
    return sizes[:, -cell_dimension(mesh)] > _SPAN * sizes[:, -1]


def _next_ring(pairs, steps):
    """From each cell to the neighbours of those that it has got to; pairs are (from, to, shift)."""
    own, reached, moved = pairs
    start, end, shift = steps
    order = np.argsort(start, kind="stable")
    first = np.searchsorted(start[order], reached)
    count = np.searchsorted(start[order], reached, side="right") - first
    from_pair = np.repeat(np.arange(len(own)), count)
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    onward = order[np.repeat(first, count) + place]
    return own[from_pair], end[onward], moved[from_pair] + shift[onward]


def strain_rate(flow: FlowField, walls: Iterable[str] = ()) -> np.ndarray:
    """|S| = √2 |sym ∇u| of a cell-centred flow that sticks to the named walls.

    Parameters
    ----------
    flow : FlowField
        At the cells of its mesh.
    walls : sequence of str
        Names of the boundaries where the velocity is 0.

    Returns
    -------
    (N,)
        1/time.

    Raises
    ------
    InputError
        If the flow is not cell-centred, or a cell has too few neighbours to tell a gradient.
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
