"""A worker from its start to its end."""

from __future__ import annotations

import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from openfoam.worker.named_closure import read_closure
from openfoam.worker.placed import place_closure
from openfoam.worker.protocol import Channel, SolverGone
from openfoam.worker.respondent import Respondent
from openfoam.worker.units import Units
from vcnn.errors import DivergenceError, InputError


def serve(
    channel: Channel,
    case: Path,
    model: str,
    *,
    ranks: int = 1,
    rank: int = -1,
    length: float = 1.0,
    velocity: float = 1.0,
) -> int:
    """Answer a solver's questions until it ends.

    Whatever goes wrong is told the solver in one line, and printed with where it happened.

    Parameters
    ----------
    channel : Channel
    case : path
        Folder of the case.
    model : str
        As for :func:`openfoam.worker.named_closure.read_closure`.
    ranks, rank : int
        As for :func:`openfoam.worker.case_geometry.read_case_geometry`.
    length, velocity : float
        The closure's units in those of the case.

    Returns
    -------
    int
        Status to exit with.
    """
    try:
        _serve(channel, case, model, ranks, rank, Units(length, velocity))
    except SolverGone:
        return 0
    except Exception as error:
        traceback.print_exc()
        sys.stderr.flush()
        with suppress(SolverGone):
            channel.send_error(one_line(error))
        return 1


def _serve(channel, case, model, ranks, rank, units) -> NoReturn:
    closure = read_closure(model, case)
    placed = place_closure(closure, case, units, ranks, rank)
    respondent, form = Respondent(placed), placed.form
    channel.send_ready(form.fields, form.columns)
    while True:
        question = channel.receive_question(len(placed.geometry.place), form.fields)
        channel.send_answer(respondent.answer(question))


def one_line(error: Exception) -> str:
    """What an error says; those of users' own code with their kind."""
    text = str(error)
    if not isinstance(error, InputError | DivergenceError):
        text = f"{type(error).__name__}: {text}"
    return " ".join(text.split()).removeprefix("closure: ")
