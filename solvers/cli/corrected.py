"""A correction of a turbulence model, whose flow is solved first."""

from __future__ import annotations

from solvers.coupling.over_baseline import over_baseline
from solvers.coupling.rans import RANS
from solvers.fenics import MPI
from solvers.flow.problem import FlowProblem
from solvers.flow.result import FlowResult
from solvers.learning.smoothing import Smoothing
from solvers.studies.case import Case
from vcnn.closure.closure import Closure
from vcnn.errors import InputError


def solve_baseline(
    case: Case, model: FlowProblem, factor: Closure, comm: MPI.Comm
) -> tuple[RANS, FlowResult]:
    """The problem with the correction over the flow of the model, and that flow.

    Parameters
    ----------
    case : Case
    model : FlowProblem
        Of the turbulence model that is corrected.
    factor : Closure
        Predicts β, in the units of the case; as smooth as its ``usage`` says.
    comm : MPI communicator

    Raises
    ------
    InputError
        If the correction is to be smoothed on several ranks.
    DivergenceError
        If the flow of the model is not found.
    """
    length = factor.usage.get("smoothing")
    if length is not None and comm.size > 1:
        raise InputError("a correction is smoothed by one process alone: run it without mpirun")
    first = model.solve(case.start, comm)
    smooth = None
    if length is not None:
        unit = (case.units or {}).get("length", 1.0)
        smooth = Smoothing(first.domain, length * unit).smooth
    return over_baseline(factor, first, smooth), first
