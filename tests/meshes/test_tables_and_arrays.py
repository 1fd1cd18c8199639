"""Tables and plain arrays: loose points, three components, shapes that are named."""

import numpy as np
import pytest

from meshes import channel, read_flow
from tests.support.shear import in_space, read_noting, shear
from vcnn import InputError


def check(flow, n=63):
    assert len(flow) == n and flow.dimension == 2
    np.testing.assert_allclose(flow.velocity[:, 0], 2 * flow.points[:, 1], atol=1e-9)
    np.testing.assert_allclose(flow.weights.sum(), 2)


def write_table(path, header, columns):
    np.savetxt(path, np.stack(columns, axis=-1), delimiter=",", header=header, comments="")


@pytest.mark.parametrize(
    "header",
    [
        "x,y,u,v,T",
        "X, Y, velocity_x, velocity_y, T",
        "Points:0,Points:1,U:0,U:1,T",
        "x,y,U_x,U_y,T",
    ],
)
def test_tables_of_plane_points(tmp_path, header):
    x, y = np.random.default_rng(0).random((2, 15))
    write_table(tmp_path / "a.csv", header, [x, y, 2 * y, x, x + y])
    flow, note = read_noting(read_flow, tmp_path / "a.csv")
    assert (flow.dimension, flow.location, note) == (2, None, "")
    np.testing.assert_allclose(flow.points, np.stack([x, y], -1), rtol=1e-15)
    np.testing.assert_allclose(flow.velocity, np.stack([2 * y, x], -1), rtol=1e-15)
    assert list(flow.scalars) == ["T"] and not flow.vectors


@pytest.mark.parametrize(
    "text",
    [
        "x;y;u;v\n0;1;2;3\n4;5;6;7\n",
        "x\ty\tu\tv\n0\t1\t2\t3\n4\t5\t6\t7\n",
        "# made by hand\n# x,y,u,v\n0,1,2,3\n\n# more\n4,5,6,7\n",
        "# made by hand\nx, y, u, v\n0, 1, 2, 3\n4, 5, 6, 7\n",
        "\ufeffx,y,u,v\r\n0,1,2,3\r\n4,5,6,7\r\n",
    ],
)
def test_tables_as_programs_write_them(tmp_path, text):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    flow = read_flow(tmp_path / "a.csv")
    np.testing.assert_array_equal(flow.points, [[0, 1], [4, 5]])
    np.testing.assert_array_equal(flow.velocity, [[2, 3], [6, 7]])


def test_tables_of_points_in_space(tmp_path):
    x = np.random.default_rng(0).random((3, 15))
    write_table(
        tmp_path / "a.csv", '"x","y","z","u","v","w","weight","g:0","g:1","g:2"', [*x, *x, x[0], *x]
    )
    flow, _ = read_noting(read_flow, tmp_path / "a.csv")
    np.testing.assert_array_equal(flow.velocity, flow.points)
    np.testing.assert_array_equal(flow.weights, flow.points[:, 0])
    np.testing.assert_array_equal(flow.vectors["g"], flow.points)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "names no columns x and y, nor x alone .* .it has: a, b"),
        ("x,y,u,v\n1,2,3,4\n1,2\n", "line 3 has 2 entries, its first line names 4"),
        ("x,y,u,v\n1,2,3,four\n", "an entry is no number"),
        ("x,y,u,u\n1,2,3,4\n", "two columns have the same name"),
        ("x,y,u,v\n", "expected a line of names and lines of numbers"),
        ("x,y,u,v\n1,2,3,nan\n", "1 values are NaN"),
        ("", "expected a line of names"),
        ("1,2,3,4\n5,6,7,8\n", "its first line names no columns"),
        ("# a note\n1,2,3,4\n", "line 2 has 4 entries, its first line names 1"),
    ],
)
def test_bad_tables_are_named(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=rf"a\.csv: .*{message}"):
        read_flow(tmp_path / "a.csv")


@pytest.mark.parametrize("d", [1, 2, 3])
def test_a_table_without_a_velocity_is_of_points_at_rest(tmp_path, d):
    points, species = np.random.default_rng(0).uniform(size=(5, d)), np.array([0.0, 1, 2, 1, 0])
    path = tmp_path / "atoms.csv"
    write_table(path, ",".join([*"xyz"[:d], "species"]), [*points.T, species])
    flow, note = read_noting(read_flow, path)
    assert flow.dimension == d and "there is no velocity, it is 0" in note
    np.testing.assert_array_equal(flow.velocity, np.zeros((5, d)))
    np.testing.assert_allclose(flow.points, points, rtol=1e-15)
    np.testing.assert_array_equal(flow.scalars["species"], species)
    assert flow.weights.tolist() == [1] * 5
    with pytest.raises(InputError, match=r"no velocity field 'speed' \(fields: species\)"):
        read_flow(path, fields={"velocity": "speed"})
    with pytest.raises(InputError, match=r"no velocity field 'velocity' or 'U' at cells"):
        read_flow(path, location="cell")


def mesh_arrays():
    mesh = channel(2.0, 1.0, (8, 6), kind="triangle")
    centres = mesh.points[mesh.cells[0].data].mean(axis=1)
    return mesh, {"points": mesh.points, "cells": mesh.cells[0].data}, centres


def test_arrays_with_three_components(tmp_path):
    mesh, arrays, centres = mesh_arrays()
    np.savez(tmp_path / "a.npz", velocity=shear(centres), **arrays)
    check(read_noting(read_flow, tmp_path / "a.npz")[0], 96)
    np.savez(tmp_path / "u.npz", U=shear(centres)[:, :2], **arrays)
    check(read_noting(read_flow, tmp_path / "u.npz")[0], 96)
    np.savez(tmp_path / "b.npz", velocity=shear(centres) + np.array([0, 0, 5.0]), **arrays)
    flow, _ = read_noting(read_flow, tmp_path / "b.npz")
    assert flow.dimension == 3
    np.testing.assert_array_equal(flow.velocity[:, 2], 5)
    np.savez(tmp_path / "c.npz", velocity=shear(mesh.points), T=centres[:, 0], **arrays)
    flow, note = read_noting(read_flow, tmp_path / "c.npz")
    check(flow)
    assert flow.location == "vertex" and "fields at cells left out" in note and "T" in note


def test_arrays_in_space(tmp_path):
    points = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    cells = np.array([[0, 4, 6, 2, 1, 5, 7, 3]])
    walls = {"bottomWall": np.array([[0, 4, 5, 1]])}
    np.savez(tmp_path / "a.npz", points=points, cells=cells, velocity=shear(points), **walls)
    flow, _ = read_noting(read_flow, tmp_path / "a.npz")
    np.testing.assert_allclose(flow.scalars["wall_distance"], points[:, 1])


def test_arrays_of_other_shapes_are_named(tmp_path):
    _, arrays, centres = mesh_arrays()
    np.savez(tmp_path / "a.npz", velocity=shear(centres), odd=np.zeros(5), text="a", **arrays)
    flow, note = read_noting(read_flow, tmp_path / "a.npz")
    assert "arrays of unknown shape left out: odd" in note
    assert flow.provenance["skipped_fields"] == ["odd"]
    with pytest.raises(InputError, match=r"array 'cells': expected integers of shape \(N, 4\) or"):
        np.savez(
            tmp_path / "b.npz",
            points=in_space(arrays["points"]),
            cells=arrays["cells"],
            velocity=centres,
        )
        read_flow(tmp_path / "b.npz")


def on_a_line(tmp_path, suffix, header="x,u,T,g:0,weight"):
    x, u, T, g, _ = values = np.random.default_rng(0).random((5, 15)) + 0.1
    path = tmp_path / f"a{suffix}"
    if suffix == ".csv":
        write_table(path, header, list(values))
    else:
        np.savez(
            path, points=x[:, None], velocity=u[:, None], T=T, g=g[:, None], p=g[:, None, None]
        )
    return path, values


@pytest.mark.parametrize("header", ["x,u,T,g:0,weight", "X,velocity,T,g:0,weight"])
def test_tables_of_points_on_a_line(tmp_path, header):
    path, (x, u, T, g, w) = on_a_line(tmp_path, ".csv", header)
    flow, note = read_noting(read_flow, path, period=[2.0])
    assert (flow.dimension, flow.location, note) == (1, None, "")
    for got, expected in ((flow.points, x), (flow.velocity, u), (flow.vectors["g"], g)):
        np.testing.assert_allclose(got, expected[:, None], rtol=1e-15)
    np.testing.assert_allclose(flow.scalars["T"], T, rtol=1e-15)
    np.testing.assert_allclose(flow.weights, w, rtol=1e-15)
    assert list(flow.scalars) == ["T"] and np.array_equal(flow.periods, [[2.0]])


def test_arrays_of_points_on_a_line(tmp_path):
    path, (x, u, T, g, _) = on_a_line(tmp_path, ".npz")
    flow, note = read_noting(read_flow, path)
    assert (flow.dimension, flow.location, note) == (1, None, "")
    np.testing.assert_array_equal(flow.points, x[:, None])
    np.testing.assert_array_equal(flow.velocity, u[:, None])
    np.testing.assert_array_equal(flow.vectors["g"], g[:, None])
    np.testing.assert_array_equal(flow.tensors["p"], g[:, None, None])
    np.testing.assert_array_equal(flow.scalars["T"], T)
    np.savez(path, points=x[:, None], u=u)  # a component by its name
    np.testing.assert_array_equal(read_flow(path).velocity, u[:, None])


def test_what_does_not_fit_on_a_line_is_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,u,v\n1,2,3\n4,5,6\n")
    one = "'velocity' is no vector, it cannot be the velocity; with one coordinate it has one"
    with pytest.raises(InputError, match=one):
        read_flow(path)
    path.write_text("x,z,u\n1,2,3\n4,5,6\n")
    with pytest.raises(InputError, match="names no columns x and y, nor x alone"):
        read_flow(path)
    path = tmp_path / "a.npz"
    x = np.arange(3.0)[:, None]
    np.savez(path, points=x, velocity=x, cells=[[0, 1], [1, 2]])
    with pytest.raises(InputError, match="array 'cells': expected none, points of one coordinate"):
        read_flow(path)
    np.savez(path, points=x, velocity=np.zeros((3, 2)))
    with pytest.raises(InputError, match=r"'velocity': expected .* \(3, 1\), got \(3, 2\)"):
        read_flow(path)
    np.savez(path, points=x, velocity=x, g=np.zeros((3, 2)))
    flow, note = read_noting(read_flow, path)
    assert not flow.vectors and "fields of unknown shape left out: g" in note


def test_a_table_of_more_coordinates_is_no_line(tmp_path):
    """A column x beside ParaView's coordinates is a scalar, as it was."""
    path = tmp_path / "a.csv"
    path.write_text("x,Points:0,Points:1,u,v\n7,1,2,3,4\n8,5,6,7,8\n")
    flow = read_flow(path)
    np.testing.assert_array_equal(flow.points, [[1, 2], [5, 6]])
    np.testing.assert_array_equal(flow.scalars["x"], [7, 8])
