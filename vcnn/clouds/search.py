"""Which points lie in which ellipsoids: a search over columns of sorted points."""

from __future__ import annotations

import numpy as np
from numba import njit

_TIE = 1e-9  # a scaled distance of 1 within round-off counts as inside, in every frame
_STEPS = 2**20  # of positions along a column
_MOST_COLUMNS = 2**12  # along each axis


class Columns:
    """Points sorted for searches: by the cells of a grid over all axes but the first, then along
    the first.

    The part of an ellipsoid that lies over one cell is an interval of the first axis, so the points
    in it are neighbours in memory: an ellipsoid costs a few binary searches and a test of little
    more than the points inside.

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
        cells = np.minimum(
            ((points[:, 1:] - self.low[1:]) / self.width).astype(np.int64), self.shape - 1
        )
        keys = self._column(cells) * _STEPS + self._along(points[:, 0])
        self.order = np.argsort(keys, kind="stable")
        self.keys = keys[self.order]
        self.points = _solid(points[self.order])

    def _column(self, cells) -> np.ndarray:
        return np.ravel_multi_index(cells.T, self.shape)

    def _along(self, x) -> np.ndarray:
        return np.clip((x - self.low[0]) / self.step, 0, _STEPS - 1).astype(np.int64)

    def inside(self, centres, forms, shifts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points x of every ellipsoid (x + s - c)ᵀ M (x + s - c) <= 1, for all shifts s.

        Parameters
        ----------
        centres, forms : (m, d) c, (m, d, d) M
        shifts : (k, d)

        Returns
        -------
        counts, points, positions : (m,), (N,), (N, d)
            How many points each ellipsoid holds; one ellipsoid after the other their numbers and x
            + s - c. The order of an ellipsoid's points depends on nothing but the points, the
            ellipsoid and the shifts.
        """
        ellipsoid, origin, first, count = self._intervals(centres, forms, shifts)
        counts = np.zeros(len(centres), dtype=np.int64)
        most = count.sum() + 1
        points, positions = np.empty(most, dtype=np.int64), np.empty((most, centres.shape[1]))
        found = (counts, points, positions)
        total = _test(
            ellipsoid, _solid(origin), first, count, _solid(forms), self.points, self.order, *found
        )
        return counts, points[:total], positions[:total]

    def _intervals(self, centres, forms, shifts):
        """Runs of sorted points that hold all points of the ellipsoids: ellipsoid, c - s, first
        point, length.
        """
        m, d = centres.shape
        half = np.sqrt(np.diagonal(np.linalg.inv(forms), axis1=1, axis2=2)) * (
            1 + 1e-6
        )  # of the bounding boxes
        ellipsoid = np.repeat(np.arange(m), len(shifts))
        origin = (centres[:, None] - shifts).reshape(-1, d)
        reached = (
            (origin + half[ellipsoid] >= self.low) & (origin - half[ellipsoid] <= self.high)
        ).all(axis=1)
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

        # A point of the ellipsoid over the cell is within its half diagonal of the line through the
        # cell's middle, so that line meets the ellipsoid, blown up by that much of the smallest
        # half-axis, where the point is.
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
        return ellipsoid[item], origin[item], first, count


@njit(cache=True, nogil=True)
def _test(ellipsoid, origin, first, count, forms, sorted_points, order, counts, points, positions):
    """Test all candidates, in three dimensions; write what is inside and return how many that are."""
    total, d = 0, positions.shape[1]
    for k in range(len(first)):
        M, start = forms[ellipsoid[k]], total
        a, b, c = origin[k]
        for candidate in range(first[k], first[k] + count[k]):
            x, y, z = (
                sorted_points[candidate, 0] - a,
                sorted_points[candidate, 1] - b,
                sorted_points[candidate, 2] - c,
            )
            positions[total, 0] = x
            positions[total, 1] = y
            if d == 3:
                positions[total, 2] = z
            points[total] = order[candidate]
            cross = M[0, 1] * x * y + M[0, 2] * x * z + M[1, 2] * y * z
            distance = M[0, 0] * x * x + M[1, 1] * y * y + M[2, 2] * z * z + 2 * cross
            total += distance <= 1 + _TIE  # else it is written over
        counts[ellipsoid[k]] += total - start
    return total


def _solid(array) -> np.ndarray:
    """Vectors (n, d) or matrices (n, d, d) with zeros for the dimensions that a plane lacks."""
    missing = 3 - array.shape[1]
    return np.ascontiguousarray(np.pad(array, [(0, 0)] + [(0, missing)] * (array.ndim - 1)))
