"""Which points lie in which ellipsoids: a search over columns of sorted points, vectorised over all ellipsoids."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement

import numpy as np

_TIE = 1e-9           # a scaled distance of 1 within round-off counts as inside, in every frame
_STEPS = 2**20        # of positions along a column
_MOST_COLUMNS = 2**12  # along each axis
_BLOCK = 2**16        # candidates looked at together: they stay in the cache


class Columns:
    """Points sorted for searches: by the cells of a grid over all axes but the first, then along the first.

    The part of an ellipsoid that lies over one cell is an interval of the first axis, so the points in it are
    neighbours in memory: an ellipsoid costs a few binary searches and a test of little more than the points inside.

    Parameters
    ----------
    points : (n, d)
    width : length
        Of the cells; a fraction of the smallest half-axis searched for.
    """

    def __init__(self, points: np.ndarray, width: float):
        self.low, self.high = points.min(axis=0), points.max(axis=0)
        extent = self.high - self.low
        self.width = np.maximum(width, extent[1:] / _MOST_COLUMNS)
        self.shape = np.floor(extent[1:] / self.width).astype(np.int64) + 1
        self.step = max(extent[0], width) / (_STEPS - 2)
        cells = np.minimum(((points[:, 1:] - self.low[1:]) / self.width).astype(np.int64), self.shape - 1)
        keys = self._column(cells) * _STEPS + self._along(points[:, 0])
        self.order = np.argsort(keys, kind="stable")
        self.keys = keys[self.order]
        self.axes = [axis[self.order] for axis in points.T]

    def _column(self, cells) -> np.ndarray:
        return np.ravel_multi_index(cells.T, self.shape)

    def _along(self, x) -> np.ndarray:
        return np.clip((x - self.low[0]) / self.step, 0, _STEPS - 1).astype(np.int64)

    def inside(self, centres, forms, shifts) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Points x of every ellipsoid (x + s - c)ᵀ M (x + s - c) <= 1, for all shifts s.

        Parameters
        ----------
        centres, forms : (m, d) c, (m, d, d) M
        shifts : (k, d)

        Yields
        ------
        ellipsoids, points, positions : (N,), (N,), (N, d)
            Number of the ellipsoid (ascending, over all that is yielded), of the point, and x + s - c. The order of
            an ellipsoid's points depends on nothing but the points, the ellipsoid and the shifts.
        """
        ellipsoid, origin, first, count = self._intervals(centres, forms, shifts)
        d = centres.shape[1]
        pairs = list(combinations_with_replacement(range(d), 2))   # r·M r as a sum over the upper triangle
        factors = [(1 if a == b else 2) * forms[ellipsoid, a, b] for a, b in pairs]
        part = (np.cumsum(count) - count) // _BLOCK
        for start, stop in _runs(part):
            n = count[start:stop]
            candidate = np.repeat(first[start:stop] - np.cumsum(n) + n, n)
            candidate += np.arange(len(candidate))
            r = [axis[candidate] for axis in self.axes]
            for component, c in zip(r, origin, strict=True):
                component -= np.repeat(c[start:stop], n)
            distance = np.zeros(len(candidate))
            for (a, b), factor in zip(pairs, factors, strict=True):
                distance += np.repeat(factor[start:stop], n) * r[a] * r[b]
            kept = np.flatnonzero(distance <= 1 + _TIE)
            positions = np.empty((len(kept), d))
            for axis, component in enumerate(r):
                positions[:, axis] = component[kept]
            yield np.repeat(ellipsoid[start:stop], n)[kept], self.order[candidate[kept]], positions

    def _intervals(self, centres, forms, shifts):
        """Runs of sorted points that hold all points of the ellipsoids: ellipsoid, d x c - s, first point, length."""
        m, d = centres.shape
        half = np.sqrt(np.diagonal(np.linalg.inv(forms), axis1=1, axis2=2)) * (1 + 1e-6)   # of the bounding boxes
        ellipsoid = np.repeat(np.arange(m), len(shifts))
        origin = (centres[:, None] - shifts).reshape(-1, d)
        reached = ((origin + half[ellipsoid] >= self.low) & (origin - half[ellipsoid] <= self.high)).all(axis=1)
        ellipsoid, origin = ellipsoid[reached], origin[reached]

        relative, half = origin[:, 1:] - self.low[1:], half[ellipsoid, 1:]
        last = np.minimum(np.floor((relative + half) / self.width), self.shape - 1).astype(np.int64)
        begin = np.maximum(np.floor((relative - half) / self.width), 0).astype(np.int64)
        box = last - begin + 1
        cells = box.prod(axis=1)
        item = np.repeat(np.arange(len(cells)), cells)
        number = np.arange(len(item)) - np.repeat(np.cumsum(cells) - cells, cells)
        cell = np.empty((len(item), d - 1), dtype=np.int64)
        for axis in reversed(range(d - 1)):
            number, cell[:, axis] = np.divmod(number, box[item, axis])
        cell += begin[item]

        # A point of the ellipsoid over the cell is within its half diagonal of the line through the cell's middle, so
        # that line meets the ellipsoid, blown up by that much of the smallest half-axis, where the point is.
        y = (cell + 0.5) * self.width - relative[item]
        M = forms[ellipsoid]
        smallest = 1 / np.sqrt(np.linalg.eigvalsh(forms)[:, -1])[ellipsoid]
        blown = (1 + _TIE + np.linalg.norm(self.width) / 2 / smallest) ** 2
        a, b = M[:, 0, 0][item], (M[item, 0, 1:] * y).sum(axis=1)
        c = np.einsum("ni,nij,nj->n", y, M[item, 1:, 1:], y) - blown[item]
        root = np.sqrt(np.maximum(b**2 - a * c, 0))
        column = self._column(cell) * _STEPS
        x = origin[item, 0] - b / a
        first = np.searchsorted(self.keys, column + self._along(x - root / a))
        count = np.searchsorted(self.keys, column + self._along(x + root / a), side="right") - first
        met = np.flatnonzero((b**2 >= a * c) & (count > 0))
        item, first, count = item[met], first[met], count[met]
        return ellipsoid[item], origin[item].T, first, count


def _runs(part) -> list[tuple[int, int]]:
    """Bounds of runs of equal values in an ascending array."""
    ends = np.flatnonzero(np.diff(part)) + 1
    return list(zip([0, *ends], [*ends, len(part)], strict=True)) if len(part) else []
