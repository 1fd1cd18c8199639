"""What a case is before a closure comes in: where it starts and ends, its solver, its fields."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from meshes.readers.openfoam.content import is_there
from meshes.readers.openfoam.dictionary import read_dictionary
from meshes.readers.openfoam.times import Times, choose_time, find_times
from meshes.readers.openfoam.values import word
from openfoam.case.dictionary_file import DictionaryFile
from vcnn.errors import InputError

CONTROL, SCHEMES = "system/controlDict", "system/fvSchemes"
_STEADY = ("steadyState", "localEuler", "CoEuler", "SLTS")  # of which the last three are no times


@dataclass(frozen=True, eq=False)
class CaseState:
    """A case that could run.

    Parameters
    ----------
    case : path
    times : Times
    start : float
        The time that it would start from.
    end : float
        That it would end at.
    application : str
        Its solver, such as simpleFoam.
    is_steady : bool
    """

    case: Path
    times: Times
    start: float
    end: float
    application: str
    is_steady: bool

    @classmethod
    def read(cls, case: Path) -> CaseState:
        """The state of a case.

        Raises
        ------
        InputError
            If it is none, has no mesh, or does not say where it starts.
        """
        times = find_times(case)
        control = DictionaryFile.read(case, CONTROL)
        schemes = DictionaryFile.read(case, SCHEMES)
        start = _start(times, control)
        scheme = schemes.words("ddtSchemes", "default")
        return cls(
            case=case,
            times=times,
            start=start,
            end=_number(control, "endTime", math.inf),
            application=" ".join(control.words("application")),
            is_steady=any(name in _STEADY for name in scheme),
        )

    def has_field(self, name: str) -> bool:
        """Whether the time that it starts from has a field, in all folders of it."""
        return all(is_there(folder / name) for folder in self.times.folders(self.start))

    def conditions(self, field: str) -> dict[str, str]:
        """Name or pattern of patches -> type of the condition that a field has there."""
        folder = self.times.folders(self.start)[0]
        entries = read_dictionary(folder / field, self.case).get("boundaryField")
        entries = entries if isinstance(entries, dict) else {}
        return {name: word(e, "type") for name, e in entries.items() if isinstance(e, dict)}

    def path_of(self, field: str) -> str:
        """A field of the start, within the case, for messages."""
        return f"{self.times.names[self.start]}/{field}"


def _start(times, control) -> float:
    """Where ``startFrom`` says; by default where the case was left."""
    if not times.names:
        raise InputError(f"{times.case}: the case has no time folders")
    origin = " ".join(control.words("startFrom")) or "latestTime"
    if origin == "firstTime":
        return min(times.names)
    if origin == "latestTime":
        return max(times.names)
    if origin != "startTime":
        raise InputError(
            f"{CONTROL}: startFrom: expected firstTime, startTime or latestTime, got {origin!r}"
        )
    return choose_time(times, _number(control, "startTime", 0.0))


def _number(control, name, default) -> float:
    words = control.words(name)
    try:
        return float(words[0]) if words else default
    except ValueError:
        raise InputError(f"{CONTROL}: {name}: expected a number, got {words[0]!r}") from None
