"""The command line: what it writes."""

import json
import random
import signal
import subprocess
import sys
import time
from importlib.metadata import entry_points

import numpy as np
import pytest
import torch

from tests.support.command_line import CONFIGURATION, listing, plane_flow, refused, run
from vcnn import Closure, FlowField


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
    assert {"model.safetensors", "history.json", "config.toml"} <= {
        p.name for p in (folder / "runs/one").iterdir()
    }
    assert (folder / "runs/one/config.toml").read_text() == CONFIGURATION
    model = Closure.load("runs/one/model.safetensors")
    assert model.units == {"c": "1", "length": "H"}
    assert model.provenance["flows"] == ["a_1.vtu", "a_2.vtu"]

    assert run("train", "run.toml", "-o", "runs/one") == 0
    assert "was complete already" in capsys.readouterr().out

    assert (
        run("predict", "runs/one/model.safetensors", "flows/a_1.vtu", "flows/b.vtu", "-o", "out")
        == 0
    )
    errors = json.loads((folder / "out/errors.json").read_text())
    truth, written = plane_flow(shear=1.0), FlowField.load("out/b.vtu")
    np.testing.assert_array_equal(written.scalars["c_predicted"], model.predict(truth))
    np.testing.assert_array_equal(
        written.scalars["c_error"], written.scalars["c_predicted"] - truth.scalars["c"]
    )
    expected = np.linalg.norm(written.scalars["c_error"]) / np.linalg.norm(truth.scalars["c"])
    assert errors["b.vtu"]["c"] == pytest.approx(expected, rel=1e-12)
    assert f"{100 * expected:.3g} %" in capsys.readouterr().out

    assert (
        run(
            "rotate",
            "runs/one/model.safetensors",
            "model.safetensors",
            "flows/b.vtu",
            "-o",
            "report",
            "--angle",
            "30",
        )
        == 0
    )
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


def epochs(run_folder):
    """How many epochs are done."""
    history = run_folder / "history.json"
    return len(json.loads(history.read_text())) if history.exists() else 0


def test_a_run_killed_at_random_ends_with_the_same_model(folder):
    (folder / "run.toml").write_text(CONFIGURATION.replace("epochs = 3", "epochs = 100"))
    command = [
        sys.executable,
        "-c",
        "from vcnn.cli import main; main(['train', 'run.toml', '-o', 'killed'])",
    ]
    model = folder / "killed/model.safetensors"
    rng, kills = random.Random(5), 0
    for _ in range(3):
        last = epochs(folder / "killed") + rng.randint(1, 15)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and epochs(folder / "killed") < last:
            time.sleep(rng.uniform(0.001, 0.01))
        process.kill()
        kills += process.wait() == -signal.SIGKILL
        assert model.exists() == (process.returncode == 0)
    assert kills
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert run("train", "run.toml", "-o", "whole") == 0
    killed, whole = (
        Closure.load(path).network.state_dict()
        for path in (model, folder / "whole/model.safetensors")
    )
    assert all(torch.equal(killed[name], weights) for name, weights in whole.items())
    assert json.loads((folder / "killed/history.json").read_text())[-1]["epoch"] == 100


def test_training_goes_on_from_a_model_and_from_a_run_that_has_ended(folder, capsys):
    assert run("train", "run.toml", "-o", "first") == 0
    assert "learning_curve.png" in listing(folder / "first")
    capsys.readouterr()
    (folder / "more.toml").write_text(
        'flows = ["flows/b.vtu"]\nstart = "first/model.safetensors"\n[training]\nepochs = 2\n'
    )
    assert run("train", "more.toml", "-o", "tuned") == 0
    first, tuned = (Closure.load(f"{name}/model.safetensors") for name in ("first", "tuned"))
    assert tuned.scales == first.scales and tuned.region == first.region
    assert tuned.units == first.units and tuned.provenance["start"]["flows"] == [
        "a_1.vtu",
        "a_2.vtu",
    ]
    text = (folder / "more.toml").read_text().replace('start = "first/model.safetensors"\n', "")
    (folder / "option.toml").write_text(text)
    assert run("train", "option.toml", "--start", "first/model.safetensors", "-o", "option") == 0
    option = Closure.load("option/model.safetensors")
    assert all(map(torch.equal, option.network.parameters(), tuned.network.parameters()))
    capsys.readouterr()
    longer = (folder / "run.toml").read_text().replace("epochs = 3", "epochs = 5")
    (folder / "run.toml").write_text(longer)
    with pytest.warns(UserWarning, match="epochs: the run in first was to have 3 and has had 3"):
        assert run("train", "run.toml", "-o", "first") == 0
    captured = capsys.readouterr()
    assert "first/model.safetensors: trained" in captured.out
    assert "epoch 5/5: training loss " in captured.err
    assert run("train", "run.toml", "-o", "first") == 0
    assert "was complete already" in capsys.readouterr().out


def test_a_configuration_without_architecture_is_of_the_default_one(folder):
    text = (folder / "run.toml").read_text().replace('architecture = "vector-cloud"\n', "")
    (folder / "run.toml").write_text(text)
    assert run("train", "run.toml", "-o", "run") == 0
    assert Closure.load("run/model.safetensors").network.name == "vector-cloud"


def test_training_names_the_flow_whose_clouds_are_too_small(folder, capsys):
    text = (folder / "run.toml").read_text().replace("radius = 0.4", "radius = 0.04")
    (folder / "run.toml").write_text(text)
    with pytest.warns(UserWarning, match=r"^flows/a_2.vtu: its clouds hold 1.3 points"):
        assert run("train", "run.toml", "-o", "run") == 0
    lines = capsys.readouterr().err.splitlines()
    assert "clouds: flows/a_1.vtu: 42 of 1 points (1 to 2)" in lines
