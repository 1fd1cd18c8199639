"""Measurements that are made once, so that an interrupted study goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from vcnn.files import write_text


def _indented(rows: dict) -> str:
    return json.dumps(rows, indent=1)


class Measurements:
    """Measurements by name in a JSON file, to which each is added as soon as it is known.

    Parameters
    ----------
    path : Path
        Read if it exists.
    as_text : callable
        From all measurements to the text of the file.

    Attributes
    ----------
    rows : dict
        Name -> measurement, or name of a section -> name -> measurement.
    """

    def __init__(self, path: Path, as_text: Callable[[dict], str] = _indented):
        self.path, self.as_text = path, as_text
        self.rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def measure(self, make: Callable[[], dict], *names: str) -> bool:
        """Add what ``make`` returns, unless it is known; whether it was made.

        Parameters
        ----------
        make : callable
            Returns numbers by their names.
        names : name of the measurement, after that of its section if it has one
        """
        *sections, name = names
        rows = self.rows
        for section in sections:
            rows = rows.setdefault(section, {})
        if name in rows:
            return False
        rows[name] = make()
        write_text(self.path, self.as_text(self.rows))
        numbers = {k: v for k, v in rows[name].items() if not isinstance(v, list | dict)}
        print(f"{': '.join(names)}: {numbers}", flush=True)
        return True


def measure_all(
    measurements: Measurements,
    jobs: Mapping[str, Callable[[], dict]],
    processes: int,
    *section: str,
) -> Iterator[str]:
    """Measure what is not known yet, in several processes.

    Parameters
    ----------
    measurements : Measurements
    jobs : mapping name -> callable
        Each returns numbers by their names; another process must be able to call it.
    processes : int
    *section : names of the section of these measurements

    Yields
    ------
    str
        The name of what was measured, as soon as it is kept.
    """
    rows = measurements.rows
    for name in section:
        rows = rows.get(name, {})
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(job): name for name, job in jobs.items() if name not in rows}
        for future in as_completed(running):
            measurements.measure(future.result, *section, running[future])
            yield running[future]
