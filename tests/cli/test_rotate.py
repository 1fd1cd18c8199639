"""vcnn rotate: wrong use ends with one line that names the culprit; other meshes of the flow join
in.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.support.command_line import plane_flow, refused, run, untrained
from vcnn import FlowField


def rotating(*more, models=("model.safetensors",), flow="flows/b.vtu"):
    return "rotate", *models, flow, *more, "-o", "out"


def test_a_model_that_needs_what_the_flow_lacks_is_named(folder, capsys):
    untrained(scalars=("omega",)).save("other.safetensors")
    line = refused(capsys, folder, *rotating(models=("model.safetensors", "other.safetensors")))
    assert (
        line == "flows/b.vtu: other.safetensors: the model needs scalars omega; the flow has: k, c"
    )


def test_dimensions(folder, capsys):
    untrained(dimension=3).save("space.safetensors")
    line = refused(capsys, folder, *rotating(models=("model.safetensors", "space.safetensors")))
    assert line == (
        "flows/b.vtu: space.safetensors: dimension: the model was trained on 3-D flows, "
        "this flow is 2-D"
    )
    points = np.random.default_rng(0).uniform(size=(30, 3))
    FlowField(points, points, scalars={"k": points[:, 0], "c": points[:, 0]}).save("space.vtu")
    line = refused(capsys, folder, *rotating("--also", "space.vtu"))
    assert line.startswith(
        "space.vtu: model.safetensors: dimension: the model was trained on 2-D flows"
    )


def test_targets(folder, capsys):
    replace(untrained(), target="k").save("k.safetensors")
    line = refused(capsys, folder, *rotating(models=("model.safetensors", "k.safetensors")))
    assert line.endswith("but model.safetensors predicts c, k.safetensors predicts k")
    flow = plane_flow()
    replace(flow, scalars={"k": flow.scalars["k"]}).save("blind.vtu")
    line = refused(capsys, folder, *rotating("--also", "blind.vtu"))
    assert line == "blind: vector-cloud: has no c to compare with"


@pytest.mark.parametrize("angle", ["nan", "inf"])
def test_an_angle_that_is_no_number(folder, capsys, angle):
    line = refused(capsys, folder, *rotating("--angle", "30", "--angle", angle))
    assert line == f"--angle: expected a number of degrees, got 30.0, {angle}"


def test_an_angle_that_is_a_word(folder, capsys):
    assert run(*rotating("--angle", "steep")) == 2
    *_, line = capsys.readouterr().err.splitlines()
    assert line.startswith("Error: Invalid value for '--angle': ")


def test_files(folder, capsys):
    assert (
        refused(capsys, folder, *rotating(models=("none.safetensors",)))
        == "none.safetensors: no such file"
    )
    assert "none.vtu" in refused(capsys, folder, *rotating(flow="none.vtu"))
    assert "none.vtu" in refused(capsys, folder, *rotating("--also", "none.vtu"))
    line = refused(capsys, folder, *rotating(models=("model.safetensors", "model.safetensors")))
    assert line == "model.safetensors: given twice"


def test_the_report_has_every_study(folder, capsys):
    assert run(*rotating("--also", "flows/a_1.vtu", "--angle", "90")) == 0
    assert capsys.readouterr().out.startswith("vector-cloud holds its error of ")
    numbers = json.loads((folder / "out/report.json").read_text())
    assert numbers["angles"] == [0, 90]
    assert list(numbers["transformations"]["mesh_errors"]["vector-cloud"]) == ["b", "a_1"]
    assert numbers["transformations"]["responses"]["vector-cloud"]["changes"]["reflection"] < 1e-12
    assert numbers["costs"]["sizes"] == [25, 50, 100, 200, 400, 800, 1600]
    assert numbers["costs"]["vector-cloud"]["exponent"] < 1.6
