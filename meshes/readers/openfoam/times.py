"""Where the times of an OpenFOAM case are, and where the mesh that belongs to one of them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from meshes.readers.openfoam.content import is_there
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

    def folders(self, time: float) -> list[Path]:
        """The folders that hold the fields of a time: one in the case, or in each processorN.

        Raises
        ------
        InputError
            If they are incomplete, or in the collated format.
        """
        have = {part: times[time] for part, times in self.parts.items() if time in times}
        if time in self.whole:
            folder = self.case / self.whole[time]
            if not have or any(path.is_file() for path in folder.iterdir()):
                return [folder]
        name = self.names[time]
        if not have:
            place = next(name for name, times in self.collated.items() if time in times)
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
    """The times of a case, of its processors' folders and of collated ones."""
    folders = [path for path in sorted(case.iterdir()) if path.is_dir()]
    parts = [path for path in folders if re.fullmatch(r"processor\d{1,9}", path.name)]
    parts.sort(key=lambda path: int(path.name.removeprefix("processor")))
    collated = [path for path in folders if re.fullmatch(r"processors\d+(_\d+-\d+)?", path.name)]
    return Times(
        case,
        _times(case),
        {part: _times(part) for part in parts},
        {path.name: _times(path) for path in collated},
    )


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
    folder: Path, times: Mapping[float, str], until: float, files: Sequence[str]
) -> tuple[float, Path] | None:
    """Where the mesh of a time is: in the newest folder ``polyMesh`` up to it, or in constant.

    Parameters
    ----------
    folder : path
        The case, or that of a processor, with its times.
    until : float
    files : names
        Those that make up what is looked for, any of which is enough.

    Returns
    -------
    (time, path), -inf for constant, or None
    """
    candidates = [(value, folder / name) for value, name in sorted(times.items()) if value <= until]
    for value, place in reversed([(-math.inf, folder / "constant"), *candidates]):
        if any(is_there(place / "polyMesh" / file) for file in files):
            return value, place / "polyMesh"
    return None


def find_regions(case: Path) -> list[str]:
    """Names of the regions that have a mesh of their own."""
    return sorted(path.parent.name for path in case.glob("constant/*/polyMesh") if path.is_dir())


def _times(folder) -> dict[float, str]:
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    return {float(name): name for name in reversed(names) if _TIME.fullmatch(name)}
