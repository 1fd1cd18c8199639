"""A line on the terminal that says what a solver is at."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # FEniCSx is slow to import
    from tqdm import tqdm

    from solvers.fenics import MPI

_SECONDS = 30.0  # between lines, where there is no terminal


@contextmanager
def progress_line(comm: MPI.Comm) -> Iterator[None]:
    """Whatever solvers log inside is the line's text; warnings stand above it.

    Where there is no terminal it is printed now and then; a short run says nothing.
    """
    from tqdm import tqdm

    log = logging.getLogger("vcnn.solvers")
    terminal = sys.stderr.isatty()
    layout = {"desc": "the equations are set up", "bar_format": "{desc} [{elapsed}]"}
    with tqdm(disable=not (comm.rank == 0 and terminal), **layout) as bar:
        handler, level = _Line(bar) if terminal else _Lines(), log.level
        if comm.rank == 0:
            log.addHandler(handler)
            log.setLevel(logging.INFO)
        try:
            yield
        finally:
            log.removeHandler(handler)
            log.setLevel(level)


class _Line(logging.Handler):
    def __init__(self, bar: tqdm):
        super().__init__()
        self.bar = bar

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno > logging.INFO:
            self.bar.write(record.getMessage(), file=sys.stderr)
        else:
            self.bar.set_description_str(record.getMessage())


class _Lines(logging.Handler):
    """A line for every warning, and for the record that comes after so many seconds without one."""

    def __init__(self):
        super().__init__()
        self._begin = self._last = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        now = time.monotonic()
        if record.levelno > logging.INFO or now >= self._last + _SECONDS:
            seconds, self._last = now - self._begin, now
            print(f"{record.getMessage()} [{seconds:.0f} s]", file=sys.stderr, flush=True)
