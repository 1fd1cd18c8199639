"""Numbers in the folder constant of an OpenFOAM case: the viscosity."""

from __future__ import annotations

from pathlib import Path

from meshes.readers.openfoam.content import is_there
from meshes.readers.openfoam.dictionary import read_dictionary
from meshes.readers.openfoam.values import numbers
from vcnn.errors import InputError


def read_viscosity(case: Path) -> tuple[float | None, str | None]:
    """Kinematic viscosity ν where the case states it, and a sentence if it does so unreadably."""
    for name in ("transportProperties", "physicalProperties"):
        path = case / "constant" / name
        if is_there(path):
            try:
                value = read_dictionary(path, case).get("nu")
                if isinstance(value, list):
                    # "nu [0 2 -1 0 0 0 0] 1e-5", and its name again in older versions
                    return float(numbers(value[value[:1] == ["nu"] :], 1)[0]), None
            except InputError as error:
                return None, f"the viscosity cannot be read ({path}: {error})".replace(
                    f"{path}: {path}", str(path)
                )
    return None, None
