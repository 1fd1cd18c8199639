"""Learning through the solver: a closure's weights are fitted to the velocities that the coupled
equations return.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from solvers.coupling.requirements import check_differentiable
from solvers.learning.ensemble import EnsembleConfig, fit_ensemble
from solvers.learning.workers import FlowToLearn, Workers
from vcnn.closure.closure import Closure
from vcnn.errors import DivergenceError, InputError
from vcnn.files import fingerprint
from vcnn.training.run_state import RunState, weights_of


@dataclass(frozen=True)
class LearningConfig:
    """How to learn through the solver.

    Parameters
    ----------
    epochs : passes over the flows
    flows_per_step : flows whose gradients make one step of Adam; a multiple of the number of
        processes keeps all busy
    learning_rate : of Adam at first; falls to 0 as a cosine
    prior : what the distance from the prior closure counts for, in squares of relative changes of
        its values
    tolerance : to which flow and closure agree (:meth:`RANS.solve`)
    adjoint_steps : see :class:`solvers.DifferentiableCoupling`
    seed : of the order of flows
    """

    epochs: int = 10
    flows_per_step: int = 2
    learning_rate: float = 2e-4
    prior: float = 1e-2
    tolerance: float = 1e-5
    adjoint_steps: int = 6
    seed: int = 0

    def __post_init__(self):
        for name in ("epochs", "flows_per_step"):
            if type(value := getattr(self, name)) is not int or value < 1:
                raise InputError(f"{name}: expected a positive integer, got {value!r}")
        for name in ("learning_rate", "tolerance"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"{name}: expected a positive number, got {getattr(self, name)!r}")
        if not 0 <= self.prior < math.inf:
            raise InputError(f"prior: expected a number >= 0, got {self.prior!r}")


def fit_through_solver(
    closure: Closure,
    flows: Sequence[FlowToLearn],
    config: LearningConfig | EnsembleConfig | None = None,
    *,
    validation: Sequence[FlowToLearn] = (),
    run_directory=None,
    processes: int = 1,
    provenance=None,
    progress: bool = True,
) -> Closure:
    """Fit a closure to what is known of flows, through the equations that it is coupled to.

    The loss of a flow is its misfit (:class:`solvers.learning.observations.Misfit`) of the coupled
    solution, plus what the values of the closure there have moved from those of the closure given,
    the prior. Its gradient is that of the coupled fixed point
    (:class:`solvers.DifferentiableCoupling`). Each flow begins where it was left last. One that
    does not settle is left out of a step, and begins anew the next time. With ``validation`` flows
    the weights with the smallest mean misfit there are kept, else the last ones; the prior itself
    is the first candidate.

    With an `EnsembleConfig` no derivatives are taken: an ensemble of closures, drawn around the
    prior, is moved toward the observations (:func:`solvers.learning.ensemble.updated`) and its mean
    is what is learned; ``validation`` does not choose.

    Parameters
    ----------
    closure : Closure
        The prior; it stays as it is.
    flows, validation : sequences of FlowToLearn
    config : LearningConfig or EnsembleConfig
    run_directory : path, optional
        Receives a checkpoint and ``history.json`` after every epoch, the flows as solved last, and
        ``model.safetensors`` at the end. If it holds a checkpoint of the same run, that goes on.
    processes : int
        Among which the flows are shared out.
    provenance : mapping, optional
        Kept in the closure.

    Returns
    -------
    Closure
        Its provenance has ``learning``: seconds, and the misfits of validation before and after.

    Raises
    ------
    InputError
        If there are no flows, two have one name, or the directory holds another run.
    DivergenceError
        If none of the flows of an epoch can be solved.
    """
    config = config or LearningConfig()
    every = [*flows, *validation]
    names = [flow.name for flow in every]
    if not flows:
        raise InputError("flows: expected at least one")
    if len(set(names)) < len(names):
        raise InputError(f"flows: expected names that differ, got {', '.join(names)}")
    for flow in every:
        replace(flow.problem, closure=closure)  # refuses a closure that cannot be asked
    if isinstance(config, LearningConfig):
        check_differentiable(closure)
    closure = replace(closure, network=copy.deepcopy(closure.network).eval())
    network = closure.network
    directory = None if run_directory is None else Path(run_directory)
    run = _fingerprint(closure, every, config)
    if isinstance(config, EnsembleConfig):
        with Workers(closure, every, config, directory, processes) as workers:
            history = fit_ensemble(network, workers, len(flows), config, run, directory, progress)
        return _finished(closure, {"history": history}, provenance, directory)
    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    state = RunState(network, optimizer, run, directory)
    state.resume()
    steps = math.ceil(len(flows) / config.flows_per_step)
    with Workers(closure, every, config, directory, processes) as workers:
        if validation and not state.history:
            found = workers.evaluate(network, range(len(flows), len(every)))
            state.record({"epoch": 0, "seconds": 0.0, **_validated(found)})
        bar = tqdm(
            total=config.epochs,
            initial=state.epoch,
            unit="epoch",
            disable=not progress,
            desc="through solver",
        )
        while state.epoch < config.epochs:
            epoch, start, losses, failed = state.epoch, time.perf_counter(), [], []
            for number, batch in enumerate(
                _batches(len(flows), config.flows_per_step, [config.seed, epoch])
            ):
                rate = 0.5 * (
                    1 + math.cos(math.pi * (epoch * steps + number) / (config.epochs * steps))
                )
                for group in optimizer.param_groups:
                    group["lr"] = config.learning_rate * rate
                found = workers.differentiate(network, batch)
                good = [answer for answer in found if answer.failure is None]
                failed += [names[answer.flow] for answer in found if answer.failure is not None]
                if good:
                    _step(network, optimizer, good)
                    losses += [answer.misfit for answer in good]
                bar.set_postfix(
                    misfit=f"{np.mean(losses or [np.nan]):.3g}", step=f"{number + 1}/{steps}"
                )
            if not losses:
                raise DivergenceError(
                    f"learning: no flow can be solved in epoch {epoch + 1}: {found[0].failure}"
                )
            entry = {
                "epoch": epoch + 1,
                "training_misfit": float(np.mean(losses)),
                "failed": failed,
            }
            if validation:
                entry |= _validated(workers.evaluate(network, range(len(flows), len(every))))
            workers.keep()
            state.record({**entry, "seconds": time.perf_counter() - start})
            bar.update()
        bar.close()
    network.load_state_dict(state.best)
    errors = [entry["validation_error"] for entry in state.history if "validation_error" in entry]
    learning = {
        "seconds": sum(entry["seconds"] for entry in state.history),
        "kept": state.best_entry.get("epoch"),
    }
    learning |= {"validation": [errors[0], min(errors)]} if errors else {}
    return _finished(closure, learning, provenance, directory)


def _finished(closure, learning, provenance, directory) -> Closure:
    closure = replace(
        closure, provenance={**closure.provenance, **(provenance or {}), "learning": learning}
    )
    if directory is not None:
        closure.save(directory / "model.safetensors")
    return closure


def _batches(count, size, seed) -> list[list[int]]:
    """Numbers below ``count`` in random batches, each with one from every class modulo ``size``.

    Flows are dealt out to processes by their number: those of a batch are then in different ones.
    """
    rng = np.random.default_rng(seed)
    classes = [
        rng.permutation(np.arange(first, count, size)).tolist() for first in range(min(size, count))
    ]
    return [
        [mine[place] for mine in classes if place < len(mine)] for place in range(len(classes[0]))
    ]


def _step(network, optimizer, answers):
    """Adam, with the mean gradient of these flows, each shortened to at most the length of their
    median.
    """
    lengths = [math.sqrt(sum(float((g**2).sum()) for g in answer.slopes)) for answer in answers]
    limit = float(np.median(lengths))
    factors = [min(1.0, limit / length) / len(answers) if length > 0 else 0.0 for length in lengths]
    for index, parameter in enumerate(network.parameters()):
        gradient = sum(f * answer.slopes[index] for f, answer in zip(factors, answers, strict=True))
        parameter.grad = torch.as_tensor(gradient, dtype=parameter.dtype)
    optimizer.step()


def _validated(answers) -> dict:
    """Mean of the relative errors √J; a flow that fails counts as 1."""
    errors = {
        answer.name: 1.0 if answer.failure else math.sqrt(answer.misfit) for answer in answers
    }
    return {"validation_error": float(np.mean(list(errors.values()))), "validation": errors}


def _fingerprint(closure, flows, config) -> str:
    settings = [asdict(config), closure.region.to_dict(), [flow.name for flow in flows]]
    parts = weights_of(closure.network)
    for flow in flows:
        parts += [flow.problem.mesh.points, *(seen.values for seen in flow.observations)]
    return fingerprint(settings, parts)
