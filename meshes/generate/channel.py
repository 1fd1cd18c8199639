"""A plane channel."""

from __future__ import annotations

import meshio
import numpy as np

from meshes.generate.structured import check_cells, check_positive, structured_mesh, wall_fractions


def channel(
    length: float = 1.0,
    height: float = 1.0,
    cells: tuple[int, int] = (10, 10),
    kind: str = "quadrilateral",
    grading: float = 1.0,
) -> meshio.Mesh:
    """The rectangle [0, length] x [0, height] with walls ``bottom`` and ``top``, inlet and outlet.

    Parameters
    ----------
    length : float
        Of the rectangle along x, length.
    height : float
        Of the rectangle along y, length.
    cells : (nx, ny)
        Cells along the flow and between the walls.
    kind : {"quadrilateral", "triangle"}
        Of the cells; triangles are quadrilaterals cut along alternating diagonals.
    grading : float
        Ratio of the cell heights at mid-height and at the walls, in geometric progression; 1 is
        uniform.

    Returns
    -------
    meshio.Mesh

    Raises
    ------
    InputError
        If a number or the kind makes no sense.
    """
    nx, ny = check_cells(cells)
    check_positive([("length", length), ("height", height)])
    x = np.linspace(0, length, nx + 1)
    walls = [np.stack([x, np.full(nx + 1, y)], axis=-1) for y in (0.0, float(height))]
    return structured_mesh(*walls, wall_fractions(ny, grading), kind)
