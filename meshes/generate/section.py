"""A plane mesh put into space, as a section of a flow that does not change across it."""

from __future__ import annotations

import meshio
import numpy as np
from numpy.typing import ArrayLike

from vcnn.errors import InputError
from vcnn.flow.mesh import boundary_facets, named_mesh


def section(mesh: meshio.Mesh, axes: ArrayLike = ((0, 1, 0), (0, 0, 1))) -> meshio.Mesh:
    """The mesh with points (M, 3) in a plane through the origin; cells and boundaries stay.

    Parameters
    ----------
    mesh : meshio.Mesh
        With points (M, 2).
    axes : (2, 3)
        Where the mesh's own axes go, orthonormal; by default to y and z, for a flow along x.

    Returns
    -------
    meshio.Mesh

    Raises
    ------
    InputError
        If the mesh is not plane or the axes are not orthonormal.
    """
    axes = np.asarray(axes, dtype=float)
    if axes.shape != (2, 3) or not np.allclose(axes @ axes.T, np.eye(2), atol=1e-12):
        raise InputError(
            f"axes: expected two orthonormal vectors of three numbers, got {axes.tolist()}"
        )
    if mesh.points.shape[1] != 2:
        raise InputError(f"mesh: expected points of shape (M, 2), got {mesh.points.shape}")
    cells = [(block.type, block.data) for block in mesh.cells if block.dim == 2]
    return named_mesh(mesh.points @ axes, cells, boundary_facets(mesh))
