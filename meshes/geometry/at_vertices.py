"""From values at cells to values at the vertices of a mesh, and between these."""

from __future__ import annotations

import meshio
import numpy as np

from meshes.geometry.cells import cell_centres
from vcnn.evaluation.report.fields import corner_triangles
from vcnn.flow.mesh import cell_dimension

_NEAR = 1e-7  # of the extent of a mesh: points beside it that are taken for those of its boundary


def cells_of_vertices(mesh: meshio.Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Each vertex of each cell: (k,) vertices and (k,) cells."""
    vertices, cells, first, d = [], [], 0, cell_dimension(mesh)
    for block in mesh.cells:
        if block.dim != d:
            continue
        if block.type.startswith("polyhedron"):
            rows = [np.unique(np.concatenate([np.ravel(f) for f in cell])) for cell in block.data]
            vertices += rows
            counts = [len(row) for row in rows]
        else:
            vertices.append(np.ravel(block.data))
            counts = np.full(len(block.data), np.shape(block.data)[1])
        cells.append(np.repeat(np.arange(first, first + len(block.data)), counts))
        first += len(block.data)
    return np.concatenate(vertices), np.concatenate(cells)


def vertex_means(
    mesh: meshio.Mesh, values: np.ndarray, gradients: np.ndarray | None = None
) -> np.ndarray:
    """(M, ...) means at vertices over the cells around.

    Parameters
    ----------
    mesh : meshio.Mesh
    values : (N, ...)
        At the middles of the cells.
    gradients : (N, d, ...), optional
        As :func:`meshes.cell_gradient` gives them: each cell then says its linear value at the
        vertex, so that linear fields are met exactly.
    """
    vertices, cells = cells_of_vertices(mesh)
    values_there = values[cells]
    if gradients is not None:
        steps = mesh.points[vertices] - cell_centres(mesh)[cells]
        values_there = values_there + np.einsum("ki,ki...->k...", steps, gradients[cells])
    sums = np.zeros((len(mesh.points), *values.shape[1:]))
    np.add.at(sums, vertices, values_there)
    count = np.bincount(vertices, minlength=len(mesh.points))
    return sums / np.maximum(count, 1).reshape(-1, *[1] * (values.ndim - 1))


def between_vertices(mesh: meshio.Mesh, values: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(n, c) values at points of a mesh, linear between its vertices; NaN outside of it.

    Parameters
    ----------
    mesh : meshio.Mesh
        Plane or in space.
    values : (M, c)
        At its vertices.
    points : (n, d)
    """
    import pyvista

    d = mesh.points.shape[1]
    if cell_dimension(mesh) == 2:
        cells = [("triangle", corner_triangles(mesh))]
    else:
        cells = [block for block in mesh.cells if block.dim == d]
    room = ((0, 0), (0, 3 - d))
    grid = pyvista.from_meshio(meshio.Mesh(np.pad(mesh.points, room), cells))
    grid.point_data["values"] = values
    near = _NEAR * np.ptp(mesh.points, axis=0).max()
    probed = pyvista.PolyData(np.pad(points, room)).sample(grid, tolerance=near)
    inside = np.asarray(probed.point_data["vtkValidPointMask"], bool)
    sampled = np.array(probed.point_data["values"], dtype=float).reshape(len(points), -1)
    return np.where(inside[:, None], sampled, np.nan)
