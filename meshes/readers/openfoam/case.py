"""OpenFOAM case folders -> FlowField."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from meshes.geometry.cells import cell_centres, cell_volumes
from meshes.geometry.wall_fields import with_wall_fields
from meshes.readers.openfoam.files import field_files, read_list, read_patches, read_viscosity
from meshes.readers.openfoam.plane import area_vectors, plane_mesh
from meshes.readers.openfoam.vtk import is_number, read_case
from vcnn.errors import InputError, naming
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import boundary_facets


def read_openfoam(
    case: str | os.PathLike,
    time: float | str | None = None,
    fields: Mapping[str, str] | None = None,
) -> FlowField:
    """The flow of an OpenFOAM case at its cell centres.

    ASCII, binary, compressed and decomposed cases are read. A case with ``empty`` patches becomes a
    plane flow: vectors and tensors are restricted to the plane, the out-of-plane normal component
    of a tensor X is kept as the scalar "X_33". Cyclic patches become period vectors. Fields that
    cannot be read are named in a warning and in ``provenance["skipped_fields"]``. The scalars
    "boundary", "wall_distance" and "strain_rate" are added where missing; for the latter the flow
    sticks to patches of type wall.

    Parameters
    ----------
    case : path
    time : float or str, optional
        Default: the latest.
    fields : mapping name -> OpenFOAM field, optional
        Names to be given to fields, e.g. ``{"velocity": "UDNS", "pressure": "p"}``. Others keep
        theirs, "U" is the velocity unless this says otherwise.

    Raises
    ------
    InputError
        If this is no case, or the time or a field asked for is not in it.
    """
    case = Path(case)
    if not (case / "constant" / "polyMesh").is_dir():
        raise InputError(f"{case}: not an OpenFOAM case (it has no folder constant/polyMesh)")
    parts, time = _choose_time(case, time)
    mesh, values = read_case(case, time if parts == [case] else None)
    if parts != [case]:
        values = _gather(parts, time)
    skipped = []
    for name, kind in field_files(parts[0] / time).items():
        if (not kind or kind.startswith("vol")) and name not in values:
            skipped.append(name)
    if skipped:
        warnings.warn(
            f"{case}, time {time}: fields that cannot be read: {', '.join(skipped)}", stacklevel=2
        )
    patches = read_patches(case)
    patches = {name: patches.get(name, {}) for name in boundary_facets(mesh)}
    viscosity = read_viscosity(case)
    with naming(f"{case}, time {time}"):
        values = _renamed(values, fields or {}, skipped)
        flow = _flow(
            mesh,
            values,
            patches,
            parameters={} if viscosity is None else {"viscosity": viscosity},
            provenance={
                "source": str(case),
                "format": "OpenFOAM",
                "time": time,
                "skipped_fields": skipped,
            },
        )
        walls = [name for name, entries in patches.items() if entries.get("type") == "wall"]
        return with_wall_fields(flow, walls)


def _flow(mesh, fields, patches, **about) -> FlowField:
    """Cell-centred flow from fields on a mesh in space; plane if there are empty patches."""
    periods = _periods(mesh, patches)
    empty = [name for name in patches if patches[name].get("type") == "empty"]
    axes, out_of_plane = np.eye(3), {}
    if empty:
        mesh, order, axes = plane_mesh(mesh, empty)
        fields = {name: values[order] for name, values in fields.items()}
        normal = np.cross(*axes)
        for name, values in fields.items():
            if values.ndim == 3:
                component = np.einsum("i,nij,j->n", normal, values, normal)
                out_of_plane[f"{name}_33"] = component
    return FlowField(
        points=cell_centres(mesh),
        weights=cell_volumes(mesh),
        velocity=fields.pop("velocity") @ axes.T,
        scalars={name: a for name, a in fields.items() if a.ndim == 1} | out_of_plane,
        vectors={name: a @ axes.T for name, a in fields.items() if a.ndim == 2},
        tensors={name: axes @ a @ axes.T for name, a in fields.items() if a.ndim == 3},
        periods=[axes @ p for p in periods if np.linalg.norm(axes @ p) > 0.5 * np.linalg.norm(p)],
        mesh=mesh,
        location="cell",
        **about,
    )


def _choose_time(case, time):
    """The folders that hold the fields, the case or its processors', and the name of the time."""
    processors = sorted(case.glob("processor[0-9]*"), key=lambda p: (len(p.name), p.name))
    whole, split = _times(case), _times(processors[0]) if processors else {}
    if not whole and not split:
        collated = next(case.glob("processors*"), None)
        hint = ""
        if collated is not None:
            hint = f"; {collated.name} is in the collated format, run reconstructPar first"
        raise InputError(f"{case}: the case has no time folders{hint}")
    times = sorted({*whole, *split})
    if time is None:
        wanted = times[-1]
    else:
        try:
            wanted = min(times, key=lambda t: abs(t - float(time)))
        except ValueError:
            raise InputError(f"time: expected a number, got {time!r}") from None
        if not np.isclose(wanted, float(time), rtol=1e-9, atol=1e-12):
            names = ", ".join({**split, **whole}[t] for t in times)
            raise InputError(f"{case}: no time {time} (there are: {names})")
    return ([case], whole[wanted]) if wanted in whole else (processors, split[wanted])


def _times(folder) -> dict[float, str]:
    """Times -> names of the time folders in a folder."""
    names = [path.name for path in folder.iterdir() if path.is_dir() and is_number(path.name)]
    return {float(name): name for name in names}


def _gather(parts, time) -> dict[str, np.ndarray]:
    """Fields of a decomposed case, in the cell order of the whole mesh."""
    order, pieces = [], []
    for part in parts:
        order.append(read_list(part / "constant" / "polyMesh" / "cellProcAddressing"))
        pieces.append(read_case(part, time)[1])
    place = np.argsort(np.concatenate(order))
    common = [name for name in pieces[0] if all(name in piece for piece in pieces)]
    return {name: np.concatenate([piece[name] for piece in pieces])[place] for name in common}


def _renamed(fields, new_names, skipped) -> dict[str, np.ndarray]:
    """The fields of a case with the names that the user gives them, the velocity among them."""
    names = {"velocity": "U", **new_names}
    for name in names.values():
        if name in skipped:
            raise InputError(
                f"field {name!r} cannot be read; its FoamFile header is missing, or an #include or "
                "a $variable in it cannot be resolved"
            )
        if name not in fields:
            listing = ", ".join(sorted(fields)) or "none"
            hint = ""
            if name not in new_names.values():
                hint = "; choose with vcnn import --time TIME --field velocity=NAME"
            raise InputError(f"no field {name!r} (there are: {listing}){hint}")
    if fields[names["velocity"]].ndim != 2:
        raise InputError(f"field {names['velocity']!r} is no vector, it cannot be the velocity")
    others = {name: values for name, values in fields.items() if name not in names.values()}
    return {**others, **{new: fields[old] for new, old in names.items()}}


def _periods(mesh, patches) -> list[np.ndarray]:
    """From each cyclic patch to its neighbour; split pairs and the way back say nothing new."""
    middles, facets = {}, boundary_facets(mesh)
    for name in patches:
        corners = [mesh.points[vertices] for _, vertices in facets[name]]
        areas = np.concatenate([np.linalg.norm(area_vectors(x), axis=1) for x in corners])
        centres = np.concatenate([x.mean(axis=1) for x in corners])
        middles[name] = np.average(centres, axis=0, weights=areas)
    periods = []
    for name, entries in patches.items():
        if not entries.get("type", "").startswith("cyclic"):
            continue
        if entries.get("neighbourPatch") not in middles or entries.get("transform") == "rotational":
            raise InputError(
                f"patch {name!r}: only cyclic patches with a neighbourPatch, related by a "
                "translation, are supported"
            )
        step = middles[entries["neighbourPatch"]] - middles[name]
        step[np.abs(step) < 1e-12 * np.abs(step).max()] = 0.0
        same = 1e-4 * np.linalg.norm(step)
        if not any(min(np.linalg.norm(step - p), np.linalg.norm(step + p)) < same for p in periods):
            periods.append(step)
    return periods
