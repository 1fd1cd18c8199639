"""Ensemble Kalman inversion: learning through a solver that has no adjoint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from solvers.learning.flows import Evaluation
from solvers.learning.workers import Workers
from vcnn.errors import DivergenceError, InputError
from vcnn.training.run_state import read_checkpoint, write_checkpoint


@dataclass(frozen=True)
class EnsembleConfig:
    """How to learn from an ensemble of closures (:func:`solvers.fit_through_solver`).

    Parameters
    ----------
    iterations : int
        Updates of the ensemble.
    members : int
        Closures in it; what is learned is in the span of their differences.
    spread : float
        Of the members at first: standard deviation of each weight relative to the size of its
        layer's.
    error : float
        Relative error of the velocity at which a flow counts as explained.
    tolerance : float
        To which flow and closure agree, as in :meth:`RANS.solve`.
    seed : int
        Of the members and of the perturbed observations.

    Raises
    ------
    InputError
        If a number does not make sense.
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

    def flow_settings(self) -> dict:
        """What ``solvers.learning.flows.FlowEvaluator`` needs of it."""
        return {"tolerance": self.tolerance}


def kalman_update(
    members: np.ndarray, residuals: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
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


def fit_ensemble(
    network: torch.nn.Module,
    workers: Workers,
    count: int,
    config: EnsembleConfig,
    *,
    run: str,
    directory: Path | None,
    progress: bool,
) -> dict:
    """Leave the mean of the last ensemble in a network.

    A member with which a flow fails takes no part in the update, and is drawn anew from the others'
    mean and spread.

    Parameters
    ----------
    network : nn.Module
    workers : Workers
    count : int
        The first of their flows are learned from.
    config : EnsembleConfig
    run : str
        What tells this run from others.
    directory : Path or None
        Receives ``checkpoint.safetensors`` and ``history.json`` after every iteration.
    progress : bool

    Returns
    -------
    dict
        ``history``, an entry for each iteration.

    Raises
    ------
    InputError
        If the directory holds another run.
    DivergenceError
        If flows fail with all but two members.
    """
    checkpoint = read_checkpoint(directory, run)
    if checkpoint is None:
        members, history = _draw_members(network, config), []
    else:
        members, history = checkpoint[0]["members"].numpy(), checkpoint[1]["history"]
    with tqdm(
        total=config.iterations,
        initial=len(history),
        unit="step",
        disable=not progress,
        desc="ensemble",
    ) as bar:
        while len(history) < config.iterations:
            rng = np.random.default_rng([config.seed, 1, len(history)])
            evaluations = []
            for weights in members:
                _set_weights(network, weights)
                evaluations.append(workers.observe(network, range(count)))
            members, residuals = _step(members, evaluations, config.error, rng)
            misfit = float(((residuals**2).sum(axis=1) / count).mean())
            failed = len(members) - len(residuals)
            entry = {"epoch": len(history) + 1, "training_misfit": misfit, "failed": failed}
            history.append(entry)
            header = {"history": history}
            write_checkpoint(directory, run, {"members": torch.from_numpy(members)}, header)
            bar.set_postfix(misfit=f"{misfit:.3g}")
            bar.update()
    _set_weights(network, members.mean(axis=0))
    return {"history": history}


def _step(
    members: np.ndarray, evaluations: Sequence[Sequence[Evaluation]], error: float, rng
) -> tuple[np.ndarray, np.ndarray]:
    """The next ensemble (J, p), and the residuals of those with which all flows were solved."""
    failures = [
        [flow.failure for flow in flows if flow.failure is not None] for flows in evaluations
    ]
    good = np.array([not reasons for reasons in failures])
    if good.sum() < 3:
        reason = next(reasons[0] for reasons in failures if reasons)
        raise DivergenceError(f"learning: flows fail with all members but {good.sum()}: {reason}")
    solved = [flows for flows, fine in zip(evaluations, good, strict=True) if fine]
    residuals = np.stack([np.concatenate([flow.residuals for flow in flows]) for flows in solved])
    updated = kalman_update(members[good], residuals / error, rng)
    following = members.copy()
    following[good] = updated
    noise = rng.standard_normal((int((~good).sum()), len(updated)))
    deviations, count = updated - updated.mean(axis=0), len(updated)
    following[~good] = updated.mean(axis=0) + noise @ deviations / math.sqrt(count - 1)
    return following, residuals


def _draw_members(network: torch.nn.Module, config: EnsembleConfig) -> np.ndarray:
    """(J, p), normal around the weights of a network."""
    rng, parts = np.random.default_rng([config.seed, 0]), []
    for parameter in network.parameters():
        values = parameter.detach().double().numpy().ravel()
        size = np.sqrt((values**2).mean())
        noise = rng.standard_normal((config.members, len(values)))
        parts.append(values + config.spread * size * noise)
    return np.concatenate(parts, axis=1)


def _set_weights(network: torch.nn.Module, weights: np.ndarray) -> None:
    vector = torch.from_numpy(np.ascontiguousarray(weights)).to(next(network.parameters()).dtype)
    torch.nn.utils.vector_to_parameters(vector, network.parameters())
