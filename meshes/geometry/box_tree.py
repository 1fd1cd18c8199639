"""A tree of boxes around facets: which of many facets may be the nearest one to each point."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_STEPS = 3  # levels that a search goes down at once, to 8 boxes below each
_PAIRS = 2**17  # of a point and a box, looked at at once


class BoxTree:
    """Boxes along the axes around facets, halved and halved again down to single facets.

    Parameters
    ----------
    facets : (k, m, d)
        Corners.
    """

    def __init__(self, facets: np.ndarray):
        self.depth = int(np.ceil(np.log2(max(len(facets), 1))))
        # as many facets as a whole tree has leaves; the last one more than once does no harm
        self.facets = np.minimum(np.arange(2**self.depth), len(facets) - 1)
        self._sort(facets.mean(axis=1))
        corners = facets[self.facets]
        boxes = [(corners.min(axis=1), corners.max(axis=1))]
        for _ in range(self.depth):
            low, high = boxes[-1]
            boxes.append((np.minimum(low[::2], low[1::2]), np.maximum(high[::2], high[1::2])))
        self.boxes = boxes[::-1]  # by level, of which the number l has 2ˡ

    def _sort(self, middles) -> None:
        """Leaves in an order that halves each box across its longest side."""
        for level in range(self.depth):
            groups = self.facets.reshape(2**level, -1)
            x = middles[groups]
            axis = np.ptp(x, axis=1).argmax(axis=1)
            along = np.take_along_axis(x, axis[:, None, None], axis=2)[:, :, 0]
            order = along.argsort(axis=1, kind="stable")
            self.facets = np.take_along_axis(groups, order, axis=1).ravel()

    def nearer(
        self, points: np.ndarray, distance: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Every pair of a point and a facet whose box is nearer than the distance of the point.

        Parameters
        ----------
        points : (n, d)
        distance : (n,)

        Yields
        ------
        point, facet : (p,) int, (p,) int
            Of some of the pairs.
        """
        root = np.zeros(len(points), dtype=np.int64)
        yield from self._descend(np.arange(len(points)), root, 0, points, distance)

    def _descend(self, point, box, level, points, distance):
        """Go on below boxes of a level, in parts of so many pairs that memory stays bounded."""
        for part in np.array_split(np.arange(len(point)), 1 + len(point) // _PAIRS):
            if level == self.depth:
                yield point[part], self.facets[box[part]]
                continue
            steps = min(_STEPS, self.depth - level)
            owner = np.repeat(point[part], 2**steps)
            below = (2**steps * box[part, None] + np.arange(2**steps)).ravel()
            low, high = self.boxes[level + steps]
            outside = self._outside(points[owner], low[below], high[below])
            near = np.flatnonzero(outside < distance[owner] ** 2)
            yield from self._descend(owner[near], below[near], level + steps, points, distance)

    @staticmethod
    def _outside(x, low, high) -> np.ndarray:
        """Squares of the distances from points to boxes, (p, d) each."""
        beyond = np.maximum(np.maximum(low - x, x - high), 0)
        return np.einsum("pd,pd->p", beyond, beyond)
