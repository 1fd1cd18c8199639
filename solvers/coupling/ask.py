"""Asking a closure: the points of a flow shared out among ranks, in double precision, checked."""

from __future__ import annotations

import numpy as np

from solvers.fenics import MPI
from vcnn.closure.answer import answer_of
from vcnn.closure.plain import GivenValues, PlainClosure
from vcnn.closure.protocol import ClosureLike
from vcnn.closure.requirements import Requirement
from vcnn.errors import DivergenceError, InputError
from vcnn.flow.field import FlowField

Fields = dict[str, np.ndarray]


def ask_closure(
    closure: ClosureLike,
    flow: FlowField,
    *,
    comm: MPI.Comm,
    requirement: Requirement,
    name: str,
) -> Fields:
    """What a closure predicts at the points of a flow, by quantity and whole on every rank.

    Each rank asks for its share of the points; of a closure that predicts all at once anyway, the
    first rank asks for all. In float64, as far as the closure can.

    Parameters
    ----------
    closure : ClosureLike
    flow : FlowField
    comm : MPI communicator
    requirement : Requirement
        What it must predict.
    name : str
        Of the problem, for messages.

    Raises
    ------
    InputError
        If the closure refuses the flow or fails, or predicts something else.
    DivergenceError
        If it predicts NaN or infinity.
    """
    import torch

    share, centres = slice(None) if comm.rank == 0 else slice(0), None
    if comm.size > 1 and not isinstance(closure, PlainClosure | GivenValues):
        share = slice(comm.rank, None, comm.size)
        centres = np.arange(len(flow))[share]
    count = len(range(len(flow))[share])
    values, error = {}, None
    if count:
        try:
            values = answer_of(closure, flow, requirement, centres=centres, dtype=torch.float64)
        except InputError as failure:
            error = failure
        except DivergenceError as failure:
            error = DivergenceError(f"{name}: the closure predicts {failure}")
    parts = comm.allgather((share, values, error))  # an error on one rank is one on all
    for _, _, failure in parts:
        if failure is not None:
            raise error or failure
    whole = {key: np.empty((len(flow), *part.shape[1:])) for key, part in parts[0][1].items()}
    for rows, fields, _ in parts:
        for key, part in fields.items():
            whole[key][rows] = part
    return whole
