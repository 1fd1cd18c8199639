"""The edge of a region: how much a point weighs, by how far out it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # torch is slow to import
    import torch

_LEAST = 1e-30  # of a squared distance, below which its root is not differentiated


def edge_weights[A: (np.ndarray, "torch.Tensor")](squared: A, smooth: float) -> A:
    """Weights s(ρ) of points at scaled distances ρ, which fall smoothly to 0 at the edge ρ = 1.

    s is 1 up to ρ_s, 1 − 10t³ + 15t⁴ − 6t⁵ with t = (ρ − ρ_s)/(1 − ρ_s) from there to the edge, and
    0 beyond: twice continuously differentiable, as the cut-off of the smooth edition of the deep
    potential (Zhang et al., NeurIPS 2018, arXiv 1805.09003).

    Parameters
    ----------
    squared : (N,) array or tensor
        ρ².
    smooth : float
        ρ_s, in [0, 1).

    Returns
    -------
    (N,) array or tensor
    """
    distance = squared.clip(max(smooth**2, _LEAST), 1) ** 0.5
    t = (distance - smooth) / (1 - smooth)
    rest = 1 - t  # the polynomial as a product is not negative in floating point either
    return rest * rest * rest * (1 + t * (3 + 6 * t))


def dot[A: (np.ndarray, "torch.Tensor")](a: A, b: A) -> A:
    """(N, d), (N, d) -> (N,); numpy's sums over so short an axis take ten times as long."""
    return sum(a[:, k] * b[:, k] for k in range(a.shape[1]))
