"""vcnn show on files that are no flows of the package, and what vcnn import says of them."""

import json

import meshio
import numpy as np
import pytest

from meshes import channel
from tests.support.command_line import refused, run
from tests.support.foam_cases import BoxCase
from tests.support.shear import named_lines, shear, shear_mesh
from vcnn import FlowField
from vcnn.flow.mesh import boundary_facets


def lines_of(capsys, *arguments):
    assert run(*arguments) == 0
    return {
        words[0]: " ".join(words[1:])
        for words in (line.split() for line in capsys.readouterr().out.splitlines())
        if words
    }


def grouped(path, velocity=True):
    mesh, named = shear_mesh(), named_lines()
    blocks = [*mesh.cells, *(("line", v) for v in named.values())]
    groups = [np.full(96, 9), *(np.full(len(v), k) for k, v in enumerate(named.values(), 1))]
    names = {name: np.array([k, 1]) for k, name in enumerate(named, 1)}
    mesh = meshio.Mesh(
        mesh.points,
        blocks,
        point_data=mesh.point_data if velocity else {},
        cell_data={"gmsh:physical": groups, "gmsh:geometrical": groups},
        field_data=names,
    )
    meshio.write(path, mesh, file_format="gmsh22", binary=velocity)


def test_a_mesh_without_a_velocity(folder, capsys):
    grouped("step.msh", velocity=False)
    shown = lines_of(capsys, "show", "step.msh")
    assert shown["cells"] == "96 triangle" and shown["points"] == "63"
    for text in ("bottom (8)", "top (8)", "inlet (6)", "outlet (6)"):
        assert text in shown["boundaries"]
    assert shown["flow"].startswith("none: no velocity field 'velocity' or 'U'")


def test_a_mesh_file_with_a_flow(folder, capsys):
    grouped("flow.msh")
    shown = lines_of(capsys, "show", "flow.msh")
    assert shown["points"] == "63 mesh vertices" and shown["periods"] == "(2, 0)"
    assert "bottom (wall, 8)" in shown["boundaries"] and "inlet (6)" in shown["boundaries"]
    assert shown["wall_distance"].startswith("scalar vertices length 0 0.5")
    assert shown["velocity"].startswith("vector vertices velocity 0 2")
    assert shown["of"] == "vectors and tensors: smallest and largest magnitudes"


def test_fields_at_both_places_and_what_is_left_out(folder, capsys):
    mesh = shear_mesh()
    mesh.cell_data = {"nut": [np.linspace(3, 4, 96)]}
    meshio.write("both.vtu", mesh)
    assert run("show", "both.vtu") == 0
    out, err = capsys.readouterr()
    assert "note          fields at cells left out" in out and err == ""
    assert ["nut", "scalar", "cells"] in [line.split()[:3] for line in out.splitlines()]
    assert "no walls are known (boundaries: none)" in out


def test_times_of_a_series(folder, capsys):
    for k in range(3):
        meshio.write(f"a{k}.vtk", shear_mesh())
    entries = "".join(f'<DataSet timestep="{k / 2}" file="a{k}.vtk"/>' for k in range(3))
    (folder / "a.pvd").write_text(f"<VTKFile><Collection>{entries}</Collection></VTKFile>")
    assert lines_of(capsys, "show", "a.pvd")["times"] == "3: 0.0, 0.5, 1.0; this is 1.0"


def test_a_case_with_its_patches_and_times(folder, capsys):
    BoxCase(cells=(6, 5, 1)).write(folder / "case")
    shown = lines_of(capsys, "show", "case")
    assert shown["points"] == "30 mesh cells" and shown["times"] == "1: 3; this is 3"
    for text in ("floor (wall, 6)", "lid (wall, 6)", "(empty, 30)", "(cyclic, 5)"):
        assert text in shown["boundaries"]
    (folder / "case/3/U").unlink()
    shown = lines_of(capsys, "show", "case")
    assert shown["flow"].startswith("none: ") and "'U'" in shown["flow"]
    assert shown["p"].startswith("scalar cells")


def test_flows_of_the_package_say_their_boundaries(folder, capsys):
    mesh = channel(2.0, 1.0, (8, 6))
    FlowField(mesh.points, shear(mesh.points)[:, :2], mesh=mesh).save("own.vtu")
    shown = lines_of(capsys, "show", "own.vtu")
    assert shown["boundaries"].count("(") == 4 and shown["cells"] == "48 quad"


def test_walls_and_periods_of_the_command_line(folder, capsys):
    meshio.write("a.vtk", shear_mesh("cell"))
    assert run("import", "a.vtk", "-o", "a.vtu", "--walls", "outer", "--period", "2,0") == 0
    out, err = capsys.readouterr()
    assert "fields: velocity, boundary, wall_distance, strain_rate; periods: (2, 0)" in out
    assert err == ""
    flow = FlowField.load("a.vtu")
    assert list(boundary_facets(flow.mesh)) == ["outer"]
    assert flow.scalars["boundary"].sum() == 16
    # the same without a word about walls: one note, which names the file and the remedy
    with pytest.warns(UserWarning) as notes:
        assert run("import", "a.vtk", "-o", "b.vtu") == 0
    assert [str(note.message)[:29] for note in notes] == ["a.vtk: no walls are known (bo"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--period", "2,x"), "--period 2,x: expected one number for each coordinate, e.g. 9,0"),
        (("--period", "0,0"), "--period 0,0: expected one number for each coordinate, e.g. 9,0"),
        (("--period", "1.5,0"), "a.vtk: period 1.5,0: maps no facet"),
        (("--walls", "lid"), "a.vtk: wall 'lid': not a boundary of the mesh"),
        (("--location", "face"), "a.vtk: location: expected 'vertex' or 'cell', got 'face'"),
        (("--location", "cell"), "a.vtk: no velocity field 'velocity' or 'U' at cells"),
    ],
)
def test_wrong_choices(folder, capsys, options, message):
    meshio.write("a.vtk", shear_mesh())
    line = refused(capsys, folder, "import", "a.vtk", "-o", "out.vtu", *options)
    assert line.startswith(message)


def test_a_mesh_with_numbered_groups_is_solved_on(folder, capsys):
    pytest.importorskip("dolfinx_solver")
    grouped("a.msh", velocity=False)
    text = (folder / "a.msh").read_text()
    (folder / "a.msh").write_text(
        text[: text.index("$PhysicalNames")] + text[text.index("$Nodes") :]
    )
    names = dict(zip(named_lines(), "1234", strict=True))
    conditions = {
        "bottom": '{ kind = "wall" }',
        "top": '{ kind = "wall" }',
        "outlet": '{ kind = "outlet" }',
        "inlet": '{ kind = "inlet", velocity = [1.0, 0.0] }',
    }
    rows = [f"{names[name]} = {value}" for name, value in conditions.items()]
    head = 'viscosity = 0.05\nmodel = "laminar"\n[mesh]\nfile = "a.msh"\n[conditions]\n'
    (folder / "case.toml").write_text(head + "\n".join(rows))
    assert run("solve", "case.toml", "-o", "run") == 0
    assert json.loads((folder / "run/result.json").read_text())
    capsys.readouterr()
    (folder / "wrong.toml").write_text(head + 'lid = { kind = "wall" }')
    line = refused(capsys, folder, "solve", "wrong.toml", "-o", "other")
    assert "lid: not in the mesh (its boundaries: 1, 2, 3, 4)" in line
