"""Cells and boundary facets of an OpenFOAM mesh: from faces to meshio's types."""

from __future__ import annotations

import numpy as np

from meshes.readers.openfoam.polymesh import PolyMesh
from vcnn.errors import InputError
from vcnn.flow.mesh import Blocks

# Cells of named types: the numbers of their triangles, of their quads, of the corners of their
# base, and whether as many corners are opposite to it or only one.
_FORMS = {
    "tetra": (4, 0, 3, False),
    "pyramid": (4, 1, 4, False),
    "wedge": (2, 3, 3, True),
    "hexahedron": (0, 6, 4, True),
}
_POLYHEDRON = len(_FORMS)
_AT_ONCE = 2**17  # cells: bounds the memory of their comparison


def cell_blocks(mesh: PolyMesh) -> list[tuple[str, np.ndarray | list]]:
    """Blocks of cells in OpenFOAM's order, a new one where the type changes.

    The base of a cell is the first of its faces that can be, counter-clockwise seen from inside;
    that of a wedge from outside, as VTK has it. Cells of no named type are
    ``polyhedronN``, N their number of vertices, each a list of its outward faces.

    Raises
    ------
    InputError
        If a cell has less than four faces, or these enclose nothing.
    """
    faces, first = _faces_of_cells(mesh)
    sizes = np.diff(mesh.starts)[faces]
    triangles, quads = (np.add.reduceat(sizes == m, first[:-1], dtype=int) for m in (3, 4))
    kinds = np.full(mesh.n_cells, _POLYHEDRON)
    corners = np.empty((mesh.n_cells, 8), int)
    for kind, (t, q, base, prism) in enumerate(_FORMS.values()):
        cells = np.flatnonzero((triangles == t) & (quads == q) & (np.diff(first) == t + q))
        for some in np.split(cells, range(_AT_ONCE, len(cells), _AT_ONCE)):
            own = faces[first[some][:, None] + np.arange(t + q)]
            vertices = _corners(mesh, some, own, base, prism)
            right = _has_faces(vertices, _vertices(mesh, own), base)
            kinds[some[right]] = kind
            corners[some[right], : vertices.shape[1]] = vertices[right]
    _check_closed(mesh, faces, first, np.flatnonzero(kinds == _POLYHEDRON))
    blocks, names = [], list(_FORMS)
    starts = np.flatnonzero(np.diff(kinds, prepend=-1))
    for start, end in zip(starts, [*starts[1:], mesh.n_cells], strict=True):
        if kinds[start] == _POLYHEDRON:
            blocks += _polyhedra(mesh, faces, first, range(start, end))
        else:
            name = names[kinds[start]]
            _, _, base, prism = _FORMS[name]
            blocks.append((name, corners[start:end, : 2 * base if prism else base + 1]))
    return blocks


def facet_blocks(mesh: PolyMesh, start: int, count: int) -> Blocks:
    """Blocks of triangles, quads and polygons, in this order, of a number of faces."""
    sizes = np.diff(mesh.starts[start : start + count + 1])
    blocks = []
    for m in np.unique(sizes):
        faces = start + np.flatnonzero(sizes == m)
        vertices = mesh.vertices[mesh.starts[faces][:, None] + np.arange(m)]
        blocks.append(({3: "triangle", 4: "quad"}.get(int(m), "polygon"), vertices))
    return blocks


def _faces_of_cells(mesh):
    """The faces of all cells, by rising number for each cell, and where those of each start."""
    sides = np.full((len(mesh.owner), 2), -1)
    sides[:, 0], sides[: len(mesh.neighbour), 1] = mesh.owner, mesh.neighbour
    order = np.argsort(sides.ravel(), kind="stable")[len(mesh.owner) - len(mesh.neighbour) :]
    first = np.append(0, np.cumsum(np.bincount(sides[sides >= 0], minlength=mesh.n_cells)))
    few = np.flatnonzero(np.diff(first) < 4)
    if len(few):
        raise InputError(f"cell {few[0]} has less than four faces")
    return order // 2, first


def _vertices(mesh, faces):
    """(..., 4) vertices of triangles and quads; a triangle shows its first one twice."""
    sizes = mesh.starts[faces + 1] - mesh.starts[faces]
    return mesh.vertices[mesh.starts[faces][..., None] + np.arange(4) % sizes[..., None]]


def _corners(mesh, cells, faces, base, prism):
    """(k, m) vertices of k cells with equal numbers of faces (k, f): the base, then the rest.

    Of a prism the vertex over a base vertex is the one that an edge joins to it.
    """
    sizes = mesh.starts[faces + 1] - mesh.starts[faces]
    row, place = np.arange(len(cells)), np.argmax(sizes == base, axis=1)
    lowest = _vertices(mesh, faces[row, place])[:, :base]
    # A face is seen counter-clockwise from outside its owner.
    own = mesh.owner[faces[row, place]] == cells
    if (base, prism) == (3, True):
        own = ~own
    lowest = np.where(own[:, None], np.roll(lowest[:, ::-1], 1, axis=1), lowest)
    around = _vertices(mesh, faces)
    around[row, place] = lowest[:, :1]  # takes no part below
    same = around[..., None] == lowest[:, None, None, :]
    in_base = same.any(axis=-1)
    if not prism:
        apex = np.where(in_base, -1, around).max(axis=(1, 2))
        return np.concatenate([lowest, apex[:, None]], axis=1)
    # Of the two edges that a face has at a base vertex one may lead up, to a vertex beyond it.
    beyond = np.where(in_base, -1, around)
    beyond = np.maximum(np.roll(beyond, -1, axis=2), np.roll(beyond, 1, axis=2))
    over = [np.where(same[..., i], beyond, -1).max(axis=(1, 2)) for i in range(base)]
    return np.concatenate([lowest, np.stack(over, axis=1)], axis=1)


def _has_faces(corners, vertices, base):
    """(k,) whether cells with these corners have just these faces, (k, f, 4)."""
    m = corners.shape[1]
    if m == base + 1:
        sides = [{i, (i + 1) % base, base} for i in range(base)]
    else:
        sides = [{i, (i + 1) % base, base + i, base + (i + 1) % base} for i in range(base)]
        sides.append(set(range(base, m)))
    # A face as the sum of 2^i over its corners i.
    wanted = sorted(sum(2**i for i in side) for side in [set(range(base)), *sides])
    same = vertices[..., None] == corners[:, None, None, :]
    all_named = same.any(axis=-1).all(axis=(1, 2))
    code = np.bitwise_or.reduce(2 ** np.argmax(same, axis=-1), axis=-1)
    return all_named & (np.sort(code, axis=1) == wanted).all(axis=1)


def _check_closed(mesh, faces, first, cells):
    """Refuse polyhedra of which an edge belongs to another number of faces than two."""
    count = first[cells + 1] - first[cells]
    own = np.repeat(first[cells] - np.cumsum(count) + count, count) + np.arange(count.sum())
    own, cell = faces[own], np.repeat(cells, count)
    size = mesh.starts[own + 1] - mesh.starts[own]
    begin, cell = np.repeat(mesh.starts[own], size), np.repeat(cell, size)
    place = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    ends = [mesh.vertices[begin + (place + i) % np.repeat(size, size)] for i in (0, 1)]
    edges = np.stack([cell, np.minimum(*ends), np.maximum(*ends)])
    edges = edges[:, np.lexsort(edges[::-1])]
    same = (edges[:, 1:] == edges[:, :-1]).all(axis=0)
    # Of equal edges there are pairs: from an even place to the next they are equal, then not.
    right = len(same) % 2 if same.size else True
    if not right or not same[::2].all() or same[1::2].any():
        wrong = np.flatnonzero(same != (np.arange(len(same)) % 2 == 0))
        cell = edges[0, wrong[0] if len(wrong) else -1]
        raise InputError(f"cell {cell} is not closed: an edge of it has not two faces")


def _polyhedra(mesh, faces, first, cells):
    """Blocks of polyhedra of equal numbers of vertices that follow each other."""
    blocks = []
    for cell in cells:
        own = faces[first[cell] : first[cell + 1]]
        outlines = [mesh.vertices[mesh.starts[f] : mesh.starts[f + 1]] for f in own]
        outward = mesh.owner[own] == cell
        outlines = [x if out else x[::-1] for x, out in zip(outlines, outward, strict=True)]
        kind = f"polyhedron{len(np.unique(np.concatenate(outlines)))}"
        if not blocks or blocks[-1][0] != kind:
            blocks.append((kind, []))
        blocks[-1][1].append(outlines)
    return blocks
