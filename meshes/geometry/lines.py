"""Lines in a plane mesh: a boundary as one line, and lines across the domain."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vcnn.errors import InputError
from vcnn.flow.mesh import Blocks

_SAME = 1e-9  # of a line's length: how near to each other two of its points are one


def walk(points: np.ndarray, facets: Blocks, downstream: ArrayLike | None = None) -> np.ndarray:
    """Vertices of a boundary of a plane mesh in their order, from its upstream end.

    Parameters
    ----------
    points : (M, 2)
    facets : sequence of (type, (k, vertices) int)
    downstream : (2,), optional
        A direction; default that of x.

    Returns
    -------
    (k + 1,) int

    Raises
    ------
    InputError
        If the boundary is not one line with two ends.
    """
    neighbours = {}
    for _, vertices in facets:
        for a, b in vertices[:, :2].tolist():
            neighbours.setdefault(a, []).append(b)
            neighbours.setdefault(b, []).append(a)
    ends = [vertex for vertex, near in neighbours.items() if len(near) == 1]
    if len(ends) == 2:
        downstream = np.array([1.0, 0.0]) if downstream is None else np.asarray(downstream)
        line = [min(ends, key=lambda vertex: points[vertex] @ downstream)]
        while len(line) < len(neighbours):
            onward = [vertex for vertex in neighbours[line[-1]] if vertex not in line[-2:]]
            if not onward:
                break
            line.append(onward[0])
        if len(line) == len(neighbours):
            return np.array(line)
    raise InputError(f"expected one line with two ends, it has {len(ends)} ends")


def line_across(points: np.ndarray, facets: np.ndarray, x: float, count: int) -> np.ndarray:
    """Points from the lowest to the highest place where a vertical line meets the boundary.

    Where it meets the boundary in between, at obstacles, there is a point too.

    Parameters
    ----------
    points : (M, 2)
    facets : (k, 2) int
        Of all boundaries.
    x : float
    count : int
        Equidistant points, the ends included.

    Returns
    -------
    (n, 2)

    Raises
    ------
    InputError
        If the line is outside the domain.
    """
    a, b = points[facets].transpose(1, 0, 2)
    met = (np.minimum(a, b)[:, 0] <= x) & (x <= np.maximum(a, b)[:, 0]) & (a[:, 0] != b[:, 0])
    if not met.any():
        raise InputError(f"station: x = {x:g} is outside the domain")
    a, b = a[met], b[met]
    y = a[:, 1] + (x - a[:, 0]) / (b - a)[:, 0] * (b - a)[:, 1]
    heights, least = np.linspace(y.min(), y.max(), count), _SAME * np.ptp(y)
    y = np.sort(y)
    y = y[np.append(True, np.diff(y) > least)]  # a vertex belongs to two facets
    new = np.abs(y[:, None] - heights).min(axis=1) > least
    heights = np.sort(np.append(heights, y[new]))
    return np.stack([np.full(len(heights), float(x)), heights], axis=-1)
