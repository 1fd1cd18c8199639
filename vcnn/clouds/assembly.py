"""Clouds put together from searches, block by block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from vcnn.clouds.clouds import VectorClouds
from vcnn.clouds.lattice import with_lattice_nodes
from vcnn.clouds.search import Columns
from vcnn.errors import InputError
from vcnn.flow.field import FlowField

# Columns of the search to the smallest half-axis: fewer take in more points in vain, more cost more
# searches.
_COLUMNS = 4
_FIRST_BLOCK = 32  # centres; how many are right for the next one follows from its clouds
_GROWTH = 4  # of a block at most: clouds far on may be larger
_SPARE = 1.2  # times the pairs that are expected are room for all
_AHEAD = 8  # times the pairs so far, room for more is not believed in

_MOST_IMAGES = 1000  # of a cloud, by the periods: more is a mistake in the region's size


def stream_clouds(
    flow: FlowField,
    centres: np.ndarray,
    half_axes: tuple[np.ndarray, np.ndarray],
    *,
    spacing: float | None,
    pairs: int,
) -> Iterator[VectorClouds]:
    """Clouds of all points within ellipsoids, in parts of about ``pairs`` pairs; all of one flow.

    Parameters
    ----------
    flow : FlowField
    centres : (m,) int
    half_axes : (m,), (m,)
        Along and across the velocities of the centres.
    spacing : length or None
        Of a lattice whose nodes take the place of the points (the flow of the clouds has them after
        its own points).
    pairs : int
    """
    along, across = half_axes
    smallest, largest = min(along.min(), across.min()), max(along.max(), across.max())
    first_node = 0 if spacing is None else len(flow)
    flow = with_lattice_nodes(flow, spacing)
    columns = Columns(flow.points[first_node:], smallest / _COLUMNS)
    shifts = _image_shifts(flow, largest)
    start, size = 0, _FIRST_BLOCK
    while start < len(centres):
        block = slice(start, start + size)
        forms = _quadratic_forms(flow.velocity[centres[block]], along[block], across[block])
        counts, neighbours, positions = columns.inside(flow.points[centres[block]], forms, shifts)
        offsets = np.concatenate([[0], np.cumsum(counts)])
        clouds = VectorClouds(flow, centres[block], offsets, first_node + neighbours, positions)
        yield clouds
        start += size
        size = int(np.clip(pairs / clouds.counts.mean(), 1, _GROWTH * size))


def join_clouds(parts: Iterable[VectorClouds], centres: np.ndarray) -> VectorClouds:
    """Clouds of one flow that came in parts, one after the other in the order of the centres."""
    counts, neighbours, positions, done = [], _Pile(), _Pile(), 0
    for part in parts:
        done += len(part)
        counts.append(part.counts)
        neighbours.add(part.neighbours, done / len(centres))
        positions.add(part.positions, done / len(centres))
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
    return VectorClouds(
        part.flow, centres, offsets, neighbours.rows(), positions.rows(), part.region
    )


class _Pile:
    """Arrays put one after the other, as they come, into memory taken once for all of them.

    How much that is follows from what came so far: rows nobody writes to cost no memory, while
    pages that are taken a second time cost more than the search for clouds.
    """

    def __init__(self):
        self._array, self._filled = None, 0

    def add(self, rows: np.ndarray, share: float) -> None:
        """More rows; those up to here are about this ``share`` of all."""
        end = self._filled + len(rows)
        if self._array is None or end > len(self._array):
            expected = _SPARE * end / share  # the first clouds may be far larger than the last
            count = int(min(expected, _AHEAD * end)) + 1
            grown = np.empty((count, *rows.shape[1:]), rows.dtype)
            if self._array is not None:
                grown[: self._filled] = self._array[: self._filled]
            self._array = grown
        self._array[self._filled : end] = rows
        self._filled = end

    def rows(self) -> np.ndarray:
        """All rows so far."""
        return self._array[: self._filled]


def check_centres(flow: FlowField, centres: np.ndarray | None) -> np.ndarray:
    """(m,) indices of the centres, all points of the flow for None.

    Raises
    ------
    InputError
        If they are no one-dimensional array of indices of its points, or there are none.
    """
    if centres is None:
        return np.arange(len(flow))
    centres = np.asarray(centres)
    if centres.size == 0:
        raise InputError("centres: expected at least one point index, got none")
    if centres.ndim != 1 or not np.issubdtype(centres.dtype, np.integer):
        raise InputError("centres: expected a one-dimensional array of point indices")
    if not (0 <= centres.min() and centres.max() < len(flow)):
        raise InputError(f"centres: indices must lie in 0..{len(flow) - 1}")
    return centres


def _quadratic_forms(velocity, along, across) -> np.ndarray:
    """(m, d, d) M of the ellipsoids rᵀ M r <= 1, one half-axis along the velocity, the rest across.

    M = I / across² + (1 / along² − 1 / across²) e ⊗ e with e = u/|u|, or 0 where u = 0.
    """
    speed = np.linalg.norm(velocity, axis=1)
    e = np.divide(velocity, speed[:, None], out=np.zeros_like(velocity), where=speed[:, None] > 0)
    difference = (1 / along**2 - 1 / across**2)[:, None, None]
    return np.eye(e.shape[1]) / across[:, None, None] ** 2 + difference * e[:, :, None] * e[:, None]


def _image_shifts(flow, reach) -> np.ndarray:
    """(k, d) all sums of periods by which a point of the flow can come within ``reach`` of another.

    With the dual vectors b_j of the periods, p_i·b_j = δ_ij, a position x has lattice coordinates
    x·b_j. Two points differ by at most their extent in each coordinate, a step of length ``reach``
    changes it by at most reach |b_j|: a period more than the sum of both never brings them close.
    """
    if not flow.periods:
        return np.zeros((1, flow.dimension))
    periods = np.array(flow.periods)
    dual = np.linalg.pinv(periods)  # its columns
    extent = np.ptp(flow.points @ dual, axis=0) + reach * np.linalg.norm(dual, axis=0)
    if not np.prod(2 * extent + 1) <= _MOST_IMAGES:
        raise InputError(
            f"region: its clouds reach over {extent.max():.3g} periods of the flow, this is too far"
        )
    steps = [np.arange(-n, n + 1) for n in np.floor(extent + 1e-9).astype(int)]
    grid = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1)
    return grid.reshape(-1, len(periods)) @ periods
