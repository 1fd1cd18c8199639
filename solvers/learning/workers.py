"""Flows that are learned from, shared out among processes that keep them between steps."""

from __future__ import annotations

import copy
import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from solvers.adjoint.coupling import DifferentiableCoupling
from solvers.learning.observations import Misfit, Observation
from vcnn.errors import DivergenceError


@dataclass(frozen=True, eq=False)
class FlowToLearn:
    """A flow that a closure learns from.

    Parameters
    ----------
    name : str
    problem : RANS
        Its ``closure`` is not looked at.
    observations : sequence of Observation
    start : FlowResult or path, optional
        As in :meth:`RANS.solve`.
    """

    name: str
    problem: object
    observations: Sequence[Observation]
    start: object = None


@dataclass(frozen=True, eq=False)
class Answer:
    """What one flow says of a closure.

    Parameters
    ----------
    flow : int
        Its number.
    name : str
    misfit : float
    slopes : list of arrays
        Of the loss, by the network's parameters; empty if not asked for.
    residuals : (k,), optional
        Whose sum of squares is the misfit; None if not asked for.
    failure : str or None
        Why it could not be solved.
    """

    flow: int
    name: str
    misfit: float = np.nan
    slopes: Sequence[np.ndarray] = ()
    residuals: np.ndarray | None = None
    failure: str | None = None


class Workers:
    """Flows in this process, or shared out among several; a context.

    Parameters
    ----------
    closure : Closure
        The prior.
    flows : sequence of FlowToLearn
    config : LearningConfig
    directory : Path or None
        Where the flows are kept and, if they are there, begin.
    processes : int
    """

    def __init__(self, closure, flows, config, directory, processes):
        self.flows, arguments = flows, (closure, flows, config, directory)
        self._here = _Flows(*arguments) if processes == 1 else None
        self._pipes, self._processes = [], []
        context = multiprocessing.get_context("spawn")  # MPI does not survive a fork
        for _ in range(processes if processes > 1 else 0):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, *arguments), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(timeout=10)
            process.terminate()

    def differentiate(self, network, flows) -> list[Answer]:
        """Losses and their slopes."""
        return self._asked("differentiate", network, flows)

    def evaluate(self, network, flows) -> list[Answer]:
        """Misfits."""
        return self._asked("evaluate", network, flows)

    def observe(self, network, flows) -> list[Answer]:
        """Misfits and their residuals, by `RANS.solve`, which needs no derivatives."""
        return self._asked("observe", network, flows)

    def keep(self) -> None:
        """Write the flows as solved last to the directory."""
        self._asked("keep", None, range(len(self.flows)))

    def _asked(self, what, network, flows) -> list[Answer]:
        weights = (
            None if network is None else [p.detach().numpy().copy() for p in network.parameters()]
        )
        if self._here is not None:
            return [self._here.asked(what, weights, int(flow)) for flow in flows]
        share = {}
        for flow in map(int, flows):  # each flow always goes to one process, which keeps it
            share.setdefault(flow % len(self._pipes), []).append(flow)
        for number, mine in share.items():
            self._pipes[number].send((what, weights, mine))
        answers = []
        for number in share:
            try:
                answers += self._pipes[number].recv()
            except EOFError:
                raise DivergenceError(
                    "learning: a process that solves flows has ended, out of memory?"
                ) from None
        order = {int(flow): place for place, flow in enumerate(flows)}
        return sorted(answers, key=lambda answer: order[answer.flow])


def _serve(pipe, *arguments):
    """The loop of a process."""
    torch.set_num_threads(1)
    flows = _Flows(*arguments)
    while True:
        try:
            what, weights, mine = pipe.recv()
        except EOFError:
            return
        pipe.send([flows.asked(what, weights, flow) for flow in mine])


class _Flows:
    """Flows with a closure whose weights are replaced from call to call."""

    def __init__(self, closure, flows, config, directory):
        self.flows, self.config, self.directory = flows, config, directory
        self.closure = replace(closure, network=copy.deepcopy(closure.network).double())
        self._prior = replace(closure, network=copy.deepcopy(closure.network).double())
        self._coupled, self._solved = {}, {}

    def asked(self, what, weights, number) -> Answer:
        name = self.flows[number].name
        if what == "keep":
            if self.directory is not None and number in self._coupled:
                self._coupled[number][0].result().checkpoint(self._path(number))
            return Answer(number, name)
        with torch.no_grad():
            for parameter, values in zip(self.closure.network.parameters(), weights, strict=True):
                parameter.copy_(torch.from_numpy(values))
        try:
            if what == "observe":
                return self._observed(number)
            if number not in self._coupled:
                self._coupled[number] = self._made(number)
            coupled, misfit, prior = self._coupled[number]
            if what == "evaluate":
                with torch.no_grad():
                    return Answer(number, name, float(misfit(coupled()[0])))
            found = misfit(coupled()[0])
            moved = coupled.change_from(prior)
            slopes = torch.autograd.grad(
                found + self.config.prior * moved, list(self.closure.network.parameters())
            )
            return Answer(number, name, float(found.detach()), [slope.numpy() for slope in slopes])
        except DivergenceError as error:
            self._coupled.pop(number, None)  # begins anew the next time
            self._solved.pop(number, None)
            return Answer(number, name, failure=str(error))

    def _observed(self, number):
        flow = self.flows[number]
        problem = replace(flow.problem, closure=self.closure)
        result = problem.solve(
            self._solved.get(number, flow.start), tolerance=self.config.tolerance
        )
        self._solved[number] = result
        misfit = Misfit(flow.observations, result.domain.mesh, result.velocity.function_space)
        residuals = misfit.residuals(torch.from_numpy(result.velocity.x.array)).numpy()
        return Answer(number, flow.name, float(residuals @ residuals), residuals=residuals)

    def _made(self, number):
        flow = self.flows[number]
        start = flow.start
        if self.directory is not None and self._path(number).is_file():
            start = self._path(number)
        coupled = DifferentiableCoupling(
            replace(flow.problem, closure=self.closure),
            start,
            tolerance=self.config.tolerance,
            adjoint_steps=self.config.adjoint_steps,
        )
        misfit = Misfit(flow.observations, coupled.solver.domain.mesh, coupled.solver.space)
        return coupled, misfit, coupled.differentiable(self._prior)

    def _path(self, number) -> Path:
        return Path(self.directory) / "flows" / f"{self.flows[number].name}.npz"
