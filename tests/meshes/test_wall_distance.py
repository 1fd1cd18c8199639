"""Distances to walls in space, against every facet, and how few of them are looked at."""

from itertools import product

import numpy as np
import pytest

from meshes import bump_channel, cell_centres, wall_distance
from meshes.geometry.box_tree import BoxTree
from tests.support.boxes import box
from vcnn.flow.mesh import boundary_facets, named_mesh


def triangles_of(mesh, walls, periods=()):
    """(k, 3, 3) of the walls and their images; quadrilaterals are cut about their middles."""
    facets = []
    for name in walls:
        for _, vertices in boundary_facets(mesh)[name]:
            for corners in mesh.points[vertices]:
                if len(corners) == 3:
                    facets.append(corners)
                else:
                    sides = zip(corners, np.roll(corners, -1, axis=0), strict=True)
                    facets += [[a, b, corners.mean(axis=0)] for a, b in sides]
    shifts = [np.dot(m, periods) for m in product((-1, 0, 1), repeat=len(periods))]
    return np.concatenate([np.array(facets) + s for s in (shifts if len(periods) else [0.0])])


def to_every_triangle(points, triangles):
    """Least distance of each point: to the plane where its foot lies inside, else to an edge."""
    least = []
    for p in points:
        found = []
        for i, j in ((0, 1), (1, 2), (2, 0)):
            a, b = triangles[:, i], triangles[:, j]
            along = ((p - a) * (b - a)).sum(1) / np.maximum(((b - a) ** 2).sum(1), 1e-300)
            found.append(np.linalg.norm(a + np.clip(along, 0, 1)[:, None] * (b - a) - p, axis=1))
        normal = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
        area = np.linalg.norm(normal, axis=1)
        normal = normal / np.maximum(area, 1e-300)[:, None]
        height = ((p - triangles[:, 0]) * normal).sum(1)
        foot = p - height[:, None] * normal
        sides = [
            (np.cross(np.roll(triangles, -k - 1, 1)[:, 0] - t, foot - t) * normal).sum(1)
            for k, t in enumerate(triangles.transpose(1, 0, 2))
        ]
        inside = (np.min(sides, axis=0) >= 0) & (area > 0)
        found.append(np.where(inside, np.abs(height), np.inf))
        least.append(np.min(found))
    return np.array(least)


def graded(kind, steps=6, ratio=0.3):
    """The unit cube of boxes whose facets differ in size by a factor of 400."""
    mesh = box(steps, kind)
    line = np.concatenate([[0], np.cumsum(ratio ** np.arange(steps))])
    mesh.points = np.interp(mesh.points, np.linspace(0, 1, steps + 1), line / line[-1])
    return mesh


def places(mesh, n=200, seed=0):
    """Points in a domain, on its walls, and on the corners of these."""
    rng = np.random.default_rng(seed)
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    some = mesh.points[rng.permutation(len(mesh.points))[:50]]
    return np.concatenate([rng.uniform(low, high, (n, 3)), some, 0.5 * (some[:25] + some[25:])])


@pytest.mark.parametrize("kind", ["tetra", "hexahedron"])
@pytest.mark.parametrize("periods", [(), ([1.0, 0, 0],), ([1.0, 0, 0], [0, 1.0, 0])])
def test_of_a_box_whose_facets_are_large_and_small(kind, periods):
    mesh = graded(kind)
    points = places(mesh)
    exact = to_every_triangle(points, triangles_of(mesh, ["wall"], periods))
    found = wall_distance(mesh, points, ["wall"], periods)
    np.testing.assert_allclose(found, exact, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("periods", [(), ([4.0, 0, 0], [0, 0, 3.0])])
def test_over_a_bump(periods):
    mesh = bump_channel(cells=(12, 8, 10), grading=4.0)
    points = places(mesh, seed=1)
    exact = to_every_triangle(points, triangles_of(mesh, ["bottom", "top"], periods))
    found = wall_distance(mesh, points, periods=periods)
    np.testing.assert_allclose(found, exact, rtol=1e-13, atol=1e-14)


def test_of_facets_without_area():
    """Those of collapsed cells: a line, a point."""
    corners = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [2, 0, 0], [0, 0, 1]]
    walls = {"wall": [("triangle", [[0, 1, 3], [2, 2, 2]])]}
    mesh = named_mesh(corners, [("tetra", [[0, 1, 2, 4]])], walls)
    points = np.random.default_rng(0).uniform(-1, 3, (100, 3))
    to_line = np.linalg.norm(points - np.clip(points, [0, 0, 0], [2, 0, 0]), axis=1)
    exact = np.minimum(to_line, np.linalg.norm(points - [0, 1, 0], axis=1))
    np.testing.assert_allclose(wall_distance(mesh, points, ["wall"]), exact, rtol=1e-13)


@pytest.mark.parametrize(
    "make", [lambda: bump_channel(cells=(24, 16, 18)), lambda: graded("tetra")]
)
def test_few_facets_are_looked_at(make):
    """However far a point is: all but some whose boxes are nearer than the distance are left."""
    mesh = make()
    walls = ["bottom", "top"] if "bottom" in boundary_facets(mesh) else ["wall"]
    triangles, points = triangles_of(mesh, walls), cell_centres(mesh)
    distance = wall_distance(mesh, points, walls)
    pairs = sum(len(point) for point, _ in BoxTree(triangles).nearer(points, distance * 1.01))
    assert pairs < 12 * len(points)


def test_memory_is_bounded_where_no_facet_can_be_left_out(monkeypatch):
    """At the middle of a sphere all facets are as near: pairs come in parts, and none is lost."""
    monkeypatch.setattr("meshes.geometry.box_tree._PAIRS", 100)
    rng = np.random.default_rng(0)
    normals = rng.normal(size=(300, 3))
    facets = (normals / np.linalg.norm(normals, axis=1)[:, None])[:, None] + np.zeros((1, 3, 1))
    parts = list(BoxTree(facets).nearer(np.zeros((20, 3)), np.full(20, 1.1)))
    assert max(len(point) for point, _ in parts) <= 800
    found = {(p, f) for point, facet in parts for p, f in zip(point, facet, strict=True)}
    assert found == set(product(range(20), range(300)))


def test_of_no_point():
    assert wall_distance(bump_channel(), np.zeros((0, 3))).shape == (0,)
