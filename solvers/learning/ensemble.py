"""Ensemble Kalman inversion: learning through a solver that has no adjoint."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from vcnn.errors import DivergenceError, InputError
from vcnn.files import replacing, write_text


@dataclass(frozen=True)
class EnsembleConfig:
    """How to learn from an ensemble of closures (:func:`solvers.fit_through_solver`).

    Parameters
    ----------
    iterations : updates of the ensemble
    members : closures in it; what is learned is in the span of their differences
    spread : of the members at first: standard deviation of each weight relative to the size of its
        layer's
    error : relative error of the velocity at which a flow counts as explained
    tolerance : to which flow and closure agree
    seed : of the members and of the perturbed observations
    """

    iterations: int = 10
    members: int = 20
    spread: float = 0.05
    error: float = 0.02
    tolerance: float = 1e-5
    seed: int = 0

    def __post_init__(self):
        for name, least in (("iterations", 1), ("members", 3)):
            if type(value := getattr(self, name)) is not int or value < least:
                raise InputError(f"{name}: expected an integer of at least {least}, got {value!r}")
        for name in ("spread", "error", "tolerance"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"{name}: expected a positive number, got {getattr(self, name)!r}")


def updated(members, residuals, rng) -> np.ndarray:
    """One step of ensemble Kalman inversion.

    θ_j ← θ_j + C^{θg} (C^{gg} + 1)⁻¹ (η_j − g_j), g_j what member j misses the data by, in units of
    their standard deviation, η_j ~ N(0, 1): Iglesias, Law & Stuart, Inverse Problems 29 (2013)
    045001, eq. (10-12), solved in the space of the members.

    Parameters
    ----------
    members : (J, p)
    residuals : (J, m)
    rng : numpy Generator

    Returns
    -------
    (J, p)
    """
    weights, misses = members - members.mean(axis=0), residuals - residuals.mean(axis=0)
    innovation = rng.standard_normal(residuals.shape) - residuals
    gram = misses @ misses.T / (len(members) - 1)
    inner = np.linalg.solve(gram + np.eye(len(members)), misses @ innovation.T / (len(members) - 1))
    return members + inner.T @ weights


def fit_ensemble(network, workers, flows, config, run, directory, progress) -> list[dict]:
    """Leave the mean of the last ensemble in a network; returns the history.

    A member with which a flow fails takes no part in the update, and is drawn anew from the others'
    mean and spread.

    Parameters
    ----------
    network : nn.Module
    workers : solvers.learning.workers.Workers
    flows : int
        The first of theirs are learned from.
    run : str
        What tells this run from others.
    directory : Path or None
        Receives ``ensemble.npz`` and ``history.json`` after every iteration.

    Raises
    ------
    DivergenceError
        If flows fail with all but two members.
    """
    members, history = _resumed(directory, run)
    if members is None:
        members = _drawn(network, config)
    bar = tqdm(
        total=config.iterations,
        initial=len(history),
        unit="step",
        disable=not progress,
        desc="ensemble",
    )
    while len(history) < config.iterations:
        rng = np.random.default_rng([config.seed, 1, len(history)])
        every = []
        for weights in members:
            _set(network, weights)
            every.append(workers.observe(network, range(flows)))
        good = np.array([all(answer.failure is None for answer in answers) for answers in every])
        if good.sum() < 3:
            failure = next(a.failure for answers in every for a in answers if a.failure is not None)
            raise DivergenceError(
                f"learning: flows fail with all members but {good.sum()}: {failure}"
            )
        residuals = np.stack(
            [
                np.concatenate([a.residuals for a in answers])
                for answers, fine in zip(every, good, strict=True)
                if fine
            ]
        )
        found = updated(members[good], residuals / config.error, rng)
        members = members.copy()
        members[good] = found
        noise = rng.standard_normal((int((~good).sum()), len(found)))
        members[~good] = found.mean(axis=0) + noise @ (found - found.mean(axis=0)) / math.sqrt(
            len(found) - 1
        )
        misfits = (residuals**2).sum(axis=1) / flows
        failed = int((~good).sum())
        history.append(
            {"epoch": len(history) + 1, "training_misfit": float(misfits.mean()), "failed": failed}
        )
        if directory is not None:
            _keep(directory, run, members, history)
        bar.set_postfix(misfit=f"{misfits.mean():.3g}")
        bar.update()
    bar.close()
    _set(network, members.mean(axis=0))
    return history


def _drawn(network, config) -> np.ndarray:
    rng, parts = np.random.default_rng([config.seed, 0]), []
    for parameter in network.parameters():
        values = parameter.detach().double().numpy().ravel()
        size = np.sqrt((values**2).mean())
        parts.append(
            values + config.spread * size * rng.standard_normal((config.members, len(values)))
        )
    return np.concatenate(parts, axis=1)


def _set(network, weights):
    vector = torch.from_numpy(np.ascontiguousarray(weights)).to(next(network.parameters()).dtype)
    torch.nn.utils.vector_to_parameters(vector, network.parameters())


def _resumed(directory, run):
    path = None if directory is None else Path(directory) / "ensemble.npz"
    if path is None or not path.is_file():
        return None, []
    with np.load(path, allow_pickle=False) as file:
        if str(file["run"]) != run:
            raise InputError(
                f"{path}: belongs to another run (other configuration or data); choose another"
            )
        return file["members"], json.loads(str(file["history"]))


def _keep(directory, run, members, history):
    with replacing(directory / "ensemble.npz") as part:
        np.savez(part, run=run, members=members, history=json.dumps(history))
    write_text(directory / "history.json", json.dumps(history, indent=1))
