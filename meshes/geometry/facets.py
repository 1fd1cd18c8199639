"""Facets of cells, edges in 2-D and faces in 3-D: which cells are neighbours, how to split them."""

from __future__ import annotations

import re

import meshio
import numpy as np
from numpy.typing import ArrayLike

from vcnn.errors import InputError
from vcnn.flow.mesh import cell_dimension

# Facets of the linear cells, vertices in VTK's order. Curved cells list their corners first, so
# that these serve them too: they are taken as straight-sided.
_FACETS = {
    "triangle": [[0, 1], [1, 2], [2, 0]],
    "quad": [[0, 1], [1, 2], [2, 3], [3, 0]],
    "tetra": [[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]],
    "hexahedron": [
        [0, 3, 2, 1],
        [4, 5, 6, 7],
        [0, 1, 5, 4],
        [1, 2, 6, 5],
        [2, 3, 7, 6],
        [3, 0, 4, 7],
    ],
    "wedge": [[0, 1, 2], [3, 5, 4], [0, 3, 4, 1], [1, 4, 5, 2], [2, 5, 3, 0]],
    "pyramid": [[0, 3, 2, 1], [0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]],
}


def cell_facets(mesh: meshio.Mesh) -> list[tuple[np.ndarray, np.ndarray]]:
    """All facets of all cells, grouped by their number of vertices.

    Cells are those that make up the domain, numbered block after block. A facet between two cells
    appears once for each.

    Returns
    -------
    list of (vertices (F, k), cells (F,))

    Raises
    ------
    InputError
        If a cell type is not supported.
    """
    d = cell_dimension(mesh)
    groups: dict[int, list] = {}
    first = 0
    for block in mesh.cells:
        if block.dim != d:
            continue
        for vertices, cells in _block_facets(block):
            groups.setdefault(vertices.shape[1], []).append((vertices, cells + first))
        first += len(block.data)
    facets = []
    for _, group in sorted(groups.items()):
        vertices, cells = zip(*group, strict=True)
        facets.append((np.concatenate(vertices), np.concatenate(cells)))
    return facets


def _block_facets(block):
    number = np.arange(len(block.data))
    if block.type.startswith("polyhedron"):
        by_size: dict[int, tuple[list, list]] = {}
        for cell, faces in enumerate(block.data):
            for face in faces:
                vertices, cells = by_size.setdefault(len(face), ([], []))
                vertices.append(face)
                cells.append(cell)
        for vertices, cells in by_size.values():
            yield np.array(vertices), np.array(cells)
        return
    if block.type == "polygon":
        local = [[i, (i + 1) % block.data.shape[1]] for i in range(block.data.shape[1])]
    else:
        kind = re.sub(r"\d+$", "", block.type.removeprefix("VTK_LAGRANGE_").lower())
        local = _FACETS.get(kind.replace("quadrilateral", "quad"))
        if local is None:
            raise InputError(f"mesh: cells of type {block.type!r} are not supported")
        _check_size(block, corners=1 + max(map(max, local)))
    for facet in local:
        yield np.asarray(block.data)[:, facet], number


def _check_size(block, corners: int) -> None:
    """Refuse cells with fewer or more vertices than their type has; only some tell how many."""
    size = np.shape(block.data)[1]
    number = re.search(r"\d+$", block.type)
    expected = int(number[0]) if number else corners
    if size != expected and not (block.type.startswith("VTK_LAGRANGE_") and size > corners):
        raise InputError(
            f"mesh: a cell of type {block.type!r} has {expected} vertices, some here have {size}"
        )


def shared_facets(mesh: meshio.Mesh) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which cells meet at facets, and which facets have a cell on one side only.

    Returns
    -------
    neighbours : (F, 2)
        The two cells at each facet inside the mesh.
    outer : (B,)
        The cell at each facet of the mesh's surface.
    corners : list of B (k,) arrays
        The vertices of these outer facets.
    """
    neighbours, outer, corners = [], [], []
    for vertices, cells in cell_facets(mesh):
        order, same = _sorted_together(vertices)
        pair = np.flatnonzero(same)
        neighbours.append(np.stack([cells[order[pair]], cells[order[pair + 1]]], axis=-1))
        single = np.ones(len(order), bool)
        single[pair] = single[pair + 1] = False
        alone = order[single]
        outer.append(cells[alone])
        corners.extend(vertices[alone])
    return np.concatenate(neighbours), np.concatenate(outer), corners


def cells_at(mesh: meshio.Mesh, vertices: ArrayLike) -> np.ndarray:
    """(k,) cells that have the given (k, m) facets, one each.

    Raises
    ------
    InputError
        If a facet belongs to no cell.
    """
    vertices = np.asarray(vertices)
    for candidates, cells in cell_facets(mesh):
        if candidates.shape[1] == vertices.shape[1]:
            # Facets asked for and facets of cells are sorted together: those of equal vertices form
            # a group, and what is asked for gets the cell of its group.
            order, same = _sorted_together(np.concatenate([vertices, candidates]))
            group = np.append(0, np.cumsum(~same))
            owner = np.full(len(order), -1)
            is_cell = order >= len(vertices)
            owner[group[is_cell]] = cells[order[is_cell] - len(vertices)]
            owners = np.empty(len(vertices), int)
            owners[order[~is_cell]] = owner[group[~is_cell]]
            if (owners >= 0).all():
                return owners
    raise InputError("mesh: a boundary facet belongs to no cell")


def _sorted_together(vertices):
    """An order with facets of equal vertices side by side; which equal the next one in it."""
    rows = np.sort(vertices, axis=1)
    order = np.lexsort(rows.T)
    return order, (np.diff(rows[order], axis=0) == 0).all(axis=1)
