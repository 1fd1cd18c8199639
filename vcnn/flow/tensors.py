"""Scalars (n,), vectors (n, d) and tensors (n, d, d) at points, treated alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vcnn.errors import InputError


def check_orthogonal(rotation: ArrayLike, dimension: int) -> np.ndarray:
    """R (d, d) as an array.

    Raises
    ------
    InputError
        If it is not orthogonal or of another dimension.
    """
    R = np.asarray(rotation, dtype=float)
    shape = (dimension, dimension)
    if R.shape != shape or not np.allclose(R @ R.T, np.eye(dimension), atol=1e-12):
        raise InputError(f"rotation: expected an orthogonal {shape} matrix")
    return R


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
