"""How a mesh is held here: a `meshio.Mesh` with named boundaries.

``points`` is (M, d) with d = 1, 2 or 3. Blocks of cells of dimension d (for d = 1 segments, whose
facets are vertices) make up the domain, in any number; or, in a plane section of space (d = 3),
blocks of cells of dimension 2. Blocks of one dimension less hold boundary facets, and
``cell_sets[name]`` says which facets make up the boundary ``name`` (meshio's form: for each block
an array of indices into it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import meshio
import numpy as np

from vcnn.errors import InputError

_FLAT = 1e-8  # of the size of a section: how far its points may be from its plane


Blocks = Sequence[tuple[str, np.ndarray]]  # (type, (k, vertices) int) of cells or facets


def named_mesh(points: np.ndarray, cells: Blocks, boundaries: Mapping[str, Blocks]) -> meshio.Mesh:
    """A mesh from its points, cells and named boundary facets.

    Parameters
    ----------
    points : (M, d)
    cells : sequence of (cell type, (k, vertices) indices)
    boundaries : mapping name -> sequence of (facet type, (k, vertices) indices)
    """
    cells = list(cells)
    kinds = sorted({kind for blocks in boundaries.values() for kind, _ in blocks})
    facets = {kind: [] for kind in kinds}
    members = {name: [np.empty(0, int)] * (len(cells) + len(kinds)) for name in boundaries}
    for name, blocks in boundaries.items():
        for kind, vertices in blocks:
            start = sum(len(v) for v in facets[kind])
            facets[kind].append(np.asarray(vertices))
            index = len(cells) + kinds.index(kind)
            members[name][index] = np.append(
                members[name][index], np.arange(start, start + len(vertices))
            )
    blocks = cells + [(kind, np.concatenate(facets[kind])) for kind in kinds]
    return meshio.Mesh(np.asarray(points, dtype=float), blocks, cell_sets=members)


def cell_dimension(mesh: meshio.Mesh) -> int:
    """Dimension of the domain's cells: 2 in a section of space, else that of the points."""
    d, kinds = mesh.points.shape[1], {block.dim for block in mesh.cells}
    return 2 if d == 3 and 3 not in kinds and 2 in kinds else d


def plane_normal(mesh: meshio.Mesh) -> np.ndarray | None:
    """(3,) unit normal, of either sign, of the plane nearest to a section of space; else None.

    Whether the section lies in that plane is another question: see :func:`check_plane`.
    """
    points = np.asarray(mesh.points, dtype=float)
    if cell_dimension(mesh) == points.shape[1]:
        return None
    return np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2][-1]


def check_plane(points: np.ndarray, normal: np.ndarray | None) -> None:
    """Refuse points that do not lie in one plane with a normal; without one anything goes.

    Parameters
    ----------
    points : (M, 3)
    normal : (3,), optional
        As :func:`plane_normal` gives it.

    Raises
    ------
    InputError
        If a point is off the plane by more than 1e-8 of the size of the section.
    """
    if normal is None:
        return
    relative = points - points.mean(axis=0)
    off = np.abs(relative @ normal)
    if not off.max() <= _FLAT * np.abs(relative).max():
        raise InputError(
            "mesh: its cells have dimension 2 and its points 3 coordinates, but they do not lie in "
            f"one plane; point {off.argmax()} is {off.max():.3g} away from it"
        )


def boundary_facets(mesh: meshio.Mesh) -> dict[str, list[tuple[str, np.ndarray]]]:
    """Named boundaries of a mesh: name -> [(facet type, (k, vertices) indices), ...]."""
    d = cell_dimension(mesh)
    return {
        name: [
            (block.type, np.asarray(block.data)[np.asarray(index, int)])
            for block, index in zip(mesh.cells, blocks, strict=True)
            if block.dim == d - 1 and index is not None and len(index)
        ]
        for name, blocks in mesh.cell_sets.items()
        if not name.startswith("gmsh:")
    }


def mesh_geometry(mesh: meshio.Mesh, dimension: int) -> meshio.Mesh:
    """Points (with ``dimension`` columns), cells and named boundaries of a mesh, without its data.

    Raises
    ------
    InputError
        If the mesh has no cells of the dimension, or is not plane where it should be.
    """
    points = np.asarray(mesh.points, dtype=float)
    if points.ndim != 2 or points.shape[1] < dimension:
        raise InputError(
            f"mesh: its points have shape {points.shape}, the flow has {dimension} dimensions"
        )
    out_of_plane = points[:, dimension:]
    if out_of_plane.size and np.ptp(out_of_plane, axis=0).max() > 0:
        raise InputError(
            f"mesh: its points are not {'on the x axis' if dimension == 1 else 'in the x-y plane'},"
            f" the flow has {dimension} dimensions"
        )
    geometry = meshio.Mesh(points[:, :dimension], mesh.cells, cell_sets=dict(mesh.cell_sets))
    check_plane(geometry.points, plane_normal(geometry))
    d = cell_dimension(geometry)
    if not any(block.dim == d for block in geometry.cells):
        types = ", ".join(block.type for block in geometry.cells) or "none at all"
        raise InputError(f"mesh: no cells of dimension {dimension} (cells: {types})")
    return geometry


def keep_points(mesh: meshio.Mesh, used: np.ndarray) -> meshio.Mesh:
    """Points, cells and named boundaries of a mesh with some of its points only.

    Parameters
    ----------
    mesh : meshio.Mesh
    used : (k,) int
        Ascending numbers of the points to keep, among which are those of all cells and boundaries.
    """
    number = np.full(len(mesh.points), -1)
    number[used] = np.arange(len(used))
    d = cell_dimension(mesh)
    cells = [(block.type, number[block.data]) for block in mesh.cells if block.dim == d]
    boundaries = {
        name: [(kind, number[facets]) for kind, facets in blocks]
        for name, blocks in boundary_facets(mesh).items()
    }
    return named_mesh(np.asarray(mesh.points)[used], cells, boundaries)


def count_cells(mesh: meshio.Mesh) -> int:
    """Number of cells that make up the domain (boundary facets not counted)."""
    d = cell_dimension(mesh)
    return sum(len(block.data) for block in mesh.cells if block.dim == d)
