"""Meshes in space."""

import numpy as np

from vcnn.flow.mesh import named_mesh


def box(n, kind):
    """The unit cube cut into n³ hexahedra or 6 n³ tetrahedra; walls at y and z = 0, 1; periodic in
    x.
    """
    line = np.linspace(0, 1, n + 1)
    points = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    number = np.arange(len(points)).reshape(3 * [n + 1])

    def corner(i, j, k):
        return number[i : n + i, j : n + j, k : n + k].ravel()

    ring = [(0, 0), (1, 0), (1, 1), (0, 1)]
    hexes = np.stack([corner(i, j, k) for k in (0, 1) for i, j in ring], axis=-1)
    if kind == "hexahedron":
        cells, local = (
            hexes,
            [[0, 1, 2, 3], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]],
        )
    else:
        paths = [[1, 2], [1, 5], [3, 2], [3, 7], [4, 5], [4, 7]]
        cells = np.concatenate([hexes[:, [0, a, b, 6]] for a, b in paths])
        swap = np.linalg.det(points[cells[:, 1:]] - points[cells[:, :1]]) < 0
        cells[swap] = cells[swap][:, [0, 2, 1, 3]]
        local = [[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3]]
    facets = np.concatenate([cells[:, f] for f in local])

    def on(axis, value):
        return facets[(points[facets][:, :, axis] == value).all(axis=1)]

    facet = "quad" if kind == "hexahedron" else "triangle"
    walls = [(facet, on(axis, value)) for axis in (1, 2) for value in (0, 1)]
    ends = {"inlet": [(facet, on(0, 0))], "outlet": [(facet, on(0, 1))]}
    return named_mesh(points, [(kind, cells)], {"wall": walls, **ends})
