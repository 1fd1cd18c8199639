"""Periods of an OpenFOAM case: cyclic patches, checked face by face."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from meshes.geometry.plane import area_vectors
from meshes.readers.openfoam.polymesh import PolyMesh
from meshes.readers.openfoam.values import word
from vcnn.errors import InputError

_EQUAL = 1e-4  # of a period: what two of them may differ by and be one
_MATCH = 1e-3  # of the size of a face: as OpenFOAM's matchTolerance, with points of few digits
_TURN = 1e-2  # of an area: what its two images may differ by
_DIGITS = 1e-6  # of the coordinates: points written with six digits
_BY_FACE = ("cyclic", "cyclicSlip", "nonuniformTransformCyclic")  # the others may be cut anew


@dataclass(frozen=True, eq=False)
class Cyclics:
    """What cyclic patches say.

    Parameters
    ----------
    periods : list of (3,)
    merged : mapping name -> names of patches
        Boundaries that are several patches with one period.
    """

    periods: list[np.ndarray]
    merged: Mapping[str, list[str]]


def find_cyclics(mesh: PolyMesh) -> Cyclics:
    """The periods of a mesh; a pair's way back and further pairs of the same period add nothing.

    Raises
    ------
    InputError
        If a cyclic patch has no neighbour, or is not related to it by a translation.
    """
    periods, pairs, paired = [], [], set()
    for name, entries in mesh.patches.items():
        kind, other = word(entries, "type"), word(entries, "neighbourPatch")
        if "cyclic" not in kind.lower() or kind.startswith("processor") or name in paired:
            continue
        if kind.startswith("cyclic") and name not in mesh.spans:
            continue
        if other not in mesh.spans or other == name:
            raise InputError(
                f"patch {name!r}: only cyclic patches with a neighbourPatch, related by a "
                "translation, are supported"
            )
        step = _translation(mesh, name, other)
        paired |= {name, other}
        for period, joined in zip(periods, pairs, strict=True):
            same = _EQUAL * np.linalg.norm(step)
            if np.linalg.norm(step - period) < same:
                joined.append((name, other))
                break
            if np.linalg.norm(step + period) < same:
                joined.append((other, name))
                break
        else:
            periods.append(step)
            pairs.append([(name, other)])
    merged = {}
    for joined in pairs:
        if len(joined) > 1:
            groups = list(zip(*joined, strict=True))
            for name, names in zip(
                _common_names(groups, [*mesh.patches, *merged]), groups, strict=True
            ):
                merged[name] = list(names)
    return Cyclics(periods, merged)


def _translation(mesh, name, other) -> np.ndarray:
    """(3,) from a patch to its neighbour, checked."""
    entries = mesh.patches[name]
    if "rotational" in (word(entries, "transform"), word(entries, "transformType")):
        raise InputError(
            f"patch {name!r}: it is cyclic by a rotation, only translations are supported"
        )
    own, image = _Faces.of(mesh, name), _Faces.of(mesh, other)
    if not (own.areas.any(axis=1).all() and image.areas.any(axis=1).all()):
        raise InputError(f"patch {name!r}: a face of it, or of its neighbourPatch, has no area")
    round_off = _DIGITS * np.abs(mesh.points).max()
    by_face = word(entries, "type") in _BY_FACE
    step = image.middle(by_face) - own.middle(by_face)
    step[np.abs(step) < 1e-12 * np.abs(step).max()] = 0.0
    if np.linalg.norm(step) <= _MATCH * own.sizes.max() + round_off:
        raise InputError(
            f"patch {name!r}: it coincides with its neighbourPatch {other!r}; interfaces inside "
            "the mesh are not supported"
        )
    same = own.match(image, step, round_off) if by_face else own.cover(image, step, round_off)
    if not same:
        raise InputError(
            f"patch {name!r}: it is no translate of its neighbourPatch {other!r}; cyclic patches "
            "related by a rotation, or that cover each other in part, are not supported"
        )
    return step


@dataclass(frozen=True, eq=False)
class _Faces:
    """Those of a patch, in their order: means of corners, area vectors, extents, triangles."""

    centres: np.ndarray
    areas: np.ndarray
    sizes: np.ndarray
    triangles: np.ndarray

    @classmethod
    def of(cls, mesh, name) -> _Faces:
        start, count = mesh.spans[name]
        counts = np.diff(mesh.starts[start : start + count + 1])
        centres, areas, sizes = np.empty((count, 3)), np.empty((count, 3)), np.empty(count)
        triangles = []
        for m in np.unique(counts):
            some = np.flatnonzero(counts == m)
            x = mesh.points[mesh.vertices[mesh.starts[start + some][:, None] + np.arange(m)]]
            centres[some], areas[some] = x.mean(axis=1), area_vectors(x)
            sizes[some] = np.linalg.norm(np.ptp(x, axis=1), axis=1)
            middle = np.broadcast_to(x.mean(axis=1, keepdims=True), x.shape)
            corners = np.stack([middle, x, np.roll(x, -1, axis=1)], axis=2)
            triangles.append(corners.reshape(-1, 3, 3))
        return cls(centres, areas, sizes, np.concatenate(triangles))

    def middle(self, by_face: bool) -> np.ndarray:
        if by_face:
            return np.average(self.centres, axis=0, weights=np.linalg.norm(self.areas, axis=1))
        weights = np.linalg.norm(area_vectors(self.triangles), axis=1)
        return np.average(self.triangles.mean(axis=1), axis=0, weights=weights)

    def match(self, image: _Faces, step: np.ndarray, round_off: float) -> bool:
        """Whether a step leads from each face to the one of the same number."""
        if len(self.centres) != len(image.centres):
            return False
        apart = np.linalg.norm(self.centres + step - image.centres, axis=1)
        turned = np.linalg.norm(self.areas + image.areas, axis=1)
        area = np.linalg.norm(self.areas, axis=1)
        return bool(
            (apart <= _MATCH * self.sizes + round_off).all()
            and (turned <= _TURN * area + round_off * self.sizes).all()
        )

    def cover(self, image: _Faces, step: np.ndarray, round_off: float) -> bool:
        """Whether faces cut in another way cover the same surface, by its extent and moments."""
        slack = _MATCH * max(self.sizes.max(), image.sizes.max()) + round_off
        for corner in (np.min, np.max):
            ends = corner(image.triangles, axis=(0, 1)) - corner(self.triangles, axis=(0, 1))
            if np.linalg.norm(ends - step) > slack:
                return False
        origin = self.middle(False)
        (area, normal, second), (others, facing, last) = (
            _moments(self.triangles - origin),
            _moments(image.triangles - origin - step),
        )
        return bool(
            abs(area - others) <= _TURN * area
            and np.linalg.norm(normal + facing) <= _TURN * area
            and np.linalg.norm(second - last) <= _TURN * np.linalg.norm(second)
        )


def _moments(triangles):
    """Area, area vector and second moments of a surface."""
    vectors = area_vectors(triangles)
    areas = np.linalg.norm(vectors, axis=1)
    total = triangles.sum(axis=1)
    second = np.einsum("n,ni,nj->ij", areas, total, total)
    second += np.einsum("n,nki,nkj->ij", areas, triangles, triangles)
    return areas.sum(), vectors.sum(axis=0), second / 12


def _common_names(groups, taken) -> list[str]:
    """What names have in common, "inlet" of inlet_half0 and inlet_half1; else the first of each."""
    stems = []
    for names in groups:
        stem = names[0]
        while not all(name.startswith(stem) for name in names):
            stem = stem[:-1]
        stems.append(re.sub(r"(_half|[_\W\d]+)+$", "", stem))
    usable = all(stems) and len({*stems}) == len(stems) and not {*stems} & {*taken}
    return stems if usable else [names[0] for names in groups]
