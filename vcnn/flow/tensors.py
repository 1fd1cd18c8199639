"""Scalars (n,), vectors (n, d) and tensors (n, d, d) at points, treated alike."""

from __future__ import annotations

import numpy as np


def rotate(values: np.ndarray, R: np.ndarray) -> np.ndarray:
    """Their components in a frame turned by the orthogonal (d, d) matrix R: s, R v, R T Rᵀ; or (n,
    d, d), one each.
    """
    if values.ndim == 1:
        return values
    if values.ndim == 2:
        return values @ R.T if R.ndim == 2 else np.einsum("nij,nj->ni", R, values)
    return R @ values @ np.swapaxes(R, -1, -2)
