"""A flow together with fields that are made from it and act back on it, as a problem to solve."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from solvers.fem.checkpoint import check_suffix
from solvers.fenics import MPI
from solvers.flow.problem import FlowProblem
from solvers.flow.result import FlowResult


class CoupledProblem(FlowProblem, ABC):
    """A flow problem whose equations need something that is made from the flow itself."""

    def solve(
        self,
        start: FlowResult | str | Path | None = None,
        comm: MPI.Comm = MPI.COMM_WORLD,
        *,
        tolerance: float = 1e-9,
        max_rounds: int = 100,
        checkpoint: str | Path | None = None,
        progress: bool = False,
    ) -> FlowResult:
        """Solve on all ranks of ``comm``.

        Parameters
        ----------
        start : FlowResult or path, optional
            To begin from, as in `LaminarFlow.solve`; a checkpoint of a coupled run goes on with
            what was predicted then, which must be known at the same points.
        tolerance : float
            Bound of how what is predicted still changes, relative L²; see
            :class:`solvers.CouplingHistory`.
        max_rounds : int
            How many times what predicts may be asked.
        checkpoint : path ending in ``.npz``, optional
            Where the solution goes, every few rounds the present state, and the best one if there
            is no solution: for ``solve(start=path)``.
        progress : bool
            Show a line with rounds and residuals.

        Raises
        ------
        InputError
            If the start lies elsewhere or cannot be read, the conditions do not determine a flow,
            or what predicts cannot be asked.
        DivergenceError
            If the iteration does not converge.
        """
        check_suffix(checkpoint)
        result = self._solve(
            start,
            comm,
            tolerance=tolerance,
            max_rounds=max_rounds,
            checkpoint=checkpoint,
            progress=progress,
        )
        if checkpoint is not None:
            result.checkpoint(checkpoint)
        return result

    @abstractmethod
    def _solve(self, start, comm, **options) -> FlowResult:
        """Solve with the options of :meth:`solve`, without the last checkpoint."""
