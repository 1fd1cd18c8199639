"""Bodies on springs: the law of a step is known, and what is learned of it can be compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from vcnn import TrainingConfig, VectorCloudNetwork
from vcnn.particles import Bodies, SpringBodies, Transition, fit_transition
from vcnn.particles.transition import TARGETS

SYSTEM, LAG, DIMENSION = SpringBodies(), 0.1, 2
STATES = 16_000
LONG, ROLLOUTS = 100, 10_000


def learn(folder: Path) -> Transition:
    """A law of steps from states that are drawn from the stationary law."""
    rng = np.random.default_rng(0)
    before = SYSTEM.draw(STATES, DIMENSION, rng)
    after = SYSTEM.simulate(before, LAG, 1, rng)[1]
    network = VectorCloudNetwork(
        output=list(TARGETS.values()),
        normalization="sum",
        radial=2,
        fits=0,
        mixed=(8, 6, 2),
        hidden=16,
        fitting=(64, 64),
        basis=4,
    )
    config = TrainingConfig(epochs=16, batch_size=100, learning_rate=4e-3)
    return fit_transition(network, before, after, LAG, config, run_directory=folder / "springs")


def exact_changes(states: Bodies) -> tuple[np.ndarray, np.ndarray]:
    """Means (s, 2 n, d) of Δ and δ of all bodies, and their covariance (2 n, 2 n) on each axis.

    Of the exact law of (x', v'): Δ = v' − v, δ = x' − x − τ (v + v')/2.
    """
    n, (A, C) = SYSTEM.count, SYSTEM.law(LAG)
    zero, one = np.zeros((n, n)), np.eye(n)
    T = np.block([[zero, one], [one, -LAG / 2 * one]])
    y = np.concatenate([states.positions, states.velocities], axis=1)
    shift = [states.velocities, states.positions + LAG / 2 * states.velocities]
    return T @ (A @ y) - np.concatenate(shift, axis=1), T @ C @ T.T


def divergences(transition: Transition, states: Bodies) -> np.ndarray:
    """Kullback-Leibler divergence (s,) from the exact law, nats a body and step."""
    n, d, (means, C) = SYSTEM.count, DIMENSION, exact_changes(states)
    total = -0.5 * d * (np.linalg.slogdet(C)[1] + 2 * n)
    with torch.no_grad():
        laws = transition.law(states)
    units = transition.scales.change, transition.scales.deviation
    for number, (law, unit) in enumerate(zip(laws, units, strict=True)):
        place = slice(number * n, (number + 1) * n)
        S = unit**2 * law.spread.double().numpy().reshape(-1, n, d, d)
        error = unit * law.mean.double().numpy().reshape(-1, n, d) - means[:, place]
        inverse = np.linalg.inv(S)
        total = total + 0.5 * (
            np.einsum("snij,sni,snj->s", inverse, error, error)
            + np.einsum("snii,n->s", inverse, np.diag(C)[place])
            + np.linalg.slogdet(S)[1].sum(axis=1)
        )
    return total / n


def least_divergence() -> float:
    """What independence of bodies, and of Δ and δ, costs at least, nats a body and step."""
    _, C = exact_changes(SYSTEM.draw(1, DIMENSION, np.random.default_rng(0)))
    return 0.5 * DIMENSION * (np.log(np.diag(C)).sum() - np.linalg.slogdet(C)[1]) / SYSTEM.count


def covariance_errors(transition: Transition, start: Bodies) -> dict[str, float]:
    """Relative errors of covariances between bodies after `LONG` steps from one state."""
    rng, many = np.random.default_rng(1), start[np.zeros(ROLLOUTS, int)]
    *_, bodies = transition.rollout(many, LONG, rng)
    n, exact = SYSTEM.count, SYSTEM.law(LONG * LAG)[1]
    errors = {}
    for name, part in (("positions", slice(0, n)), ("velocities", slice(n, 2 * n))):
        values, C = getattr(bodies, name), exact[part, part]
        samples = np.mean([np.cov(values[:, :, k].T) for k in range(DIMENSION)], axis=0)
        errors[name] = float(np.linalg.norm(samples - C) / np.linalg.norm(C))
    return errors


def measure(folder: Path) -> dict:
    """How near a learned law is to the exact one."""
    transition = learn(folder)
    states = SYSTEM.draw(1000, DIMENSION, np.random.default_rng(5))
    each = divergences(transition, states)
    return {
        "states": STATES,
        "seconds": transition.provenance["training_seconds"],
        "divergence": float(each.mean()),
        "largest": float(each.max()),
        "least": float(least_divergence()),
        **covariance_errors(transition, states[:1]),
    }
