"""Anderson acceleration of fixed points, with a relaxation that finds itself."""

from __future__ import annotations

import numpy as np

_GROWTH = 1.5  # of the change from one round to the next: the history misleads
_LEAST = 1 / 64
_CONDITION = 1e6  # of the least squares: further columns hold round-off and what is not linear


class Anderson:
    """The next iterate for x = G(x) from those before.

    With f = G(x) − x and the differences ΔX, ΔF of the last rounds, γ = argmin |f − ΔF γ| and

        x⁺ = x + β f − (ΔX + β ΔF) γ

    (Walker & Ni, SIAM J. Numer. Anal. 49, 2011, eq. 2.1 and Sec. 4, type II; the oldest columns are
    dropped while ΔF is badly conditioned). β, the relaxation, is halved and the history forgotten
    when |f| grows by half; else it grows by half up to 1.

    Parameters
    ----------
    depth : int
        Number of differences kept.
    relaxation : float
        β at first, in (0, 1].

    Attributes
    ----------
    relaxation : float
        β of the last step.
    """

    def __init__(self, depth: int = 8, relaxation: float = 1.0):
        self.depth, self.relaxation = depth, relaxation
        self._x, self._f = [], []

    def next(self, x: np.ndarray, g: np.ndarray) -> np.ndarray:
        """The iterate to follow x, given g = G(x).

        Parameters
        ----------
        x, g : (n,)
            Scaled so that the Euclidean norm is the one to be made small.

        Returns
        -------
        (n,)
        """
        f = g - x
        if self._f and np.linalg.norm(f) > _GROWTH * np.linalg.norm(self._f[-1]):
            self.relaxation = max(self.relaxation / 2, _LEAST)
            self._x, self._f = [], []
        elif self._f:
            self.relaxation = min(1.5 * self.relaxation, 1.0)
        self._x, self._f = [*self._x, x][-self.depth - 1 :], [*self._f, f][-self.depth - 1 :]
        step = self.relaxation * f
        if len(self._f) == 1:
            return x + step
        dX, dF = np.diff(self._x, axis=0).T, np.diff(self._f, axis=0).T
        while dF.shape[1] > 1 and not np.linalg.cond(dF) < _CONDITION:
            dX, dF = dX[:, 1:], dF[:, 1:]
        gamma = np.linalg.lstsq(dF, f)[0]
        return x + step - (dX + self.relaxation * dF) @ gamma
