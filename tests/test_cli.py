"""The command line: what it writes, and that no mistake of a user ends in a traceback or half a file."""

import json
import random
import signal
import subprocess
import sys
import time
from importlib.metadata import entry_points

import numpy as np
import pytest
import pyvista
import torch

from vcnn import Closure, DivergenceError, FlowField, RegionOfInfluence, Scales, VectorCloudNetwork
from vcnn.cli import main
from vcnn.mesh import named_mesh

CONFIGURATION = """
target = "c"
flows = ["flows/a_*.vtu"]
validation = ["flows/b.vtu"]
units = { c = "1", length = "H" }
[network]
architecture = "vector-cloud"
scalars = ["k"]
embedding = 8
hidden = 8
fitting = [8]
[region]
kind = "ball"
radius = 0.4
[training]
epochs = 3
batch_size = 16
"""


def plane_flow(seed=0, shear=1.0):
    """A sheared stream through a 6 x 5 mesh, periodic in x; the scalar c follows from k and the speed."""
    x, y = np.meshgrid(np.linspace(0, 2, 7), np.linspace(0, 1, 6))
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    number = np.arange(42).reshape(6, 7)
    quads = np.stack([number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]], -1).reshape(-1, 4)
    k = np.random.default_rng(seed).uniform(0, 1, len(points))
    velocity = np.stack([0.2 + shear * points[:, 1], 0.1 * np.sin(np.pi * points[:, 0])], axis=1)
    c = k + np.linalg.norm(velocity, axis=1)
    return FlowField(points, velocity, scalars={"k": k, "c": c}, periods=[[2, 0]],
                     parameters={"shear": shear}, mesh=named_mesh(points, [("quad", quads)], {}))  # fmt: skip


def untrained(dimension=2, scalars=("k",), seed=0):
    network = VectorCloudNetwork(list(scalars), embedding=4, hidden=4, fitting=(4,), seed=seed)
    scales = Scales(scalars={name: (0.5, 0.3) for name in scalars}, targets=((1.0, 0.4),))
    return Closure(network.eval(), RegionOfInfluence.ball(0.4), "c", dimension, scales)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with flows, a model and a configuration, all good."""
    monkeypatch.chdir(tmp_path)
    for name, shear in (("a_1", 0.5), ("a_2", 1.5), ("b", 1.0)):
        plane_flow(shear=shear).save(f"flows/{name}.vtu")
    untrained().save("model.safetensors")
    (tmp_path / "run.toml").write_text(CONFIGURATION)
    return tmp_path


def run(*arguments) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return stop.value.code


def listing(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def refused(capsys, folder, *arguments) -> str:
    """The one line with which a command refuses, having written nothing."""
    before = listing(folder)
    assert run(*arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ")
    assert listing(folder) == before
    return line.removeprefix("error: ")


# -- what the verbs do ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["train", "predict", "rotate", "show"])
def test_every_verb_has_help_with_an_example(verb, capsys):
    assert run(verb, "--help") == 0
    text = capsys.readouterr().out
    assert "Example:" in text
    assert f"\n    vcnn {verb} " in text


def test_help_lists_every_verb_and_version_is_printed(capsys):
    assert run("--help") == 0
    text = capsys.readouterr().out
    for entry in entry_points(group="vcnn.commands"):
        assert f"\n  {entry.name} " in text
    assert run("--version") == 0
    assert capsys.readouterr().out.startswith("vcnn 0")


def test_train_then_predict_rotate_and_show(folder, capsys):
    assert run("train", "run.toml", "-o", "runs/one") == 0
    out = capsys.readouterr().out
    assert "runs/one/model.safetensors: trained" in out
    assert {"model.safetensors", "history.json", "config.toml"} <= {p.name for p in (folder / "runs/one").iterdir()}
    assert (folder / "runs/one/config.toml").read_text() == CONFIGURATION
    model = Closure.load("runs/one/model.safetensors")
    assert model.units == {"c": "1", "length": "H"}
    assert model.provenance["flows"] == ["a_1.vtu", "a_2.vtu"]

    assert run("train", "run.toml", "-o", "runs/one") == 0
    assert "was complete already" in capsys.readouterr().out

    assert run("predict", "runs/one/model.safetensors", "flows/a_1.vtu", "flows/b.vtu", "-o", "out") == 0
    errors = json.loads((folder / "out/errors.json").read_text())
    truth, written = plane_flow(shear=1.0), FlowField.load("out/b.vtu")
    np.testing.assert_array_equal(written.scalars["c_predicted"], model.predict(truth))
    np.testing.assert_array_equal(written.scalars["c_error"], written.scalars["c_predicted"] - truth.scalars["c"])
    expected = np.linalg.norm(written.scalars["c_error"]) / np.linalg.norm(truth.scalars["c"])
    assert errors["b.vtu"]["c"] == pytest.approx(expected, rel=1e-12)
    assert f"{100 * expected:.3g} %" in capsys.readouterr().out

    assert run("rotate", "runs/one/model.safetensors", "model.safetensors", "flows/b.vtu", "-o", "report",
               "--angle", "30") == 0  # fmt: skip
    numbers = json.loads((folder / "report/report.json").read_text())
    assert numbers["angles"] == [0, 30]
    assert set(numbers["errors"]) == {"runs/one/model.safetensors", "model.safetensors"}
    assert max(numbers["variation"].values()) < 1e-10

    capsys.readouterr()
    assert run("show", "runs/one/model.safetensors") == 0
    out = capsys.readouterr().out
    for text in ("vector-cloud", '"kind": "ball"', '"length": "H"', "a_2.vtu"):
        assert text in out
    assert run("show", "out/b.vtu") == 0
    out = capsys.readouterr().out
    for text in ("42 mesh vertices", "(2, 0)", "shear = 1", "c_predicted"):
        assert text in out


def test_predicting_a_flow_without_truth_reports_no_error(folder):
    flow = plane_flow()
    FlowField(flow.points, flow.velocity, scalars={"k": flow.scalars["k"]}).save("new.vtu")
    assert run("predict", "model.safetensors", "new.vtu", "-o", "out") == 0
    assert json.loads((folder / "out/errors.json").read_text()) == {"new.vtu": {}}
    assert list(FlowField.load("out/new.vtu").scalars) == ["k", "c_predicted"]


def test_existing_output_is_kept_unless_forced(folder, capsys):
    (folder / "out").mkdir()
    (folder / "out/b.vtu").write_text("mine")
    for verb in ("predict", "rotate"):
        line = refused(capsys, folder, verb, "model.safetensors", "flows/b.vtu", "-o", "out")
        assert line.startswith("out: exists already")
        assert "--force" in line
    assert (folder / "out/b.vtu").read_text() == "mine"
    assert run("predict", "model.safetensors", "flows/b.vtu", "-o", "out", "--force") == 0
    assert "c_predicted" in FlowField.load("out/b.vtu").scalars


# -- mistakes -------------------------------------------------------------------------------------------------


def predicting(model="model.safetensors", flow="flows/b.vtu"):
    return "predict", model, flow, "-o", "out"


def test_missing_field(folder, capsys):
    flow = plane_flow()
    FlowField(flow.points, flow.velocity, scalars={"c": flow.scalars["c"]}).save("flows/bare.vtu")
    line = refused(capsys, folder, *predicting(flow="flows/bare.vtu"))
    assert line == "flows/bare.vtu: the model needs scalars k; the flow has: c"
    line = refused(capsys, folder, "rotate", "model.safetensors", "flows/bare.vtu", "-o", "out")
    assert line == "flows/bare.vtu: the model needs scalars k; the flow has: c"


def test_field_the_flows_to_train_on_lack(folder, capsys):
    text = CONFIGURATION.replace('scalars = ["k"]', 'scalars = ["omega"]')
    (folder / "run.toml").write_text(text)
    line = refused(capsys, folder, "train", "run.toml", "-o", "out")
    assert line == "flows/a_1.vtu: the network needs scalars omega; the flow has: k, c"
    (folder / "run.toml").write_text(CONFIGURATION.replace('target = "c"', 'target = "theta"'))
    line = refused(capsys, folder, "train", "run.toml", "-o", "out")
    assert line == "flows/a_1.vtu: target 'theta' is missing; its scalars: k, c"


def test_dimension_of_the_model(folder, capsys):
    untrained(dimension=3).save("space.safetensors")
    line = refused(capsys, folder, *predicting("space.safetensors"))
    assert line.startswith("flows/b.vtu: dimension: the model was trained on 3-D flows")


def test_nan_in_a_field(folder, capsys):
    grid = pyvista.read("flows/b.vtu")
    grid["k"][7] = np.nan
    grid.save("flows/nan.vtu")
    line = refused(capsys, folder, *predicting(flow="flows/nan.vtu"))
    assert line == "flows/nan.vtu: scalars['k']: 1 values are NaN or infinite, first at index 7"


def test_mesh_without_cells(folder, capsys):
    grid = pyvista.read("flows/b.vtu")
    lines = pyvista.UnstructuredGrid({pyvista.CellType.LINE: np.array([[0, 1], [1, 2]])}, grid.points)
    for name in grid.point_data:
        lines.point_data[name] = grid.point_data[name]
    lines.field_data["vcnn"] = grid.field_data["vcnn"]
    lines.save("flows/lines.vtu")
    line = refused(capsys, folder, *predicting(flow="flows/lines.vtu"))
    assert line == "flows/lines.vtu: mesh: no cells of dimension 2 (cells: line)"


@pytest.mark.parametrize("keep", [0, 5, 200, -100])
def test_truncated_files(folder, capsys, keep):
    for name in ("model.safetensors", "flows/b.vtu"):
        data = (folder / name).read_bytes()
        (folder / name.replace(".", "_cut.")).write_bytes(data[:keep])
    assert "model_cut.safetensors: truncated" in refused(capsys, folder, *predicting("model_cut.safetensors"))
    assert "flows/b_cut.vtu: damaged" in refused(capsys, folder, *predicting(flow="flows/b_cut.vtu"))
    assert "flows/b_cut.vtu: damaged" in refused(capsys, folder, "show", "flows/b_cut.vtu")


def test_foreign_files(folder, capsys):
    from safetensors.torch import save_file

    save_file({"x": torch.zeros(3)}, "foreign.safetensors")
    assert "not written by this package" in refused(capsys, folder, *predicting("foreign.safetensors"))
    pyvista.Sphere().cast_to_unstructured_grid().save("sphere.vtu")
    line = refused(capsys, folder, *predicting(flow="sphere.vtu"))
    assert line == "sphere.vtu: not a flow file of this package; convert it with 'vcnn import'"
    (folder / "case.foam").write_text("")
    assert "vcnn import" in refused(capsys, folder, *predicting(flow="case.foam"))
    assert "model.safetensors" in refused(capsys, folder, *predicting(flow="model.safetensors"))


def test_missing_files(folder, capsys):
    assert refused(capsys, folder, *predicting("none.safetensors")) == "none.safetensors: no such file"
    assert refused(capsys, folder, *predicting(flow="none.vtu")) == "none.vtu: no such file"
    assert refused(capsys, folder, "train", "none.toml", "-o", "out") == "none.toml: no such file"
    assert refused(capsys, folder, "show", "none.safetensors") == "none.safetensors: no such file"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("units", "unit", "unknown key 'unit'; known are: target, flows, network"),
        ("embedding", "embeding", "[network]: unknown key 'embeding'; known are: architecture, scalars"),
        ("radius", "radios", "[region]: unknown key 'radios'; known are: kind, radius"),
        ("epochs", "epoch", "[training]: unknown key 'epoch'; known are: epochs, batch_size"),
        ("vector-cloud", "vector-clod", "[network]: architecture: expected one of vector-cloud"),
        ('"ball"', '"bowl"', "[region]: region: kind must be one of transport, ball"),
        ("radius = 0.4", "radius = -1", "[region]: radius: expected a positive number, got -1"),
        ("epochs = 3", "epochs = 0", "[training]: epochs: expected a positive integer, got 0"),
        ('scalars = ["k"]', 'scalars = "k"', "[network]: scalars: expected a list, got 'k'"),
        ("hidden = 8", "hidden = -8", "[network]: "),
        ('target = "c"', "target = 5", "target: expected text or a list, got 5"),
        ('target = "c"', "", "key 'target' is missing"),
        ("a_*", "z_*", "flows: 'flows/z_*.vtu' matches no file"),
        ("[region]", "[region", "not a TOML file"),
    ],
)
def test_mistakes_in_a_configuration(folder, capsys, old, new, message):
    (folder / "run.toml").write_text(CONFIGURATION.replace(old, new))
    line = refused(capsys, folder, "train", "run.toml", "-o", "out")
    assert line.startswith(f"run.toml: {message}")


def test_a_folder_with_another_run_is_left_alone(folder, capsys):
    assert run("train", "run.toml", "-o", "out") == 0
    model = (folder / "out/model.safetensors").read_bytes()
    (folder / "run.toml").write_text(CONFIGURATION.replace("epochs = 3", "epochs = 4"))
    capsys.readouterr()
    assert "belongs to another run" in refused(capsys, folder, "train", "run.toml", "-o", "out")
    assert (folder / "out/model.safetensors").read_bytes() == model
    assert (folder / "out/config.toml").read_text() == CONFIGURATION


def test_output_below_a_file(folder, capsys):
    line = refused(capsys, folder, "predict", "model.safetensors", "flows/b.vtu", "-o", "run.toml/out")
    assert line == "run.toml/out: cannot be written, run.toml is a file"
    line = refused(capsys, folder, "train", "run.toml", "-o", "run.toml/out")
    assert line == "run.toml/out: cannot be written, run.toml is a file"


def test_flows_of_the_same_name(folder, capsys):
    line = refused(capsys, folder, "predict", "model.safetensors", "flows/b.vtu", "flows/../flows/b.vtu", "-o", "out")
    assert line.startswith("b.vtu: given twice")


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (DivergenceError("c: 3 predictions are NaN"), 1, "error: c: 3 predictions are NaN"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (PermissionError(13, "Permission denied", "/out"), 2, "error: /out: Permission denied"),
    ],
)
def test_failures_while_it_works(folder, capsys, monkeypatch, error, status, message):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(Closure, "predict", fail)
    before = listing(folder)
    assert run(*predicting()) == status
    assert capsys.readouterr().err.splitlines() == [message]
    assert listing(folder) == before


def test_unknown_verbs_and_options(capsys):
    for arguments in (["fly"], ["show"], ["show", "x.vtu", "--speed", "3"]):
        assert run(*arguments) == 2
        assert "Traceback" not in capsys.readouterr().err


# -- interruption ---------------------------------------------------------------------------------------------


def test_a_run_killed_at_random_ends_with_the_same_model(folder):
    (folder / "run.toml").write_text(CONFIGURATION.replace("epochs = 3", "epochs = 150"))
    command = [sys.executable, "-c", "from vcnn.cli import main; main(['train', 'run.toml', '-o', 'killed'])"]
    checkpoint, model = folder / "killed/checkpoint.safetensors", folder / "killed/model.safetensors"
    rng = random.Random(5)
    for _ in range(3):
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else None
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and (not checkpoint.exists() or checkpoint.stat().st_mtime_ns == before):
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.3))
        process.kill()
        assert process.wait() == -signal.SIGKILL  # else it was not interrupted
        assert not model.exists()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert run("train", "run.toml", "-o", "whole") == 0
    assert model.read_bytes() == (folder / "whole/model.safetensors").read_bytes()
    assert json.loads((folder / "killed/history.json").read_text())[-1]["epoch"] == 150
