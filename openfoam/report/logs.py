"""How a solver's iteration went, from what it has printed into files log* of the case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_TIME = re.compile(r"Time = ([-+.\deE]+)s?\s*$")
_RESIDUAL = re.compile(r"Solving for ([^\s,]+), Initial residual = ([-+.\deEnaif]+),")
_SETTLED = re.compile(r"solution converged in \d+ iterations|reached convergence criteria")
_FATAL = re.compile(r"--> FOAM FATAL (?:IO )?ERROR:?\s*(.*)")
_RANK = re.compile(r"\[\d+\] ?")  # begins what one of several processes says
_PROGRAM = re.compile(r"Exec   : (\S+)")  # in the banner that each begins with


@dataclass(frozen=True, eq=False)
class SolverLog:
    """What the logs of a case say, run after run.

    Parameters
    ----------
    files : tuple of str
        Their names.
    times : (n,)
    residuals : mapping field -> (n,)
        Initial ones of each time, the first where a field is solved for several times; NaN where it
        is not.
    settled : bool
        Whether the last run ended because its criteria were met.
    failure : str
        What the last run ended with, if that was an error.
    """

    files: tuple[str, ...]
    times: np.ndarray
    residuals: dict[str, np.ndarray]
    settled: bool
    failure: str

    @property
    def last(self) -> dict[str, float]:
        """The last residual of each field."""
        last = {name: values[np.isfinite(values)] for name, values in self.residuals.items()}
        return {name: float(values[-1]) for name, values in last.items() if len(values)}


@dataclass
class _Run:
    """One run of a program."""

    name: str
    steps: dict[float, dict[str, float]]
    settled: bool = False
    failure: str = ""
    program: str = ""

    @property
    def tells(self) -> bool:
        """Whether it is of a solver that has solved something, or has failed before it did."""
        program = Path(self.program).name
        solves = program.endswith("Foam") and "To" not in program
        return any(self.steps.values()) or bool(self.failure and solves)


def read_logs(case: Path) -> SolverLog | None:
    """The history in the files log* and *.log of a case; None if none is of a solver.

    What a later run, by the age of its file, or further down in it, computes anew takes the place
    of what an earlier one had computed from that time on.
    """
    files = {path for pattern in ("log*", "*.log") for path in case.glob(pattern)}
    files = sorted((path for path in files if path.is_file()), key=lambda p: p.stat().st_mtime_ns)
    runs = []
    for path in files:
        with open(path, encoding="utf-8", errors="replace") as lines:
            runs += [run for run in _read(path.name, lines) if run.tells]
    if not runs:
        return None
    steps: dict[float, dict[str, float]] = {}
    for run in runs:
        first = min(run.steps, default=np.inf)
        steps = {time: fields for time, fields in steps.items() if time < first} | run.steps
    times = sorted(steps)
    fields = dict.fromkeys(name for time in times for name in steps[time])
    residuals = {
        name: np.array([steps[time].get(name, np.nan) for time in times]) for name in fields
    }
    last, names = runs[-1], tuple(dict.fromkeys(run.name for run in runs))
    return SolverLog(names, np.array(times), residuals, last.settled, last.failure)


def merge_by_start(parts: Sequence[np.ndarray]) -> np.ndarray:
    """(n, columns) rows of runs one after the other; the first column is the time.

    A run takes the place of what earlier ones say from its first time on.
    """
    rows = parts[0]
    for part in parts[1:]:
        rows = np.concatenate([rows[rows[:, 0] < part[0, 0]], part])
    return rows


def _read(name: str, lines: Iterable[str]) -> list[_Run]:
    """The runs in a file, to which more than one may have been appended."""
    run, time, wanted = _Run(name, {}), None, False
    runs = [run]
    for line in lines:
        line = _RANK.sub("", line, count=1) if line.startswith("[") else line
        if wanted and line.strip():  # OpenFOAM's own errors say it in the next line
            run.failure, wanted = line.strip(), False
        if match := _PROGRAM.match(line):
            run, time, wanted = _Run(name, {}, program=match[1]), None, False
            runs.append(run)
        elif match := _TIME.match(line):
            time = float(match[1])
            run.steps[time], run.settled = {}, False
        elif time is not None and (match := _RESIDUAL.search(line)):
            run.steps[time].setdefault(match[1], float(match[2]))
        elif _SETTLED.search(line):
            run.settled = True
        elif (match := _FATAL.match(line)) and not run.failure:
            run.failure, wanted = match[1].strip(), not match[1].strip()
    return runs
