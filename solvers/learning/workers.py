"""Flows that are learned from, shared out among processes that keep them between steps."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch

from solvers.learning.flows import Evaluation, FlowEvaluator, FlowToLearn
from vcnn.closure.closure import Closure
from vcnn.errors import DivergenceError, InputError
from vcnn.network.registry import check_importable


class Workers:
    """Flows in this process, or shared out among several; a context.

    Parameters
    ----------
    closure : Closure
        The prior.
    flows : sequence of FlowToLearn
    directory : Path or None
        Where the flows are kept and, if they are there, begin.
    processes : int
    settings
        As in ``solvers.learning.flows.FlowEvaluator``.
    """

    def __init__(
        self,
        closure: Closure,
        flows: Sequence[FlowToLearn],
        directory: Path | None,
        processes: int,
        **settings: float,
    ):
        self.flows = flows
        make = partial(FlowEvaluator, closure, flows, directory, **settings)
        self._evaluator = make() if processes == 1 else None
        self._pipes, self._processes = [], []
        if processes > 1:
            check_importable(closure.network)
        context = multiprocessing.get_context("spawn")  # MPI does not survive a fork
        for _ in range(processes if processes > 1 else 0):
            pipe, other_end = context.Pipe()
            process = context.Process(target=_serve, args=(other_end, make), daemon=True)
            process.start()
            other_end.close()
            self._pipes.append(pipe)
            self._processes.append(process)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(timeout=10)
            process.terminate()

    def differentiate(
        self, network: torch.nn.Module, flows: Iterable[int], tangent: bool = False
    ) -> list[Evaluation]:
        """Misfits and the slopes of losses, of flows by their numbers, or their tangent models."""
        task = FlowEvaluator.differentiate_tangent if tangent else FlowEvaluator.differentiate
        return self._run(task, flows, network)

    def evaluate(self, network: torch.nn.Module, flows: Iterable[int]) -> list[Evaluation]:
        """Misfits."""
        return self._run(FlowEvaluator.evaluate, flows, network)

    def observe(self, network: torch.nn.Module, flows: Iterable[int]) -> list[Evaluation]:
        """Misfits and their residuals, without derivatives."""
        return self._run(FlowEvaluator.observe, flows, network)

    def keep(self) -> None:
        """Write the flows as solved last to the directory."""
        self._run(FlowEvaluator.keep, range(len(self.flows)))

    def _run(self, task: Callable, flows: Iterable[int], network=None) -> list:
        """What a method of `FlowEvaluator` makes of flows, in their order.

        Raises
        ------
        Exception
            Whatever a process raises.
        DivergenceError
            If a process has been killed.
        """
        weights = None
        if network is not None:
            weights = [p.detach().numpy().copy() for p in network.parameters()]
        if self._evaluator is not None:
            return _run(self._evaluator, task, map(int, flows), weights)
        flows, shares = list(map(int, flows)), {}
        for flow in flows:  # each flow always goes to one process, which keeps it
            shares.setdefault(flow % len(self._pipes), []).append(flow)
        for process, share in shares.items():
            self._pipes[process].send((task, share, weights))
        results, failures = {}, []
        for process, share in shares.items():
            try:
                outcome = self._pipes[process].recv()
            except EOFError:
                outcome = DivergenceError(
                    "learning: a process that solves flows has ended, out of memory?"
                )
            if isinstance(outcome, Exception):
                failures.append(outcome)
            else:
                results |= zip(share, outcome, strict=True)
        if failures:
            raise failures[0]
        return [results[flow] for flow in flows]


def _run(evaluator: FlowEvaluator, task: Callable, flows, weights: list[np.ndarray] | None) -> list:
    if weights is not None:
        evaluator.set_weights(weights)
    return [task(evaluator, flow) for flow in flows]


def _serve(pipe: Connection, make: Callable[[], FlowEvaluator]) -> None:
    """The loop of a process: tasks come, results or what went wrong go."""
    torch.set_num_threads(1)
    evaluator = None
    while True:
        try:
            task, flows, weights = pipe.recv()
        except EOFError:
            return
        try:
            evaluator = evaluator or make()
            outcome = _run(evaluator, task, flows, weights)
        except (InputError, DivergenceError) as error:
            outcome = error
        except Exception as error:  # may hold what cannot be sent
            outcome = RuntimeError(f"learning: {error!r} in a process that solves flows")
            outcome.add_note(traceback.format_exc())
        pipe.send(outcome)
