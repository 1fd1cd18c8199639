"""The channel with a bump: its volume, its periods, its walls, and no symmetry to hide behind."""

import numpy as np
import pytest

from meshes import bump_channel, bump_profile, cell_volumes, wall_distance
from meshes.geometry.facets import shared_facets
from vcnn import InputError
from vcnn.flow.mesh import boundary_facets

SHAPES = [(0.6, 1.5, 30.0), (1.2, 0.5, -100.0), (0.3, 1.0, 0.0)]
KINDS = ["tetrahedron", "hexahedron"]
SIDES = {
    "inlet": (0, 0.0),
    "outlet": (0, 4.0),
    "back": (2, 0.0),
    "front": (2, 3.0),
    "top": (1, 2.0),
}


def volume(height):
    """Of the channel less the bump: ∫ h cos²(π ρ/2) over a foot of area π."""
    return 4 * 2 * 3 - height * (np.pi / 2 - 2 / np.pi)


def facets(mesh, name):
    return np.concatenate([vertices for _, vertices in boundary_facets(mesh)[name]])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_boundaries(kind, shape):
    mesh = bump_channel(*shape, cells=(7, 4, 6), kind=kind)
    assert set(boundary_facets(mesh)) == {"bottom", *SIDES}
    for name, (axis, value) in SIDES.items():
        assert (mesh.points[facets(mesh, name), axis] == value).all()
    for pair, axis in (
        (("inlet", "outlet"), 0),
        (("back", "front"), 2),
    ):  # exact translates, facet by facet
        corners = [
            np.delete(mesh.points[facets(mesh, name)], axis, axis=2).tolist() for name in pair
        ]
        one, other = ({frozenset(map(tuple, facet)) for facet in side} for side in corners)
        assert one == other
    x, y, z = mesh.points[np.unique(facets(mesh, "bottom"))].T
    np.testing.assert_allclose(y, bump_profile(x - 2, z - 1.5, *shape), atol=1e-15)
    outside = {frozenset(vertices.tolist()) for vertices in shared_facets(mesh)[2]}
    assert outside == {
        frozenset(f) for name in boundary_facets(mesh) for f in facets(mesh, name).tolist()
    }


def test_tetrahedra_are_positive_and_boundary_facets_face_outwards():
    mesh = bump_channel(cells=(6, 5, 4))
    a, b, c, d = np.moveaxis(mesh.points[mesh.cells[0].data], 1, 0)
    assert (np.einsum("ni,ni->n", np.cross(b - a, c - a), d - a) > 0).all()
    corners = mesh.points[np.concatenate([facets(mesh, name) for name in boundary_facets(mesh)])]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2
    np.testing.assert_allclose(normals.sum(axis=0), 0, atol=1e-12)
    enclosed = np.sum(normals * corners.mean(axis=1)) / 3
    np.testing.assert_allclose(enclosed, cell_volumes(mesh).sum(), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_volume_converges_to_that_of_the_domain(kind, shape):
    volumes = [
        cell_volumes(bump_channel(*shape, cells=(n, 2, n), kind=kind)).sum() for n in (8, 24)
    ]
    errors = np.abs(np.array(volumes) / volume(shape[0]) - 1)
    assert errors[1] < errors[0] / 9 and errors[1] < 1e-4


def test_profile_is_the_same_in_no_mirror_across_the_flow_or_along_it():
    x, z = np.meshgrid(np.linspace(-1, 1, 21), np.linspace(-1, 1, 21), indexing="ij")
    floor = bump_profile(x, z)
    assert floor.max() == floor[10, 10] == 0.6
    np.testing.assert_allclose(floor, floor[::-1, ::-1], atol=1e-15)
    assert np.abs(floor - floor[::-1]).max() > 0.1 and np.abs(floor - floor[:, ::-1]).max() > 0.1
    np.testing.assert_allclose(
        bump_profile(x, z, 0.6, 1.5, 120), bump_profile(x, z, 0.6, 1 / 1.5, 30), atol=1e-14
    )


def test_wall_distance_is_that_of_the_smooth_walls():
    shape, periods = (0.6, 1.5, 30.0), [[4, 0, 0], [0, 0, 3]]
    points = np.random.default_rng(0).uniform([0, 0.65, 0], [4, 2, 3], (200, 3))
    x, z = np.meshgrid(np.linspace(-1, 5, 601), np.linspace(-1, 4, 501), indexing="ij")
    floor = np.stack([x, bump_profile(x - 2, z - 1.5, *shape), z], axis=-1).reshape(-1, 3)
    exact = np.array([min(np.linalg.norm(floor - p, axis=1).min(), 2 - p[1]) for p in points])
    errors = [
        np.abs(
            wall_distance(bump_channel(*shape, cells=(n, 2, n)), points, periods=periods) - exact
        ).max()
        for n in (10, 40)
    ]
    assert errors[1] < 0.004 and errors[1] < errors[0] / 8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(height=0), "height: expected a positive number, got 0"),
        (dict(height=2.0), "height: the bump must be lower than the channel's ceiling at 2, got 2"),
        (dict(aspect=float("nan")), "aspect: expected a positive number"),
        (dict(yaw=float("inf")), "yaw: expected an angle in degrees"),
        (dict(aspect=5.0, yaw=90), "aspect, yaw: the bump needs a channel of width 4.472, got 3"),
        (dict(aspect=5.0, yaw=0), "aspect, yaw: the bump needs a channel of length 4.472, got 4"),
        (dict(kind="tetra"), "kind: expected one of tetrahedron, hexahedron, got 'tetra'"),
        (dict(cells=(4, 4)), "cells: expected three numbers, one for each direction, got"),
        (dict(cells=(4, 1, 4)), "cells: expected three integers >= 2"),
        (dict(size=(4, 2)), "size: expected length, height and width"),
        (dict(grading=0), "grading"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        bump_channel(**arguments)
