"""Exact distance of points to walls, periodic images of the walls included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

import meshio
import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from meshes.geometry.boundaries import named_facets
from meshes.geometry.box_tree import BoxTree


def wall_distance(
    mesh: meshio.Mesh,
    points: ArrayLike,
    walls: Iterable[str] = ("bottom", "top"),
    periods: Sequence[ArrayLike] = (),
) -> np.ndarray:
    """Distance of each point to the nearest point of the named boundaries.

    Facets are straight segments in 2-D; in 3-D each is split into triangles about its middle.

    Parameters
    ----------
    mesh : meshio.Mesh
    points : (n, d)
        Positions within the domain, length.
    walls : sequence of str
        Names of boundaries.
    periods : sequence of (d,)
        Period vectors, length; the walls of all adjacent copies of the domain count too.

    Returns
    -------
    (n,)
        Length.

    Raises
    ------
    InputError
        If the mesh has no boundary of one of the names.
    """
    points = np.asarray(points, dtype=float)
    facets = np.concatenate([_simplices(mesh.points[v]) for v in named_facets(mesh, walls)])
    if len(periods):
        shifts = [np.dot(m, periods) for m in product((0, -1, 1), repeat=len(periods))]
        facets = np.concatenate([facets + shift for shift in shifts])
    distance = _segment_distance if facets.shape[1] == 2 else _triangle_distance
    # The facet whose middle is nearest is a good guess: few others have a box that is nearer.
    _, guess = cKDTree(facets.mean(axis=1)).query(points)
    best = distance(points, facets[guess])
    for point, facet in BoxTree(facets).nearer(points, best):
        np.minimum.at(best, point, distance(points[point], facets[facet]))
    return best


def _simplices(corners):
    """Segments (k, 2, 2) as they are; faces (k, m, 3) as m triangles each, (k m, 3, 3)."""
    if corners.shape[1] <= corners.shape[2]:
        return corners
    middle = np.broadcast_to(corners.mean(axis=1, keepdims=True), corners.shape)
    return np.stack([corners, np.roll(corners, -1, axis=1), middle], axis=2).reshape(-1, 3, 3)


def _segment_distance(p, segment):
    a, b = segment[..., 0, :], segment[..., 1, :]
    square = np.sum((b - a) ** 2, axis=-1)
    # a facet of a collapsed cell may have an edge of no length, and is one of its ends there
    along = np.sum((p - a) * (b - a), axis=-1) / np.where(square > 0, square, 1)
    return np.linalg.norm(p - a - np.clip(along, 0, 1)[..., None] * (b - a), axis=-1)


def _triangle_distance(p, triangle):
    a, e, f = triangle[..., 0, :], *(triangle[..., i, :] - triangle[..., 0, :] for i in (1, 2))
    normal = np.cross(e, f)
    area = np.sum(normal**2, axis=-1)
    # Barycentric coordinates of the foot of the perpendicular, times the area: where it lies inside
    # the triangle, the height is the distance, else the distance from the nearest edge.
    s = np.sum(np.cross(p - a, f) * normal, axis=-1)
    t = np.sum(np.cross(e, p - a) * normal, axis=-1)
    height = np.abs(np.sum((p - a) * normal, axis=-1)) / np.sqrt(np.where(area > 0, area, 1))
    edges = [_segment_distance(p, triangle[..., [i, j], :]) for i, j in ((0, 1), (1, 2), (2, 0))]
    inside = (s >= 0) & (t >= 0) & (s + t <= area) & (area > 0)
    return np.where(inside, height, np.min(edges, axis=0))
