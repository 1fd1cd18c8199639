"""Which data the benchmarks read, where the originals are, and how they become the files read.

    python -m benchmarks.data
    python -m benchmarks.data convert CASE... [-o FOLDER] [--name NAME] [--viscosity NU]
                                              [--points FILE]

The first lists all data, which files are there and which are missing, and what each benchmark
needs. The second converts OpenFOAM cases as they are published; the name of a case folder says
which file it becomes. A case that cannot be converted is named, and the others are.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import numpy as np

from benchmarks.common import paths
from benchmarks.common.command import parser, run
from benchmarks.data.catalogue import ALL, CLOSED, HILLS, NEEDS, OPENINGS, Data
from benchmarks.data.conversion import SST_ARRAYS, challenge_arrays
from benchmarks.data.hill_runs import hill_arrays
from vcnn import InputError
from vcnn.files import claim, replacing

_CHALLENGE = "closure_challenge"  # folder of its data
_TESTS = (CLOSED, OPENINGS)


def listing() -> str:
    """All data, with their sources and what is missing, and what each benchmark needs."""
    lines = [f"data folder: {paths.data_folder()} (another one: {paths.VARIABLE}=FOLDER)"]
    for number, data in enumerate(ALL, 1):
        missing = data.missing()
        count = len(data.originals)
        places = [place for place in data.originals.values() if place]
        lines += [
            f"\n[{number}] {data.title}",
            f"    files     {data.folder}/NAME.{data.suffix}: "
            f"{count - len(missing)} of {count} there",
            *([f"    missing   {', '.join(missing)}"] if missing else []),
            f"    original  {data.source}",
            *([f"    folders   {_shortened(places)}"] if places else []),
            *([f"    data of   {data.cite}"] if data.cite else []),
        ]
    lines.append("\nbenchmark                                  needs          uses if there")
    for benchmark, needs in NEEDS.items():
        columns = [_numbers(needs.required) or "nothing", _numbers(needs.optional)]
        lines.append(f"{benchmark:42} {columns[0]:14} {columns[1]}".rstrip())
    lines.append("\npython -m benchmarks.data convert CASE... makes a file of each OpenFOAM case")
    return "\n".join(lines)


def _shortened(places) -> str:
    return places[0] if len(places) == 1 else f"{places[0]} to {places[-1]}"


def _numbers(several) -> str:
    return " ".join(f"[{ALL.index(data) + 1}]" for data in several)


def find_data(case: Path, name: str | None) -> tuple[Data, str]:
    """Which data a case belongs to, and the name of its file.

    Parameters
    ----------
    case : path
    name : str or None
        Of the file; by default the case folder says it, as it is called where it is published.

    Raises
    ------
    InputError
        If a name is given that no benchmark reads.
    """
    folder = case.resolve().name
    for data in ALL:
        for stem, place in data.originals.items():
            if stem == name or (name is None and folder in (stem, Path(place).name)):
                return data, stem
    if name is not None:
        raise InputError(
            f"--name: no benchmark reads {name!r}; 'python -m benchmarks.data' lists them"
        )
    return HILLS, folder  # of the same kind, though no benchmark reads it


def convert(
    case: Path,
    folder: Path,
    name: str | None = None,
    viscosity: float | None = None,
    points: np.ndarray | None = None,
) -> tuple[Path, list[str]]:
    """Write the file of a case; its path, and what is to be said of it.

    Parameters
    ----------
    case : path
    folder : path
        Of all data.
    name, viscosity : optional
        As the command's options.
    points : (n, 3), optional
        Of evaluation; test flows have them.

    Raises
    ------
    InputError
        If it cannot be converted.
    """
    data, stem = find_data(case, name)
    if data in _TESTS and points is None:
        raise InputError(f"{stem}: a test flow needs its points of evaluation, --points FILE")
    path, notes = claim(folder / data.folder / f"{stem}.npz", force=True), []
    if stem not in data.originals:
        notes.append(f"{case}: no benchmark reads a file {stem}; --name says which one it is")
    if data.folder.startswith(_CHALLENGE):
        arrays = challenge_arrays(
            case, viscosity=viscosity, points=points, truth=data not in _TESTS
        )
        arrays["case"] = np.array(stem)
        wanted = SST_ARRAYS if data in _TESTS else (*SST_ARRAYS, "les_velocity")
        missing = [name for name in wanted if name not in arrays]
        if missing:
            notes.append(f"{case}: has no fields for {', '.join(missing)}")
    else:
        arrays = hill_arrays(case, viscosity)
    with replacing(path) as part, part.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return path, notes


def read_points(path: Path) -> np.ndarray:
    """(n, 3) points of a table of x, y and z, with commas, with a line of names or without one.

    Raises
    ------
    InputError
        If it is no such table.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None
    rows = [line.split(",") for line in lines if line.strip()]
    for first in (0, 1):
        try:
            points = np.array([list(map(float, row)) for row in rows[first:]])
        except ValueError:
            continue
        if points.ndim == 2 and points.shape[1] == 3:
            if not np.isfinite(points).all():
                raise InputError(f"{path}: holds NaN or infinite values")
            return points
    raise InputError(f"{path}: expected a table of x, y, z with commas")


def main():
    command = parser(__doc__)
    verbs = command.add_subparsers(dest="verb", metavar="convert")
    verb = verbs.add_parser(
        "convert",
        help="make the files that the benchmarks read of OpenFOAM cases",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("cases", nargs="+", metavar="CASE", type=Path, help="folders of cases")
    verb.add_argument("-o", "--output", type=Path, help="folder of all data")
    verb.add_argument(
        "--name", help="of the file, where the folder of the one case is called otherwise"
    )
    verb.add_argument("--viscosity", type=float, help="where a case does not state it")
    verb.add_argument("--points", type=Path, help="points of evaluation of a test flow: x,y,z")
    options = command.parse_args()
    if options.verb is None:
        print(listing())
        return
    if len(options.cases) > 1 and (options.name or options.points):
        raise InputError("--name and --points: expected one case")
    nu = options.viscosity
    if nu is not None and not 0 < nu < math.inf:
        raise InputError(f"--viscosity: expected a positive number, got {nu:g}")
    points = None if options.points is None else read_points(options.points)
    folder = options.output or paths.data_folder()
    failed = []
    for case in options.cases:
        try:
            path, notes = convert(case, folder, options.name, nu, points)
        except (InputError, OSError) as error:
            failed.append(case)
            print(f"error: {error}", file=sys.stderr)
            continue
        print(path, flush=True)
        for note in notes:
            print(f"note: {note}", file=sys.stderr)
    if failed:
        sys.exit(2)


if __name__ == "__main__":
    run(main)
