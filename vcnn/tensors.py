"""Scalars (n,), vectors (n, d) and tensors (n, d, d) at points, treated alike."""

from __future__ import annotations

import numpy as np


def turned(values: np.ndarray, R: np.ndarray) -> np.ndarray:
    """Their components in a frame turned by the orthogonal (d, d) matrix R: s, R v, R T Rᵀ."""
    if values.ndim == 1:
        return values
    return values @ R.T if values.ndim == 2 else R @ values @ R.T


def norms(values: np.ndarray) -> np.ndarray:
    """(n,) |s|, |v| or Frobenius' |T|."""
    return np.sqrt((values**2).reshape(len(values), -1).sum(axis=1))
