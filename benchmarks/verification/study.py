"""Verification of the solvers: known solutions, balances, other codes' fields, DNS, and a large
problem.

    python -m benchmarks.verification.study [SECTION...]

measures what is not yet in results/verification.json (everything: about half an hour on 2 cores)
and composes results/verification.md with its pictures anew. Each number is kept as soon as it is
known, so that a run that was interrupted goes on where it stopped. Sections that are named are
measured again: manufactured, curved, hill, first-order, rans, large. Turbulence models have a page
of their own, from turbulence.py, which is quoted. What needs fields of other codes is left out
where ../shared/data is not beside the repository."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from functools import partial
from itertools import product
from pathlib import Path

from tqdm import tqdm

from benchmarks import paths
from benchmarks.data import hills as rans_hills
from benchmarks.verification import circular_couette, laminar_hills, manufactured, turbulence
from benchmarks.verification import page as reports
from benchmarks.verification import pictures as plots
from vcnn.files import write_text

RESULTS = paths.RESULTS / "verification.json"


def jobs() -> dict[str, dict]:
    """Section -> name -> what measures it, a dict of numbers."""
    known = {
        f"{kind}{', periodic' * periodic}, {n}": partial(manufactured.errors, kind, periodic, n)
        for kind, sizes in manufactured.SIZES.items()
        for periodic, n in product((False, True), sizes)
    }
    return {
        "manufactured": known,
        "curved": {str(n): partial(curved_walls, n) for n in circular_couette.SIZES},
        "hill": {
            "{} x {}".format(*cells): partial(laminar_hills.hill_run, cells)
            for cells in laminar_hills.CELLS
        },
        "first-order": {
            slope: partial(laminar_hills.first_order, slope)
            for slope in laminar_hills.slopes_known()
        },
        "rans": {path.stem: partial(rans_hills.compare, path) for path in rans_hills.hills_known()},
        "large": {"2 ranks": partial(large_transport, 2)},
    }


def curved_walls(n) -> dict[str, float]:
    return {"u": circular_couette.velocity_error(n)}


def large_transport(ranks) -> dict[str, str]:
    """What large_transport.py says of itself under mpirun."""
    beside = Path(sys.executable).with_name("mpirun")  # that of the environment, for its own MPI
    command = [beside if beside.exists() else "mpirun", "-n", str(ranks), sys.executable]
    run = subprocess.run(
        [*command, "-m", "benchmarks.verification.large_transport"], capture_output=True, text=True
    )
    if run.returncode:
        sys.exit(f"large_transport.py failed:\n{run.stderr}")
    return {"line": run.stdout.strip()}


def measure(numbers, todo):
    """Do the jobs without numbers yet, and keep each result at once."""
    missing = [
        (s, name, job)
        for s, named in todo.items()
        for name, job in named.items()
        if name not in numbers[s]
    ]
    for section, name, job in (line := tqdm(missing, unit="job")):
        line.set_description(f"{section}: {name}")
        start = time.perf_counter()
        measured = job()
        numbers[section][name] = {"seconds": round(time.perf_counter() - start, 1), **measured}
        write_text(RESULTS, as_text(numbers))


def as_text(numbers) -> str:
    """JSON with a line for each job."""
    one = lambda item: json.dumps(item, ensure_ascii=False)
    sections = [
        f"{one(section)}: {{\n"
        + ",\n".join(f" {one(name)}: {one(row)}" for name, row in rows.items())
        + "\n}"
        for section, rows in numbers.items()
    ]
    return "{\n" + ",\n".join(sections) + "\n}\n"


def compose(numbers):
    """Write the report and its pictures from what is known."""
    text = [reports.head(sum(row["seconds"] for rows in numbers.values() for row in rows.values()))]
    known = numbers | {
        "turbulence": turbulence.RESULTS.with_suffix(".md").read_text(encoding="utf-8")
    }
    for section, written in reports.SECTIONS.items():
        if known[section]:
            text.append(written(known[section]))
            if section in plots.SECTIONS:
                plots.SECTIONS[section](known[section], RESULTS.parent)
    write_text(RESULTS.with_suffix(".md"), "\n".join(text))


def main():
    todo = jobs()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", choices=todo, help=", ".join(todo)
    )
    again = parser.parse_args().sections
    numbers = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    numbers = {section: {} if section in again else numbers.get(section, {}) for section in todo}
    measure(numbers, todo)
    turbulence.main([])
    compose(numbers)
    print(RESULTS.with_suffix(".md"))


if __name__ == "__main__":
    main()
