"""Flows that a closure learns from, solved with whatever weights it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from solvers.adjoint.coupling import DifferentiableCoupling
from solvers.adjoint.tangent import TangentCoupling
from solvers.coupling.rans import RANS
from solvers.flow.result import FlowResult
from solvers.learning.observations import Misfit, Observation
from vcnn.closure.closure import Closure
from vcnn.closure.evaluator import in_precision
from vcnn.closure.protocol import ClosureLike
from vcnn.errors import DivergenceError


@dataclass(frozen=True, eq=False)
class FlowToLearn:
    """A flow that a closure learns from.

    Parameters
    ----------
    name : str
        What messages and files call it.
    problem : RANS
        Its ``closure`` is replaced by the one that learns.
    observations : sequence of Observation
        What is known of it.
    start : FlowResult or path, optional
        As in :meth:`RANS.solve`.
    adapt : callable (closure) -> ClosureLike, optional
        Makes what this flow is solved with of the closure that learns, such as a correction of this
        flow's eddy viscosity by a model; default: the closure itself. With several processes it
        must be one that can be pickled.
    """

    name: str
    problem: RANS
    observations: Sequence[Observation]
    start: FlowResult | str | Path | None = None
    adapt: Callable[[ClosureLike], ClosureLike] | None = None

    def with_closure(self, closure: ClosureLike) -> RANS:
        """The problem with ``closure``, adapted to it, in the loop.

        Raises
        ------
        InputError
            If the closure cannot be asked in it.
        """
        closure = closure if self.adapt is None else self.adapt(closure)
        return replace(self.problem, closure=closure)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How a closure does in one flow.

    Parameters
    ----------
    number : int
        Of the flow.
    name : str
    misfit : float
    slopes : list of arrays
        Of the loss, by the network's parameters; empty if not wanted.
    residuals : (k,), optional
        Whose sum of squares is the misfit; None if not wanted.
    failure : str or None
        Why the flow could not be solved.
    """

    number: int
    name: str
    misfit: float = np.nan
    slopes: Sequence[np.ndarray] = ()
    residuals: np.ndarray | None = None
    failure: str | None = None


@dataclass(frozen=True, eq=False)
class _Coupling:
    """A flow under way, what is observed of it, and the prior at its points."""

    solve: DifferentiableCoupling
    misfit: Misfit
    prior: Callable


class FlowEvaluator:
    """Flows with a closure whose weights are replaced; each begins where it ended last.

    Parameters
    ----------
    closure : Closure
        The prior.
    flows : sequence of FlowToLearn
    directory : Path or None
        Where flows are kept and, if they are there, begin.
    tolerance : float
        As in :meth:`RANS.solve`.
    adjoint_steps : int
        As in `DifferentiableCoupling`.
    prior : float
        What the distance from the prior counts for in the loss.
    always_solved : sequence of str
        Names of flows that no tangent model stands for.
    """

    def __init__(
        self,
        closure: Closure,
        flows: Sequence[FlowToLearn],
        directory: Path | None,
        *,
        tolerance: float,
        adjoint_steps: int = 0,
        prior: float = 0.0,
        always_solved: Sequence[str] = (),
    ):
        self.flows, self.directory, self.always_solved = flows, directory, always_solved
        self.tolerance, self.adjoint_steps, self.prior = tolerance, adjoint_steps, prior
        self.closure, self._prior_closure = (
            replace(closure, network=in_precision(closure.network, torch.float64)) for _ in range(2)
        )
        self._couplings: dict[int, _Coupling] = {}
        self._tangents: dict[int, TangentCoupling] = {}
        self._results: dict[int, FlowResult] = {}

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Give the closure's parameters other values, in their order."""
        with torch.no_grad():
            for parameter, values in zip(self.closure.network.parameters(), weights, strict=True):
                parameter.copy_(torch.from_numpy(values))

    def differentiate(self, number: int) -> Evaluation:
        """The misfit of a flow, and the slopes of its loss."""
        return self._attempt(self._differentiate, number)

    def differentiate_tangent(self, number: int) -> Evaluation:
        """As :meth:`differentiate`, of the tangent model of a flow that was differentiated last.

        Those that are always solved are.
        """
        if self.flows[number].name in self.always_solved:
            return self.differentiate(number)
        if number not in self._tangents:
            return Evaluation(number, self.flows[number].name, failure="not solved before")
        return self._attempt(self._differentiate_tangent, number)

    def evaluate(self, number: int) -> Evaluation:
        """The misfit of a flow."""
        return self._attempt(self._evaluate, number)

    def observe(self, number: int) -> Evaluation:
        """The misfit of a flow and its residuals, by `RANS.solve`, which needs no derivatives."""
        return self._attempt(self._observe, number)

    def keep(self, number: int) -> None:
        """Write a flow as solved last to the directory."""
        if self.directory is not None and number in self._couplings:
            self._couplings[number].solve.result().checkpoint(self._path(number))

    def _attempt(self, task: Callable[[int], Evaluation], number: int) -> Evaluation:
        """A task; a flow that cannot be solved begins anew the next time."""
        try:
            return task(number)
        except DivergenceError as error:
            self._couplings.pop(number, None)
            self._tangents.pop(number, None)
            self._results.pop(number, None)
            return Evaluation(number, self.flows[number].name, failure=str(error))

    def _differentiate(self, number):
        coupling = self._coupling(number)
        misfit = coupling.misfit(coupling.solve()[0])
        change = coupling.solve.change_from(coupling.prior)
        self._tangents[number] = TangentCoupling(coupling.solve, coupling.prior)
        return self._slopes(number, misfit, change)

    def _differentiate_tangent(self, number):
        tangent = self._tangents[number]
        misfit = self._couplings[number].misfit(tangent()[0])
        return self._slopes(number, misfit, tangent.change())

    def _slopes(self, number, misfit, change) -> Evaluation:
        """The misfit of a flow, and the slopes of the loss by the weights."""
        slopes = torch.autograd.grad(
            misfit + self.prior * change, list(self.closure.network.parameters())
        )
        arrays = [slope.numpy() for slope in slopes]
        return Evaluation(
            number, self.flows[number].name, misfit=float(misfit.detach()), slopes=arrays
        )

    def _evaluate(self, number):
        coupling = self._coupling(number)
        with torch.no_grad():
            misfit = float(coupling.misfit(coupling.solve()[0]))
        return Evaluation(number, self.flows[number].name, misfit=misfit)

    def _observe(self, number):
        flow = self.flows[number]
        problem = flow.with_closure(self.closure)
        result = problem.solve(self._results.get(number, flow.start), tolerance=self.tolerance)
        self._results[number] = result
        misfit = Misfit(flow.observations, result.domain.mesh, result.velocity.function_space)
        residuals = misfit.residuals(torch.from_numpy(result.velocity.x.array)).numpy()
        return Evaluation(
            number, flow.name, misfit=float(residuals @ residuals), residuals=residuals
        )

    def _coupling(self, number) -> _Coupling:
        if number not in self._couplings:
            flow, start = self.flows[number], self.flows[number].start
            if self.directory is not None and self._path(number).is_file():
                start = self._path(number)
            solve = DifferentiableCoupling(
                flow.with_closure(self.closure),
                start,
                tolerance=self.tolerance,
                adjoint_steps=self.adjoint_steps,
            )
            misfit = Misfit(flow.observations, solve.solver.domain.mesh, solve.solver.space)
            prior = solve.differentiable(flow.with_closure(self._prior_closure).closure)
            self._couplings[number] = _Coupling(solve, misfit, prior)
        return self._couplings[number]

    def _path(self, number) -> Path:
        return Path(self.directory) / "flows" / f"{self.flows[number].name}.npz"
