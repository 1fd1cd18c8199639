"""Verification of the solvers: known solutions, balances, other codes' fields, a large problem.

    python -m benchmarks.verification.study [SECTION...]

measures what is not yet in results/verification.json (everything: about half an hour on 2 cores)
and composes results/verification.md with its pictures anew. Each number is kept as soon as it is
known, so that a run that was interrupted goes on where it stopped. Sections that are named are
measured again: manufactured, curved, hill, first-order, rans, large. Turbulence models have a page
of their own, from turbulence.py, which is quoted. What needs fields of other codes is left out
where these are not there, see ``python -m benchmarks.data``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path

from benchmarks.common import paths
from benchmarks.common.command import parser, run
from benchmarks.common.measurements import Measurements
from benchmarks.data.catalogue import HILLS
from benchmarks.verification import (
    circular_couette,
    laminar_hills,
    manufactured,
    page,
    pictures,
    sst_hills,
    turbulence,
)
from vcnn.files import write_text

RESULTS = paths.RESULTS / "verification.json"


def jobs() -> dict[str, dict[str, Callable[[], dict]]]:
    """Section -> name -> what measures it, a dict of numbers."""
    known_solutions = {
        manufactured.name_of(kind, periodic, n): partial(manufactured.errors, kind, periodic, n)
        for kind, sizes in manufactured.SIZES.items()
        for periodic, n in product((False, True), sizes)
    }
    return {
        "manufactured": known_solutions,
        "curved": {str(n): partial(curved_walls, n) for n in circular_couette.SIZES},
        "hill": {
            "{} x {}".format(*cells): partial(laminar_hills.hill_run, cells)
            for cells in laminar_hills.CELLS
        },
        "first-order": {
            slope: partial(laminar_hills.first_order, slope)
            for slope in laminar_hills.slopes_available()
        },
        "rans": {path.stem: partial(sst_hills.compare, path) for path in sst_hills.available()},
        "large": {"2 ranks": partial(large_transport, 2)},
    }


def curved_walls(n: int) -> dict[str, float]:
    """The error of flow between cylinders."""
    return {"u": circular_couette.velocity_error(n)}


def large_transport(ranks: int) -> dict[str, str]:
    """What large_transport.py says of itself under mpirun."""
    beside = Path(sys.executable).with_name("mpirun")  # that of the environment, for its own MPI
    command = [beside if beside.exists() else "mpirun", "-n", str(ranks), sys.executable]
    finished = subprocess.run(
        [*command, "-m", "benchmarks.verification.large_transport"], capture_output=True, text=True
    )
    if finished.returncode:
        sys.exit(f"large_transport.py failed:\n{finished.stderr}")
    return {"line": finished.stdout.strip()}


def measure(measurements: Measurements, sections: dict[str, dict[str, Callable[[], dict]]]) -> None:
    """Do the jobs that have no numbers yet."""
    for section, named in sections.items():
        for name, job in named.items():
            measurements.measure(partial(timed, job), section, name)


def timed(job: Callable[[], dict]) -> dict:
    """What a job measures, after the seconds that it took."""
    start = time.perf_counter()
    numbers = job()
    return {"seconds": round(time.perf_counter() - start, 1), **numbers}


def as_text(rows: dict) -> str:
    """JSON with a line for each job."""
    one = partial(json.dumps, ensure_ascii=False)
    sections = []
    for section, named in rows.items():
        lines = ",\n".join(f" {one(name)}: {one(row)}" for name, row in named.items())
        sections.append(f"{one(section)}: {{\n{lines}\n}}")
    return "{\n" + ",\n".join(sections) + "\n}\n"


def compose(rows: dict, results: Path) -> None:
    """Write the page and its pictures from what is known.

    Parameters
    ----------
    rows : section -> name -> numbers
    results : path of the page without its suffix ``.md``; pictures lie beside it
    """
    seconds = sum(row["seconds"] for named in rows.values() for row in named.values())
    text = [page.head(seconds)]
    models = turbulence.RESULTS.with_suffix(".md").read_text(encoding="utf-8")
    contents = rows | {"turbulence": models}
    for section, written in page.SECTIONS.items():
        if contents[section]:
            text.append(written(contents[section]))
            if section in pictures.SECTIONS:
                pictures.SECTIONS[section](contents[section], results.parent)
    write_text(results.with_suffix(".md"), "\n".join(text))


def main():
    sections = jobs()
    command = parser(__doc__)
    command.add_argument("again", nargs="*", metavar="SECTION", choices=sections)
    again = command.parse_args().again
    measurements = Measurements(RESULTS, as_text)
    old = measurements.rows
    measurements.rows = {name: {} if name in again else old.get(name, {}) for name in sections}
    measure(measurements, sections)
    hills = [path for path in map(HILLS.file, sorted(HILLS.originals)) if path.is_file()]
    turbulence.complete(Measurements(turbulence.RESULTS), hills)
    compose(measurements.rows, RESULTS)
    print(RESULTS.with_suffix(".md"))


if __name__ == "__main__":
    run(main)
