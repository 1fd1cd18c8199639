"""Walls and periods that the user names; nothing is computed from walls that nobody named."""

import meshio
import numpy as np
import pytest

from meshes import channel, read_arrays, read_flow, read_mesh
from meshes.geometry.periods import flow_period
from meshes.readers.dataset import Dataset
from meshes.readers.flow import dataset_flow
from tests.support.shear import in_space, named_lines, read_noting, shear, shear_mesh
from vcnn import InputError
from vcnn.flow.mesh import boundary_facets, named_mesh


def write(path, location="vertex", **fields):
    mesh = shear_mesh(location)
    data = mesh.point_data if location == "vertex" else mesh.cell_data
    data |= {name: a if location == "vertex" else [a] for name, a in fields.items()}
    meshio.write(path, mesh)
    return path


@pytest.mark.parametrize(("location", "n"), [("vertex", 63), ("cell", 96)])
def test_own_fields_stay(tmp_path, location, n):
    flag, distance = np.arange(n) % 2.0, np.linspace(1, 2, n)
    path = write(tmp_path / "own.vtu", location, boundary=flag, wall_distance=distance)
    for walls in (None, ["outer"]):
        flow, note = read_noting(read_flow, path, walls=walls)
        np.testing.assert_array_equal(flow.scalars["boundary"], flag)
        np.testing.assert_array_equal(flow.scalars["wall_distance"], distance)
        assert "missing" not in note


def test_own_vectors_stay_alone(tmp_path):
    names = ("boundary", "wall_distance", "strain_rate")
    path = write(
        tmp_path / "own.vtu", "cell", **dict.fromkeys(names, np.tile([1.0, 2, 0], (96, 1)))
    )
    for walls in (None, ["outer"]):
        flow, note = read_noting(read_flow, path, walls=walls)
        assert not flow.scalars and set(flow.vectors) == {*names}
        assert "missing" not in note and "computed" not in note


def test_without_walls_nothing_pretends_to_know_them(tmp_path):
    flow, note = read_noting(read_flow, write(tmp_path / "a.vtu", "cell"))
    assert not {"boundary", "wall_distance"} & set(flow.scalars)
    assert "boundary and wall_distance are missing" in note and "--walls" in note
    assert "strain_rate is computed without walls" in note
    flow, note = read_noting(read_flow, write(tmp_path / "b.vtk", "cell", strain_rate=np.ones(96)))
    np.testing.assert_array_equal(flow.scalars["strain_rate"], np.ones(96))
    assert "strain_rate is computed" not in note


def test_walls_and_period_of_a_file_without_names(tmp_path):
    path = write(tmp_path / "a.vtk", "cell")
    flow, note = read_noting(read_flow, path, walls=["outer"], period=(2, 0))
    y = flow.points[:, 1]
    np.testing.assert_allclose(flow.scalars["wall_distance"], np.minimum(y, 1 - y), atol=1e-12)
    assert flow.scalars["boundary"].sum() == 16 and note == ""
    np.testing.assert_array_equal(flow.periods, [[2, 0]])
    ((_, facets),) = boundary_facets(flow.mesh)["outer"]
    assert set(flow.mesh.points[facets][..., 1].ravel()) == {0, 1}
    flow, _ = read_noting(read_flow, path, walls=["outer"])
    x = flow.points[:, 0]
    nearest = np.min([y, 1 - y, x, 2 - x], axis=0)
    np.testing.assert_allclose(flow.scalars["wall_distance"], nearest, atol=1e-12)


def test_a_surface_that_periods_join_has_no_walls(tmp_path):
    path = write(tmp_path / "a.vtk")
    with pytest.raises(InputError, match="wall 'outer': periods join the whole surface"):
        read_flow(path, walls=["outer"], period=[(2, 0), (0, 1)])


@pytest.mark.parametrize("axis", [0, 2])
def test_periods_in_space(axis):
    steps = np.eye(3)[[0, 2]] * [[2.0], [1.0]]
    number = np.arange(4 * 4 * 4).reshape(4, 4, 4)
    corners = np.lib.stride_tricks.sliding_window_view(number, (2, 2, 2)).reshape(-1, 8)
    cells = corners[:, [0, 4, 6, 2, 1, 5, 7, 3]]
    points = np.stack(np.meshgrid(*[np.linspace(0, s, 4) for s in (2, 1, 1)], indexing="ij"), -1)
    points = points.reshape(-1, 3)
    dataset = Dataset(
        points, [("hexahedron", cells)], {"U": shear(points)}, provenance={"source": "box"}
    )
    flow, _ = read_noting(dataset_flow, dataset, walls=["outer"], period=steps)
    y = points[:, 1]
    np.testing.assert_allclose(flow.scalars["wall_distance"], np.minimum(y, 1 - y), atol=1e-12)
    with pytest.raises(InputError, match="maps no facet of the mesh's surface to another"):
        dataset_flow(dataset, period=1.1 * steps[axis // 2])


def test_periods_that_do_not_fit_are_refused(tmp_path):
    path = write(tmp_path / "a.vtu")
    with pytest.raises(InputError, match=r"a\.vtu: period 1\.9,0: maps no facet"):
        read_flow(path, period=(1.9, 0))
    with pytest.raises(InputError, match="period: expected 2 numbers, got 1"):
        read_flow(path, period=[(2,)])


def test_sides_with_other_facets_are_no_period():
    """Two facets at the left, three at the right, of which one has a partner."""
    left, right = np.array([0, 0.4, 1]), np.array([0, 0.4, 0.6, 1])
    points = np.array([*((0, y, 0) for y in left), *((1, y, 0) for y in right)], float)
    cells = [[0, 3, 4], [0, 4, 1], [1, 4, 5], [1, 5, 2], [2, 5, 6]]
    names = {"inlet": [[0, 1], [1, 2]], "outlet": [[3, 4], [4, 5], [5, 6]]}
    dataset = Dataset(
        points,
        [("triangle", np.array(cells))],
        {"U": shear(points)},
        boundaries={name: [("line", np.array(v))] for name, v in names.items()},
        provenance={"source": "f"},
    )
    with pytest.raises(InputError, match=r"the facet at .* misses its partner by 0\.1;"):
        dataset_flow(dataset, period=(1, 0))
    flow, _ = read_noting(dataset_flow, dataset)
    assert flow.periods == ()


def test_quadrilaterals_against_triangles_are_no_period():
    """The vertices of inlet and outlet are translates, their facets are not."""
    corner = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    cube = [("hexahedron", np.array([[0, 4, 6, 2, 1, 5, 7, 3]]))]
    inlet = [("quad", np.array([[0, 2, 3, 1]]))]
    split = [("triangle", np.array([[4, 6, 7], [4, 7, 5]]))]
    whole = [("quad", np.array([[4, 6, 7, 5]]))]
    assert flow_period(named_mesh(corner, cube, {"inlet": inlet, "outlet": split})) == ()
    ((step),) = flow_period(named_mesh(corner, cube, {"inlet": inlet, "outlet": whole}))
    np.testing.assert_array_equal(step, [1, 0, 0])


def test_walls_by_name(tmp_path):
    lines = named_lines()
    mesh = channel(2.0, 1.0, (8, 6), kind="triangle")
    names = {"floor": lines["bottom"], "lid": lines["top"], "inlet": lines["inlet"]}
    arrays = {"points": mesh.points, "cells": mesh.cells[0].data, **names}
    np.savez(tmp_path / "a.npz", velocity=shear(mesh.points)[:, :2], **arrays)
    flow, note = read_noting(read_flow, tmp_path / "a.npz", walls=["floor"])
    np.testing.assert_allclose(flow.scalars["wall_distance"], flow.points[:, 1], atol=1e-12)
    assert note == "" and flow.provenance["walls"] == ["floor"]
    flow, note = read_noting(read_arrays, tmp_path / "a.npz")
    assert "no walls are known (boundaries: floor, lid, inlet)" in note
    with pytest.raises(InputError, match=r"wall 'lidd': not a boundary of the mesh .*floor, lid"):
        read_flow(tmp_path / "a.npz", walls=["lidd"])


def test_a_choice_makes_no_sense_for_own_flow_files(tmp_path):
    flow, _ = read_noting(read_flow, write(tmp_path / "a.vtu"))
    path = flow.save(tmp_path / "own.vtu")
    for options in (dict(walls=["outer"]), dict(period=(2, 0)), dict(location="cell")):
        with pytest.raises(InputError, match=r"own\.vtu: a flow file of this package"):
            read_flow(path, **options)
    with pytest.raises(InputError, match=r"own\.vtu: a time can be chosen in OpenFOAM cases only"):
        read_flow(path, time=1)


def test_sides_of_meshes_without_names(tmp_path):
    meshio.write(tmp_path / "box.vtu", shear_mesh())
    mesh, note = read_noting(read_mesh, tmp_path / "box.vtu")
    assert "its surface is called inlet, outlet, bottom, top" in note
    for name, (axis, place) in {
        "inlet": (0, 0),
        "outlet": (0, 2),
        "bottom": (1, 0),
        "top": (1, 1),
    }.items():
        ((_, facets),) = boundary_facets(mesh)[name]
        assert set(mesh.points[facets][..., axis].ravel()) == {place}
    bent = shear_mesh()
    bent.points[:, 1] += 0.1 * np.sin(bent.points[:, 0])
    meshio.write(tmp_path / "bent.vtu", bent)
    mesh, note = read_noting(read_mesh, tmp_path / "bent.vtu")
    assert (
        list(boundary_facets(mesh)) == ["outer"] and len(boundary_facets(mesh)["outer"][0][1]) == 28
    )


@pytest.mark.parametrize("chosen", [None, "vertex", "cell"])
def test_fields_at_points_and_at_cells(tmp_path, chosen):
    mesh, at_cells = shear_mesh(), shear_mesh("cell")
    mesh.cell_data = {"U": [3 * at_cells.cell_data["U"][0]], "nut": [np.arange(96.0)]}
    meshio.write(tmp_path / "both.vtu", mesh)
    flow, note = read_noting(read_flow, tmp_path / "both.vtu", location=chosen)
    if chosen == "cell":
        np.testing.assert_allclose(flow.velocity[:, 0], 6 * flow.points[:, 1])
        np.testing.assert_array_equal(flow.scalars["nut"], np.arange(96.0))
        assert flow.provenance["skipped_fields"] == ["U"]
    else:
        np.testing.assert_allclose(flow.velocity[:, 0], 2 * flow.points[:, 1])
        assert flow.provenance["skipped_fields"] == ["U", "nut"]
        assert "fields at cells left out" in note and "nut" in note and "--location cell" in note
        with pytest.raises(InputError, match=r"no vertex field 'nut' .*--location cell"):
            read_flow(tmp_path / "both.vtu", fields={"k": "nut"}, location=chosen)
    with pytest.raises(InputError, match="location: expected 'vertex' or 'cell', got 'face'"):
        read_flow(tmp_path / "both.vtu", location="face")


def test_a_name_that_is_taken_is_noted(tmp_path):
    path = write(tmp_path / "a.vtu", velocity=np.zeros((63, 3)), p=np.ones(63))
    flow, note = read_noting(read_flow, path, fields={"velocity": "U"})
    np.testing.assert_allclose(flow.velocity[:, 0], 2 * flow.points[:, 1])
    assert "their names were given to others: velocity" in note
    assert flow.provenance["skipped_fields"] == ["velocity"]


def test_loose_points_in_a_plane_and_across(tmp_path):
    points = np.random.default_rng(0).random((20, 2))
    np.savez(tmp_path / "a.npz", points=points, velocity=shear(points), T=points[:, 0])
    flow, _ = read_noting(read_flow, tmp_path / "a.npz")
    assert (flow.dimension, flow.location) == (2, None)
    np.testing.assert_array_equal(flow.points, points)
    np.savez(tmp_path / "b.npz", points=points, velocity=shear(points) + np.array([0, 0, 5.0]))
    flow, _ = read_noting(read_flow, tmp_path / "b.npz")
    assert flow.dimension == 3
    np.testing.assert_array_equal(flow.points, in_space(points))
    np.testing.assert_array_equal(flow.velocity[:, 2], 5)
