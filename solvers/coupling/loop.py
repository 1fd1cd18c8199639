"""A flow and the fields that are predicted from it and act back on it, solved together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np
from tqdm import tqdm

from solvers.algebra.anderson import Anderson
from solvers.coupling.coupled_flow import CoupledFlow
from solvers.coupling.feedback import Feedback
from solvers.fenics import MPI
from solvers.flow.history import CouplingHistory
from solvers.flow.problem import FlowProblem
from solvers.flow.result import FlowResult
from solvers.flow.start import start_on
from vcnn.errors import DivergenceError, InputError

log = logging.getLogger("vcnn.solvers")

_RESIDUAL = 1e-9  # of the momentum balance, relative to the load
RELAXATION = 0.5  # at first
_EVERY = 5  # rounds from checkpoint to checkpoint
_SINGLE = 1e-6  # a change that single precision may leave: some roundings of 6e-8
_WINDOW = 20  # rounds in which a change halves at least, or it has ceased to fall


def solve_coupled(
    problem: FlowProblem,
    make_feedback: Callable[..., Feedback],
    *,
    start: FlowResult | str | Path | None,
    comm: MPI.Comm,
    tolerance: float,
    max_rounds: int,
    checkpoint: str | Path | None = None,
    progress: bool = False,
) -> FlowResult:
    """Find the fixed point of flow → closure or transport equation → fields x → flow.

    A round is one Newton correction of the flow with the present x (u, p and the driving force
    together), and one evaluation of what predicts the fields in it, G(x); x goes on by Anderson
    acceleration in the norm of L²(Ω). It ends when both the residual of the momentum balance with x
    and G(x) − x are small. Under a loose tolerance x stays once it is near enough, so that the flow
    solves its equations with fields that no longer move. It ends as well, with a note, where the
    change has ceased to fall at the round-off of single precision.

    Parameters
    ----------
    problem : RANS or ActiveScalar
    make_feedback : callable (problem, MomentumBalance) -> solvers.coupling.feedback.Feedback
        Which fields these are and how they act.
    start : FlowResult, path or None
        x begins as in an earlier coupled run, as what the start makes, or without one as the
        feedback says.
    comm, tolerance, max_rounds, checkpoint, progress
        As in :meth:`solvers.RANS.solve`.

    Raises
    ------
    InputError, DivergenceError
        As there.
    """
    domain, initial = start_on(problem, start, comm)
    flow = CoupledFlow(problem, make_feedback, domain, initial)
    x = flow.fields_of(start)
    if x is None:
        x = flow.initialise() if initial is None else flow.predict()[0]
    return iterate_coupling(
        flow,
        x,
        tolerance=tolerance,
        max_rounds=max_rounds,
        checkpoint=checkpoint,
        progress=progress,
    )


def iterate_coupling(
    flow: CoupledFlow,
    x: Mapping[str, np.ndarray],
    *,
    tolerance: float,
    max_rounds: int,
    checkpoint: str | Path | None = None,
    progress: bool = False,
) -> FlowResult:
    """The rounds of :func:`solve_coupled` from fields x; leaves flow and fields in ``flow``.

    Raises
    ------
    InputError
        If no round is allowed.
    DivergenceError
        As there.
    """
    if max_rounds < 1:
        raise InputError(f"max_rounds: expected a positive integer, got {max_rounds!r}")
    first_rank = flow.domain.comm.rank == 0
    history, anderson = CouplingHistory(), Anderson(relaxation=RELAXATION)
    states = _States(checkpoint)
    with tqdm(
        desc=flow.feedback.name, unit=" rounds", disable=not (progress and first_rank)
    ) as bar:
        try:
            while len(history) < max_rounds:
                residual = flow.correct(x)
                g, clipped = flow.predict()
                change = flow.distance(x, g)
                following = flow.unpack(anderson.next(flow.pack(x), flow.pack(g)))
                share = 0.0 if clipped is None else float(np.mean(clipped != 0))
                history = history.with_round(
                    residual=residual,
                    change=change,
                    relaxation=anderson.relaxation,
                    clipped=share,
                )
                if first_rank:
                    _report(flow.feedback.name, history, bar)
                stalled = _at_round_off(history)
                if residual <= _RESIDUAL and (change <= tolerance or stalled):
                    notes = _notes(flow.feedback, history, tolerance, share)
                    if first_rank:
                        for note in notes:
                            log.warning("%s: %s", flow.feedback.name, note)
                    result = flow.result(history.residual, history, clipped)
                    return replace(result, notes=tuple(notes[: int(change > tolerance)]))
                states.keep(flow, history, clipped)
                if not _RESIDUAL < change <= tolerance:
                    x = following  # else the fields stay, for the flow to solve its equations
            raise DivergenceError(_why_not(flow.feedback, history, tolerance))
        except DivergenceError as error:
            states.fail(error)


class _States:
    """The best state of a loop so far; the present one goes to a file every few rounds."""

    def __init__(self, path: str | Path | None):
        self.path, self.best, self.lowest = path, None, np.inf

    def keep(self, flow: CoupledFlow, history: CouplingHistory, clipped) -> None:
        """After each round that is not the last."""
        error = max(history.residual[-1], history.change[-1])
        due = self.path is not None and len(history) % _EVERY == 0
        if not (error < self.lowest or due):
            return
        result = flow.result(history.residual, history, clipped)
        if error < self.lowest:
            self.best, self.lowest = result, error
        if due:
            result.checkpoint(self.path)

    def fail(self, error: DivergenceError) -> NoReturn:
        """Raise the error with the best state; write that and say where it is."""
        if self.best is None or self.path is None:
            raise DivergenceError(str(error), best=self.best) from error
        self.best.checkpoint(self.path)
        raise DivergenceError(
            f"{error}; the best state so far is in {self.path}", best=self.best
        ) from error


def _at_round_off(history: CouplingHistory) -> bool:
    """Whether changes are as small as single precision leaves them, and have ceased to fall.

    Numbers of single precision, which closures work with unless told otherwise, are right to 6e-8
    of their size; what a closure makes of them changes by that much, or some times more, however
    long one goes on.
    """
    changes, residuals = history.change[-_WINDOW:], history.residual[-_WINDOW:]
    if len(changes) < _WINDOW or max(changes) > _SINGLE or max(residuals) > _RESIDUAL:
        return False
    half = _WINDOW // 2
    return min(changes[half:]) > 0.5 * min(changes[:half])


def _report(name: str, history: CouplingHistory, bar: tqdm) -> None:
    """A round on the progress line and in the log."""
    residual, change, share = history.residual[-1], history.change[-1], history.clipped[-1]
    bar.set_postfix(residual=f"{residual:.1e}", change=f"{change:.1e}", clipped=f"{share:.1%}")
    bar.update()
    cut = f", {share:.1%} clipped" if share else ""
    log.info(
        "%s: round %d, residual %.2e, change %.2e%s", name, len(history), residual, change, cut
    )


def _notes(feedback: Feedback, history: CouplingHistory, tolerance: float, share: float) -> list:
    """What to know of a loop that ended well: the round-off that it stopped at, then clipping."""
    notes = []
    if history.change[-1] > tolerance:
        notes.append(
            f"The {feedback.quantity} predicted changes by {history.change[-1]:.1e} a round and no "
            f"less, the round-off of single precision; a tolerance of {tolerance:g} needs a "
            "closure that works in float64."
        )
    if share:
        notes.append(f"converged, but clipped at {100 * share:.3g} % of the points")
    return notes


def _why_not(feedback: Feedback, history: CouplingHistory, tolerance: float) -> str:
    """What to say of a loop that used up its rounds."""
    quantity = feedback.quantity
    return (
        f"{feedback.name}: flow and {quantity} do not settle, after {len(history)} rounds the "
        f"{quantity} still changes by {history.change[-1]:.3g} ({min(history.change):.3g} at best, "
        f"wanted {tolerance:g}), the residual is {history.residual[-1]:.3g} and "
        f"{history.clipped[-1]:.1%} of the points are clipped; try a start nearer to the solution "
        "or a larger tolerance"
    )
