"""OpenFOAM cases of the Closure Challenge, as published, into the arrays that benchmarks read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from benchmarks.data.case_numbers import read_numbers, read_patches
from benchmarks.data.slab import Plane, middle_plane
from meshes import wall_distance
from meshes.geometry.cells import centres_and_volumes
from meshes.readers.dataset import Dataset
from meshes.readers.openfoam.case import read_case
from vcnn import InputError

# name in the file -> what the field is called in cases, at the latest time or at time 0
_SST = {"velocity": "U", "k": "k", "omega": "omega", "nut": "nut", "pressure": "p"}
SST_ARRAYS = tuple(f"sst_{name}" for name in _SST)
_TRUTH = {
    "les_velocity": ("U_LES", "UDNS"),
    "les_k": ("k_LES",),
    "les_reynolds_stress": ("tauij_LES", "TauDNS"),
}
_DNS_REYNOLDS = 5600  # of the DNS of hills
_DNS_UNITS = (1.0, 0.028)  # velocities in which cases are published where it is reached
_OWN = 1e-3  # of a cell's size: how far a point of evaluation may be from its centre


def challenge_arrays(
    case: Path,
    *,
    viscosity: float | None = None,
    points: ArrayLike | None = None,
    truth: bool = True,
) -> dict[str, np.ndarray]:
    """The arrays of a case of hills, ducts, or a flow with inlet and outlet.

    Fields are in single precision, geometry in double; docs/how-to/benchmarks.md says what each
    array is.

    Parameters
    ----------
    case : path
        Its folder.
    viscosity : float, optional
        ν where the case does not state it.
    points : (n, 3), optional
        Points of evaluation, each the centre of a cell.
    truth : bool
        Whether fields of DNS and LES are read; of test flows they are not.

    Raises
    ------
    InputError
        If this is no such case, states no viscosity, has neither the fields of k-ω SST nor a truth,
        or a point of evaluation is not the centre of a cell.
    """
    dataset = _read(case, truth)
    plane = middle_plane(case, dataset)
    centres, areas = centres_and_volumes(plane.mesh)
    fields = dataset.cell_fields
    arrays = {
        "case": np.array(case.name),
        "plane_axes": np.abs(plane.axes).argmax(axis=1).astype(np.int8),
        "points": plane.mesh.points,
        "cells": plane.mesh.cells[0].data.astype(np.int32),
        "cell_centres": centres,
        "cell_areas": areas.astype(np.float32),
        "thickness": np.array(plane.thickness),
        "bfacet_points": plane.facets.astype(np.int32),
        "bfacet_owner": plane.owners.astype(np.int32),
        "bfacet_patch": plane.patch.astype(np.int16),
        "patch_names": np.array(plane.names),
        "patch_types": np.array(plane.types),
        "wall_distance": _wall_distance(plane, centres, dataset).astype(np.float32),
    }
    if "omega" in fields:
        arrays |= {f"sst_{k}": _single(fields[v]) for k, v in _SST.items() if v in fields}
    if truth:
        arrays |= _truth(fields)
    if not {"sst_velocity", "les_velocity"} & set(arrays):
        raise InputError(f"{case}: neither fields of k-omega SST (U, omega) nor a truth (U_LES)")
    arrays |= read_numbers(case, dataset, areas @ fields["U"] / areas.sum(), viscosity)
    arrays |= read_patches(case, dataset, plane.names, plane.patch)
    if "ubar" in arrays:
        arrays |= _driving(arrays, plane, areas)
    if points is not None:
        arrays |= _evaluation(case, np.asarray(points, dtype=float), plane, centres, areas)
    return arrays


def _single(values):
    return np.asarray(values, dtype=np.float32)


def _read(case, truth) -> Dataset:
    """A case at its latest time, with the truth that lies at time 0."""
    dataset = read_case(case, None, {"velocity": "U"})
    if "U" not in dataset.cell_fields:
        raise InputError(f"{case}: no velocity U at time {dataset.provenance['time']}")
    at_start = [
        f"0/{name}"
        for names in _TRUTH.values()
        for name in names
        if truth and name not in dataset.cell_fields and (case / "0" / name).is_file()
    ]
    return read_case(case, None, {name: name for name in at_start}) if at_start else dataset


def _truth(fields: Mapping) -> dict[str, np.ndarray]:
    """Fields of DNS or LES, at the latest time before those of time 0."""
    chosen = {}
    for name, called in _TRUTH.items():
        every = [place for short in called for place in (short, f"0/{short}") if place in fields]
        if every:
            chosen[name] = fields[every[0]]
    if "les_reynolds_stress" in chosen:
        i, j = np.triu_indices(3)
        stress = chosen["les_reynolds_stress"][:, i, j]
        chosen["les_reynolds_stress"] = stress
        chosen.setdefault("les_k", 0.5 * stress[:, [0, 3, 5]].sum(axis=1))
    return {name: _single(values) for name, values in chosen.items()}


def _wall_distance(plane: Plane, centres, dataset):
    walls = [name for name, kind in zip(plane.names, plane.types, strict=True) if kind == "wall"]
    periods = [plane.axes @ period for period in dataset.periods]
    return wall_distance(plane.mesh, centres, walls, [p for p in periods if np.any(p)])


def _driving(arrays, plane: Plane, areas) -> dict[str, np.ndarray]:
    """The force of SST where the case did not keep it, and the bulk velocity of the DNS of hills.

    The force is that of the friction on the walls of a duct. The DNS of hills holds the mean over
    the whole box L_x x H at 2/3 of the velocity that its Reynolds number is made with.
    """
    driving = {}
    along = np.any(arrays["plane_axes"] == 0)  # the flow is in the plane
    if "sst_pressure_gradient" not in arrays and "sst_wall_shear_stress" in arrays and not along:
        ends = plane.mesh.points[plane.facets]
        lengths = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1)
        friction = lengths @ np.nan_to_num(arrays["sst_wall_shear_stress"].astype(float))
        driving["sst_pressure_gradient"] = np.array(np.linalg.norm(friction) / areas.sum())
    speed = _DNS_REYNOLDS * float(arrays["nu"])
    unit = next((u for u in _DNS_UNITS if abs(speed / u - 1) < 1e-3), None)
    if along and unit is not None:
        length, height = np.ptp(plane.mesh.points[:, 0]), plane.mesh.points[:, 1].max()
        driving["ubar_dns"] = np.array([2 / 3 * unit * length * height / areas.sum(), 0.0, 0.0])
    return driving


def _evaluation(case, points, plane: Plane, centres, areas) -> dict[str, np.ndarray]:
    if points.ndim != 2 or points.shape[1] != 3:
        raise InputError(f"{case}: points of evaluation: expected x, y and z of each")
    gap, cells = cKDTree(centres).query(points @ plane.axes.T)
    relative = gap / np.sqrt(areas[cells])
    if not (relative < _OWN).all():
        wrong = int(np.argmax(relative))
        raise InputError(f"{case}: point {wrong} of evaluation is not the centre of a cell")
    return {"eval_points": points, "eval_cells": cells.astype(np.int32)}
