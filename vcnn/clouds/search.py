"""Which points lie in which ellipsoids: a search over columns of sorted points."""

from __future__ import annotations

import numpy as np
from numba import njit

_TIE = 1e-9  # a scaled distance of 1 within round-off counts as inside, in every frame
_STEPS = 2**20  # of positions along a column
_MOST_COLUMNS = 2**12  # along each axis
_MARGIN = 1e-6  # relative, of bounding boxes: they must not miss a tie


class Columns:
    """Points sorted for searches: by columns along the first axis, then along the columns.

    A grid lies over all other axes. A cell and all that lies over it along the first axis is a
    column. The part of an ellipsoid in a column is an interval of the first axis, so its points are
    neighbours in memory: an ellipsoid costs a few binary searches and a test of little more than
    the points inside.

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
        # One integer says the column and the place in it: sorting by it sorts by both, and one
        # binary search finds a place in a column.
        keys = self._column(cells) * _STEPS + self._along(points[:, 0])
        self.order = np.argsort(keys, kind="stable")
        self.keys = keys[self.order]
        self.points = _in_space(points[self.order])

    def _column(self, cells) -> np.ndarray:
        """Numbers of columns from cells (n, d - 1); on a line there is one, 0."""
        sizes = [self.shape[k + 1 :].prod() for k in range(len(self.shape))]
        return cells @ np.array(sizes, dtype=np.int64)

    def _along(self, x) -> np.ndarray:
        """Positions along the first axis in steps from 0 to `_STEPS` - 1."""
        return np.clip((x - self.low[0]) / self.step, 0, _STEPS - 1).astype(np.int64)

    def inside(
        self, centres: np.ndarray, forms: np.ndarray, shifts: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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
        ellipsoid, origin, start, count = self._runs(centres, forms, shifts)
        counts = np.zeros(len(centres), dtype=np.int64)
        # a candidate that is outside is written over by the next, so one place more is enough
        most = count.sum() + 1
        points, positions = np.empty(most, dtype=np.int64), np.empty((most, centres.shape[1]))
        total = _select(
            ellipsoid,
            _in_space(origin),
            start,
            count,
            _in_space(forms),
            self.points,
            self.order,
            counts,
            points,
            positions,
        )
        return counts, points[:total], positions[:total]

    def _runs(self, centres, forms, shifts):
        """Runs of sorted points that hold all points of the ellipsoids.

        Returns
        -------
        ellipsoid, origin, start, count : (r,), (r, d), (r,), (r,)
            Number of the ellipsoid, its centre less the shift, first sorted point, how many.
        """
        ellipsoid, origin, half = self._images(centres, forms, shifts)
        image, cell = self._cells(origin[:, 1:], half[:, 1:])

        # The points of a column lie around its middle line, (t, y) relative to the ellipsoid's
        # centre, at most half a diagonal h of the cell away. A point of the ellipsoid that is moved
        # onto that line keeps its t, and its scaled distance grows by at most h / s, s the smallest
        # half-axis. So its t is one of those where the line lies in the larger ellipsoid
        # (t, y)ᵀ M (t, y) <= (1 + tie + h / s)², that is where a t² + 2 b t + c <= 0 with a = M₀₀,
        # b = M₀ᵧ·y, c = yᵀ Mᵧᵧ y - (1 + tie + h / s)²: around -b / a by √(b² - a c) / a.
        y = (cell + 0.5) * self.width - (origin[:, 1:] - self.low[1:])[image]
        M = forms[ellipsoid]
        smallest = 1 / np.sqrt(np.linalg.eigvalsh(forms)[:, -1])[ellipsoid]
        bound = (1 + _TIE + np.linalg.norm(self.width) / 2 / smallest) ** 2
        a, b = M[:, 0, 0][image], (M[image, 0, 1:] * y).sum(axis=1)
        c = np.einsum("ni,nij,nj->n", y, M[image, 1:, 1:], y) - bound[image]
        root = np.sqrt(np.maximum(b**2 - a * c, 0))

        column = self._column(cell) * _STEPS
        middle = origin[image, 0] - b / a
        start = np.searchsorted(self.keys, column + self._along(middle - root / a))
        end = np.searchsorted(self.keys, column + self._along(middle + root / a), side="right")
        count = end - start
        used = np.flatnonzero((b**2 >= a * c) & (count > 0))
        image = image[used]
        return ellipsoid[image], origin[image], start[used], count[used]

    def _images(self, centres, forms, shifts):
        """Images of ellipsoids whose bounding boxes meet that of the points.

        Returns
        -------
        ellipsoid, origin, half : (k,), (k, d), (k, d)
            Number of the ellipsoid, its centre less the shift, half the sides of its box.
        """
        # max of x_i over xᵀ M x <= 1 is √(M⁻¹)_ii
        half = np.sqrt(np.diagonal(np.linalg.inv(forms), axis1=1, axis2=2)) * (1 + _MARGIN)
        ellipsoid = np.repeat(np.arange(len(centres)), len(shifts))
        origin = (centres[:, None] - shifts).reshape(-1, centres.shape[1])
        half = half[ellipsoid]
        meets = ((origin + half >= self.low) & (origin - half <= self.high)).all(axis=1)
        return ellipsoid[meets], origin[meets], half[meets]

    def _cells(self, origin, half):
        """Cells of the grid under boxes ``origin`` ± ``half``, (k, d - 1) each.

        Returns
        -------
        box, cell : (n,), (n, d - 1)
            Number of the box, and the indices of a cell under it; all cells of a box follow each
            other.
        """
        relative = origin - self.low[1:]
        last = np.minimum(np.floor((relative + half) / self.width), self.shape - 1).astype(np.int64)
        begin = np.maximum(np.floor((relative - half) / self.width), 0).astype(np.int64)
        sides = last - begin + 1
        cells = sides.prod(axis=1)
        box = np.repeat(np.arange(len(cells)), cells)
        number = np.arange(len(box)) - np.repeat(np.cumsum(cells) - cells, cells)  # in its box
        cell = np.empty((len(box), sides.shape[1]), dtype=np.int64)
        for axis in reversed(range(sides.shape[1])):
            number, cell[:, axis] = np.divmod(number, sides[box, axis])
        return box, cell + begin[box]


@njit(cache=True, nogil=True)
def _select(
    ellipsoid, origin, start, count, forms, sorted_points, order, counts, points, positions
):
    """Test all candidates, in three dimensions; write those inside and return how many they are."""
    total, d = 0, positions.shape[1]
    for k in range(len(start)):
        M, before = forms[ellipsoid[k]], total
        a, b, c = origin[k]
        for candidate in range(start[k], start[k] + count[k]):
            x, y, z = (
                sorted_points[candidate, 0] - a,
                sorted_points[candidate, 1] - b,
                sorted_points[candidate, 2] - c,
            )
            positions[total, 0] = x
            if d > 1:
                positions[total, 1] = y
            if d > 2:
                positions[total, 2] = z
            points[total] = order[candidate]
            cross = M[0, 1] * x * y + M[0, 2] * x * z + M[1, 2] * y * z
            distance = M[0, 0] * x * x + M[1, 1] * y * y + M[2, 2] * z * z + 2 * cross
            total += distance <= 1 + _TIE  # else it is written over
        counts[ellipsoid[k]] += total - before
    return total


def _in_space(array) -> np.ndarray:
    """Vectors (n, d) or matrices (n, d, d) with zeros for what a plane or line lacks of space."""
    missing = 3 - array.shape[1]
    return np.ascontiguousarray(np.pad(array, [(0, 0)] + [(0, missing)] * (array.ndim - 1)))
