"""Make what may fail, and go on without it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from matplotlib.figure import Figure

from vcnn.errors import DivergenceError, InputError

log = logging.getLogger("vcnn.report")


class Attempts:
    """Make what may fail: what fails is kept by its name, the log says so, and one goes on.

    On several ranks only an `InputError` or a `DivergenceError` is caught, which all of them meet;
    after another error on one of them the rest would wait for it.

    Parameters
    ----------
    rank, ranks : int
        Which of how many processes this is; the first one says what failed.

    Attributes
    ----------
    failures : dict name -> str
    """

    def __init__(self, rank: int = 0, ranks: int = 1):
        self.failures: dict[str, str] = {}
        ours = (InputError, DivergenceError)
        self._first, self._caught = rank == 0, ours if ranks > 1 else Exception

    def __call__(self, name: str, make: Callable[[], object], otherwise: object) -> object:
        """What ``make`` gives, or if it fails what stands in its place."""
        try:
            return make()
        except self._caught as error:
            kind = (
                ""
                if isinstance(error, InputError | DivergenceError)
                else f"{type(error).__name__}: "
            )
            self.failures[name] = kind + " ".join(str(error).split())
            if self._first:
                log.warning("%s could not be made: %s", name, self.failures[name])
            return otherwise

    def draw(self, drawings: Mapping[str, Callable[[], Figure]]) -> dict[str, Figure]:
        """Those of the pictures, by their captions, that can be drawn."""
        figures = {caption: self(caption, draw, None) for caption, draw in drawings.items()}
        return {caption: figure for caption, figure in figures.items() if figure is not None}
