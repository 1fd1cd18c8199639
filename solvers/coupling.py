"""A flow and the closure that is evaluated in it, solved together."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from solvers.anderson import Anderson
from solvers.coupled_flow import CoupledFlow
from solvers.incompressible import FlowResult
from vcnn.errors import DivergenceError

log = logging.getLogger("vcnn.solvers")

_RESIDUAL = 1e-9    # of the momentum balance, relative to the load
_RELAXATION = 0.5   # at first
_EVERY = 5          # rounds from checkpoint to checkpoint


@dataclass(frozen=True)
class CouplingHistory:
    """How flow and closure came to agree, one number a round.

    Parameters
    ----------
    residual : tuple of float
        Of the momentum balance, after the correction, relative to the load.
    change : tuple of float
        |G(x) − x| / |ν + ν_t|, root mean squares: how far what is predicted is from what the flow was solved with.
    relaxation : tuple of float
        β of :class:`solvers.anderson.Anderson` in the step that follows.
    clipped : tuple of float
        Share of the points where the prediction was out of bounds.
    """

    residual: tuple[float, ...] = ()
    change: tuple[float, ...] = ()
    relaxation: tuple[float, ...] = ()
    clipped: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.residual)

    def after(self, residual, change, relaxation, clipped) -> CouplingHistory:
        """The history with one more round."""
        return CouplingHistory(
            (*self.residual, residual), (*self.change, change), (*self.relaxation, relaxation),
            (*self.clipped, clipped),
        )  # fmt: skip


def solve_coupled(problem, domain, start, known, tolerance, max_rounds, checkpoint, progress) -> FlowResult:
    """The fixed point of: flow → closure → turbulent stress x → flow.

    A round is one Newton correction of the flow with the present x (u, p and the driving force together), and one
    evaluation of the closure in it, G(x); x goes on by Anderson acceleration in the norm of L²(Ω). It ends when both
    the residual of the momentum balance with x and G(x) − x are small.

    ν_t is kept between 0 and U d, U a velocity of the flow and d the largest distance to a wall, and the deviator of
    a stress below U²: turbulence mixes over lengths below d and at speeds below U, both well below.

    Parameters
    ----------
    problem : RANS
    domain : Domain
    start : FlowResult or None
        On the domain.
    known : TurbulentStress or None
        x to begin with. Default: that of the start; without one ν_t = 0.02 U d, d the distance at each point.
    tolerance, max_rounds, checkpoint, progress
        As in :meth:`solvers.RANS.solve`.

    Raises
    ------
    InputError, DivergenceError
        As there.
    """
    here = domain.mesh.comm.rank == 0
    flow, anderson, history = CoupledFlow(problem, domain, start), Anderson(relaxation=_RELAXATION), CouplingHistory()
    best, lowest = None, np.inf
    x = known or (flow.begun() if start is None else flow.predicted())
    with tqdm(desc="RANS", unit=" rounds", disable=not (progress and here)) as bar:
        try:
            while len(history) < max_rounds:
                residual = flow.correct(x)
                g = flow.predicted()
                change = flow.distance(x, g)
                following = flow.unpacked(anderson.next(flow.packed(x), flow.packed(g)))
                history = history.after(residual, change, anderson.relaxation, g.share_clipped)
                bar.set_postfix(residual=f"{residual:.1e}", change=f"{change:.1e}", clipped=f"{g.share_clipped:.1%}")
                bar.update()
                if here:
                    clipped = f", {g.share_clipped:.1%} clipped" if g.share_clipped else ""
                    log.info("RANS: round %d, residual %.2e, change %.2e%s", len(history), residual, change, clipped)
                result = flow.result(history.residual, history, g.clipped)
                if residual <= _RESIDUAL and change <= tolerance:
                    if here and g.share_clipped:
                        share = 100 * g.share_clipped
                        log.warning("RANS: converged, but the closure is clipped at %.3g %% of the points", share)
                    return result
                if max(residual, change) < lowest:
                    best, lowest = result, max(residual, change)
                if checkpoint is not None and len(history) % _EVERY == 0:
                    result.checkpoint(checkpoint)
                x = following
            raise DivergenceError(
                f"RANS: flow and eddy viscosity do not settle, after {max_rounds} rounds the closure still changes "
                f"it by {change:.3g} ({min(history.change):.3g} at best, wanted {tolerance:g}), the residual is "
                f"{residual:.3g} and {g.share_clipped:.1%} of the points are clipped; try a start nearer to the "
                "solution or a larger tolerance"
            )
        except DivergenceError as error:
            if best is None or checkpoint is None:
                raise
            best.checkpoint(checkpoint)
            raise DivergenceError(f"{error}; the best state so far is in {checkpoint}") from error
