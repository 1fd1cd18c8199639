"""A line on the terminal that says what a solver is at."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # FEniCSx is slow to import
    from tqdm import tqdm

    from solvers.fenics import MPI


@contextmanager
def progress_line(comm: MPI.Comm) -> Iterator[None]:
    """Whatever solvers log inside is the line's text; warnings stand above it."""
    from tqdm import tqdm

    log = logging.getLogger("vcnn.solvers")
    shown = comm.rank == 0 and sys.stderr.isatty()
    layout = {"desc": "the equations are set up", "bar_format": "{desc} [{elapsed}]"}
    with tqdm(disable=not shown, **layout) as bar:
        handler, level = _Line(bar), log.level
        if shown:
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
