"""One time of an OpenFOAM case: the mesh that belongs to it, and its fields."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from meshes.readers.openfoam.fields import field_files, read_field
from meshes.readers.openfoam.parts import cell_numbers, gather_field, moved_points
from meshes.readers.openfoam.polymesh import PolyMesh, read_polymesh
from meshes.readers.openfoam.times import Times, choose_time, mesh_folder
from vcnn.errors import InputError


@dataclass(frozen=True, eq=False)
class Fields:
    """The fields of a time.

    Parameters
    ----------
    values : mapping name -> (N, ...)
    unreadable : mapping name -> reason
    headerless : list of str
        Names of those whose file has no header.
    """

    values: dict[str, np.ndarray] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    headerless: list[str] = field(default_factory=list)


def read_mesh_at(times: Times, time: float) -> PolyMesh:
    """The mesh of the newest time at or before one; points and faces each where they are newest.

    Raises
    ------
    InputError
        If there is none, or a file of it is damaged.
    """
    places = {
        file: mesh_folder(times.case, times.whole, time, file)
        for file in ("points", "faces", "boundary")
    }
    if places["faces"] is None:
        raise InputError(f"{times.case}: there is no mesh at or before time {times.names[time]}")
    since, faces = places["faces"]
    points = places["points"] or places["faces"]
    boundary = max(places["boundary"] or places["faces"], places["faces"])
    mesh = read_polymesh(points[1], faces, boundary[1], times.case)
    if not times.in_parts(time):
        return mesh
    return moved_points(mesh, max(points[0], since), times, time)


def read_fields(times: Times, time: float, cells: int, wanted: Collection[str]) -> Fields:
    """All fields of a time, and those wanted of others, named like "0/U_LES".

    Parameters
    ----------
    times : Times
    time : float
    cells : int
        Of the mesh.
    wanted : names
        Fields that have to be readable if they are there.

    Raises
    ------
    InputError
        If one of those cannot be read, or a decomposition is incomplete.
    """
    place, fields = _Place.of(times, time, cells), Fields()
    for name, kind in place.kinds.items():
        try:
            fields.values[name] = place.read(name)
        except InputError as error:
            if name in wanted:
                raise InputError(f"field {name!r} cannot be read; {error}") from None
            fields.unreadable[name] = str(error)
        else:
            fields.headerless.extend([name] if not kind else [])
    for name in wanted:
        at, slash, short = name.rpartition("/")
        if slash:
            other = choose_time(times, at)
            if _faces(times, other) != _faces(times, time):
                raise InputError(
                    f"field {name!r}: time {at} has another mesh than time {times.names[time]}"
                )
            place = _Place.of(times, other, cells)
            if short not in place.kinds:
                listing = ", ".join(sorted(place.kinds)) or "none"
                raise InputError(f"no field {name!r} (at time {at} there are: {listing})")
            fields.values[name] = place.read(short)
            fields.headerless.extend([name] if not place.kinds[short] else [])
    return fields


def _faces(times, time):
    """Where the faces of a mesh are: another folder is another mesh."""
    return mesh_folder(times.case, times.whole, time, "faces")


@dataclass(frozen=True, eq=False)
class _Place:
    """The folders of a time, in the case or of each processor, and the classes of its fields."""

    case: Path
    folders: list[Path]
    kinds: dict[str, str]
    cells: int
    numbers: list[np.ndarray] | None

    @classmethod
    def of(cls, times, time, cells) -> _Place:
        folders, kinds = times.folders(time), {}
        for folder in folders:
            for name, kind in field_files(folder).items():
                kinds[name] = kinds.get(name) or kind
        numbers = cell_numbers(times, time, cells) if times.in_parts(time) else None
        return cls(times.case, folders, dict(sorted(kinds.items())), cells, numbers)

    def read(self, name: str) -> np.ndarray:
        kind = self.kinds[name]
        if self.numbers is None:
            return read_field(self.folders[0] / name, kind, self.cells, self.case)
        return gather_field(self.folders, name, kind, self.numbers, self.case)
