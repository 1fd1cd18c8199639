"""OpenFOAM runs over single hills into the arrays that `meshes.read_arrays` and benchmarks read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.data.case_numbers import read_numbers
from benchmarks.data.slab import middle_plane
from meshes.generate.periodic_hill import hill_length
from meshes.geometry.cells import centres_and_volumes
from meshes.readers.openfoam.case import read_case
from vcnn import InputError

# name in the file -> what the field is called in cases
_FIELDS = {
    "velocity": "U",
    "concentration": "T",
    "pressure": "p",
    "k": "k",
    "omega": "omega",
    "nut": "nut",
}


def hill_arrays(case: Path, viscosity: float | None = None) -> dict[str, np.ndarray]:
    """The arrays of a laminar or turbulent run over a periodic hill, in double precision.

    Parameters
    ----------
    case : path
        Its folder.
    viscosity : float, optional
        ν where the case does not state it.

    Raises
    ------
    InputError
        If this is no such case, or states no viscosity.
    """
    dataset = read_case(case, None, {"velocity": "U"})
    plane, fields = middle_plane(case, dataset), dataset.cell_fields
    if "U" not in fields or not {"inlet", "outlet"} <= set(plane.names):
        raise InputError(f"{case}: expected a velocity U and patches inlet and outlet")
    centres, areas = centres_and_volumes(plane.mesh)
    numbers = read_numbers(case, dataset, areas @ fields["U"] / areas.sum(), viscosity)
    length, height = np.ptp(plane.mesh.points[:, 0]), plane.mesh.points[:, 1].max()
    arrays = {
        "centres": centres,
        "volume": areas * plane.thickness,
        "thickness": np.array(plane.thickness),
        "points": plane.mesh.points,
        "cells": plane.mesh.cells[0].data.astype(np.int32),
        "Lx": np.array(length),
        "Ly": np.array(height),
        "alpha": np.array(_slope(length)),
        "ny": np.array((plane.patch == plane.names.index("inlet")).sum()),
        "nu": numbers["nu"],
        "Ubar": np.array(numbers["ubar"][0]),
    }
    if "sst_pressure_gradient" in numbers:
        arrays["pressure_gradient"] = numbers["sst_pressure_gradient"]
    for name, called in _FIELDS.items():
        if called in fields:
            values = np.array(fields[called])
            arrays[name] = values @ plane.axes.T if values.ndim == 2 else values
    for index, name in enumerate(plane.names):
        arrays[name] = plane.facets[plane.patch == index].astype(np.int32)
    return arrays


def _slope(length) -> float:
    """Of the hill of the family that is so long."""
    first, second = hill_length(1.0), hill_length(2.0)
    return round(1 + (length - first) / (second - first), 3)
