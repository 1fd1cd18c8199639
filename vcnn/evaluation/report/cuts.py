"""What a plane through the middle cuts of a flow in space."""

from __future__ import annotations

import meshio
import numpy as np
from numpy.typing import ArrayLike

from vcnn.flow.field import FlowField
from vcnn.flow.mesh import cell_dimension

_BESIDE = 1e-6  # of the height: not along the facets of cells


def fills_space(flow: FlowField) -> bool:
    """Whether a flow has a mesh with cells of three dimensions, which a plane can cut."""
    return flow.mesh is not None and cell_dimension(flow.mesh) == 3


def plane_cut(
    flow: FlowField, values: ArrayLike, normal: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut the cells of a flow by the plane halfway between its ends along ``normal``.

    Parameters
    ----------
    flow : FlowField that fills space
    values : (n,) at its points
    normal : (3,)

    Returns
    -------
    points : (k, 2) in coordinates of the plane, see :func:`plane_axes`
    triangles : (t, 3) int
    values : (t,) of the triangles, where the flow lives at cells, else (k,) at the points
    """
    import pyvista

    axes = plane_axes(normal)
    blocks = [block for block in flow.mesh.cells if block.dim == 3]
    grid = pyvista.from_meshio(meshio.Mesh(flow.mesh.points, blocks))
    data = "cell_data" if flow.location == "cell" else "point_data"
    getattr(grid, data)["values"] = np.asarray(values, dtype=float)
    normal = np.asarray(normal, float) / np.linalg.norm(normal)
    heights = flow.mesh.points @ normal
    middle = heights.min() + (0.5 + _BESIDE) * np.ptp(heights)
    cut = grid.slice(normal=normal, origin=middle * normal).triangulate()
    return (
        cut.points @ axes.T,
        cut.faces.reshape(-1, 4)[:, 1:],
        np.array(getattr(cut, data)["values"]),
    )


def plane_axes(normal: ArrayLike) -> np.ndarray:
    """(2, 3) orthonormal axes of the plane across a vector, x and y for z."""
    normal = np.asarray(normal, float) / np.linalg.norm(normal)
    helper = np.eye(3)[np.argmin(np.abs(normal))]
    first = helper - (helper @ normal) * normal
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(normal, first)])
