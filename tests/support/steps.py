"""A backward-facing step in structured cells."""

import numpy as np

from meshes.geometry.facets import shared_facets
from vcnn.flow.mesh import named_mesh


def step(rows=6, length=15.0, along=60, upstream=3.0, kind="quad", grading=1.0):
    """A channel of height 0.5 that opens to 1 at x = 0, where it has walls below and above.

    ``rows`` cells over each half of the height, ``along`` behind the step, as large before it.
    """
    x = length * (np.linspace(0, 1, along + 1) ** grading)
    before = np.linspace(-upstream, 0, max(2, round(upstream / 0.25)) + 1)
    x, y = np.append(before, x[1:]), np.linspace(0, 1, 2 * rows + 1)
    points = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    number = np.arange(len(points)).reshape(len(x), len(y))
    quads = np.stack([number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]], axis=-1)
    solid = (np.arange(len(x) - 1) < len(before) - 1)[:, None] & (np.arange(2 * rows) < rows)
    quads = quads[~solid]
    used = np.unique(quads)
    renumbered = np.full(len(points), -1)
    renumbered[used] = np.arange(len(used))
    points, quads = points[used], renumbered[quads]
    cells = [("quad", quads)]
    if kind == "triangle":
        cells = [("triangle", np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]))]
    _, _, outer = shared_facets(named_mesh(points, cells, {}))
    outer = np.array(outer)
    middle = points[outer].mean(axis=1)
    ends = {"inlet": middle[:, 0] == -upstream, "outlet": middle[:, 0] == length}
    ends["top"] = middle[:, 1] == 1
    ends["lower"] = ~np.any(list(ends.values()), axis=0)
    return named_mesh(points, cells, {name: [("line", outer[on])] for name, on in ends.items()})
