"""The files of an OpenFOAM mesh: points, faces, the cells on their two sides, patches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from meshes.readers.openfoam.dictionary import read_dictionary, read_list_file
from meshes.readers.openfoam.lists import read_faces, read_numbers
from meshes.readers.openfoam.values import word
from vcnn.errors import InputError, naming

_FAR = 1e100  # beyond which squares of lengths are no numbers


@dataclass(frozen=True, eq=False)
class PolyMesh:
    """A mesh as OpenFOAM holds it.

    Parameters
    ----------
    folder : path
        Where its faces are.
    points : (M, 3)
    starts : (F + 1,) int
    vertices : (starts[-1],) int
        Those of face f are ``vertices[starts[f]:starts[f + 1]]``, seen from its neighbour
        clockwise.
    owner : (F,) int
    neighbour : (I,) int
        The cells on both sides of faces; those beyond the first I are on the surface.
    patches : mapping name -> entries
        As in the file ``boundary``.
    spans : mapping name -> (first face, number of faces)
        Of patches that have faces.
    """

    folder: Path
    points: np.ndarray
    starts: np.ndarray
    vertices: np.ndarray
    owner: np.ndarray
    neighbour: np.ndarray
    patches: Mapping[str, dict]
    spans: Mapping[str, tuple[int, int]]

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return int(max(self.owner.max(initial=-1), self.neighbour.max(initial=-1))) + 1


def read_polymesh(points: Path, faces: Path, boundary: Path, case: Path) -> PolyMesh:
    """The mesh whose files lie in three folders ``polyMesh``.

    Parameters
    ----------
    points, faces, boundary : path
        Folders of these files; owner and neighbour are where the faces are.
    case : path

    Raises
    ------
    InputError
        If a file is missing or damaged, by its name.
    """
    place, path = read_points(points / "points", case), faces / "faces"
    content, at, form, kind = read_list_file(path, case)
    with naming(path):
        starts, vertices = read_faces(content, at, form, compact=kind == "faceCompactList")
        _check_range(vertices, len(place), "point")
    owner = read_labels(faces / "owner", case)
    neighbour = read_labels(faces / "neighbour", case)
    with naming(faces / "owner"):
        if not len(owner) or len(owner) != len(starts) - 1:
            raise InputError(f"cells of {len(owner)} faces, the file faces has {len(starts) - 1}")
        _check_range(owner, len(owner), "cell")
    with naming(faces / "neighbour"):
        if len(neighbour) == len(owner):  # older versions give those on the surface a -1
            neighbour = neighbour[: np.argmax(np.append(neighbour, -1) < 0)]
        if len(neighbour) > len(owner):
            raise InputError(f"cells of {len(neighbour)} faces, owner has {len(owner)}")
        _check_range(neighbour, len(owner), "cell")
    patches, spans = read_patches(boundary / "boundary", len(neighbour), len(owner), case)
    return PolyMesh(faces, place, starts, vertices, owner, neighbour, patches, spans)


def read_points(path: Path, case: Path) -> np.ndarray:
    """(M, 3) points of a file.

    Raises
    ------
    InputError
        If it is missing or damaged.
    """
    points = _read_list(path, "vector", case)
    if not (np.abs(points) < _FAR).all():
        raise InputError(f"{path}: a coordinate is not finite or beyond {_FAR:g}")
    return points


def read_labels(path: Path, case: Path) -> np.ndarray:
    """(n,) numbers of a file such as owner.

    Raises
    ------
    InputError
        If it is missing or damaged.
    """
    return _read_list(path, "label", case)


def _read_list(path, kind, case):
    content, at, form, _ = read_list_file(path, case)
    with naming(path):
        values, _ = read_numbers(content, at, kind, form)
        if len(values) > len(content):  # n{value}: one cell has all faces, but not these
            raise InputError(f"damaged list, it claims to have {len(values)} entries")
    return values


def read_patches(
    path: Path, inner: int, faces: int, case: Path
) -> tuple[dict[str, dict], dict[str, tuple[int, int]]]:
    """The entries of each patch, and which faces it has, if any: its first one, and their number.

    Parameters
    ----------
    path : path
    inner, faces : int
        Numbers of faces between two cells, which come first, and of all.
    case : path

    Raises
    ------
    InputError
        If the file is missing or damaged, or its patches are not all of the mesh's surface.
    """
    listed, patches, spans, expected = read_dictionary(path, case).get(""), {}, {}, inner
    with naming(path):
        if not isinstance(listed, list) or len(listed) % 2:
            raise InputError("no list of patches found in it")
        for name, entries in zip(listed[::2], listed[1::2], strict=True):
            if not isinstance(name, str) or not isinstance(entries, dict):
                raise InputError("a list of patches, name { entries }, expected")
            start, count = (_label(entries, key, name) for key in ("startFace", "nFaces"))
            if count and start != expected:
                raise InputError(f"patch {name!r} starts at face {start}, {expected} expected")
            expected += count
            if expected > faces:
                raise InputError(
                    f"patch {name!r}: {count} faces from {start} on, the mesh has {faces}"
                )
            patches[name] = entries
            if count:
                spans[name] = (start, count)
        if expected != faces:
            raise InputError(f"patches up to face {expected}, the mesh has {faces} faces")
    return patches, spans


def _label(entries, key, patch):
    text = word(entries, key)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InputError(f"patch {patch!r}: {key}: expected a number")
    return int(text)


def _check_range(labels, size, what):
    wrong = np.flatnonzero((labels < 0) | (labels >= size))
    if len(wrong):
        raise InputError(
            f"entry {wrong[0]}: there is no {what} {labels[wrong[0]]} (there are at most {size})"
        )
