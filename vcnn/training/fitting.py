"""Fit a network to flows; a run that is killed goes on where it stopped, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from vcnn.closure.closure import Closure
from vcnn.closure.ensemble import Ensemble
from vcnn.clouds.regions import RegionOfInfluence
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.network.base import Network
from vcnn.threads import few_threads
from vcnn.training.config import TrainingConfig, check_config
from vcnn.training.latent import LatentRegression
from vcnn.training.loop import train
from vcnn.training.loss import Loss
from vcnn.training.members import fit_members
from vcnn.training.progress import Progress
from vcnn.training.regression import FieldRegression, prepare_regression
from vcnn.training.run_state import RunState
from vcnn.training.task import Task, check_task


@few_threads()
def fit[Result](
    network: Network | None = None,
    flows: Sequence[FlowField] | Mapping[str, FlowField] = (),
    target: str | Sequence[str] | None = None,
    region: RegionOfInfluence | None = None,
    config: TrainingConfig | None = None,
    validation: Sequence[FlowField] | Mapping[str, FlowField] = (),
    run_directory: str | Path | None = None,
    *,
    start: Closure | None = None,
    loss: Loss | None = None,
    importance: str | None = None,
    units: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
    task: Task[Any, Result] | None = None,
    members: int = 1,
    progress: bool = True,
) -> Closure | Ensemble | Result:
    """Train ``network`` on ``flows`` to predict the field ``target``, or several at once.

    The loss is the mean square error of the scaled target, summed over components and targets and
    weighted by the quadrature weights of the centres. Targets that come with their spread, such as
    ``["concentration", "concentration_deviation"]``, are learned by their likelihood: flows need to
    have the former only (:data:`vcnn.flow.SPREADS`). Of a network that takes latent variables,
    scalars named ``latent_1`` and so on which no flow need have, the loss is the energy score of
    what it makes of several draws of them. With ``validation`` flows, the weights with
    the smallest validation error are kept, else the last ones.

    Says how large the clouds are, and warns where they hold hardly a point, where flows seem to be
    told in different units, and where a lattice is so coarse that predictions show it.

    Parameters
    ----------
    network : Network, optional
        Its weights are changed in place.
    flows, validation : sequence of FlowField or mapping name -> FlowField
        They have the target; messages name them.
    target : str or sequence of str
        Name of a field of the kind that the network puts out, or one for each of its outputs.
    region : RegionOfInfluence
    config : TrainingConfig, optional
    run_directory : path, optional
        Receives ``checkpoint.safetensors`` and ``history.json`` after every epoch and
        ``model.safetensors`` at the end. If it holds a checkpoint of the same run, training goes on
        from there and ends with the same weights as an uninterrupted run. With more epochs a run
        that has ended goes on too, at the learning rate of the longer one.
    start : Closure, optional
        A closure to begin from, which stays as it is: its network, targets, region, scales, units
        and usage are kept, and need not be given; what is given must be equal to its own.
    loss : callable, optional
        ``loss(values, goals, weights)`` in place of these: sequences with a tensor (m, ...) for
        each output, in scaled units, and weights (m,) of m clouds; returns a tensor of one number.
        The value of what comes with a spread is a :class:`vcnn.network.Distribution`. A run in a
        directory is known by the name of the function.
    importance : str, optional
        Name of a scalar field: a further factor of the loss at each point, in training flows;
        points where it is 0 are no centres.
    units, provenance : mapping, optional
        Kept in the closure. To the provenance are added ``training_seconds``, the wall time of all
        gradient steps, those before an interruption included, and ``training_threads``; with
        ``start`` also the provenance of that closure under this name.
    task : Task, optional
        What to train for in place of the regression of fields: with it go ``config``,
        ``run_directory`` and ``progress``, and nothing else.
    members : int
        So many closures are trained one after the other, each with seeds of its own, in folders
        ``member_1`` and so on of the run directory.
    progress : bool
        Whether to say what goes on: a bar on a terminal, a line now and then elsewhere.

    Returns
    -------
    Closure
        With several ``members`` a :class:`vcnn.closure.Ensemble`, with a ``task`` what its
        ``finish`` returns.

    Raises
    ------
    InputError
        If a flow lacks a field, dimensions differ, the network is no `Network` or (with a
        directory) could not be loaded again, the directory holds another run, or an argument is
        none that it could be.
    DivergenceError
        If the loss or the validation error becomes NaN or infinite; the network has the best
        weights before.
    """
    config = TrainingConfig() if config is None else config
    directory = None if run_directory is None else Path(run_directory)
    _check_run(config, members, directory)
    of_regression = {
        "network": network,
        "flows": flows,
        "target": target,
        "region": region,
        "validation": validation,
        "start": start,
        "loss": loss,
        "importance": importance,
        "units": units,
        "provenance": provenance,
    }
    if members > 1:
        if task is not None:
            raise InputError("members: expected 1 beside a task, which has one network")
        options = {**of_regression, "progress": progress}
        return fit_members(partial(fit, **options), network, config, directory, members)
    if task is None:
        task = prepare_regression(**of_regression, config=config, storable=directory is not None)
        task = LatentRegression.of(task) if task.network.latents else task
    else:
        _refuse(of_regression, config)
        check_task(task)
    return _run(task, config, directory, progress)


def _check_run(config: object, members: object, directory: Path | None) -> None:
    check_config(config)
    if type(members) is not int or members < 1:
        raise InputError(f"members: expected a positive integer, got {members!r}")
    if members == 1 and directory is not None and (directory / "member_1").exists():
        raise InputError(f"{directory}: holds the run of an ensemble; choose another one")


def _run[Result](
    task: Task[Any, Result], config: TrainingConfig, directory: Path | None, progress: bool
) -> Result:
    """What a task has come to, from where its run in the directory stands."""
    run = task.fingerprint(config)
    task.network.to(config.torch_dtype).train()
    optimizer = torch.optim.Adam(task.network.parameters(), lr=config.learning_rate)
    state = RunState(task.network, optimizer, run, directory, config.epochs)
    state.resume()
    if isinstance(task, FieldRegression):  # not before it is known that the directory is its own
        task.advise(progress)
    speaker = Progress(task.name, config.epochs, state.epoch, progress)
    try:
        train(task, config, state, speaker)
    finally:  # a loss that becomes NaN leaves the best weights too
        speaker.close()
        task.network.load_state_dict(state.best)
    task.network.eval()
    return task.finish(state.history, directory)


def _refuse(of_regression: Mapping[str, object], config: TrainingConfig) -> None:
    """Raise `InputError` if anything that only the regression of fields has is given to a task."""
    defaults = {"flows": (), "validation": ()}
    names = [name for name, value in of_regression.items() if value is not defaults.get(name)]
    names += [
        name
        for name in ("centres", "max_points", "augmentation")
        if getattr(config, name) != getattr(TrainingConfig, name)
    ]
    if names:
        raise InputError(
            f"task: {', '.join(names)}: of the regression of fields, expected only config, "
            "run_directory and progress beside a task of one's own"
        )
