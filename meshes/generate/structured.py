"""Logically rectangular plane meshes between a lower and an upper wall."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import meshio
import numpy as np
from numpy.typing import ArrayLike

from vcnn.errors import InputError
from vcnn.flow.mesh import named_mesh

KINDS = ("quadrilateral", "triangle")


def structured_mesh(
    bottom: ArrayLike, top: ArrayLike, fractions: ArrayLike, kind: str = "quadrilateral"
) -> meshio.Mesh:
    """Cells between the polylines ``bottom`` and ``top``, from the ``inlet`` to the ``outlet``.

    Parameters
    ----------
    bottom, top : (nx + 1, 2)
        Vertices of the two walls, from left to right; straight lines join those of equal index.
    fractions : (ny + 1,)
        Where the vertices lie on these lines, rising from 0 (bottom) to 1 (top).
    kind : {"quadrilateral", "triangle"}
        Triangles are quadrilaterals cut along alternating diagonals.

    Returns
    -------
    meshio.Mesh
        Cells are counter-clockwise; boundary facets have the domain on their left.

    Raises
    ------
    InputError
        If there is no such kind.
    """
    if kind not in KINDS:
        raise InputError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}")
    bottom, top, t = np.asarray(bottom), np.asarray(top), np.asarray(fractions)[:, None, None]
    points = bottom + t * (top - bottom)  # in this form vertical lines stay exactly vertical
    points[-1] = top
    number = np.arange(points.shape[0] * points.shape[1]).reshape(points.shape[:2])
    quads = np.stack([number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]], axis=-1)
    if kind == "quadrilateral":
        cells = [("quad", quads.reshape(-1, 4))]
    else:
        # Quadrilaterals with an odd sum of row and column are listed from their next corner: the
        # cut from the first corner to the third is then the other diagonal.
        odd = np.add.outer(*map(np.arange, quads.shape[:2])) % 2
        a, b, c, d = np.where(odd[..., None], np.roll(quads, -1, axis=-1), quads).reshape(-1, 4).T
        cells = [("triangle", np.stack([a, b, c, a, c, d], axis=-1).reshape(-1, 3))]
    sides = {
        "bottom": number[0],
        "top": number[-1, ::-1],
        "inlet": number[::-1, 0],
        "outlet": number[:, -1],
    }
    boundaries = {
        name: [("line", np.stack([side[:-1], side[1:]], axis=-1))] for name, side in sides.items()
    }
    return named_mesh(points.reshape(-1, 2), cells, boundaries)


def wall_fractions(cells: int, grading: float) -> np.ndarray:
    """Vertices in [0, 1], cell sizes in geometric progression from both ends to the middle.

    Parameters
    ----------
    cells : int
    grading : float
        Size of the middle cell over that of the first one; 1 is uniform.

    Returns
    -------
    (cells + 1,)

    Raises
    ------
    InputError
        If the grading is no positive number.
    """
    if not 0 < grading < np.inf:
        raise InputError(
            f"grading: expected a positive ratio of middle to wall cell size, got {grading!r}"
        )
    layer = np.minimum(np.arange(cells), np.arange(cells)[::-1])
    sizes = float(grading) ** (layer / max(layer.max(), 1))
    vertices = np.append(0.0, np.cumsum(sizes))
    return vertices / vertices[-1]


def check_positive(numbers: Iterable[tuple[str, float]]) -> None:
    """Refuse numbers, each with its name, that are not positive and finite.

    Raises
    ------
    InputError
        If one is not.
    """
    for name, value in numbers:
        if not 0 < value < np.inf:
            raise InputError(f"{name}: expected a positive number, got {value!r}")


def check_cells(cells: Sequence[int], directions: int = 2) -> tuple[int, ...]:
    """``cells`` as integers, one for each direction, each at least 2.

    Raises
    ------
    InputError
        If they are not.
    """
    count = {2: "two", 3: "three"}[directions]
    if not isinstance(cells, Sequence | np.ndarray) or len(cells) != directions:
        raise InputError(f"cells: expected {count} numbers, one for each direction, got {cells!r}")
    if not all(isinstance(n, int | np.integer) and n >= 2 for n in cells):
        raise InputError(f"cells: expected {count} integers >= 2, got {cells!r}")
    return tuple(map(int, cells))
