"""Periodicity found in a mesh."""

from __future__ import annotations

import meshio
import numpy as np
from scipy.spatial import cKDTree

from meshes.geometry.boundaries import named_facets
from meshes.geometry.surface import SAME_PLACE, find_surface
from vcnn.errors import InputError


def flow_period(
    mesh: meshio.Mesh, start: str = "inlet", end: str = "outlet"
) -> tuple[np.ndarray, ...]:
    """The vector from the boundary ``start`` to ``end`` if their facets are translates.

    Returns
    -------
    tuple
        One period vector (d,), or nothing if a boundary is missing or they do not match.
    """
    if start not in mesh.cell_sets or end not in mesh.cell_sets:
        return ()
    first, last = (_vertices(mesh, name) for name in (start, end))
    if len(first) != len(last):
        return ()
    period = last.mean(axis=0) - first.mean(axis=0)
    period[np.abs(period) < 1e-12 * np.abs(period).max()] = 0.0
    near = 1e-6 * np.linalg.norm(period)
    sides = ((first, last), (_middles(mesh, start), _middles(mesh, end)))
    joined = all(len(a) == len(b) and _gaps(a + period, b).max() < near for a, b in sides)
    return (period,) if joined else ()


def _gaps(points, others) -> np.ndarray:
    return cKDTree(others).query(points)[0]


def _vertices(mesh, name) -> np.ndarray:
    facets = [vertices.ravel() for vertices in named_facets(mesh, [name])]
    return mesh.points[np.unique(np.concatenate(facets))]


def _middles(mesh, name) -> np.ndarray:
    return np.concatenate([mesh.points[v].mean(axis=1) for v in named_facets(mesh, [name])])


def check_period(mesh: meshio.Mesh, period: np.ndarray) -> None:
    """Refuse a period that does not join the mesh's surface facet by facet.

    Raises
    ------
    InputError
        If the period maps no outer facet to another, or one beside its partner.
    """
    surface = find_surface(mesh)
    start, end, gap = surface.partners(period)
    size = surface.sizes[start]
    joined = gap <= SAME_PLACE * size
    text = f"period {','.join(f'{x:.6g}' for x in period)}"
    if not joined.any():
        extent = ", ".join(f"{x:.6g}" for x in np.ptp(mesh.points, axis=0))
        raise InputError(
            f"{text}: maps no facet of the mesh's surface to another (its extent: {extent})"
        )
    # An image that lies in the plane of a facet and overlaps it should lie on it.
    step = surface.middles[start] + period - surface.middles[end]
    off = np.abs(np.einsum("ni,ni->n", surface.normals[start], step))
    beside = ~joined & (off < 0.01 * size) & (gap < np.minimum(size, surface.sizes[end]))
    if beside.any():
        k = np.flatnonzero(beside)[0]
        where = ", ".join(f"{x:.6g}" for x in surface.middles[start[k]])
        raise InputError(
            f"{text}: the facet at ({where}) misses its partner by {gap[k]:.3g}; both sides must "
            "have the same facets"
        )
