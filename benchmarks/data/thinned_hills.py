"""The periodic hills of the Closure Challenge as flows to learn from, with every other mesh row.

Rows lie along the hill. What that leaves out changes the velocity of SST's ν_t by 0.10 to 0.15 %;
of lines across the hill none can be left out: 7 % on the steepest.
"""

from __future__ import annotations

import meshio
import numpy as np

from benchmarks.data.hills import hill_file, read_hill
from solvers import RANS, FlowToLearn, Observation
from vcnn.flow.mesh import boundary_facets, named_mesh


def flow_to_learn(name: str, location: str = "vertex") -> FlowToLearn:
    """A hill driven as its LES is, with the velocity of the LES at all cells to meet."""
    mesh, data = read_hill(hill_file(name))
    problem = RANS(thinned(mesh), float(data["nu"]), float(data["ubar_dns"][0]), location=location)
    observation = Observation(
        data["cell_centres"], data["les_velocity"][:, :2], weights=data["cell_areas"]
    )
    return FlowToLearn(name, problem, [observation])


def thinned(mesh: meshio.Mesh, along: int = 1, across: int = 2) -> meshio.Mesh:
    """A structured hill's mesh with every ``along``-th column and ``across``-th row only."""
    vertices = rows(mesh)[::along, ::across]
    used = np.unique(vertices)
    number = np.full(len(mesh.points), -1)
    number[used] = np.arange(len(used))
    grid = number[vertices]
    corners = grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]
    quads = np.stack(corners, axis=-1).reshape(-1, 4)
    sides = {"inlet": grid[0], "outlet": grid[-1], "bottom": grid[:, 0], "top": grid[:, -1]}
    boundaries = {
        name: [("line", np.stack([side[:-1], side[1:]], axis=-1))] for name, side in sides.items()
    }
    return named_mesh(mesh.points[used], [("quad", quads)], boundaries)


def thinned_vertices(mesh: meshio.Mesh) -> np.ndarray:
    """Which vertices of a hill those of the thinned mesh are."""
    return np.unique(rows(mesh)[:, ::2])


def rows(mesh: meshio.Mesh) -> np.ndarray:
    """(columns, rows) vertices of a structured mesh of quadrilaterals, from the inlet, upwards."""
    inlet = np.unique(boundary_facets(mesh)["inlet"][0][1])
    columns = [inlet[np.argsort(mesh.points[inlet, 1])]]
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
