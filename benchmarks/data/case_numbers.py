"""Numbers of an OpenFOAM case beside its mesh and its cells: what drives it, values on patches."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from meshes.readers.dataset import Dataset
from meshes.readers.openfoam.dictionary import read_dictionary
from meshes.readers.openfoam.values import numbers
from vcnn import InputError
from vcnn.errors import naming

# name in the file -> field whose values on a patch it holds
_INLET = {"inlet_velocity": "U", "inlet_k": "k", "inlet_omega": "omega"}
_OUTLET = {"outlet_pressure": "p"}
_LOGGED = re.compile(r"pressure gradient = (-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)$", re.MULTILINE)


def read_numbers(
    case: Path, dataset: Dataset, mean_velocity: np.ndarray, viscosity: float | None = None
) -> dict[str, np.ndarray]:
    """``nu``; of periodic flows ``ubar`` and, where the case kept it, ``sst_pressure_gradient``.

    Parameters
    ----------
    case : path
    dataset : Dataset
        Of the case, at its latest time.
    mean_velocity : (3,)
        Over the volume: what a case is held at that names no number.
    viscosity : float, optional

    Raises
    ------
    InputError
        If the case states no viscosity and none is given.
    """
    nu = viscosity or dataset.parameters.get("viscosity") or _viscosity(case)
    if nu is None:
        raise InputError(
            f"{case}: states no viscosity (constant/transportProperties, caseDef); give --viscosity"
        )
    if "inlet" in dataset.patch_types and dataset.patch_types["inlet"] != "cyclic":
        return {"nu": np.array(float(nu))}
    held = _entry(case / "system" / "fvOptions", "Ubar", case, 3)
    arrays = {"nu": np.array(float(nu)), "ubar": mean_velocity if held is None else held}
    time = str(dataset.provenance["time"])
    force = _force(case, time)
    return arrays if force is None else arrays | {"sst_pressure_gradient": np.array(force)}


def read_patches(
    case: Path, dataset: Dataset, names: list[str], patch: np.ndarray
) -> dict[str, np.ndarray]:
    """Values on patches: wall shear stress, and of flows with an inlet its profiles.

    Parameters
    ----------
    case : path
    dataset : Dataset
    names : of patches
    patch : (F,) int
        Of each facet, the index of its name.

    Raises
    ------
    InputError
        If an inlet or outlet has no values.
    """
    folder, arrays = case / str(dataset.provenance["time"]), {}
    if (folder / "wallShearStress").is_file():
        stress = np.full((len(patch), 3), np.nan, dtype=np.float32)
        for index, name in enumerate(names):
            if dataset.patch_types[name] == "wall":
                count = int((patch == index).sum())
                stress[patch == index] = _on_patch(folder / "wallShearStress", name, count, case)
        arrays["sst_wall_shear_stress"] = stress
    for side, fields in (("inlet", _INLET), ("outlet", _OUTLET)):
        if side in names and dataset.patch_types[side] == "patch":
            count = int((patch == names.index(side)).sum())
            for name, field in fields.items():
                arrays[name] = _on_patch(folder / field, side, count, case).astype(np.float32)
    return arrays


def _force(case, time) -> float | None:
    """What held the bulk velocity: kept with the time, or the last that a log of the run says."""
    for path in sorted((case / time / "uniform").glob("*Properties")):
        gradient = _entry(path, "gradient", case, 1)
        if gradient is not None:
            return float(gradient[0])
    for path in sorted(case.glob("log*")):
        said = _LOGGED.findall(path.read_text(encoding="utf-8", errors="replace"))
        if said:
            return float(said[-1])
    return None


def _viscosity(case) -> float | None:
    nu = _entry(case / "caseDef", "nu", case, 1)
    return None if nu is None else float(nu[0])


def _entry(path, name, case, count) -> np.ndarray | None:
    """``count`` numbers of an entry at any depth of a dictionary; None where it has none."""
    if not path.is_file():
        return None
    scopes = [read_dictionary(path, case)]
    while scopes:
        scope = scopes.pop()
        if isinstance(scope.get(name), list):
            try:
                return numbers(scope[name], count)
            except InputError:  # '#calc', or a variable of a file that is not there
                return None
        scopes += [value for value in scope.values() if isinstance(value, dict)]
    return None


def _on_patch(path, patch, count, case) -> np.ndarray:
    """(count, ...) values of a field on a patch."""
    with naming(f"{path}: {patch}"):
        entries = read_dictionary(path, case).get("boundaryField")
        condition = entries.get(patch) if isinstance(entries, dict) else None
        value = condition.get("value") if isinstance(condition, dict) else None
        if isinstance(value, list) and len(value) == 2:
            form, values = value
            if form == "nonuniform" and isinstance(values, np.ndarray) and len(values) == count:
                return values.astype(float)
            if form == "uniform":
                size = len(values) if isinstance(values, list) else 1
                row = numbers(value[1:], size)
                return np.broadcast_to(
                    row if size > 1 else row[0], (count, *row.shape[size == 1 :])
                )
        raise InputError(f"expected {count} values, 'uniform' or 'nonuniform'")
