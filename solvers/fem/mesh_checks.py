"""What a mesh must be like under its conditions; all of it is checked before anything is solved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from meshes.geometry.facets import cell_facets
from solvers.fem.communicator import communicator
from solvers.fem.mesh_facts import MeshFacts
from solvers.fem.periodicity import Seams
from solvers.fenics import basix, dolfinx, fem, ufl
from vcnn.errors import InputError

_DEGENERATE = 1e-12  # of a cell's largest Jacobian determinant


def check_names(facts: MeshFacts, names: Sequence[str]) -> None:
    """Every boundary of the mesh must be named once, and no other.

    Raises
    ------
    InputError
        If one is left out, named twice, or not in the mesh.
    """
    boundaries = facts.boundaries
    for name in names:
        if not boundaries.get(name):
            raise InputError(
                f"boundary {name!r} is not in the mesh, "
                f"which has: {', '.join(boundaries) or 'none'}"
            )
    for name in boundaries:
        if names.count(name) != 1 and boundaries[name]:
            raise InputError(
                f"boundary {name!r} must be given once, "
                f"it has {names.count(name) or 'no'} conditions"
            )


def check_connected(facts: MeshFacts, seams: Seams) -> None:
    """From every cell there must be a way to every other one, over shared vertices or seams.

    Raises
    ------
    InputError
        Else each part would have a pressure, and perhaps a flow, of its own.
    """
    vertices = seams.merged[facts.cells]
    links = np.repeat(vertices[:, 0], vertices.shape[1] - 1), vertices[:, 1:].ravel()
    graph = coo_array((np.ones(len(links[0])), links), shape=2 * (len(seams.merged),))
    part = connected_components(graph, directed=False)[1][vertices[:, 0]]
    numbers, first, sizes = np.unique(part, return_index=True, return_counts=True)
    if len(numbers) > 1:
        least = sizes.argmin()
        raise InputError(
            f"mesh: its cells fall into {len(numbers)} unconnected parts, the smallest is of "
            f"{sizes[least]} cells, first is number {first[least]}: solve on each alone, or merge "
            "points that are there twice"
        )


def check_cells(parent: dolfinx.mesh.Mesh, facts: MeshFacts) -> None:
    """No cell of a dolfinx mesh may be degenerate or folded, and no two may overlap at a facet.

    The Jacobian of a simplex has one sign, which says only in which order its vertices are listed;
    of quadrilaterals and hexahedra it must have the same one at all corners. Neighbours must lie on
    two sides of the facet between them.

    Raises
    ------
    InputError
        If there are such cells.
    """
    corners = basix.geometry(parent.basix_cell())
    count = parent.topology.index_map(parent.topology.dim).size_local
    jacobian, normal = ufl.Jacobian(parent), facts.normal
    if normal is not None:  # as the third column it makes the Jacobian square
        jacobian = ufl.as_matrix(
            [[jacobian[i, 0], jacobian[i, 1], float(normal[i])] for i in range(3)]
        )
    determinant = fem.Expression(ufl.det(jacobian), corners)
    values = determinant.eval(parent, np.arange(count, dtype=np.int32)).reshape(count, len(corners))
    every = communicator(parent).allgather((parent.topology.original_cell_index, values))
    index, values = (np.concatenate(items) for items in zip(*every, strict=True))
    usual = np.sign(np.median(values, axis=1, keepdims=True))
    least = _DEGENERATE * np.abs(values).max(axis=1, keepdims=True)
    bad = index[(usual * values <= least).any(axis=1)]
    if len(bad):
        raise InputError(
            f"mesh: {len(bad)} cells are inverted or degenerate, first is number {bad.min()}"
        )
    pairs = _overlaps(facts)
    if len(pairs):
        raise InputError(
            f"mesh: {len(pairs)} pairs of cells overlap, first are numbers {pairs[0, 0]} and "
            f"{pairs[0, 1]}: they lie on the same side of the facet between them"
        )


def _overlaps(facts) -> np.ndarray:
    """(k, 2) pairs of cells that lie on the same side of a facet that both have."""
    ((vertices, cells),) = cell_facets(facts.source)  # facets of one type
    rows = np.sort(vertices, axis=1)
    order = np.lexsort(rows.T)
    first = np.flatnonzero((np.diff(rows[order], axis=0) == 0).all(axis=1))
    pairs = np.stack([cells[order[first]], cells[order[first + 1]]], axis=-1)
    corners = facts.source.points[vertices[order[first]]]
    if facts.dimension == 3 and facts.normal is None:
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    elif facts.dimension == 3:
        across = np.cross(facts.normal, corners[:, 1] - corners[:, 0])
    else:
        across = (corners[:, 1] - corners[:, 0])[:, ::-1] * [1, -1]
    centres = facts.source.points[facts.cells].mean(axis=1)
    sides = np.einsum("kpd,kd->kp", centres[pairs] - corners.mean(axis=1)[:, None], across)
    return pairs[sides.prod(axis=1) >= 0]
