"""Flows of other codes are given to the verbs as they are: OpenFOAM case folders, mesh files."""

import json

import meshio
import numpy as np
import pytest

from tests.support.command_line import CONFIGURATION, plane_flow, refused, run, untrained
from tests.support.foam_cases import BoxCase
from vcnn import Closure, FlowField


@pytest.fixture
def cases(folder):
    """Two OpenFOAM cases with the fields U, p, R and G, and a model that takes what they have."""
    for name in ("box_1.5", "box_2.5"):
        BoxCase(cells=(6, 5, 1)).write(folder / "cases" / name)
    untrained(scalars=("p", "wall_distance", "strain_rate")).save("foam.safetensors")
    return folder / "cases"


def test_predicting_a_case_equals_predicting_what_import_makes_of_it(cases):
    assert run("import", "cases/box_1.5", "-o", "imported.vtu") == 0
    given = ("cases/box_1.5", "imported.vtu", "cases/box_2.5/../box_2.5")
    assert run("predict", "foam.safetensors", *given, "-o", "out") == 0
    direct, imported = (FlowField.load(f"out/{name}.vtu") for name in ("box_1.5", "imported"))
    values = direct.scalars["c_predicted"]
    assert np.ptp(values) > 0
    np.testing.assert_array_equal(values, imported.scalars["c_predicted"])
    np.testing.assert_array_equal(direct.velocity, imported.velocity)
    assert set(json.loads(open("out/errors.json").read())) == {
        "box_1.5.vtu",
        "imported.vtu",
        "box_2.5.vtu",
    }


def test_training_on_cases(cases):
    changes = {
        '"c"': '"p"',
        "flows/a_*.vtu": "cases/box_1*",
        "flows/b.vtu": "cases/box_2.5",
        '"k"': '"wall_distance"',
    }
    text = CONFIGURATION
    for old, new in changes.items():
        text = text.replace(old, new)
    (cases.parent / "run.toml").write_text(text)
    assert run("train", "run.toml", "-o", "run") == 0
    assert Closure.load("run/model.safetensors").provenance["flows"] == ["box_1.5"]


def test_showing_cases_and_mesh_files(cases, capsys):
    flow = plane_flow()
    velocity = np.pad(flow.velocity, ((0, 0), (0, 1)))
    meshio.write(
        "flow.vtk",
        meshio.Mesh(np.pad(flow.points, ((0, 0), (0, 1))), flow.mesh.cells, {"U": velocity}),
    )
    for path, text in (("cases/box_1.5", "30 mesh cells"), ("flow.vtk", "42 mesh vertices")):
        assert run("show", path) == 0
        assert text in capsys.readouterr().out


def predicting(flow, model="foam.safetensors", output="out"):
    return "predict", model, flow, "-o", output


def test_what_a_case_lacks_can_be_named_by_import(cases, capsys):
    line = refused(capsys, cases.parent, *predicting("cases/box_1.5", "model.safetensors"))
    assert line.startswith("cases/box_1.5: no field 'k' (there are: ")
    assert line.endswith(
        "if it has another name use: vcnn import cases/box_1.5 --field k=OTHER_NAME -o FILE.vtu"
    )
    assert run("import", "cases/box_1.5", "--field", "k=p", "-o", "named.vtu") == 0
    assert run(*predicting("named.vtu", "model.safetensors", "named")) == 0
    capsys.readouterr()
    (cases / "box_2.5/3/U").unlink()
    line = refused(capsys, cases.parent, *predicting("cases/box_2.5"))
    assert line == (
        "cases/box_2.5, time 3: no field 'U' (there are: G, R, p); "
        "choose with vcnn import --time TIME --field velocity=NAME"
    )


def test_folders_that_are_no_case(cases, capsys):
    line = refused(capsys, cases.parent, *predicting("flows"))
    assert line == "flows: not an OpenFOAM case (it has no folder constant/polyMesh)"
    (cases / "box_1.5/3").rename(cases / "box_1.5/three")
    line = refused(capsys, cases.parent, *predicting("cases/box_1.5/"))
    assert line == "cases/box_1.5: the case has no time folders"
    (cases / "b").mkdir()
    line = refused(
        capsys, cases.parent, "predict", "model.safetensors", "flows/b.vtu", "cases/b", "-o", "out"
    )
    assert line.startswith("b.vtu: given twice")
