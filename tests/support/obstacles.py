"""A channel with a square obstacle in its middle."""

import numpy as np

from meshes.geometry.facets import shared_facets
from vcnn.flow.mesh import named_mesh


def around_a_square(size, cells=10):
    """[0, 2] x [0, 1] in quadrilaterals, without a square about (1, 0.5) that is one cell."""
    half = np.linspace(size / 2, 0.5, cells // 2 + 1)
    side = np.concatenate([-half[::-1], half])
    y = 0.5 + side
    ends = np.linspace(0.5, 1.0, cells // 2 + 1)[1:]
    x = 1 + np.concatenate([-ends[::-1], side, ends])
    points = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    number = np.arange(len(points)).reshape(len(x), len(y))
    quads = np.stack([number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]], axis=-1)
    quads = quads.reshape(-1, 4)
    middle = points[quads].mean(axis=1)
    quads = quads[np.linalg.norm(middle - [1, 0.5], axis=1) > 1e-9]
    _, _, outer = shared_facets(named_mesh(points, [("quad", quads)], {}))
    outer = np.array(outer)
    at = points[outer].mean(axis=1)
    names = {
        "inlet": at[:, 0] == 0,
        "outlet": at[:, 0] == 2,
        "bottom": at[:, 1] == 0,
        "top": at[:, 1] == 1,
    }
    names["obstacle"] = ~np.any(list(names.values()), axis=0)
    facets = {name: [("line", outer[on])] for name, on in names.items()}
    return named_mesh(points, [("quad", quads)], facets)
