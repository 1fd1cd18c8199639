"""Meshes that cannot be solved on."""

import meshio
import numpy as np
import pytest

import meshes
from solvers import Wall
from solvers.fem.build import build_domain
from tests.support.wrong_setups import DRIVEN, MESH, WALLS, Wrong, assert_refused, bounded, laminar
from vcnn.flow.mesh import boundary_facets, named_mesh


def rebuilt(mesh=MESH, points=None, cells=None, boundaries=None):
    """The mesh with some of its parts replaced."""
    volume = [(block.type, block.data) for block in mesh.cells if block.dim == 2]
    points = mesh.points if points is None else points
    return named_mesh(points, cells or volume, boundaries or boundary_facets(mesh))


def moved(vertex, by):
    points = MESH.points.copy()
    points[vertex] += by
    return rebuilt(points=points)


def hanging():
    """One triangle cut in two, its neighbour not."""
    mesh = meshes.channel(cells=(4, 4), kind="triangle")
    cells = mesh.cells[0].data
    a, b, c = cells[12]
    points = np.vstack([mesh.points, (mesh.points[a] + mesh.points[b]) / 2])
    new = len(mesh.points)
    return rebuilt(
        mesh,
        points,
        [("triangle", np.vstack([np.delete(cells, 12, axis=0), [[a, new, c], [new, b, c]]]))],
    )


def of_two_kinds():
    cells = [("quad", [[0, 1, 2, 3]]), ("triangle", [[1, 4, 2]])]
    mesh = meshio.Mesh(np.array([[0, 0], [1, 0], [1, 1], [0, 1], [2, 0.5]]), cells)
    return rebuilt(mesh, boundaries={"wall": [("line", [[0, 1], [1, 4], [4, 2], [2, 3], [3, 0]])]})


def without(name):
    return rebuilt(
        boundaries={key: facets for key, facets in boundary_facets(MESH).items() if key != name}
    )


def corner_given_to_the_top():
    named = boundary_facets(MESH)
    named["top"] = [("line", np.concatenate([named["top"][0][1], named["outlet"][0][1][-1:]]))]
    named["outlet"] = [("line", named["outlet"][0][1][:-1])]
    return rebuilt(boundaries=named)


def two_channels():
    """One above the other, with boundaries of the same names."""
    above = MESH.points + np.array([0, 3])

    def twice(vertices):
        return np.concatenate([vertices, np.asarray(vertices) + len(MESH.points)])

    boundaries = {
        name: [("line", twice(facets[0][1]))] for name, facets in boundary_facets(MESH).items()
    }
    return rebuilt(
        points=np.vstack([MESH.points, above]),
        cells=[("quad", twice(MESH.cells[0].data))],
        boundaries=boundaries,
    )


def with_island():
    """A single cell beside the channel, a part of the top."""
    corners, new = [[20, 0], [21, 0], [21, 1], [20, 1]], len(MESH.points) + np.arange(4)
    named = boundary_facets(MESH)
    named["top"] = [
        ("line", np.vstack([named["top"][0][1], np.stack([new, np.roll(new, -1)], axis=-1)]))
    ]
    cells = [("quad", np.vstack([MESH.cells[0].data, new]))]
    return rebuilt(points=np.vstack([MESH.points, corners]), cells=cells, boundaries=named)


def with_vertex(number):
    cells = MESH.cells[0].data.copy()
    cells[5, 0] = number
    return rebuilt(cells=[("quad", cells)])


MESHES = [
    Wrong(
        "two parts",
        lambda s: laminar(two_channels()),
        "its cells fall into 2 unconnected parts, the smallest is of 16 cells, first is number 0",
    ),
    Wrong(
        "cell by itself",
        lambda s: laminar(with_island()),
        "its cells fall into 2 unconnected parts, the smallest is of 1 cells, first is number 16",
    ),
    Wrong(
        "vertex beyond the points",
        lambda s: laminar(with_vertex(99)),
        "mesh: expected vertices between 0 and 24, the numbers of the mesh's points, got 0 to 99",
    ),
    Wrong(
        "negative vertex",
        lambda s: laminar(with_vertex(-1)),
        "mesh: expected vertices between 0 and 24, .* -1 to",
    ),
    Wrong(
        "facet beyond the points",
        lambda s: laminar(
            rebuilt(boundaries={**boundary_facets(MESH), "inlet": [("line", [[0, 99]])]})
        ),
        "boundary 'inlet': expected vertices between 0 and 24",
    ),
    Wrong(
        "point of NaN",
        lambda s: laminar(moved(7, np.nan)),
        "mesh: 1 points are NaN or infinite, first is number 7",
    ),
    Wrong(
        "point at infinity",
        lambda s: build_domain(moved(7, np.inf), ("bottom", "top")),
        "mesh: 1 points are NaN",
    ),
    Wrong(
        "no mesh",
        lambda s: laminar(None),
        r"mesh: expected a meshio\.Mesh, as meshio\.read .* give, got None",
    ),
    Wrong(
        "path as mesh",
        lambda s: laminar("hill.msh"),
        r"mesh: expected a meshio\.Mesh, .* got 'hill\.msh'",
    ),
    Wrong(
        "curved surface",
        lambda s: laminar(rebuilt(points=np.column_stack([MESH.points, MESH.points[:, 0] ** 2]))),
        r"mesh: its cells have dimension 2 .* not lie in one plane; point \d+ is 0\.\d+ away",
    ),
    Wrong(
        "inverted cell of a section",
        lambda s: laminar(rebuilt(points=np.pad(moved(7, [0.35, 0]).points, ((0, 0), (1, 0))))),
        "mesh: 2 cells are inverted or degenerate, first is number 2",
    ),
    Wrong(
        "inverted cell",
        lambda s: laminar(moved(7, [0.35, 0])),
        "mesh: 2 cells are inverted or degenerate, first is number 2",
    ),
    Wrong(
        "hanging vertex",
        lambda s: laminar(hanging()),
        "mesh: 3 facets on its outside belong to no named boundary, .*hanging vertex",
    ),
    Wrong(
        "cells of two kinds",
        lambda s: build_domain(of_two_kinds(), ("wall",)),
        "mesh: expected cells of one type, .*; it has quad, triangle; meshes.split",
    ),
    Wrong(
        "outside without a name",
        lambda s: bounded({"bottom": Wall(), **DRIVEN}, without("top")),
        r"mesh: 4 facets on its outside belong to no named boundary, first at \(0\.\d+, 1\)",
    ),
    Wrong(
        "facets inside",
        lambda s: bounded(
            {**WALLS, "fence": Wall(), **DRIVEN},
            rebuilt(boundaries={**boundary_facets(MESH), "fence": [("line", [[6, 7]])]}),
        ),
        "mesh: 1 facets of its named boundaries are not on its outside",
    ),
    Wrong(
        "boundaries without names",
        lambda s: laminar(meshio.Mesh(MESH.points, [("quad", MESH.cells[0].data)])),
        "boundary 'bottom' is not in the mesh, which has: none",
    ),
    Wrong(
        "periodic boundaries that do not match",
        lambda s: laminar(moved(14, [0, 0.05])),
        r"'inlet' and 'outlet' do not match.*\(1, 0\.55\) of 'outlet' is 0\.0[45]",
    ),
    Wrong(
        "periodic boundaries of different size",
        lambda s: laminar(corner_given_to_the_top()),
        "periodic: boundary 'inlet' has 5 vertices, 'outlet' has 4",
    ),
    Wrong(
        "two cells along the period",
        lambda s: laminar(meshes.channel(cells=(2, 4))),
        "periodic: too few cells between 'inlet' and 'outlet', at least 3",
    ),
]


@pytest.mark.parametrize("wrong", MESHES, ids=lambda wrong: wrong.name)
def test_wrong_meshes_are_refused_before_any_solve(wrong, small_channel, tmp_path, caplog):
    assert_refused(wrong, small_channel, tmp_path, caplog)
