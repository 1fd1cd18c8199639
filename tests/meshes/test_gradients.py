"""Gradients are exact for linear fields in every cell, or refused."""

import meshio
import numpy as np
import pytest

from meshes import bump_channel, cell_centres, cell_gradient, channel, read_flow
from meshes.geometry.boundaries import named_facets
from meshes.geometry.gradients import GradientOperator
from meshes.readers.dataset import Dataset
from meshes.readers.flow import dataset_flow
from tests.support.shear import in_space, read_noting, shear
from vcnn import InputError

SLOPES = np.array([1.5, -0.7, 0.4])


def few(mesh, cells):
    """Some cells of a mesh."""
    return meshio.Mesh(mesh.points, [(mesh.cells[0].type, mesh.cells[0].data[cells])])


def check(mesh, periods=()):
    centres = cell_centres(mesh)
    slopes = SLOPES[: centres.shape[1]]
    found = cell_gradient(mesh, centres @ slopes, periods)
    np.testing.assert_allclose(found, np.tile(slopes, (len(centres), 1)), atol=1e-9)


@pytest.mark.parametrize("cells", [(8, 6), (2, 2), (3, 2)])
def test_triangles_in_corners(cells):
    """Those there have one neighbour."""
    check(channel(2.0, 1.0, cells, kind="triangle"))


def test_tetrahedra_in_corners():
    check(bump_channel(cells=(3, 3, 3), kind="tetrahedron"))


@pytest.mark.parametrize("shape", ["L", "comb"])
def test_quadrilaterals_at_dead_ends(shape):
    """Cells whose neighbours lie in a row, with a bend further on."""
    ends = {"L": [0, 1, 2, 4], "comb": [0, 1, 2, 3, 4, 6]}[shape]
    check(few(channel(4.0, 3.0, (4, 3)), ends))


def test_vectors_too():
    mesh = channel(2.0, 1.0, (3, 3), kind="triangle")
    centres, G = cell_centres(mesh), np.array([[1.0, 2.0], [3.0, -4.0]])
    np.testing.assert_allclose(cell_gradient(mesh, centres @ G), np.tile(G, (18, 1, 1)), atol=1e-9)


def test_a_section_of_space_has_no_gradient_across():
    mesh = channel(2.0, 1.0, (4, 3), kind="triangle")
    section = meshio.Mesh(in_space(mesh.points, 0.3), mesh.cells[:1])
    found = cell_gradient(section, cell_centres(section) @ SLOPES)
    np.testing.assert_allclose(found, np.tile([*SLOPES[:2], 0], (24, 1)), atol=1e-9)


@pytest.mark.parametrize("cells", [[0], [0, 1], [0, 1, 2, 3]])
def test_cells_that_know_too_little_are_refused(cells):
    mesh = few(channel(4.0, 3.0, (4, 3)), cells)
    with pytest.raises(InputError, match=f"{len(cells)} of {len(cells)} cells have too few neigh"):
        cell_gradient(mesh, np.ones(len(cells)))


def test_two_triangles_are_refused():
    mesh = few(channel(2.0, 1.0, (2, 2), kind="triangle"), [0, 4])
    with pytest.raises(InputError, match="too few neighbours"):
        cell_gradient(mesh, [0.0, 1.0])


def test_a_row_of_cells_with_a_period_across():
    mesh = few(channel(4.0, 3.0, (4, 3)), [0, 1, 2, 3])
    x = cell_centres(mesh)[:, 0]
    found = cell_gradient(mesh, 2 * x, [[0.0, 1.0]])
    np.testing.assert_allclose(found, np.tile([2, 0], (4, 1)), atol=1e-12)


def test_cells_with_enough_neighbours_keep_their_neighbours_alone():
    """A field that is not linear shows which cells were used: those across a face, as ever."""
    mesh = channel(3.0, 3.0, (3, 3))
    values = np.zeros(9)
    values[[0, 2, 6, 8]] = 1e6  # diagonal neighbours of the cell in the middle
    np.testing.assert_array_equal(cell_gradient(mesh, values)[4], 0)


def test_flows_on_meshes_one_cell_thick(tmp_path):
    """The rate of strain is left out, and that is said; the flow is read."""
    mesh = few(channel(4.0, 3.0, (4, 3)), [0, 1, 2, 3])
    u = shear(cell_centres(mesh))
    meshio.write(
        tmp_path / "a.vtk", meshio.Mesh(in_space(mesh.points), mesh.cells[:1], cell_data={"U": [u]})
    )
    flow, note = read_noting(read_flow, tmp_path / "a.vtk")
    assert "strain_rate" not in flow.scalars and "strain_rate is missing" in note
    one = Dataset(
        in_space(mesh.points),
        [("quad", mesh.cells[0].data[:1])],
        cell_fields={"U": u[:1]},
        provenance={"source": "one"},
    )
    flow, note = read_noting(dataset_flow, one)
    assert len(flow) == 1 and "strain_rate is missing" in note


@pytest.mark.parametrize("kind", ["quadrilateral", "triangle"])
def test_an_operator_is_found_once_for_all_fields(kind):
    """Linear fields that a period joins nowhere, with what they are on the walls."""
    mesh = channel(2.0, 1.0, (5, 4), kind=kind)
    operator = GradientOperator.of(mesh, walls=["bottom", "top"])
    for G in (np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([[-1.0, 0.5], [0.0, 4.0]])):
        u = cell_centres(mesh) @ G
        walls = {}
        for name in ("bottom", "top"):
            (edges,) = named_facets(mesh, [name])
            walls[name] = mesh.points[edges].mean(axis=1) @ G
        np.testing.assert_allclose(operator.apply(u, walls), np.tile(G, (len(u), 1, 1)), atol=1e-12)
        np.testing.assert_array_equal(operator.apply(u, walls), cell_gradient(mesh, u, (), walls))


def test_an_operator_sees_nothing_of_a_uniform_motion():
    mesh = channel(2.0, 1.0, (5, 4), kind="triangle")
    operator = GradientOperator.of(mesh, [[2.0, 0.0]])
    np.testing.assert_array_equal(operator.apply(np.full((40, 2), 1e3 / 3)), 0)


def test_walls_of_which_nothing_is_said_are_at_rest():
    mesh = channel(2.0, 1.0, (5, 4))
    u = np.ones((20, 2))
    operator = GradientOperator.of(mesh, walls=["bottom", "top"])
    at_rest = cell_gradient(mesh, u, (), {"bottom": 0.0, "top": 0.0})
    np.testing.assert_array_equal(operator.apply(u), at_rest)
    with pytest.raises(InputError, match="one for each of 20 cells, got 19"):
        operator.apply(u[:-1])
