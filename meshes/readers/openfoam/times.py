"""Where the times of an OpenFOAM case are, and where the mesh that belongs to one of them."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from meshes.readers.openfoam.content import is_there, list_folder
from vcnn.errors import InputError

_TIME = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_RECONSTRUCT = "in the collated format, which is not supported: run reconstructPar first"


@dataclass(frozen=True)
class Times:
    """All times of a case: value -> name of the folder.

    Parameters
    ----------
    case : path
    whole : mapping
        Those of the case itself.
    parts : mapping of paths -> mapping
        Those of each folder processorN, by rising N.
    collated : mapping of names -> mapping
        Those of each folder processorsN.
    """

    case: Path
    whole: Mapping[float, str]
    parts: Mapping[Path, Mapping[float, str]]
    collated: Mapping[str, Mapping[float, str]]

    @property
    def names(self) -> dict[float, str]:
        """All times by rising value."""
        places = [*self.collated.values(), *reversed(self.parts.values()), self.whole]
        return dict(sorted((value, name) for place in places for value, name in place.items()))

    def in_parts(self, time: float) -> bool:
        """Whether the fields of a time are with the processors and not in the case itself."""
        if time not in self.whole:
            return True
        own = any(map(os.path.isfile, list_folder(self.case / self.whole[time])))
        return not own and any(time in p for p in (*self.parts.values(), *self.collated.values()))

    def folders(self, time: float) -> list[Path]:
        """The folders that hold the fields of a time: one in the case, or in each processorN.

        Raises
        ------
        InputError
            If they are incomplete, or in the collated format.
        """
        if not self.in_parts(time):
            return [self.case / self.whole[time]]
        name = self.names[time]
        have = {part: times[time] for part, times in self.parts.items() if time in times}
        if not have:
            place = next(place for place, times in self.collated.items() if time in times)
            others = ", ".join(self.whole.values()) or "none"
            raise InputError(
                f"{self.case}: time {name} is in {place} {_RECONSTRUCT} (times in the case itself: "
                f"{others})"
            )
        numbers = [int(part.name.removeprefix("processor")) for part in self.parts]
        gap = next((i for i, number in enumerate(numbers) if i != number), None)
        if gap is not None:
            raise InputError(f"{self.case}: there is no folder processor{gap}, but later ones")
        for part in self.parts:
            if part not in have:
                raise InputError(f"{part}: time {name} is missing, {next(iter(have))} has it")
        return [part / folder for part, folder in have.items()]


def find_times(case: Path) -> Times:
    """The times of a case, of its processors' folders and of collated ones.

    Raises
    ------
    InputError
        If this is no case, or one without a mesh of its own; with what it has instead.
    """
    if not os.path.isdir(case):
        raise InputError(f"{case}: not an OpenFOAM case (no such folder)")
    folders = [path for path in list_folder(case) if os.path.isdir(path)]
    parts = [path for path in folders if re.fullmatch(r"processor\d{1,9}", path.name)]
    parts.sort(key=lambda path: int(path.name.removeprefix("processor")))
    collated = [path for path in folders if re.fullmatch(r"processors\d+(_\d+-\d+)?", path.name)]
    times = Times(
        case,
        _times(case),
        {part: _times(part) for part in parts},
        {path.name: _times(path) for path in collated},
    )
    if mesh_folder(case, times.whole, math.inf, "faces") is None:
        raise InputError(f"{case}: {_without_mesh(times)}")
    return times


def _without_mesh(times):
    regions = find_regions(times.case)
    if regions:
        return f"its meshes are those of regions, which are not supported: {', '.join(regions)}"
    if times.collated:
        return f"it has {next(iter(times.collated))} {_RECONSTRUCT} and reconstructParMesh"
    if times.parts:
        return "it is decomposed and has no mesh of its own: run reconstructParMesh first"
    if (times.case / "constant" / "polyMesh").is_dir():
        return "not an OpenFOAM case (constant/polyMesh has no file faces)"
    return "not an OpenFOAM case (it has no folder constant/polyMesh)"


def choose_time(times: Times, time: float | str | None) -> float:
    """The time asked for, or the latest.

    Raises
    ------
    InputError
        If there is no such time.
    """
    names = times.names
    if not names:
        raise InputError(f"{times.case}: the case has no time folders")
    if time is None:
        return max(names)
    try:
        wanted = float(time)
    except ValueError:
        raise InputError(f"time: expected a number, got {time!r}") from None
    nearest = min(names, key=lambda value: abs(value - wanted))
    if not math.isclose(nearest, wanted, rel_tol=1e-9, abs_tol=1e-12):
        raise InputError(f"{times.case}: no time {time} (there are: {', '.join(names.values())})")
    return nearest


def mesh_folder(
    folder: Path, times: Mapping[float, str], until: float, file: str
) -> tuple[float, Path] | None:
    """Where a file of the mesh of a time is: in the newest ``polyMesh`` up to it, or in constant.

    Parameters
    ----------
    folder : path
        The case, or that of a processor, with its times.
    until : float
    file : str

    Returns
    -------
    (time, path of the folder polyMesh), the time -inf for constant; or None
    """
    earlier = [(value, folder / name) for value, name in sorted(times.items()) if value <= until]
    for value, place in reversed([(-math.inf, folder / "constant"), *earlier]):
        if is_there(place / "polyMesh" / file):
            return value, place / "polyMesh"
    return None


def find_regions(case: Path) -> list[str]:
    """Names of the regions that have a mesh of their own."""
    meshes = [*case.glob("constant/*/polyMesh"), *case.glob("processor*/constant/*/polyMesh")]
    return sorted({path.parent.name for path in meshes})


def _times(folder) -> dict[float, str]:
    names = [path.name for path in list_folder(folder) if os.path.isdir(path)]
    return {float(name): name for name in reversed(names) if _TIME.fullmatch(name)}
