"""From a slab one cell thick to the plane it stands for."""

from __future__ import annotations

from collections.abc import Iterable

import meshio
import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from meshes.geometry.cells import cell_centres
from vcnn.errors import InputError
from vcnn.flow.mesh import boundary_facets, named_mesh


def plane_axes(normal: ArrayLike) -> np.ndarray:
    """(2, 3) orthonormal axes of a plane: coordinate axes least along the normal, laid into it."""
    normal = np.asarray(normal) / np.linalg.norm(normal)
    first, second = np.eye(3)[np.sort(np.argsort(np.abs(normal), kind="stable")[:2])]
    first = first - (first @ normal) * normal
    first /= np.linalg.norm(first)
    second = second - (second @ normal) * normal
    second -= (second @ first) * first
    return np.stack([first, second / np.linalg.norm(second)])


def plane_mesh(
    mesh: meshio.Mesh, empty: Iterable[str]
) -> tuple[meshio.Mesh, np.ndarray, np.ndarray]:
    """The plane mesh of a slab, from the faces of its ``empty`` patches on one side.

    Parameters
    ----------
    mesh : meshio.Mesh
        Three-dimensional, one cell thick.
    empty : names of boundaries
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
    empty, boundaries = list(empty), boundary_facets(mesh)
    faces, axes = _one_side(mesh, [block for name in empty for block in boundaries.get(name, ())])
    used = np.unique(np.concatenate([vertices.ravel() for _, vertices in faces]))
    points = mesh.points[used] @ axes.T
    number = cKDTree(points).query(mesh.points @ axes.T)[1]  # of slab vertices in the plane
    cells = {}
    for kind, vertices in faces:
        if len(vertices):
            cells.setdefault((kind, vertices.shape[1]), []).append(number[vertices])
    # The cells of the plane are put into the order of those of the slab, block by block.
    slab = cKDTree(cell_centres(mesh) @ axes.T)
    blocks, order = [], []
    for (kind, _), parts in cells.items():
        vertices = np.concatenate(parts)
        match = slab.query(cell_centres(meshio.Mesh(points, [(kind, vertices)])))[1]
        blocks.append((kind, vertices[np.argsort(match)]))
        order.append(np.sort(match))
    order = np.concatenate(order)
    if not np.array_equal(np.sort(order), np.arange(slab.n)):
        raise InputError("the mesh is not one cell thick between its empty patches")
    lines = {}
    for name, facets in boundaries.items():
        if name not in empty:
            edges = [_edges(number[vertices], name) for _, vertices in facets]
            lines[name] = [("line", np.concatenate(edges))]
    return named_mesh(points, blocks, lines), order, axes


def _one_side(mesh, faces):
    """Blocks of the faces on one side of a slab, counter-clockwise, and the axes of its plane."""
    if not faces:
        raise InputError("the empty patches have no faces")
    areas = [area_vectors(mesh.points[vertices]) for _, vertices in faces]
    if not all(area.any(axis=1).all() for area in areas):
        raise InputError("a face of the empty patches has no area")
    normal = areas[0][0] / np.linalg.norm(areas[0][0])
    side = []
    for (kind, vertices), area in zip(faces, areas, strict=True):
        along = area @ normal
        if (np.abs(along) < 0.999 * np.linalg.norm(area, axis=1)).any():
            raise InputError("the empty patches are not parallel planes")
        side.append((kind, vertices[along > 0]))
    axes = plane_axes(normal)
    if np.cross(*axes) @ normal < 0:
        side = [(kind, vertices[:, ::-1]) for kind, vertices in side]
    return side, axes


def area_vectors(corners: np.ndarray) -> np.ndarray:
    """(k, 3) areas of k faces with corners (k, m, 3), along their normals."""
    return np.cross(corners, np.roll(corners, -1, axis=1)).sum(axis=1) / 2


def _edges(vertices, name):
    """A face between the two sides shows each of its two plane vertices twice."""
    pairs = np.sort(vertices, axis=1)
    if pairs.shape[1] != 4 or (pairs[:, ::2] != pairs[:, 1::2]).any():
        raise InputError(f"the faces of patch {name!r} do not join the two sides of the slab")
    return pairs[:, [0, 2]]
