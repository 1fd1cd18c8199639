"""Meshes of several types of cells and of curved ones, made into such that can be solved on."""

from itertools import pairwise

import meshio
import numpy as np
import pytest

import meshes
from meshes.geometry.facets import shared_facets
from tests.support.boxes import box
from vcnn import InputError
from vcnn.flow.mesh import boundary_facets, named_mesh


def layered(cells=(6, 4), second_order=False):
    """A channel of quadrilaterals at the walls and triangles between, vertices in random order."""
    quads = meshes.channel(2.0, 1.0, cells=cells)
    triangles = meshes.channel(2.0, 1.0, cells=cells, kind="triangle")
    height = quads.points[quads.cells[0].data][..., 1].mean(axis=1)
    outer = (height < 1 / cells[1]) | (height > 1 - 1 / cells[1])
    inside = ~np.repeat(outer, 2)
    parts = [("quad", quads.cells[0].data[outer]), ("triangle", triangles.cells[0].data[inside])]
    order = np.random.default_rng(1).permutation(len(quads.points))
    points = np.empty_like(quads.points)
    points[order] = quads.points
    named = {
        name: [(kind, order[facets]) for kind, facets in blocks]
        for name, blocks in boundary_facets(quads).items()
    }
    mesh = named_mesh(points, [(kind, order[vertices]) for kind, vertices in parts], named)
    return with_middles(mesh) if second_order else mesh


def with_middles(mesh):
    """The mesh with a point of its own in the middle of each edge, moved off it."""
    number, points = {}, list(mesh.points)

    def middle(a, b):
        key = frozenset((int(a), int(b)))
        if key not in number:
            number[key] = len(points)
            points.append((points[int(a)] + points[int(b)]) / 2 + 0.01)
        return number[key]

    def of(kind, vertices):
        ring = np.column_stack([vertices, vertices[:, :1]]) if kind != "line" else vertices
        middles = [[middle(a, b) for a, b in pairwise(v)] for v in ring.tolist()]
        name = {"line": "line3", "triangle": "triangle6", "quad": "quad8"}[kind]
        return name, np.column_stack([vertices, middles])

    cells = [of(block.type, block.data) for block in mesh.cells if block.dim == 2]
    named = {n: [of(*block) for block in blocks] for n, blocks in boundary_facets(mesh).items()}
    return named_mesh(np.array(points), cells, named)


def assert_whole(mesh, volume, facets):
    """It fills the domain, no facet hangs, and the boundary is the named one."""
    assert meshes.cell_volumes(mesh).sum() == pytest.approx(volume, rel=1e-12)
    _, outer, corners = shared_facets(mesh)
    named = [f for blocks in boundary_facets(mesh).values() for _, part in blocks for f in part]
    assert {frozenset(f) for f in map(np.ndarray.tolist, corners)} == {
        frozenset(f.tolist()) for f in named
    }
    assert len(outer) == facets


@pytest.mark.parametrize("second_order", [False, True])
def test_quadrilaterals_among_triangles_are_split(second_order):
    mesh = layered(second_order=second_order)
    simple = meshes.split(mesh)
    assert [block.type for block in simple.cells] == ["triangle", "line"]
    assert len(simple.points) == 7 * 5 and len(simple.cells[0].data) == 48
    assert_whole(simple, 2.0, 20)
    assert {name: len(b[0][1]) for name, b in boundary_facets(simple).items()} == {
        "bottom": 6,
        "top": 6,
        "inlet": 4,
        "outlet": 4,
    }


def test_second_order_cells_of_one_type_stay_of_that_type():
    quads = meshes.channel(2.0, 1.0, cells=(3, 2))
    simple = meshes.split(with_middles(quads))
    assert [block.type for block in simple.cells] == ["quad", "line"]
    np.testing.assert_array_equal(simple.points, quads.points)
    np.testing.assert_array_equal(simple.cells[0].data, quads.cells[0].data)


def test_a_section_of_space_is_split_too():
    section = meshes.section(layered())
    section.points += np.array([3.0, 0, 0])
    assert_whole(meshes.split(section), 2.0, 20)


def mixed_box(n=3, seed=0):
    """The unit cube in hexahedra, some of them cut into pyramids, columns of them into wedges."""
    rng = np.random.default_rng(seed)
    cube = box(n, "hexahedron")
    order = rng.permutation(len(cube.points))
    points = np.empty_like(cube.points)
    points[order] = cube.points
    points += 0.02 * rng.normal(size=points.shape) * (np.abs(points - 0.5) < 0.4)
    named = {
        name: [(kind, order[facets]) for kind, facets in blocks]
        for name, blocks in boundary_facets(cube).items()
    }
    hexes = order[cube.cells[0].data]
    column = rng.integers(0, n * n)  # cells stand z innermost
    wedged = np.isin(np.arange(len(hexes)) // n, [column])
    pointed = ~wedged & (rng.random(len(hexes)) < 0.4)
    wedges = np.concatenate(
        [hexes[wedged][:, [0, 1, 2, 4, 5, 6]], hexes[wedged][:, [0, 2, 3, 4, 6, 7]]]
    )
    middles = len(points) + np.arange(pointed.sum())
    faces = [[0, 1, 2, 3], [4, 7, 6, 5], [0, 4, 5, 1], [1, 5, 6, 2], [2, 6, 7, 3], [3, 7, 4, 0]]
    pyramids = np.concatenate([np.column_stack([hexes[pointed][:, f], middles]) for f in faces])
    points = np.vstack([points, points[hexes[pointed]].mean(axis=1)])
    cells = [("hexahedron", hexes[~wedged & ~pointed]), ("wedge", wedges), ("pyramid", pyramids)]
    # the ends of the wedges' columns are triangles
    ends = {frozenset(f) for w in wedges.tolist() for f in (w[:3], w[3:])}
    for name, blocks in named.items():
        parts = {"quad": [], "triangle": []}
        for _, facets in blocks:
            for facet in facets.tolist():
                inside = [list(end) for end in ends if end <= set(facet)]
                parts["triangle" if inside else "quad"] += inside or [facet]
        named[name] = [(kind, np.array(f)) for kind, f in parts.items() if f]
    return named_mesh(points, cells, named)


@pytest.mark.parametrize("seed", range(4))
def test_cells_in_space_meet_once_they_are_split(seed):
    mesh = mixed_box(seed=seed)
    simple = meshes.split(mesh)
    assert {block.type for block in simple.cells} == {"tetra", "triangle"}
    assert_whole(simple, 1.0, 2 * 6 * 9)


def test_what_cannot_be_split_is_refused():
    points = np.array([[0, 0], [1, 0], [0.2, 0.2], [0, 1.0], [-1, 0], [-1, 1]])
    arrow = meshio.Mesh(points, [("quad", [[1, 2, 3, 0]]), ("triangle", [[0, 4, 3]])])
    np.testing.assert_allclose(meshes.cell_volumes(meshes.split(arrow)).sum(), 0.7)
    arrow.cells[0].data = np.array([[0, 1, 2, 3]])
    arrow.points = points[[1, 0, 3, 2, 4, 5]]  # the lowest vertex sees no way over the notch
    arrow.cells[0].data = np.array([[0, 3, 2, 1]])
    arrow.cells[1].data = np.array([[1, 4, 2]])
    with pytest.raises(InputError, match="cell 0 cannot be split into triangle cells: it is not"):
        meshes.split(arrow)
    polygon = meshio.Mesh(points, [("polygon", [[0, 1, 2, 3, 4]])])
    with pytest.raises(InputError, match="cells of type 'polygon' cannot be split; known are"):
        meshes.split(polygon)
