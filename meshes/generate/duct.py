"""The section of a rectangular duct, for flows that do not change along it."""

from __future__ import annotations

import meshio
import numpy as np

from meshes.generate.section import section
from meshes.generate.structured import check_cells, check_positive, structured_mesh, wall_fractions
from vcnn.flow.mesh import boundary_facets, named_mesh

_NAMES = {"bottom": "bottom", "top": "top", "inlet": "left", "outlet": "right"}


def duct(
    width: float = 1.0,
    height: float = 1.0,
    cells: tuple[int, int] = (20, 20),
    kind: str = "quadrilateral",
    grading: float = 1.0,
    quarter: bool = False,
) -> meshio.Mesh:
    """The rectangle 0 <= y <= width, 0 <= z <= height in the plane x = 0, points (M, 3).

    Its boundaries are the walls ``left`` and ``right``, at the ends of y, and ``bottom`` and
    ``top``, at those of z. A flow along x is driven by `solvers.Developed`.

    Parameters
    ----------
    width : float
        Of the whole duct along y, length.
    height : float
        Of the whole duct along z, length.
    cells : (ny, nz)
        Quadrilaterals along y and z, of what is meshed.
    kind : {"quadrilateral", "triangle"}
        Of the cells; triangles are quadrilaterals cut along alternating diagonals.
    grading : float
        Ratio of the cell sizes in the middle of the duct and at its walls, in geometric
        progression; 1 is uniform.
    quarter : bool
        Mesh y <= width/2 and z <= height/2 only, where ``right`` and ``top`` are the planes
        ``symmetry_y`` and ``symmetry_z``.

    Returns
    -------
    meshio.Mesh

    Raises
    ------
    InputError
        If a number or the kind makes no sense.
    """
    ny, nz = check_cells(cells)
    check_positive([("width", width), ("height", height)])
    if quarter:
        y, z = (2 * wall_fractions(2 * n, grading)[: n + 1] for n in (ny, nz))
        width, height = width / 2, height / 2
    else:
        y, z = (wall_fractions(n, grading) for n in (ny, nz))
    ends = [np.stack([width * y, np.full(ny + 1, at)], axis=-1) for at in (0.0, float(height))]
    flat = structured_mesh(*ends, z / z[-1], kind)
    names = {**_NAMES, "outlet": "symmetry_y", "top": "symmetry_z"} if quarter else _NAMES
    sides = {names[name]: facets for name, facets in boundary_facets(flat).items()}
    inside = [(block.type, block.data) for block in flat.cells if block.dim == 2]
    return section(named_mesh(flat.points, inside, sides))
