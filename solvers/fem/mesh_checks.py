"""What a mesh must be like to be solved on; all of it is checked before anything is solved."""

from __future__ import annotations

import meshio
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from solvers.fem.periodicity import merged_vertices
from solvers.fenics import basix, fem, ufl
from vcnn.errors import InputError
from vcnn.flow.mesh import boundary_facets, cell_dimension, plane_normal

CELLS = {
    "triangle": "triangle",
    "quad": "quadrilateral",
    "tetra": "tetrahedron",
    "hexahedron": "hexahedron",
}


def cells_of(mesh: meshio.Mesh) -> tuple[str, np.ndarray]:
    """The type of a mesh's cells and their vertices (N, k) int.

    Raises
    ------
    InputError
        If the mesh is something else, its points are not finite or belong to no cell, its cells
        have several types or are plane and do not lie in one plane, or cells or boundaries name
        points that do not exist.
    """
    if not isinstance(mesh, meshio.Mesh):
        raise InputError(
            f"mesh: expected a meshio.Mesh, as meshio.read and the package meshes give, got {mesh!r}"
        )
    points = np.asarray(mesh.points)
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(bad):
        raise InputError(f"mesh: {len(bad)} points are NaN or infinite, first is number {bad[0]}")
    d = cell_dimension(mesh)
    blocks = [block for block in mesh.cells if block.dim == d]
    kinds = sorted({block.type for block in blocks})
    if len(kinds) != 1 or kinds[0] not in CELLS:
        found = ", ".join(kinds) or f"none of dimension {d}, that of its points"
        raise InputError(f"mesh: expected cells of one type, {', '.join(CELLS)}; it has {found}")
    cells = np.concatenate([block.data for block in blocks]).astype(np.int64)
    named = [
        (f"boundary {name!r}", facets)
        for name, parts in boundary_facets(mesh).items()
        for _, facets in parts
    ]
    for name, vertices in [("mesh", cells), *named]:
        if len(vertices) and not 0 <= vertices.min() <= vertices.max() < len(points):
            raise InputError(
                f"{name}: expected vertices between 0 and {len(points) - 1}, the numbers of the mesh's points, "
                f"got {vertices.min()} to {vertices.max()}"
            )
    stray = np.setdiff1d(np.arange(len(points)), cells)
    if len(stray):
        raise InputError(f"mesh: {len(stray)} points belong to no cell, first is number {stray[0]}")
    plane_normal(mesh)
    return kinds[0], cells


def check_names(mesh, names) -> None:
    """Every boundary of the mesh must be named once, and no other.

    Raises
    ------
    InputError
    """
    known = boundary_facets(mesh)
    for name in names:
        if not known.get(name):
            raise InputError(
                f"boundary {name!r} is not in the mesh, which has: {', '.join(known) or 'none'}"
            )
    for name in known:
        if names.count(name) != 1 and known[name]:
            raise InputError(
                f"boundary {name!r} must be given once, it has {names.count(name) or 'no'} conditions"
            )


def check_connected(mesh, cells, pairs) -> None:
    """From every cell there must be a way to every other one, over shared vertices or pairs of
    boundaries.

    Raises
    ------
    InputError
        Else each part would have a pressure, and perhaps a flow, of its own.
    """
    vertices = merged_vertices(mesh, pairs)[cells]
    links = np.repeat(vertices[:, 0], vertices.shape[1] - 1), vertices[:, 1:].ravel()
    graph = coo_array((np.ones(len(links[0])), links), shape=2 * (len(mesh.points),))
    part = connected_components(graph, directed=False)[1][vertices[:, 0]]
    numbers, first, sizes = np.unique(part, return_index=True, return_counts=True)
    if len(numbers) > 1:
        least = sizes.argmin()
        raise InputError(
            f"mesh: its cells fall into {len(numbers)} unconnected parts, the smallest is of {sizes[least]} cells, "
            f"first is number {first[least]}: solve on each alone, or merge points that are there twice"
        )


def check_cells(parent, normal=None) -> None:
    """Every cell of a dolfinx mesh must map from its reference cell with a Jacobian of one sign.

    Parameters
    ----------
    parent : dolfinx.mesh.Mesh
    normal : (3,), optional
        Of the plane that a section lies in.

    Raises
    ------
    InputError
    """
    corners = basix.geometry(parent.basix_cell())
    count = parent.topology.index_map(parent.topology.dim).size_local
    jacobian = ufl.Jacobian(parent)
    if normal is not None:  # as the third column it makes the Jacobian square
        jacobian = ufl.as_matrix(
            [[jacobian[i, 0], jacobian[i, 1], float(normal[i])] for i in range(3)]
        )
    determinant = fem.Expression(ufl.det(jacobian), corners)
    values = determinant.eval(parent, np.arange(count, dtype=np.int32)).reshape(count, len(corners))
    every = parent.comm.allgather((parent.topology.original_cell_index, values))
    index, values = (np.concatenate(items) for items in zip(*every, strict=True))
    usual = np.sign(np.median(values))
    bad = index[(usual * values <= 1e-12 * np.abs(values).max(axis=1, keepdims=True)).any(axis=1)]
    if len(bad):
        raise InputError(
            f"mesh: {len(bad)} cells are inverted or degenerate, first is number {bad.min()}"
        )
