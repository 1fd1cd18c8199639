"""Several trainings of one network from other beginnings: the members of an ensemble."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from vcnn.closure.closure import Closure
from vcnn.closure.ensemble import Ensemble
from vcnn.errors import InputError
from vcnn.network.base import Network
from vcnn.training.config import TrainingConfig


def fit_members(
    fit_one: Callable[..., Closure],
    network: Network | None,
    config: TrainingConfig,
    directory: Path | None,
    count: int,
) -> Ensemble:
    """Closures that differ by their seeds: of initial weights, centres, batches and subsamples.

    Parameters
    ----------
    fit_one : callable
        :func:`vcnn.fit` with what is the same for all members.
    network : Network or None
        The first member's; the others are made of its settings. None: they begin from one closure.
    config : TrainingConfig
    directory : Path or None
        Receives ``member_1`` and so on, and ``model.safetensors`` with all of them.
    count : int

    Raises
    ------
    InputError
        If the network has no seed, or the directory holds a run of a single closure.
    """
    if directory is not None and (directory / "checkpoint.safetensors").exists():
        raise InputError(f"{directory}: holds the run of a single closure; choose another one")
    closures = []
    for number, (seed, each) in enumerate(_networks(network, config.seed, count), start=1):
        place = None if directory is None else directory / f"member_{number}"
        config = replace(config, seed=seed)
        closures.append(fit_one(network=each, config=config, run_directory=place))
    ensemble = Ensemble(closures)
    if directory is not None:
        ensemble.save(directory / "model.safetensors")
    return ensemble


def _networks(
    network: Network | None, first: int, count: int
) -> Iterator[tuple[int, Network | None]]:
    """Seeds of trainings, each with its network."""
    yield first, network
    if network is not None and "seed" not in network.config:
        raise InputError(
            f"members: network {network.name!r} has no seed, so that all would be alike"
        )
    for number in range(1, count):
        if network is None:
            yield first + number, None
        else:
            settings = copy.deepcopy(network.config)
            settings["seed"] += number
            yield first + number, type(network)(**settings)
