"""From a slab one cell thick to the plane it stands for."""

from __future__ import annotations

import meshio
import numpy as np
from scipy.spatial import cKDTree

from meshes.geometry.cells import cell_centres
from vcnn.errors import InputError
from vcnn.flow.mesh import boundary_facets, named_mesh


def plane_axes(normal) -> np.ndarray:
    """(2, 3) orthonormal axes of the plane: the two coordinate axes least along the normal, laid
    into it.
    """
    normal = np.asarray(normal) / np.linalg.norm(normal)
    first, second = np.eye(3)[np.sort(np.argsort(np.abs(normal), kind="stable")[:2])]
    first = first - (first @ normal) * normal
    first /= np.linalg.norm(first)
    second = second - (second @ normal) * normal
    second -= (second @ first) * first
    return np.stack([first, second / np.linalg.norm(second)])


def plane_mesh(mesh: meshio.Mesh, empty) -> tuple[meshio.Mesh, np.ndarray, np.ndarray]:
    """The plane mesh of a slab, from the faces of its ``empty`` patches on one side.

    Parameters
    ----------
    mesh : meshio.Mesh
        Three-dimensional, one cell thick.
    empty : sequence of boundary names
        Those that cover the two sides of the slab.

    Returns
    -------
    mesh : meshio.Mesh
        Cells counter-clockwise; the other patches as line boundaries of the same names.
    order : (N,)
        Which cell of the slab each cell of the plane is.
    axes : (2, 3)
        Axes of the plane: plane coordinates are ``axes @ x``.

    Raises
    ------
    InputError
        If the empty patches are not plane or the slab is more than one cell thick.
    """
    boundaries = boundary_facets(mesh)
    sides = [block for name in empty for block in boundaries.get(name, ())]
    if not sides:
        raise InputError("the empty patches have no faces")
    areas = [_area_vectors(mesh.points[vertices]) for _, vertices in sides]
    normal = areas[0][0] / np.linalg.norm(areas[0][0])
    along = [area @ normal for area in areas]
    if any(
        (np.abs(a) < 0.999 * np.linalg.norm(v, axis=1)).any()
        for a, v in zip(along, areas, strict=True)
    ):
        raise InputError("the empty patches are not parallel planes")
    sides = [(kind, vertices[a > 0]) for (kind, vertices), a in zip(sides, along, strict=True)]
    axes = plane_axes(normal)
    if np.cross(*axes) @ normal < 0:
        sides = [(kind, vertices[:, ::-1]) for kind, vertices in sides]
    used = np.unique(np.concatenate([vertices.ravel() for _, vertices in sides]))
    points = mesh.points[used] @ axes.T
    tree = cKDTree(points)
    number = tree.query(mesh.points @ axes.T)[1]  # of each vertex of the slab in the plane
    cells = {}
    for kind, vertices in sides:
        if len(vertices):
            key = (kind, vertices.shape[1])
            cells[key] = np.concatenate(
                [cells.get(key, np.empty((0, vertices.shape[1]), int)), number[vertices]]
            )
    slab = cKDTree(cell_centres(mesh) @ axes.T)
    blocks, order = [], []
    for (kind, _), vertices in cells.items():
        match = slab.query(cell_centres(meshio.Mesh(points, [(kind, vertices)])))[1]
        blocks.append((kind, vertices[np.argsort(match)]))
        order.append(np.sort(match))
    order = np.concatenate(order)
    if not np.array_equal(np.sort(order), np.arange(slab.n)):
        raise InputError("the mesh is not one cell thick between its empty patches")
    lines = {
        name: [("line", np.concatenate([_edges(number[v], name) for _, v in facets]))]
        for name, facets in boundaries.items()
        if name not in empty
    }
    return named_mesh(points, blocks, lines), order, axes


def _area_vectors(corners):
    return np.cross(corners, np.roll(corners, -1, axis=1)).sum(axis=1) / 2


def _edges(vertices, name):
    """A face between the two sides shows each of its two plane vertices twice."""
    pairs = np.sort(vertices, axis=1)
    if (
        pairs.shape[1] != 4
        or (pairs[:, 0] != pairs[:, 1]).any()
        or (pairs[:, 2] != pairs[:, 3]).any()
    ):
        raise InputError(f"the faces of patch {name!r} do not join the two sides of the slab")
    return pairs[:, [0, 2]]
