"""Facets of cells: edges in 2-D, faces in 3-D. They say which cells are neighbours and how to split a cell."""

from __future__ import annotations

import re

import meshio
import numpy as np

from vcnn.errors import InputError

# Facets of the linear cells, vertices in VTK's order. Curved cells list their corners first, so that these
# serve them too: they are taken as straight-sided.
_FACETS = {
    "triangle": [[0, 1], [1, 2], [2, 0]],
    "quad": [[0, 1], [1, 2], [2, 3], [3, 0]],
    "tetra": [[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]],
    "hexahedron": [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]],
    "wedge": [[0, 1, 2], [3, 5, 4], [0, 3, 4, 1], [1, 4, 5, 2], [2, 5, 3, 0]],
    "pyramid": [[0, 3, 2, 1], [0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]],
}


def cell_facets(mesh: meshio.Mesh) -> list[tuple[np.ndarray, np.ndarray]]:
    """All facets of all cells, grouped by their number of vertices.

    Cells are those of the mesh's own dimension, numbered block after block. A facet between two cells appears
    once for each.

    Returns
    -------
    list of (vertices (F, k), cells (F,))

    Raises
    ------
    InputError
        If a cell type is not supported.
    """
    d = mesh.points.shape[1]
    found: dict[int, list] = {}
    first = 0
    for block in mesh.cells:
        if block.dim != d:
            continue
        for vertices, cells in _block_facets(block):
            found.setdefault(vertices.shape[1], []).append((vertices, cells + first))
        first += len(block.data)
    return [tuple(map(np.concatenate, zip(*group, strict=True))) for _, group in sorted(found.items())]


def _block_facets(block):
    number = np.arange(len(block.data))
    if block.type.startswith("polyhedron"):
        faces = [(face, cell) for cell, cell_faces in enumerate(block.data) for face in cell_faces]
        for k in {len(face) for face, _ in faces}:
            yield tuple(map(np.array, zip(*(item for item in faces if len(item[0]) == k), strict=True)))
        return
    if block.type == "polygon":
        local = [[i, (i + 1) % block.data.shape[1]] for i in range(block.data.shape[1])]
    else:
        kind = re.sub(r"\d+$", "", block.type.removeprefix("VTK_LAGRANGE_").lower())
        local = _FACETS.get(kind.replace("quadrilateral", "quad"))
        if local is None:
            raise InputError(f"mesh: cells of type {block.type!r} are not supported")
    for facet in local:
        yield np.asarray(block.data)[:, facet], number
