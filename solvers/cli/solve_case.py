"""A case solved: its flow, with a correction over that of its model, and with each member."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from meshes.report.attempts import Attempts
from solvers.cli.run_folder import RunFolder
from solvers.coupling.members import FlowEnsemble, solve_members
from solvers.coupling.over_baseline import over_baseline
from solvers.coupling.rans import RANS
from solvers.fenics import MPI
from solvers.flow.problem import FlowProblem
from solvers.flow.result import FlowResult
from solvers.learning.smoothing import Smoothing
from solvers.studies.case import Case, is_correction
from vcnn.closure.closure import Closure
from vcnn.closure.protocol import ClosureLike
from vcnn.errors import InputError


def solve_case(
    case: Case,
    problem: FlowProblem,
    model: Closure | None,
    folder: RunFolder,
    checkpoint: Path | None,
    attempt: Attempts,
) -> tuple[FlowResult, FlowEnsemble | None]:
    """The flow of a case and, if its folder is for them, those with each member of its model.

    Parameters
    ----------
    case : Case
    problem : FlowProblem
        The case's, or that of the baseline that the model corrects.
    model : Closure, optional
        In the units of the case.
    folder : RunFolder
        Receives the states.
    checkpoint : Path, optional
        To go on from.
    attempt : Attempts
        Notes why there are no flows with members.

    Raises
    ------
    InputError
        If the correction is to be smoothed on several ranks.
    DivergenceError
        If the flow, or that of the baseline, is not found.
    """
    start = case.start if checkpoint is None else checkpoint
    if model is None:
        result = problem.solve(start)
        result.checkpoint(folder.checkpoint)
        return result, None
    pose = None
    if is_correction(model):
        pose, first = _solve_baseline(case, problem, model, folder.comm)
        problem, start = pose(model), first if checkpoint is None else checkpoint
    rounds = {"tolerance": case.tolerance, "max_rounds": case.max_rounds}
    result = problem.solve(start, checkpoint=folder.checkpoint, **rounds)
    if not folder.members:
        return result, None

    def solve_each() -> FlowEnsemble:
        """The flow with each member, from that with their mean."""
        adapt = None if pose is None else lambda member: pose(member).closure
        states = folder.member_states
        return solve_members(problem, model, result, adapt=adapt, folder=states, **rounds)

    return result, attempt("members", solve_each, None)


def _solve_baseline(
    case: Case, model: FlowProblem, factor: Closure, comm: MPI.Comm
) -> tuple[Callable[[ClosureLike], RANS], FlowResult]:
    """What poses the problem with a correction, and the flow of the model that it is over."""
    length = factor.usage.get("smoothing")
    if length is not None and comm.size > 1:
        raise InputError("a correction is smoothed by one process alone: run it without mpirun")
    first = model.solve(case.start, comm)
    smooth = None
    if length is not None:
        unit = (case.units or {}).get("length", 1.0)
        smooth = Smoothing(first.domain, length * unit).smooth
    return partial(over_baseline, model=first, smooth=smooth), first
