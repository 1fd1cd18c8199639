"""The faces of a mesh in OpenFOAM's order: those between cells first, then patch by patch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from meshes.geometry.plane import area_vectors
from meshes.writers.slab import Solid
from vcnn.errors import InputError

UNNAMED = "defaultFaces"  # what OpenFOAM's converters call faces of no patch
_SAME_PLACE = 1e-6  # of a period: how far the image of a face may be from its partner

Face = list[int]  # vertices


@dataclass(frozen=True, eq=False)
class Faces:
    """Faces by their vertices, seen from their owner's outside counter-clockwise.

    Parameters
    ----------
    inner : sequence of (owner, neighbour, face)
        The owner has the lower number; sorted by owner, then neighbour.
    patches : mapping name -> sequence of (owner, face)
    partners : mapping name -> name
        Of patches that a period joins: their faces correspond, one by one, vertex by vertex.
    """

    inner: Sequence[tuple[int, int, Face]]
    patches: Mapping[str, Sequence[tuple[int, Face]]]
    partners: Mapping[str, str]


def sort_faces(solid: Solid, periods: Sequence[np.ndarray]) -> Faces:
    """The faces of a mesh; those on its surface that have no name make up "defaultFaces".

    Parameters
    ----------
    solid : Solid
    periods : sequence of (3,)

    Raises
    ------
    InputError
        If a named face is not on the surface or has two names, or a period joins no two boundaries.
    """
    outer, inner = {}, []
    for vertices, cells in solid.faces:
        vertices = _outward(solid, vertices, cells)
        keys = map(tuple, np.sort(vertices, axis=1).tolist())
        for key, cell, face in zip(keys, cells.tolist(), vertices.tolist(), strict=True):
            if key not in outer:
                outer[key] = (cell, face)
                continue
            pair = sorted([outer.pop(key), (cell, face)])
            inner.append((pair[0][0], pair[1][0], pair[0][1]))
    inner.sort(key=lambda row: row[:2])
    patches = {name: _take(outer, name, facets) for name, facets in solid.patches.items()}
    if outer:
        patches[UNNAMED] = [*patches.get(UNNAMED, []), *outer.values()]
    partners = {}
    for period in periods:
        partners |= _join(solid.points, patches, period)
    return Faces(inner, patches, partners)


def _outward(solid, vertices, cells):
    corners = solid.points[vertices]
    away = corners.mean(axis=1) - solid.centres[cells]
    inward = np.einsum("ki,ki->k", area_vectors(corners), away) < 0
    return np.where(inward[:, None], vertices[:, ::-1], vertices)


def _take(outer, name, facets) -> list[tuple[int, Face]]:
    """Faces of a patch, which are taken out of those of the surface."""
    keys = [tuple(row) for part in facets for row in np.sort(part, axis=1).tolist()]
    faces = [outer.pop(key, None) for key in keys]
    if None in faces:
        raise InputError(
            f"boundary {name!r}: a facet of it lies inside the mesh or has another name, too"
        )
    return faces


def _join(points, patches, period) -> dict[str, str]:
    """Which patches a period joins; the faces of the second ones are put into the same order."""
    partners = {}
    middles = {
        name: np.array([points[face].mean(axis=0) for _, face in faces])
        for name, faces in patches.items()
    }
    near = _SAME_PLACE * np.linalg.norm(period)
    for start, image in ((name, x + period) for name, x in middles.items()):
        for end, x in middles.items():
            if len(x) != len(image):
                continue
            gap, order = cKDTree(x).query(image)
            if gap.max() > near or len(np.unique(order)) < len(order):
                continue
            patches[end] = [
                (
                    patches[end][k][0],
                    _begin_at(points, patches[end][k][1], points[face[0]] + period),
                )
                for k, (_, face) in zip(order.tolist(), patches[start], strict=True)
            ]
            partners |= {start: end, end: start}
    if not partners:
        text = ", ".join(f"{x:.6g}" for x in period)
        raise InputError(
            f"period ({text}): joins no two boundaries of the mesh (its boundaries: "
            f"{', '.join(patches)})"
        )
    return partners


def _begin_at(points, face, place) -> Face:
    """The same face from the vertex that is nearest to a place on."""
    k = int(np.linalg.norm(points[face] - place, axis=1).argmin())
    return face[k:] + face[:k]
