"""Damage so many files and give each to a command: ``python -m tests.fuzz --count 1000 --seed 1``.

An input is refused (status 2, one line, nothing written) or accepted. Anything else is a failure,
whose folder stays in ``build/fuzz``. A seed and a number give the same input always.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from tests.fuzz.formats import FORMATS
from tests.fuzz.originals import write_originals
from tests.fuzz.trial import KINDS, Outcome, attempt, in_child, preload

_KEPT = Path("build/fuzz")


def main() -> int:
    """Try inputs, print what became of them by format; 1 if any failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="number of inputs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    options = parser.parse_args()
    preload()
    outcomes = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        originals = Path(folder) / "originals"
        child = in_child(lambda: write_originals(originals), Path(folder))
        if os.waitpid(child, 0)[1]:
            sys.exit((Path(folder) / "stderr").read_text())
        for number in range(options.first, options.first + options.count):
            name = list(FORMATS)[number % len(FORMATS)]
            outcomes[name].append(_try(name, options.seed, number, originals, Path(folder)))
    print(f"seed {options.seed}, inputs {options.first} to {options.first + options.count - 1}")
    print(table(outcomes))
    failures = sum(
        o.kind not in ("accepted", "refused") for some in outcomes.values() for o in some
    )
    return min(failures, 1)


def _try(name, seed, number, originals, folder) -> Outcome:
    place = folder / f"{seed}-{number}-{name.replace(' ', '-')}"
    place.mkdir()
    rng = np.random.default_rng([seed, number])
    arguments = FORMATS[name](originals, place, rng)
    outcome = attempt(arguments, place)
    if outcome.kind not in ("accepted", "refused"):
        kept = _KEPT / place.name
        print(f"{kept}: {outcome.kind}: vcnn {' '.join(arguments)}: {outcome.words}", flush=True)
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(place, kept)
        (kept / "arguments.json").write_text(json.dumps(arguments))
    shutil.rmtree(place)
    return outcome


def table(outcomes: dict[str, list[Outcome]]) -> str:
    """A line for each format, and their sum."""
    rows = [["format", "tried", *KINDS, "longest", "most memory"]]
    everything = [outcome for some in outcomes.values() for outcome in some]
    for name, some in {**outcomes, "all": everything}.items():
        counts = Counter(outcome.kind for outcome in some)
        longest = max(outcome.seconds for outcome in some)
        most = max(outcome.bytes for outcome in some) / 2**30
        numbers = [str(counts[kind]) for kind in KINDS]
        rows.append([name, str(len(some)), *numbers, f"{longest:.1f} s", f"{most:.2f} GiB"])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if k == 0 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


if __name__ == "__main__":
    sys.exit(main())
