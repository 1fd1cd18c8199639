"""Scalars (n,), vectors (n, d) and tensors (n, d, d) at points, treated alike."""

from __future__ import annotations

import numpy as np


def rotate(values: np.ndarray, R: np.ndarray) -> np.ndarray:
    """Their components in the frame x → R x: s, R v, R T Rᵀ.

    Parameters
    ----------
    values : (n,), (n, d) or (n, d, d)
    R : (d, d) or (n, d, d)
        Orthogonal; one for all, or one each.
    """
    if values.ndim == 1:
        return values
    if values.ndim == 2:
        return values @ R.T if R.ndim == 2 else np.einsum("nij,nj->ni", R, values)
    return R @ values @ np.swapaxes(R, -1, -2)
