"""A flow and the fields that are predicted from it and act back on it, solved together."""

from __future__ import annotations

import logging

import numpy as np
from tqdm import tqdm

from solvers.algebra.anderson import Anderson
from solvers.coupling.coupled_flow import CoupledFlow
from solvers.flow.history import CouplingHistory
from solvers.flow.incompressible import FlowResult
from solvers.flow.initial import begun
from vcnn.errors import DivergenceError

log = logging.getLogger("vcnn.solvers")

_RESIDUAL = 1e-9  # of the momentum balance, relative to the load
_RELAXATION = 0.5  # at first
_EVERY = 5  # rounds from checkpoint to checkpoint


def solve_coupled(
    problem, make_feedback, start, comm, tolerance, max_rounds, checkpoint, progress
) -> FlowResult:
    """The fixed point of: flow → closure or transport equation → fields x that act on the momentum
    → flow.

    A round is one Newton correction of the flow with the present x (u, p and the driving force
    together), and one evaluation of what predicts the fields in it, G(x); x goes on by Anderson
    acceleration in the norm of L²(Ω). It ends when both the residual of the momentum balance with x
    and G(x) − x are small. Under a loose tolerance x stays once it is near enough, so that the flow
    solves its equations with fields that no longer move.

    Parameters
    ----------
    problem : RANS or ActiveScalar
    make_feedback : callable (problem, MomentumBalance) -> solvers.coupling.coupled_flow.Feedback
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
    domain, begin = begun(problem, start, comm)
    flow = CoupledFlow(problem, make_feedback, domain, begin)
    x = flow.known(start) or (flow.begun() if begin is None else flow.predicted()[0])
    return settled(flow, x, tolerance, max_rounds, checkpoint, progress)


def settled(
    flow: CoupledFlow, x, tolerance, max_rounds, checkpoint=None, progress=False
) -> FlowResult:
    """The iteration of :func:`solve_coupled`, from fields x; leaves flow and fields in ``flow``.

    Raises
    ------
    DivergenceError
        As there.
    """
    here = flow.domain.mesh.comm.rank == 0
    history, anderson = CouplingHistory(), Anderson(relaxation=_RELAXATION)
    name, what = flow.feedback.name, flow.feedback.what
    best, lowest = None, np.inf
    with tqdm(desc=name, unit=" rounds", disable=not (progress and here)) as bar:
        try:
            while len(history) < max_rounds:
                residual = flow.correct(x)
                g, clipped = flow.predicted()
                change = flow.distance(x, g)
                following = flow.unpacked(anderson.next(flow.packed(x), flow.packed(g)))
                share = 0.0 if clipped is None else float(np.mean(clipped != 0))
                history = history.after(residual, change, anderson.relaxation, share)
                bar.set_postfix(
                    residual=f"{residual:.1e}", change=f"{change:.1e}", clipped=f"{share:.1%}"
                )
                bar.update()
                if here:
                    cut = f", {share:.1%} clipped" if share else ""
                    log.info(
                        "%s: round %d, residual %.2e, change %.2e%s",
                        name,
                        len(history),
                        residual,
                        change,
                        cut,
                    )
                if residual <= _RESIDUAL and change <= tolerance:
                    if here and share:
                        log.warning(
                            "%s: converged, but clipped at %.3g %% of the points", name, 100 * share
                        )
                    return flow.result(history.residual, history, clipped)
                if checkpoint is not None:
                    result = flow.result(history.residual, history, clipped)
                    if max(residual, change) < lowest:
                        best, lowest = result, max(residual, change)
                    if len(history) % _EVERY == 0:
                        result.checkpoint(checkpoint)
                if (
                    not _RESIDUAL < change <= tolerance
                ):  # else the fields stay, for the flow to solve its equations
                    x = following
            raise DivergenceError(
                f"{name}: flow and {what} do not settle, after {max_rounds} rounds the {what} still changes by "
                f"{change:.3g} ({min(history.change):.3g} at best, wanted {tolerance:g}), the residual is "
                f"{residual:.3g} and {share:.1%} of the points are clipped; try a start nearer to the "
                "solution or a larger tolerance"
            )
        except DivergenceError as error:
            if best is None:
                raise
            best.checkpoint(checkpoint)
            raise DivergenceError(f"{error}; the best state so far is in {checkpoint}") from error
