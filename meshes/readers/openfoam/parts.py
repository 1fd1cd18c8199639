"""Decomposed cases: what the folders processorN hold, put together."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from meshes.readers.openfoam.fields import read_field
from meshes.readers.openfoam.polymesh import PolyMesh, read_labels, read_points
from meshes.readers.openfoam.times import Times, mesh_folder
from vcnn.errors import InputError

_AGAIN = "decompose the case again, or run reconstructParMesh and reconstructPar"


def cell_numbers(times: Times, time: float, cells: int) -> list[np.ndarray]:
    """For each processor which cells of the whole mesh it has.

    Parameters
    ----------
    times : Times
    time : float
    cells : int
        Their number in the whole mesh.

    Raises
    ------
    InputError
        If a processor does not tell, or all together do not have each cell once.
    """
    numbers = [
        read_labels(_mesh(times, part, time)[1] / "cellProcAddressing", times.case)
        for part in times.parts
    ]
    for part, own in zip(times.parts, numbers, strict=True):
        if ((own < 0) | (own >= cells)).any():
            raise InputError(
                f"{part}: has cells of another mesh than the whole one, of {cells} cells; {_AGAIN}"
            )
    count = np.bincount(np.concatenate(numbers), minlength=cells)
    if (count != 1).any():
        names = [part.name for part in times.parts]
        raise InputError(
            f"{times.case}: {names[0]} to {names[-1]} have {np.count_nonzero(count)} of {cells} "
            f"cells, {np.count_nonzero(count > 1)} of them more than once; is a folder processorN "
            "missing?"
        )
    return numbers


def gather_field(
    folders: list[Path], name: str, kind: str, numbers: list[np.ndarray], case: Path
) -> np.ndarray:
    """A field in the cells of the whole mesh.

    Parameters
    ----------
    folders : list of path
        The time in each processor's folder.
    name, kind : str
        Of the field, and its class.
    numbers : list of (n,) int
        As `cell_numbers` gives them.
    case : path

    Raises
    ------
    InputError
        If it is missing or cannot be read in one of them.
    """
    parts = [
        read_field(folder / name, kind, len(own), case)
        for folder, own in zip(folders, numbers, strict=True)
    ]
    if len({part.shape[1:] for part in parts}) > 1:
        raise InputError(f"{folders[0] / name}: a field of another class than in other processors")
    values = np.empty((sum(map(len, numbers)), *parts[0].shape[1:]))
    values[np.concatenate(numbers)] = np.concatenate(parts)
    return values


def moved_points(mesh: PolyMesh, since: float, times: Times, time: float) -> PolyMesh:
    """The whole mesh with the points of the processors, if theirs are of a later time than its own.

    Raises
    ------
    InputError
        If a processor does not tell which points it has.
    """
    points = mesh.points.copy()
    for part, own in times.parts.items():
        later, folder = mesh_folder(part, own, time, "points") or (-math.inf, part)
        if later > since:
            path = _mesh(times, part, time)[1] / "pointProcAddressing"
            numbers, place = (
                read_labels(path, times.case),
                read_points(folder / "points", times.case),
            )
            if len(numbers) != len(place) or ((numbers < 0) | (numbers >= len(points))).any():
                raise InputError(f"{path}: does not belong to the whole mesh; {_AGAIN}")
            points[numbers] = place
    return replace(mesh, points=points)


def _mesh(times, part, time):
    place = mesh_folder(part, times.parts[part], time, "faces")
    if place is None:
        raise InputError(f"{part}: it has no mesh (constant/polyMesh/faces)")
    return place
