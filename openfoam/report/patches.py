"""What the files of a time say of boundaries: fluxes through them, velocities of walls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from meshes.readers.openfoam.content import is_there
from meshes.readers.openfoam.dictionary import read_dictionary
from meshes.readers.openfoam.values import numbers, word
from vcnn.errors import naming

_CUT = re.compile(r"procBoundary\d+to\d+through(.+)")  # a cyclic patch between two processors
_INNER = re.compile(r"procBoundary\d+to\d+")


def patch_fluxes(folders: Sequence[Path], case: Path) -> dict[str, float]:
    """Sums of the field phi over the faces of each patch, what leaves; empty without that field.

    Parameters
    ----------
    folders : sequence of path
        The time, in the case or in each processor's folder.
    case : path

    Raises
    ------
    InputError
        If phi cannot be read.
    """
    fluxes: dict[str, float] = {}
    for folder in folders:
        if not is_there(folder / "phi"):
            return {}
        faces = _count_faces(folder.parent / "constant" / "polyMesh" / "boundary", case)
        for name, entries in _boundary_field(folder / "phi", case).items():
            if _INNER.fullmatch(name) or not isinstance(entries.get("value"), list):
                continue
            cut = _CUT.fullmatch(name)
            patch = cut[1] if cut else name
            with naming(f"{folder / 'phi'}: {name}"):
                flux = _sum(entries["value"], faces.get(name, 0))
            fluxes[patch] = fluxes.get(patch, 0.0) + flux
    return fluxes


def _sum(values, faces) -> float:
    """Of a list, or of one number for all faces."""
    lists = [value for value in values if isinstance(value, np.ndarray)]
    if lists:
        return float(lists[0].sum())
    return faces * float(numbers(values[1:], 1)[0]) if values[:1] == ["uniform"] else 0.0


def _count_faces(path, case) -> dict[str, int]:
    items = read_dictionary(path, case).get("", [])
    patches = zip(items[::2], items[1::2], strict=False)
    return {name: int(word(entries, "nFaces") or 0) for name, entries in patches}


def wall_velocities(folder: Path, case: Path, walls: Iterable[str]) -> dict[str, np.ndarray]:
    """(3,) velocities of walls: that which U fixes everywhere on one, else 0.

    Parameters
    ----------
    folder : path
        Of the time; of one processor's, in whose file all walls are.
    case : path
    walls : names

    Raises
    ------
    InputError
        If U cannot be read.
    """
    entries = _boundary_field(folder / "U", case) if is_there(folder / "U") else {}
    velocities = {}
    for wall in walls:
        value = entries.get(wall, {}).get("value")
        fixed = word(entries.get(wall, {}), "type") == "fixedValue" and isinstance(value, list)
        uniform = fixed and value[:1] == ["uniform"]
        velocities[wall] = numbers(value[1:], 3) if uniform else np.zeros(3)
    return velocities


def wall_functions(folder: Path, case: Path, walls: Iterable[str]) -> dict[str, str]:
    """Which wall functions nut has at walls, by their names; those of low Reynolds numbers are 0.

    Parameters
    ----------
    folder, case, walls
        As for :func:`wall_velocities`.

    Raises
    ------
    InputError
        If nut cannot be read.
    """
    entries = _boundary_field(folder / "nut", case) if is_there(folder / "nut") else {}
    kinds = {wall: word(entries.get(wall, {}), "type") for wall in walls}
    return {w: kind for w, kind in kinds.items() if "WallFunction" in kind and "LowRe" not in kind}


def _boundary_field(path, case) -> dict[str, dict]:
    field = read_dictionary(path, case).get("boundaryField")
    entries = field.items() if isinstance(field, dict) else ()
    return {name: value for name, value in entries if isinstance(value, dict)}
