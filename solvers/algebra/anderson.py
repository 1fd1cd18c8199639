"""Anderson acceleration of fixed points, with a relaxation that finds itself."""

from __future__ import annotations

import numpy as np

_GROWTH = 1.5  # of the change from one round to the next
_NEAR = 0.01  # of x: where a change is as small, G is nearly linear
_FEW = 8  # differences that are kept of rounds before that
_LEAST = 1 / 64
_CONDITION = 1e4  # of the least squares: further columns hold round-off and what is not linear


class Anderson:
    """The next iterate for x = G(x) from those before.

    With f = G(x) − x and the differences ΔX, ΔF of the last rounds, γ = argmin |f − ΔF γ| and

        x⁺ = x + β f − (ΔX + β ΔF) γ

    (Walker & Ni, SIAM J. Numer. Anal. 49, 2011, eq. 2.1 and Sec. 4, type II; the oldest columns are
    left out while those of ΔF, scaled to length 1, are badly conditioned). β, the relaxation, is
    halved when |f| grows by half; else it grows by half up to 1. Far from the fixed point such
    growth is that of a G that is not linear: the history is forgotten, and is short at all times.
    Near it growth is that of modes that G amplifies, and a long history is what stops them: as
    GMRES does, whose iterates are those of a linear G (Thm. 2.2), one dimension after another.

    Parameters
    ----------
    depth : int
        Number of differences kept, of rounds with small changes; of others 8 at most.
    relaxation : float
        β at first, in (0, 1].

    Attributes
    ----------
    relaxation : float
        β of the last step.
    """

    def __init__(self, depth: int = 40, relaxation: float = 1.0):
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
        change, near = np.linalg.norm(f), _NEAR * np.linalg.norm(x)
        if self._f and change > _GROWTH * np.linalg.norm(self._f[-1]):
            self.relaxation = max(self.relaxation / 2, _LEAST)
            if change > near:
                self._x, self._f = [], []
        elif self._f:
            self.relaxation = min(1.5 * self.relaxation, 1.0)
        self._x, self._f = [*self._x, x][-self.depth - 1 :], [*self._f, f][-self.depth - 1 :]
        while len(self._f) > _FEW + 1 and np.linalg.norm(self._f[0]) > near:
            del self._x[0], self._f[0]
        step = self.relaxation * f
        if len(self._f) == 1:
            return x + step
        dX, dF = (np.diff(each, axis=0)[::-1].T for each in (self._x, self._f))  # the newest first
        gamma = _least_squares(dF, f)
        dX, dF = dX[:, : len(gamma)], dF[:, : len(gamma)]
        return x + step - (dX + self.relaxation * dF) @ gamma


def _least_squares(columns: np.ndarray, f: np.ndarray) -> np.ndarray:
    """argmin |f − columns γ| with as many of the first columns as are well conditioned."""
    lengths = np.linalg.norm(columns, axis=0)
    lengths[lengths == 0] = 1.0  # as after rounds that changed nothing
    q, r = np.linalg.qr(columns / lengths)
    count = min(columns.shape)
    while count > 1 and not np.linalg.cond(r[:count, :count]) < _CONDITION:
        count -= 1
    return np.linalg.lstsq(r[:count, :count], q[:, :count].T @ f)[0] / lengths[:count]
