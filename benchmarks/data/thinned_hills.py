"""The periodic hills of the Closure Challenge as flows to learn from, on their meshes with every
other row.

Rows lie along the hill. What that leaves out changes the velocity of SST's ν_t by 0.10 to 0.15 %;
of lines across the hill none can be left out: 7 % on the steepest."""

from __future__ import annotations

import numpy as np

from benchmarks.data.hills import read_hill
from benchmarks.paths import HILLS
from solvers import RANS, FlowToLearn, Observation
from vcnn.flow.mesh import boundary_facets, named_mesh


def flow_to_learn(name, location="vertex") -> FlowToLearn:
    """A hill driven as its LES is, with the velocity of the LES at all cells to meet."""
    mesh, data = read_hill(HILLS / f"{name}.npz")
    problem = RANS(thinned(mesh), float(data["nu"]), float(data["ubar_dns"][0]), location=location)
    known = Observation(
        data["cell_centres"], data["les_velocity"][:, :2], weights=data["cell_areas"]
    )
    return FlowToLearn(name, problem, [known])


def thinned(mesh, along=1, across=2):
    """A structured mesh between inlet and outlet with every ``along``-th column and every
    ``across``-th row only.
    """
    kept = rows(mesh)[::along, ::across]
    used = np.unique(kept)
    number = np.full(len(mesh.points), -1)
    number[used] = np.arange(len(used))
    grid = number[kept]
    quads = np.stack([grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]], axis=-1).reshape(
        -1, 4
    )
    line = lambda vertices: [("line", np.stack([vertices[:-1], vertices[1:]], axis=-1))]
    boundaries = {"inlet": grid[0], "outlet": grid[-1], "bottom": grid[:, 0], "top": grid[:, -1]}
    return named_mesh(
        mesh.points[used], [("quad", quads)], {name: line(v) for name, v in boundaries.items()}
    )


def rows(mesh) -> np.ndarray:
    """(columns, rows) vertices of a structured mesh of quadrilaterals, from its inlet to its
    outlet, upwards.
    """
    first = np.unique(boundary_facets(mesh)["inlet"][0][1])
    columns = [first[np.argsort(mesh.points[first, 1])]]
    across = {}  # the left edge of a cell, from above -> its right edge
    for quad in mesh.cells_dict["quad"].tolist():
        for a, b, c, d in (np.roll(quad, k).tolist() for k in range(4)):
            across[d, a] = c, b
    while True:
        last = columns[-1].tolist()
        edges = [across.get(edge) for edge in zip(last[1:], last[:-1], strict=True)]
        if None in edges:
            return np.array(columns)
        columns.append(np.array([edges[0][1], *(above for above, _ in edges)]))
