"""Five gravitating bodies with noise: how laws that are learned from 40 to 800 trajectories go on.

The system of Minartz et al. (NeurIPS 2023, arXiv 2305.14286) with noise as it is stated here; they
save states every 0.01 and predict 0.1 ahead: ten steps of a law here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import torch
from scipy.stats import ks_2samp

from benchmarks.particles.peers import (
    EquivariantGraphNetwork,
    FrameAveragedNetwork,
    PlainNetwork,
)
from vcnn import DivergenceError, Network, TrainingConfig, VectorCloudNetwork
from vcnn.particles import Bodies, GravitatingBodies, Transition, fit_transition
from vcnn.particles.bodies import join_states
from vcnn.particles.transition import TARGETS

SYSTEM = GravitatingBodies(softening=0.1, noise=0.1)
BODIES, DIMENSION, MASS = 5, 3, 0.2
LAG, AHEAD = 0.01, 10  # of a step, and how many make the 0.1 of a prediction
FRAMES = 1000
SEEN = (40, 160, 800)  # trajectories
SAMPLES = 640_000  # states that a training sees, some of them several times
PREDICTIONS = (24, 49, 99)
ROLLOUTS, TRUE_ROLLOUTS = 1000, 10_000
LONG = 1000  # predictions
JUMP = 20.0  # of the energy, that no rollout should make


def _ours() -> Network:
    return VectorCloudNetwork(
        ["mass"],
        output=list(TARGETS.values()),
        normalization="sum",
        radial=7,  # the narrowest a tenth as wide as bodies lie apart
        fits=0,
        mixed=(12, 8, 2),
        hidden=16,
        fitting=(64, 64),
    )


NETWORKS: dict[str, Callable[[], Network]] = {
    "vector cloud": _ours,
    "EGNN": lambda: EquivariantGraphNetwork(DIMENSION),
    "frame averaging": lambda: FrameAveragedNetwork(DIMENSION),
    "plain graph network": lambda: PlainNetwork(DIMENSION),
}


def draw_starts(count: int, rng: np.random.Generator) -> Bodies:
    """States at rest as a whole, bound on average, their centre at the origin."""
    shape = (count, BODIES, DIMENSION)
    x, v = 0.6 * rng.standard_normal(shape), 0.4 * rng.standard_normal(shape)
    parts = [part - part.mean(axis=1, keepdims=True) for part in (x, v)]
    return Bodies(*parts, np.full(BODIES, MASS))


def training_states(trajectories: int, seed: int) -> tuple[Bodies, Bodies]:
    """States of so many trajectories, and those a step later."""
    rng = np.random.default_rng([seed, trajectories])
    states = SYSTEM.simulate(draw_starts(trajectories, rng), LAG, FRAMES, rng, substeps=10)
    return join_states(states[:-1]), join_states(states[1:])


def learn(name: str, trajectories: int, folder: Path, seed: int = 0) -> Transition:
    """A law by one of `NETWORKS`; a run that was interrupted goes on."""
    before, after = training_states(trajectories, seed)
    epochs = max(1, round(SAMPLES / len(before)))
    return fit_transition(
        NETWORKS[name](),
        before,
        after,
        LAG,
        TrainingConfig(epochs=epochs, batch_size=200, learning_rate=3e-3, seed=seed),
        run_directory=folder / f"{name.replace(' ', '_')}_{trajectories}",
    )


def first_state() -> Bodies:
    """The one that rollouts begin from."""
    return draw_starts(1, np.random.default_rng(99))


@cache
def true_energies() -> dict[int, dict[str, np.ndarray]]:
    """Energies of `TRUE_ROLLOUTS` motions from the first state, after each of `PREDICTIONS`."""
    rng, energies, done = np.random.default_rng(7), {}, 0
    bodies = first_state()[np.zeros(TRUE_ROLLOUTS, int)]
    for number in PREDICTIONS:
        lags = (number - done) * AHEAD
        bodies = SYSTEM.simulate(bodies, lags * LAG, 1, rng, substeps=5 * lags)[-1]
        energies[number], done = energies_of(bodies), number
    return energies


def energies_of(bodies: Bodies) -> dict[str, np.ndarray]:
    """Kinetic, potential and total energy (s,)."""
    kinetic, potential = SYSTEM.energies(bodies)
    return {"kinetic": kinetic, "potential": potential, "total": kinetic + potential}


def distances(transition: Transition) -> dict[str, dict[str, float]]:
    """Kolmogorov and Smirnov's distance of energies, by prediction and kind."""
    rng, rows, truth = np.random.default_rng(1), {}, true_energies()
    states = first_state()[np.zeros(ROLLOUTS, int)]
    for number, bodies in enumerate(transition.rollout(states, PREDICTIONS[-1] * AHEAD, rng), 1):
        if number % AHEAD == 0 and (prediction := number // AHEAD) in PREDICTIONS:
            energies = energies_of(bodies)
            rows[str(prediction)] = {
                kind: float(ks_2samp(values, truth[prediction][kind]).statistic)
                for kind, values in energies.items()
            }
    return rows


def stable_share(transition: Transition) -> float:
    """Share of rollouts whose energy never jumps by more than `JUMP` in a prediction."""
    rng, states = np.random.default_rng(2), first_state()[np.zeros(ROLLOUTS, int)]
    last, stable = energies_of(states)["total"], np.ones(ROLLOUTS, dtype=bool)
    try:
        for number, bodies in enumerate(transition.rollout(states, LONG * AHEAD, rng), 1):
            if number % AHEAD == 0:
                total = energies_of(bodies)["total"]
                stable &= np.abs(total - last) <= JUMP
                last = total
    except DivergenceError:
        return 0.0
    return float(stable.mean())


def measure(name: str, trajectories: int, folder: Path) -> dict:
    """A law learned from so many trajectories, and how far its motions are from the true ones."""
    transition = learn(name, trajectories, folder)
    rng = np.random.default_rng(98)
    states = SYSTEM.simulate(draw_starts(200, rng), 1.0, 1, rng)[-1]
    with torch.no_grad():
        law, _ = transition.law(states)
    mean = transition.scales.change * law.mean.double().numpy() / LAG
    exact = SYSTEM.acceleration(states.positions, states.masses).reshape(mean.shape)
    try:
        rows = distances(transition)
    except DivergenceError:
        rows = {}
    return {
        "parameters": sum(parameter.numel() for parameter in transition.network.parameters()),
        "seconds": transition.provenance["training_seconds"],
        "acceleration": float(np.linalg.norm(mean - exact) / np.linalg.norm(exact)),
        "distances": rows,
    }
