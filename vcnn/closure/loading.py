"""Models from files, whatever they hold."""

from __future__ import annotations

from pathlib import Path

from vcnn.closure.closure import Closure
from vcnn.closure.ensemble import Ensemble
from vcnn.closure.file import holds_several


def load_closure(path: str | Path) -> Closure | Ensemble:
    """What a model's file holds.

    Parameters
    ----------
    path : path

    Returns
    -------
    Closure
        Or an `Ensemble`, if there are several.

    Raises
    ------
    InputError
        As :meth:`Closure.load`.
    """
    return Ensemble.load(path) if holds_several(path) else Closure.load(path)
