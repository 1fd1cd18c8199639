"""Numbers in the folder constant of an OpenFOAM case: the viscosity."""

from __future__ import annotations

from pathlib import Path

from meshes.readers.openfoam.content import is_there
from meshes.readers.openfoam.dictionary import read_dictionary
from meshes.readers.openfoam.values import numbers, word
from vcnn.errors import naming


def read_viscosity(case: Path) -> float | None:
    """Kinematic viscosity ν, None where the case does not state it.

    Raises
    ------
    InputError
        If the file where it would be cannot be read, or states it as no number.
    """
    for name in ("transportProperties", "physicalProperties"):
        path = case / "constant" / name
        if not is_there(path):
            continue
        entries = read_dictionary(path, case)
        model = entries.get(word(entries, "transportModel") + "Coeffs")
        places = [place for place in (entries, model) if isinstance(place, dict)]
        value = next((place["nu"] for place in places if isinstance(place.get("nu"), list)), None)
        if value is not None:
            repeated = value[:1] == ["nu"]  # older versions: nu nu [0 2 -1 0 0 0 0] 1e-5;
            with naming(f"{path}: nu"):
                return float(numbers(value[repeated:], 1)[0])
    return None
