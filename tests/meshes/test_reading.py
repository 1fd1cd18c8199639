"""Reading flows from arrays and mesh files, and the import command."""

import meshio
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from meshes import cell_centres, cell_volumes, channel, periodic_hill, periodic_hill_gmsh, read_flow
from meshes.cli.import_flow import import_flow
from vcnn import FlowField, InputError
from vcnn.flow.mesh import boundary_facets


def flow_mesh(location="vertex", **options):
    """A channel with velocity (y (1 - y), x), a scalar and a tensor, held as meshio does (three
    columns, z = 0.5).
    """
    mesh = channel(2.0, 1.0, (6, 4), **options)
    x = mesh.points if location == "vertex" else cell_centres(mesh)
    u = np.stack([x[:, 1] * (1 - x[:, 1]), x[:, 0], 0 * x[:, 0]], axis=-1)
    fields = {"U": u, "p": x[:, 0], "stress": np.einsum("ni,nj->nij", u, u).reshape(-1, 9)}
    padded = np.pad(mesh.points, ((0, 0), (0, 1)), constant_values=0.5)
    if location == "vertex":
        return meshio.Mesh(padded, mesh.cells, fields), x, u[:, :2]
    lines = len(mesh.cells[1].data)
    data = {name: [a, np.zeros((lines, *a.shape[1:]))] for name, a in fields.items()}
    return meshio.Mesh(padded, mesh.cells, cell_data=data), x, u[:, :2]


@pytest.mark.parametrize("suffix", [".vtk", ".xdmf", ".vtu"])
@pytest.mark.parametrize("location", ["vertex", "cell"])
def test_mesh_files(tmp_path, suffix, location):
    mesh, x, u = flow_mesh(location)
    meshio.write(
        tmp_path / f"flow{suffix}", mesh, **({"data_format": "XML"} if suffix == ".xdmf" else {})
    )
    flow = read_flow(tmp_path / f"flow{suffix}", fields={"pressure": "p"})
    assert (flow.location, flow.dimension) == (location, 2)
    np.testing.assert_allclose(flow.points, x, atol=1e-12)
    np.testing.assert_allclose(flow.velocity, u, atol=1e-12)
    np.testing.assert_allclose(flow.scalars["pressure"], x[:, 0], atol=1e-12)
    np.testing.assert_allclose(flow.tensors["stress"], np.einsum("ni,nj->nij", u, u), atol=1e-12)
    np.testing.assert_allclose(flow.weights.sum(), 2.0)


@pytest.mark.parametrize("location", ["vertex", "cell"])
def test_gmsh_file_brings_its_physical_groups(tmp_path, location):
    gmsh = pytest.importorskip("gmsh", exc_type=OSError)
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.model.occ.addRectangle(0, 0, 0, 2, 1)
        gmsh.model.occ.synchronize()
        for curve, name in enumerate(("bottom", "outlet", "top", "inlet"), 1):
            gmsh.model.addPhysicalGroup(1, [curve], name=name)
        gmsh.model.addPhysicalGroup(2, [1], name="fluid")
        gmsh.model.mesh.generate(2)
        if location == "vertex":
            kind, tags = "NodeData", gmsh.model.mesh.getNodes()[0]
        else:
            kind, tags = (
                "ElementData",
                np.concatenate([*(gmsh.model.mesh.getElements(d)[1][0] for d in (1, 2))]),
            )
        view = gmsh.view.add("velocity")
        data = np.tile([1.0, 2.0, 0.0], len(tags))
        gmsh.view.addHomogeneousModelData(
            view, 0, gmsh.model.getCurrent(), kind, tags, data, numComponents=3
        )
        gmsh.write(str(tmp_path / "flow.msh"))
        gmsh.view.write(view, str(tmp_path / "flow.msh"), append=True)
    finally:
        gmsh.finalize()
    flow = read_flow(tmp_path / "flow.msh")
    assert flow.location == location
    assert set(boundary_facets(flow.mesh)) == {"bottom", "top", "inlet", "outlet"}
    np.testing.assert_allclose(flow.velocity, np.broadcast_to([1, 2], (len(flow), 2)))
    np.testing.assert_allclose(flow.weights.sum(), 2.0)
    np.testing.assert_allclose(flow.periods, [[2.0, 0]], atol=1e-12)
    y = flow.points[:, 1]
    np.testing.assert_allclose(flow.scalars["wall_distance"], np.minimum(y, 1 - y), atol=1e-12)
    if location == "vertex":
        np.testing.assert_array_equal(
            flow.scalars["boundary"], (np.minimum(y, 1 - y) < 1e-9).astype(float)
        )


def test_vertex_weights_integrate_linear_functions_on_triangles(tmp_path):
    mesh, x, _ = flow_mesh(kind="triangle", grading=3.0)
    meshio.write(tmp_path / "flow.vtk", mesh)
    flow = read_flow(tmp_path / "flow.vtk")
    np.testing.assert_allclose(flow.weights @ (1 + x[:, 0] + 3 * x[:, 1]), 2 + 2 + 3)


def test_field_of_unknown_shape_is_named(tmp_path):
    mesh, x, _ = flow_mesh()
    mesh.point_data["odd"] = np.ones((len(x), 5))
    meshio.write(tmp_path / "flow.vtk", mesh)
    with pytest.warns(UserWarning, match="left out: odd"):
        assert read_flow(tmp_path / "flow.vtk").provenance["skipped_fields"] == ["odd"]


def test_flow_files_come_back_as_they_were(tmp_path):
    mesh = periodic_hill(cells=(6, 5))
    flow = FlowField(
        cell_centres(mesh), cell_centres(mesh), mesh=mesh, location="cell", parameters={"slope": 1}
    )
    again = read_flow(flow.save(tmp_path / "flow.vtu"))
    np.testing.assert_array_equal(again.velocity, flow.velocity)
    assert not again.scalars and again.parameters == {"slope": 1}
    with pytest.raises(InputError, match="no field can be chosen"):
        read_flow(tmp_path / "flow.vtu", fields={"velocity": "U"})


def hill_arrays(thickness=0.05):
    mesh = periodic_hill(cells=(8, 6))
    centres = cell_centres(mesh)
    names = {"bottom": "bottomWall", "top": "topWall", "inlet": "inlet", "outlet": "outlet"}
    boundaries = {names[name]: blocks[0][1] for name, blocks in boundary_facets(mesh).items()}
    return {
        "points": mesh.points,
        "cells": mesh.cells[0].data,
        "centres": centres,
        "velocity": centres[:, ::-1],
        "volume": cell_volumes(mesh) * thickness,
        "thickness": thickness,
        "concentration": centres[:, 0],
        "nu": 0.01,
        "alpha": 1.0,
        "model": "text",
        **boundaries,
    }


def test_arrays(tmp_path):
    data = hill_arrays()
    np.savez(tmp_path / "flow.npz", **data)
    flow = read_flow(tmp_path / "flow.npz")
    np.testing.assert_allclose(flow.weights, cell_volumes(flow.mesh))
    assert flow.parameters == {"viscosity": 0.01, "slope": 1.0}
    assert set(flow.scalars) == {"concentration", "boundary", "wall_distance", "strain_rate"}
    np.testing.assert_array_equal(flow.periods, [[9.0, 0]])
    np.testing.assert_array_equal(flow.scalars["boundary"], np.repeat([1.0, 0, 0, 0, 0, 1], 8))
    del data["centres"], data["volume"], data["thickness"], data["outlet"]
    np.savez(tmp_path / "less.npz", **data)
    less = read_flow(tmp_path / "less.npz", fields={"c": "concentration"})
    np.testing.assert_array_equal(less.points, flow.points)
    np.testing.assert_array_equal(less.scalars["c"], flow.scalars["concentration"])
    assert less.periods == ()


def test_published_arrays(shared_data):
    flow = read_flow(shared_data / "published" / "alpha_1.00.npz")
    assert (len(flow), flow.parameters["viscosity"], flow.parameters["slope"]) == (
        40_000,
        0.01,
        1.0,
    )
    np.testing.assert_allclose(flow.weights, cell_volumes(flow.mesh), rtol=1e-5)
    np.testing.assert_allclose(flow.periods, [[9.0000036, 0]], atol=1e-12)
    assert {"concentration", "strain_rate", "wall_distance", "boundary"} <= set(flow.scalars)
    assert flow.scalars["boundary"].sum() == 400


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(velocity=None), "no array 'velocity'"),
        (
            dict(velocity=np.zeros((3, 2))),
            r"array 'velocity': expected numbers of shape \(48, 2\), got \(3, 2\)",
        ),
        (dict(cells=np.zeros((48, 4))), "array 'cells': expected integers"),
        (dict(cells=np.full((48, 4), 900)), "array 'cells': vertex numbers beyond the 63 points"),
        (dict(points=np.zeros(5)), "array 'points'"),
        (dict(inlet=np.array([[0, 5000]])), "array 'inlet': vertex numbers beyond"),
        (dict(centres=np.zeros((2, 2))), "velocity: expected shape|points"),
        (
            dict(concentration=np.full(48, np.nan)),
            r"flow\.npz: scalars\['concentration'\]: 48 values are NaN",
        ),
    ],
)
def test_bad_arrays_are_named(tmp_path, change, message):
    data = {name: a for name, a in {**hill_arrays(), **change}.items() if a is not None}
    np.savez(tmp_path / "flow.npz", **data)
    with pytest.raises(InputError, match=message):
        read_flow(tmp_path / "flow.npz")


def test_unreadable_files_are_named(tmp_path):
    np.savez(tmp_path / "objects.npz", velocity=np.array([{}], dtype=object))
    for name in ("broken.msh", "broken.npz", "broken.vtk", "broken.xdmf", "broken.vtu"):
        (tmp_path / name).write_text("not what the suffix says")
    for name in (
        "objects.npz",
        "broken.msh",
        "broken.npz",
        "broken.vtk",
        "broken.xdmf",
        "broken.vtu",
    ):
        with pytest.raises(InputError, match=name):
            read_flow(tmp_path / name)
    (tmp_path / "notes.docx").touch()
    with pytest.raises(InputError, match=r"notes\.docx: unknown kind of file '\.docx'"):
        read_flow(tmp_path / "notes.docx")
    with pytest.raises(InputError, match=r"nowhere\.msh: no such file"):
        read_flow(tmp_path / "nowhere.msh")


def test_files_without_a_flow(tmp_path):
    mesh = periodic_hill_gmsh(1.0, 0.8)
    meshio.write(
        tmp_path / "mesh.vtk", meshio.Mesh(np.pad(mesh.points, ((0, 0), (0, 1))), mesh.cells)
    )
    with pytest.raises(
        InputError, match=r"mesh\.vtk: no velocity field 'velocity' or 'U' \(fields: none\)"
    ):
        read_flow(tmp_path / "mesh.vtk")
    meshio.write(
        tmp_path / "dots.vtk",
        meshio.Mesh(np.eye(3), [("vertex", [[0], [1], [2]])], {"U": np.eye(3)}),
    )
    with pytest.raises(InputError, match=r"dots\.vtk: the mesh has no cells"):
        read_flow(tmp_path / "dots.vtk")
    with pytest.raises(InputError, match="a time can be chosen in OpenFOAM cases only"):
        read_flow(tmp_path / "mesh.vtk", time=3)


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(import_flow)
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments])


def test_import_command(tmp_path, run, box_case):
    case = box_case().write(tmp_path / "case")
    output = tmp_path / "new" / "flow.vtu"
    result = run(case, "-o", output, "--field", "pressure=p", "--time", "3")
    assert result.exit_code == 0 and len(result.output.splitlines()) == 1
    assert (
        "12 points in 2-D" in result.output
        and "pressure" in result.output
        and "periods: (2, 0)" in result.output
    )
    assert FlowField.load(output).parameters == {"viscosity": 5e-6}
    again = run(case, "-o", output)
    assert isinstance(again.exception, InputError) and "exists already" in str(again.exception)
    assert run(case, "-o", output, "--force").exit_code == 0
    wrong = run(case, "-o", tmp_path / "other.vtu", "--field", "velocity")
    assert isinstance(wrong.exception, InputError) and "expected NAME=SOURCE_NAME" in str(
        wrong.exception
    )
    assert not (tmp_path / "other.vtu").exists()
    assert "Example:" in run("--help").output
