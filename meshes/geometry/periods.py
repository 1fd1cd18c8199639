"""Periodicity found in a mesh."""

from __future__ import annotations

import meshio
import numpy as np
from scipy.spatial import cKDTree

from meshes.geometry.boundaries import named_facets


def flow_period(
    mesh: meshio.Mesh, start: str = "inlet", end: str = "outlet"
) -> tuple[np.ndarray, ...]:
    """The vector from the boundary ``start`` to ``end`` if their vertices are translates.

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
    gaps = cKDTree(last).query(first + period)[0]
    return (period,) if gaps.max() < 1e-6 * np.linalg.norm(period) else ()


def _vertices(mesh, name) -> np.ndarray:
    facets = [vertices.ravel() for vertices in named_facets(mesh, [name])]
    return mesh.points[np.unique(np.concatenate(facets))]
