"""Learning through a solver by the adjoint method: Adam on the weights of a network."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from solvers.learning.flows import Evaluation
from solvers.learning.workers import Workers
from vcnn.errors import DivergenceError, InputError
from vcnn.training.run_state import RunState


@dataclass(frozen=True)
class LearningConfig:
    """How to learn through the solver.

    Parameters
    ----------
    epochs : int
        Passes over the flows.
    flows_per_step : int
        Flows whose gradients make one step of Adam; a multiple of the number of processes keeps all
        busy.
    learning_rate : float
        Of Adam at first; falls to 0 as a cosine.
    prior : float
        What the distance from the prior closure counts for, in squares of relative changes of its
        values.
    tolerance : float
        To which flow and closure agree, as in :meth:`RANS.solve`.
    adjoint_steps : int
        As in :class:`solvers.DifferentiableCoupling`.
    tangent_passes : int
        In each epoch the flows are solved in one pass; in so many more their tangent linear models
        stand for them (``solvers.adjoint.tangent.TangentCoupling``), which cost a fifth.
    always_solved : sequence of str
        Names of flows that are solved in those passes too: small ones, or such as a tangent model
        says too little of.
    seed : int
        Of the order of flows.

    Raises
    ------
    InputError
        If a number does not make sense.
    """

    epochs: int = 10
    flows_per_step: int = 2
    learning_rate: float = 2e-4
    prior: float = 1e-2
    tolerance: float = 1e-5
    adjoint_steps: int = 6
    tangent_passes: int = 0
    always_solved: Sequence[str] = ()
    seed: int = 0

    def __post_init__(self):
        for name in ("epochs", "flows_per_step"):
            if type(value := getattr(self, name)) is not int or value < 1:
                raise InputError(f"{name}: expected a positive integer, got {value!r}")
        passes = self.tangent_passes
        if type(passes) is not int or passes < 0:
            raise InputError(f"tangent_passes: expected an integer >= 0, got {passes!r}")
        for name in ("learning_rate", "tolerance"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"{name}: expected a positive number, got {getattr(self, name)!r}")
        if not 0 <= self.prior < math.inf:
            raise InputError(f"prior: expected a number >= 0, got {self.prior!r}")

    def flow_settings(self) -> dict:
        """What ``solvers.learning.flows.FlowEvaluator`` needs of it."""
        return {
            "tolerance": self.tolerance,
            "adjoint_steps": self.adjoint_steps,
            "prior": self.prior,
            "always_solved": self.always_solved,
        }


def fit_by_gradient(
    network: torch.nn.Module,
    workers: Workers,
    count: int,
    config: LearningConfig,
    *,
    run: str,
    directory: Path | None,
    progress: bool,
) -> dict:
    """Leave the best weights in a network.

    Parameters
    ----------
    network : nn.Module
    workers : Workers
    count : int
        The first of their flows are learned from; those behind are for validation.
    config : LearningConfig
    run : str
        What tells this run from others.
    directory : Path or None
        As in :class:`vcnn.training.run_state.RunState`.
    progress : bool

    Returns
    -------
    dict
        ``seconds``; ``kept``, the epoch of the weights; ``validation``, the mean errors before and
        at best.

    Raises
    ------
    InputError
        If the directory holds another run.
    DivergenceError
        If none of the flows of an epoch can be solved.
    """
    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    state = RunState(network, optimizer, run, directory)
    state.resume()
    validation = range(count, len(workers.flows))
    if validation and not state.history:
        errors = _validation_entry(workers.evaluate(network, validation))
        state.record({"epoch": 0, "seconds": 0.0, **errors})
    with tqdm(
        total=config.epochs,
        initial=state.epoch,
        unit="epoch",
        disable=not progress,
        desc="through solver",
    ) as bar:
        while state.epoch < config.epochs:
            start = time.perf_counter()
            entry = _run_epoch(network, workers, count, config, optimizer, state.epoch, bar)
            if validation:
                entry |= _validation_entry(workers.evaluate(network, validation))
            workers.keep()
            state.record({**entry, "seconds": time.perf_counter() - start})
            bar.update()
    network.load_state_dict(state.best)
    return _summary(state)


def _run_epoch(network, workers, count, config, optimizer, epoch, bar) -> dict:
    """A pass over the flows, and those over their tangent models; an entry of the history."""
    passes = 1 + config.tangent_passes
    numbers = range(epoch * passes, (epoch + 1) * passes)
    evaluations, *_ = [
        _run_pass(network, workers, count, config, optimizer, number, bar) for number in numbers
    ]
    misfits = [flow.misfit for flow in evaluations if flow.failure is None]
    failed = [flow.name for flow in evaluations if flow.failure is not None]
    return {"epoch": epoch + 1, "training_misfit": float(np.mean(misfits)), "failed": failed}


def _run_pass(network, workers, count, config, optimizer, number, bar) -> list[Evaluation]:
    """A step for each batch of flows, in pass ``number`` of all."""
    passes, steps = 1 + config.tangent_passes, math.ceil(count / config.flows_per_step)
    tangent, done = number % passes > 0, []
    for step, batch in enumerate(_draw_batches(count, config, number)):
        progress = (number * steps + step) / (config.epochs * passes * steps)
        rate = 0.5 * (1 + math.cos(math.pi * progress))
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * rate
        evaluations = workers.differentiate(network, batch, tangent)
        good = [flow for flow in evaluations if flow.failure is None]
        if good:
            _step(network, optimizer, good)
        done += [replace(flow, slopes=()) for flow in evaluations]
        misfits = [flow.misfit for flow in done if flow.failure is None]
        bar.set_postfix(misfit=f"{np.mean(misfits or [np.nan]):.3g}", step=f"{step + 1}/{steps}")
    if not misfits:
        epoch, reason = number // passes + 1, done[0].failure
        raise DivergenceError(f"learning: no flow can be solved in epoch {epoch}: {reason}")
    return done


def _draw_batches(count: int, config: LearningConfig, number: int) -> Iterator[list[int]]:
    """Numbers below ``count`` in random batches, each with one from every class modulo their size.

    Flows are shared out among processes by their number: those of a batch are then in different
    ones.
    """
    size, rng = config.flows_per_step, np.random.default_rng([config.seed, number])
    classes = [rng.permutation(np.arange(k, count, size)).tolist() for k in range(min(size, count))]
    for place in range(len(classes[0])):
        yield [numbers[place] for numbers in classes if place < len(numbers)]


def _step(network, optimizer, evaluations: Sequence[Evaluation]) -> None:
    """One step of Adam, with the mean gradient of these flows.

    Each is shortened to at most the length of their median.
    """
    lengths = [math.sqrt(sum(float((g**2).sum()) for g in flow.slopes)) for flow in evaluations]
    limit, count = float(np.median(lengths)), len(evaluations)
    factors = [min(1.0, limit / length) / count if length > 0 else 0.0 for length in lengths]
    for index, parameter in enumerate(network.parameters()):
        gradient = sum(f * flow.slopes[index] for f, flow in zip(factors, evaluations, strict=True))
        parameter.grad = torch.as_tensor(gradient, dtype=parameter.dtype)
    optimizer.step()


def _validation_entry(evaluations: Sequence[Evaluation]) -> dict:
    """Mean of the relative errors √J; a flow that fails counts as 1."""
    errors = {flow.name: 1.0 if flow.failure else math.sqrt(flow.misfit) for flow in evaluations}
    return {"validation_error": float(np.mean(list(errors.values()))), "validation": errors}


def _summary(state: RunState) -> dict:
    errors = [entry["validation_error"] for entry in state.history if "validation_error" in entry]
    summary = {
        "seconds": sum(entry["seconds"] for entry in state.history),
        "kept": state.best_entry.get("epoch"),
    }
    if errors:
        summary["validation"] = [errors[0], min(errors)]
    return summary
