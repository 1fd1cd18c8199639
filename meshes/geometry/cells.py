"""Centres and volumes of cells of any type."""

from __future__ import annotations

import math

import meshio
import numpy as np

from meshes.geometry.facets import cell_facets
from vcnn.errors import InputError
from vcnn.flow.mesh import cell_dimension, count_cells

_FOLDED = 0.45  # of a cell's volume: what is left where its parts are counted with their signs


def cell_centres(mesh: meshio.Mesh) -> np.ndarray:
    """Centroids of the cells, in the order of their blocks; facet blocks do not count.

    Parameters
    ----------
    mesh : meshio.Mesh

    Returns
    -------
    (N, d)
        Length.

    Raises
    ------
    InputError
        If a cell has no volume or is of an unknown type.
    """
    return centres_and_volumes(mesh)[0]


def cell_volumes(mesh: meshio.Mesh) -> np.ndarray:
    """Volumes of the cells, areas of plane ones, in the order of their blocks.

    Parameters
    ----------
    mesh : meshio.Mesh

    Returns
    -------
    (N,)
        length³, of plane cells length².

    Raises
    ------
    InputError
        If a cell has no volume or is of an unknown type.
    """
    return centres_and_volumes(mesh)[1]


def vertex_weights(mesh: meshio.Mesh, volumes: np.ndarray) -> np.ndarray:
    """(M,) the volumes of cells, shared out equally among their vertices.

    Raises
    ------
    InputError
        If a point belongs to no cell.
    """
    weights, first, d = np.zeros(len(mesh.points)), 0, cell_dimension(mesh)
    for block in mesh.cells:
        if block.dim != d:
            continue
        n = len(block.data)
        if block.type.startswith("polyhedron"):
            for cell, volume in zip(block.data, volumes[first : first + n], strict=True):
                vertices = np.unique(np.concatenate([np.ravel(face) for face in cell]))
                weights[vertices] += volume / len(vertices)
        else:
            share = volumes[first : first + n] / block.data.shape[1]
            np.add.at(weights, block.data, share[:, None])
        first += n
    if not (weights > 0).all():
        raise InputError(f"mesh: point {np.argmin(weights)} belongs to no cell")
    return weights


def centres_and_volumes(mesh: meshio.Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Both of :func:`cell_centres` and :func:`cell_volumes`, which take the time of one.

    They are sums over simplices that join the facets of a cell to a point, the mean of the middles
    of its facets; polyhedra and cells of a section of space have to be star-shaped about it. In 3-D
    a facet is itself cut into triangles about its mean: warped faces fit between neighbours.

    Raises
    ------
    InputError
        If a cell has no volume, is folded over itself, or of an unknown type.
    """
    d, n, dimension = mesh.points.shape[1], count_cells(mesh), cell_dimension(mesh)
    groups = [(mesh.points[vertices], cells) for vertices, cells in cell_facets(mesh)]
    inside = sum(_cell_sums(x.mean(axis=1), cells, n) for x, cells in groups)
    inside /= sum(np.bincount(cells, minlength=n) for _, cells in groups)[:, None]
    sizes, volumes, moments = np.zeros(n), np.zeros(n), np.zeros((n, d))
    ordered = _ordered(mesh)
    for x, cells in groups:
        x = x - inside[cells][:, None]  # edges of the simplices, from the point inside
        if dimension == 2:
            corners = [x]
        else:
            middle = x.mean(axis=1)
            corners = [np.stack([x[:, i - 1], x[:, i], middle], axis=1) for i in range(x.shape[1])]
        for simplex in corners:
            volume = _spanned(simplex) / math.factorial(dimension)
            size = np.abs(volume)
            volume = np.where(ordered[cells], volume, size)
            sizes += np.bincount(cells, size, minlength=n)
            volumes += np.bincount(cells, volume, minlength=n)
            # A simplex has its centroid at the mean of its corners, of which the point inside is 0.
            moments += _cell_sums(volume[:, None] * simplex.sum(axis=1) / (dimension + 1), cells, n)
    if not (sizes > 0).all():
        raise InputError(f"mesh: cell {np.argmin(sizes)} has no volume")
    folded = np.abs(volumes) < _FOLDED * sizes
    if folded.any():
        raise InputError(
            f"mesh: {folded.sum()} cells are folded over themselves, first is number "
            f"{np.argmax(folded)}; are their vertices in VTK's order?"
        )
    return inside + moments / volumes[:, None], np.abs(volumes)


def _ordered(mesh) -> np.ndarray:
    """(N,) whether a cell's facets all face outward, or all inward; those of polyhedra may not."""
    d = cell_dimension(mesh)
    blocks = [block for block in mesh.cells if block.dim == d]
    ordered = [not block.type.startswith("polyhedron") for block in blocks]
    return np.repeat(ordered, [len(block.data) for block in blocks])


def _spanned(edges):
    """(k,) volumes spanned by d edges, with their sign; areas by two of a section of space."""
    if edges.shape[1] == edges.shape[2]:
        return np.linalg.det(edges)
    return np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)


def _cell_sums(values, cells, n):
    return np.stack([np.bincount(cells, column, minlength=n) for column in values.T], axis=-1)
