"""OpenFOAM case folders -> Dataset and FlowField."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from meshes.readers.dataset import Dataset
from meshes.readers.flow import dataset_flow
from meshes.readers.openfoam.boundaries import find_boundaries
from meshes.readers.openfoam.cells import cell_blocks
from meshes.readers.openfoam.properties import read_viscosity
from meshes.readers.openfoam.snapshot import Fields, read_fields, read_mesh_at
from meshes.readers.openfoam.times import choose_time, find_regions, find_times
from vcnn.errors import InputError, naming
from vcnn.flow.field import FlowField


def read_openfoam(
    case: str | os.PathLike,
    time: float | str | None = None,
    fields: Mapping[str, str] | None = None,
    walls: Sequence[str] | None = None,
    period: Sequence | None = None,
    location: str | None = None,
) -> FlowField:
    """The flow of an OpenFOAM case at its cell centres.

    ASCII, binary, compressed and decomposed cases are read, with the mesh that belongs to the time:
    the newest at or before it. A case with ``empty`` patches becomes a plane flow
    (:func:`read_flow` says how). Cyclic patches become period vectors.
    Fields that cannot be read are named in a warning and in ``provenance["skipped_fields"]``. The
    scalars "boundary", "wall_distance" and "strain_rate" are added where missing; for the latter
    the flow sticks to patches of type wall.

    Parameters
    ----------
    case : path
        The folder of the case.
    time : float or str, optional
        Default: the latest, wherever in the case it is.
    fields : mapping name -> OpenFOAM field, optional
        Names to be given to fields, e.g. ``{"velocity": "UDNS", "pressure": "p"}``; "0/U_LES" is
        the field U_LES of time 0. Others keep theirs, "U" is the velocity unless this says
        otherwise.
    walls, period, location
        As in :func:`read_flow`.

    Returns
    -------
    FlowField

    Raises
    ------
    InputError
        If this is no case, a file of it is damaged, or the time or a field asked for is not in it.
    """
    names = {"velocity": "U", **(fields or {})}
    dataset = read_case(case, time, names)
    if "velocity" not in dataset.cell_fields:
        names = dict(fields or {})  # which leaves U to be the velocity
    return dataset_flow(dataset, names, walls, period, location)


def read_case(
    case: str | os.PathLike,
    time: float | str | None = None,
    fields: Mapping[str, str] | None = None,
) -> Dataset:
    """What an OpenFOAM case holds at one time.

    Parameters
    ----------
    case : path
    time : float or str, optional
        Default: the latest.
    fields : mapping name -> OpenFOAM field, optional
        Those that have to be readable; of other times by names like "0/U_LES".

    Raises
    ------
    InputError
        If this is no case, a file of it is damaged, or the time or a field asked for is not in it.
    """
    case, names = Path(case), fields or {}
    times = find_times(case)
    value = choose_time(times, time)
    times.folders(value)  # which refuses incomplete ones before a mesh is read
    mesh = read_mesh_at(times, value)
    place = f"{case}, time {times.names[value]}"
    geometry = _geometry(case, mesh, place)
    with naming(place):
        snapshot = read_fields(times, value, mesh.n_cells, names.values())
        regions = find_regions(case)
        if regions and not snapshot.values and not snapshot.unreadable:
            raise InputError(
                f"no fields but those of regions, which are not supported: {', '.join(regions)}"
            )
    notes = [*_notes(snapshot, names.get("velocity", "U")), *geometry.notes]
    if regions:
        notes.append(f"regions left out: {', '.join(regions)}")
    return replace(
        geometry,
        cell_fields=snapshot.values,
        notes=tuple(notes),
        provenance={
            **geometry.provenance,
            "time": times.names[value],
            "times": list(times.names.values()),
            "skipped_fields": list(snapshot.unreadable),
        },
    )


def read_case_mesh(case: str | os.PathLike) -> Dataset:
    """The newest mesh of an OpenFOAM case, with or without times: no fields.

    Raises
    ------
    InputError
        If this is no case, or a file of it is damaged.
    """
    case = Path(case)
    return _geometry(case, read_mesh_at(find_times(case), math.inf), case)


def _geometry(case, mesh, place) -> Dataset:
    """A mesh with its boundaries and periods, and the viscosity."""
    with naming(mesh.folder):
        cells = cell_blocks(mesh)
    with naming(place):
        boundaries = find_boundaries(mesh)
    notes, parameters = list(boundaries.notes), {}
    try:
        viscosity = read_viscosity(case)
        parameters = {} if viscosity is None else {"viscosity": viscosity}
    except InputError as error:
        notes.append(f"the viscosity cannot be read ({error})")
    return Dataset(
        points=mesh.points,
        cells=cells,
        boundaries=boundaries.facets,
        patch_types=boundaries.types,
        periods=tuple(boundaries.periods),
        parameters=parameters,
        notes=tuple(notes),
        provenance={"source": str(case), "format": "OpenFOAM"},
    )


def _notes(snapshot: Fields, velocity: str) -> list[str]:
    notes = []
    if snapshot.unreadable:
        reasons = [f"{name} ({reason})" for name, reason in snapshot.unreadable.items()]
        notes.append(f"fields that cannot be read: {', '.join(reasons)}")
    if snapshot.headerless:
        notes.append(
            "fields without a FoamFile header, taken for what their values look like: "
            + ", ".join(snapshot.headerless)
        )
    vectors = {name: a for name, a in snapshot.values.items() if a.shape[1:] == (3,)}
    varying = [name for name, a in vectors.items() if np.ptp(a, axis=0).any() and name != "C"]
    if velocity in vectors and velocity not in varying and varying:
        notes.append(
            f"the velocity {velocity} is the same everywhere, as at a start; other vectors: "
            + ", ".join(varying)
        )
    return notes
