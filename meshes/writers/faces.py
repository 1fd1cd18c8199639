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
        If a named face is not on the surface or has two names, or a period joins no two boundaries
        or only parts of them.
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
    text = ", ".join(f"{x:.6g}" for x in period)
    pairs = _seam(points, patches, period)
    if not pairs:
        raise InputError(
            f"period ({text}): joins no two boundaries of the mesh (its boundaries: "
            f"{', '.join(patches)})"
        )
    sizes = {name: len(faces) for name, faces in patches.items()}
    parts = [
        f"{len(order)} of {sizes[start]} faces of {start!r} to {len(set(order.values()))} of "
        f"{sizes[end]} of {end!r}"
        for (start, end), order in pairs.items()
        if UNNAMED in (start, end)
        or not len(order) == len(set(order.values())) == sizes[start] == sizes[end]
    ]
    if parts:
        raise InputError(
            f"period ({text}): joins {', '.join(parts)}; both have to be whole boundaries, and "
            f"faces without a name, which {UNNAMED!r} are, belong to none"
        )
    partners = {}
    for (start, end), order in pairs.items():
        faces = patches[end]
        patches[end] = [
            (faces[order[k]][0], _begin_at(points, faces[order[k]][1], points[face[0]] + period))
            for k, (_, face) in enumerate(patches[start])
        ]
        partners |= {start: end, end: start}
    return partners


def _seam(points, patches, period) -> dict[tuple[str, str], dict[int, int]]:
    """Faces and their images by a period: for names of two patches the numbers of faces in them.

    An image looks the other way: on a plane wall two faces may be a period apart, too.
    """
    places = [(name, k) for name, faces in patches.items() for k in range(len(faces))]
    corners = [points[face] for faces in patches.values() for _, face in faces]
    middles = np.array([x.mean(axis=0) for x in corners])
    gaps, images = cKDTree(middles).query(middles + period)
    pairs: dict[tuple[str, str], dict[int, int]] = {}
    for i in np.flatnonzero(gaps <= _SAME_PLACE * np.linalg.norm(period)):
        own, image = (area_vectors(corners[j][None])[0] for j in (i, images[i]))
        if own @ image < 0:
            (start, k), (end, other) = places[i], places[images[i]]
            pairs.setdefault((start, end), {})[k] = other
    return pairs


def _begin_at(points, face, place) -> Face:
    """The same face from the vertex that is nearest to a place on."""
    k = int(np.linalg.norm(points[face] - place, axis=1).argmin())
    return face[k:] + face[:k]
