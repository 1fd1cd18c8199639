"""Meshes of any cells as meshes that can be solved on: straight cells of one type."""

from __future__ import annotations

import re

import meshio
import numpy as np

from meshes.geometry.facets import cell_facets
from vcnn.errors import InputError
from vcnn.flow.mesh import boundary_facets, cell_dimension, keep_points, named_mesh

CORNERS = {
    "line": 2,
    "triangle": 3,
    "quad": 4,
    "tetra": 4,
    "pyramid": 5,
    "wedge": 6,
    "hexahedron": 8,
}
_SAME = 1e-9  # of a cell's volume: how much its parts together may differ from it
_SIMPLEX = {2: "triangle", 3: "tetra"}


def split(mesh: meshio.Mesh) -> meshio.Mesh:
    """A mesh with straight cells of one type, the boundaries of the one given, and nothing else.

    Second-order cells are reduced to their corners: what was curved becomes straight. If there are
    several types of cells, or one that cannot be solved on, all are split into triangles, in space
    into tetrahedra. The new cells of one old cell stand together, in its place.

    A cell is the union of the simplices that join its vertex of the lowest number to the facets
    that this is not a vertex of, and quadrilateral facets are themselves split from their lowest
    vertex. Both cells at a facet split it the same way so, whatever they are.

    Parameters
    ----------
    mesh : meshio.Mesh
        Of lines, triangles, quadrilaterals, tetrahedra, hexahedra, wedges and pyramids of any order
        that meshio knows, in any mixture. Data at its points and cells are left behind.

    Returns
    -------
    meshio.Mesh

    Raises
    ------
    InputError
        If it has cells of another type, or one that does not split this way, such as a quadrangle
        with a corner that points inwards.
    """
    d = cell_dimension(mesh)
    cells = [_straight(block.type, block.data) for block in mesh.cells if block.dim == d]
    kinds = {kind for kind, _ in cells}
    boundaries = {
        name: [_straight(*block) for block in blocks]
        for name, blocks in boundary_facets(mesh).items()
    }
    if len(kinds) > 1 or not kinds <= {"triangle", "quad", "tetra", "hexahedron"}:
        cells = [(_SIMPLEX[d], _split_cells(mesh.points, cells, d))]
        if d == 3:
            boundaries = {
                name: [("triangle", np.concatenate([_split_polygons(f)[0] for _, f in blocks]))]
                for name, blocks in boundaries.items()
                if blocks
            }
    whole = named_mesh(mesh.points, cells, boundaries)
    used = np.unique(np.concatenate([vertices.ravel() for _, vertices in cells]))
    return keep_points(whole, used)


def _straight(kind, vertices) -> tuple[str, np.ndarray]:
    """Cells or facets by their corners, which all types list first."""
    name = re.sub(r"\d+$", "", kind)
    if name not in CORNERS:
        raise InputError(
            f"mesh: cells of type {kind!r} cannot be split; known are: {', '.join(CORNERS)}"
        )
    return name, np.asarray(vertices)[:, : CORNERS[name]].astype(np.int64)


def _split_polygons(polygons) -> tuple[np.ndarray, np.ndarray]:
    """Triangles of (k, 3 or 4) polygons, fans about the lowest vertex, and which polygon's."""
    k, n = polygons.shape
    first = (polygons.argmin(axis=1)[:, None] + np.arange(n)) % n
    fan = np.take_along_axis(polygons, first, axis=1)
    parts = [fan[:, [0, i, i + 1]] for i in range(1, n - 1)]
    return np.stack(parts, axis=1).reshape(-1, 3), np.repeat(np.arange(k), n - 2)


def _split_cells(points, cells, d) -> np.ndarray:
    """Simplices of all cells, in the order of these."""
    lowest = np.concatenate([vertices.min(axis=1) for _, vertices in cells])
    simplices, owners = [], []
    for facets, own in cell_facets(meshio.Mesh(points, cells)):
        parts, which = (facets, np.arange(len(facets))) if d == 2 else _split_polygons(facets)
        own = own[which]
        beyond = (parts != lowest[own][:, None]).all(axis=1)
        simplices.append(np.column_stack([lowest[own[beyond]], parts[beyond]]))
        owners.append(own[beyond])
    simplices, owners = np.concatenate(simplices), np.concatenate(owners)
    order = np.argsort(owners, kind="stable")
    simplices, owners = simplices[order], owners[order]
    _check_parts(points, simplices, owners)
    return simplices


def _check_parts(points, simplices, owners) -> None:
    """The simplices of a cell must be turned alike, as its facets are."""
    edges = points[simplices[:, 1:]] - points[simplices[:, :1]]
    if edges.shape[1] < edges.shape[2]:  # a section of space: along the normal of the first cell
        normal = np.cross(edges[0, 0], edges[0, 1])
        edges = np.concatenate([edges, np.broadcast_to(normal, (len(edges), 1, 3))], axis=1)
    volumes = np.linalg.det(edges)
    whole, all_of_it = (np.bincount(owners, v) for v in (volumes, np.abs(volumes)))
    folded = np.flatnonzero(all_of_it - np.abs(whole) > _SAME * all_of_it)
    if len(folded):
        raise InputError(
            f"mesh: cell {folded[0]} cannot be split into {_SIMPLEX[edges.shape[2]]} cells: it is "
            "not convex, or warped"
        )
