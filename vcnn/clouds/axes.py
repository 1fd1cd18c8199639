"""Axes of a domain, along which a lattice lies: the only directions that turn with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vcnn.errors import InputError

if TYPE_CHECKING:  # torch is slow to import
    import torch

_FLAT = 1e-14  # of the second moments of a domain: it does not extend this way
_ROUND = 1e-3  # of the second or fourth moment: a domain that is as round has no axes


def domain_axes(points: np.ndarray, weights: np.ndarray, periods: np.ndarray) -> np.ndarray:
    """(k, d) orthonormal axes of a domain across its periods; signs mean nothing.

    Those of the second moments; in a plane, where these are round as those of a square, of the
    fourth moments. There is none across a domain that lies in a plane.

    Parameters
    ----------
    points, weights : (n, d), (n,)
        Positions relative to the centroid.
    periods : (p, d)

    Raises
    ------
    InputError
        If these are round too.
    """
    d = points.shape[1]
    # The last right singular vectors span what is orthogonal to the periods.
    _, _, vectors = np.linalg.svd(periods if len(periods) else np.zeros((1, d)))
    across = vectors[len(periods) :]
    x = points @ across.T
    moments, principal = np.linalg.eigh((x.T * weights) @ x)
    flat = moments <= _FLAT * (weights @ points**2).sum()
    if flat.any():  # as a section of space is along its normal
        across = principal.T[~flat] @ across
        x = points @ across.T
    if len(across) < 2:
        return across
    if len(across) == 3:
        if np.diff(moments).min() > _ROUND * moments.max():
            return principal.T @ across
    else:
        moment, order = plane_moment(x, weights)
        if order:
            angle = np.angle(moment) / order
            cos, sin = np.cos(angle), np.sin(angle)
            return np.array([[cos, sin], [-sin, cos]]) @ across
    raise InputError(
        "spacing: the domain is too round for axes to lay a lattice along; "
        "use a region without spacing"
    )


def plane_moment[A: (np.ndarray, "torch.Tensor")](x: A, weights: A) -> tuple[A, int]:
    """M_2, or M_4 where that vanishes, of points in a plane, and which; order 0 if both do.

    With z = x + iy = r e^{iφ} the moment M_m = Σ w zᵐ gets a factor e^{imα} when the domain is
    rotated by α, so arg(M_m) / m rotates with it. M_2 = Σ w (x² - y² + 2ixy) vanishes for a square,
    M_4 does not; its angle is known up to π/2, by which the lattice turns into itself.

    Parameters
    ----------
    x, weights : (n, 2), (n,)
        Relative to the centroid.
    """
    z = x[:, 0] + 1j * x[:, 1]
    for order in (2, 4):
        moment = (weights + 0j) @ z**order
        if abs(moment) > _ROUND * (weights @ abs(z) ** order):
            return moment, order
    return moment, 0
