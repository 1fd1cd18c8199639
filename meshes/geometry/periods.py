"""Periodicity found in a mesh."""

from __future__ import annotations

from collections.abc import Sequence

import meshio
import numpy as np
from scipy.spatial import cKDTree

from meshes.geometry.boundaries import named_facets
from meshes.geometry.facets import shared_facets
from vcnn.errors import InputError
from vcnn.flow.mesh import Blocks, cell_dimension

_SAME_PLACE = 1e-4  # of a facet's size: how far its image may be from its partner


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
    _, middles, size, spans = _surface(mesh)
    gap, match = cKDTree(middles).query(middles + period)
    text = f"period {','.join(f'{x:.6g}' for x in period)}"
    partners = gap <= _SAME_PLACE * size
    if not partners.any():
        extent = ", ".join(f"{x:.6g}" for x in np.ptp(mesh.points, axis=0))
        raise InputError(
            f"{text}: maps no facet of the mesh's surface to another (its extent: {extent})"
        )
    # An image that lies in the plane of a facet and overlaps it should lie on it.
    step = middles + period - middles[match]
    parallel = np.linalg.norm(spans @ spans[match] - spans, axis=(1, 2)) < 0.1
    off = np.linalg.norm(step - np.einsum("nij,nj->ni", spans, step), axis=1) < 0.01 * size
    beside = ~partners & parallel & off & (gap < np.minimum(size, size[match]))
    if beside.any():
        k = np.flatnonzero(beside)[0]
        where = ", ".join(f"{x:.6g}" for x in middles[k])
        raise InputError(
            f"{text}: the facet at ({where}) misses its partner by {gap[k]:.3g}; both sides must "
            "have the same facets"
        )


def outer_boundary(mesh: meshio.Mesh, periods: Sequence[np.ndarray] = ()) -> Blocks:
    """Facets of the mesh's surface that no period joins, as (type, (k, m) vertices)."""
    facets, middles, size, _ = _surface(mesh)
    alone, tree = np.ones(len(facets), bool), cKDTree(middles)
    for period in periods:
        for step in (period, -period):
            alone &= tree.query(middles + step)[0] > _SAME_PLACE * size
    by_size: dict[int, list] = {}
    for k in np.flatnonzero(alone):
        by_size.setdefault(len(facets[k]), []).append(facets[k])
    kinds = {2: "line", 3: "triangle", 4: "quad"}
    return [(kinds.get(n, "polygon"), np.array(group)) for n, group in sorted(by_size.items())]


def _surface(mesh):
    """Outer facets, their middles (B, d), sizes (B,), and projections (B, d, d) on their planes."""
    facets = shared_facets(mesh)[2]
    corners = [mesh.points[vertices] for vertices in facets]
    middles = np.array([x.mean(axis=0) for x in corners])
    size = np.array([np.ptp(x, axis=0).max() for x in corners])
    rank = 1 if cell_dimension(mesh) == 2 else 2
    axes = [np.linalg.svd(x - m)[2][:rank] for x, m in zip(corners, middles, strict=True)]
    return facets, middles, size, np.array([a.T @ a for a in axes])
