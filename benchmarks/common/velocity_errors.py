"""How far a velocity is from the truth."""

from __future__ import annotations

import numpy as np

from vcnn.evaluation import relative_l2


def score(velocity: np.ndarray, truth: np.ndarray) -> float:
    """The Closure Challenge's score of a velocity (n, d): mean |ΔU| by mean |U| over cells."""
    return float(
        np.linalg.norm(velocity - truth, axis=1).mean() / np.linalg.norm(truth, axis=1).mean()
    )


def score_spread(
    velocity: np.ndarray, truth: np.ndarray, points: int = 1000, draws: int = 1000
) -> float:
    """Standard deviation of the score between choices of so many points, with replacement."""
    errors = np.linalg.norm(velocity - truth, axis=1)
    speeds = np.linalg.norm(truth, axis=1)
    chosen = np.random.default_rng(0).integers(len(truth), size=(draws, points))
    return float(np.std(errors[chosen].mean(axis=1) / speeds[chosen].mean(axis=1)))


def errors_against_les(velocity: np.ndarray, data: dict) -> list[float]:
    """The score of a hill's velocity (n, 2) at the cells, and its area-weighted relative L2 error.

    Parameters
    ----------
    velocity : (n, 2)
    data : arrays of the hill's file, see :func:`benchmarks.data.hills.read_hill`
    """
    truth = data["les_velocity"][:, :2]
    return [score(velocity, truth), relative_l2(velocity, truth, data["cell_areas"])]
