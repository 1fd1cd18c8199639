"""What README.md shows runs: its commands, its configuration and its Python, in its order.

What takes long as it stands is made smaller here, by replacements that must fit the text. What the
blocks leave behind is looked at, so that none can do nothing.
"""

import os
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from tests.support.command_line import run
from vcnn import Closure, FlowField

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
COMMANDS = [shlex.split(line) for line in re.findall(r"^    vcnn (.*)$", README, re.MULTILINE)]
(CONFIGURATION,) = re.findall(r"^```toml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)

# A piece of the text -> what is run in its place.
SMALLER = {
    "epochs = 40": "epochs = 2",
    "epochs=10": "epochs=2",
    "cells=(80, 80), grading=40.0": "cells=(32, 24), grading=15.0",
    "cells=(80, 60), grading=30.0": "cells=(32, 24), grading=15.0",
    "cells=(40, 30), grading=15.0": "cells=(24, 16), grading=10.0",
    "steps=20": "steps=3",
    "periodic_hill(1.325, cells=(60, 40))": "periodic_hill(1.325, cells=(24, 16))",
    "60x40": "36x24",
}


def smaller(text):
    for old, new in SMALLER.items():
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the commands of "From your own data" have been given, in their order."""
    folder, before = tmp_path_factory.mktemp("readme"), Path.cwd()
    os.chdir(folder)
    try:
        Path("hills.toml").write_text(smaller(CONFIGURATION), encoding="utf-8")
        for arguments in COMMANDS:
            assert run(*map(smaller, arguments)) == 0, arguments
    finally:
        os.chdir(before)
    return folder


@pytest.fixture(autouse=True)
def beside_the_flows(folder, monkeypatch):
    monkeypatch.chdir(folder)


def execute(word) -> dict:
    """Run the only block with a word in it; its names at the end."""
    (block,) = [block for block in BLOCKS if word in block]
    names = {}
    exec(compile(smaller(block), "README.md", "exec"), names)
    return names


def test_every_replacement_fits_and_every_block_is_run():
    text = "".join([*BLOCKS, CONFIGURATION, *map(" ".join, COMMANDS)])
    assert [old for old in SMALLER if old not in text] == []
    source = Path(__file__).read_text(encoding="utf-8")
    words = [eval(word) for word in re.findall(r"execute\((['\"].*['\"])\)", source)]
    blocks = [block for word in words for block in BLOCKS if word in block]
    assert sorted(blocks) == sorted(BLOCKS)


def test_commands_leave_what_they_promise():
    assert [arguments[0] for arguments in COMMANDS] == [
        "generate",
        "show",
        "train",
        "predict",
        "rotate",
    ]
    predicted = FlowField.load("predictions/hill_1.50.vtu").scalars
    error = predicted["concentration_predicted"] - predicted["concentration"]
    np.testing.assert_allclose(predicted["concentration_error"], error, rtol=1e-12)
    assert Path("rotation/report.html").stat().st_size > 1e5
    assert "hill_1.00.vtu" in Closure.load("runs/hills/model.safetensors").provenance["flows"]


def test_make_has_the_two_commands():
    makefile = (Path(__file__).parents[1] / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^(\w+):", makefile, re.MULTILINE))
    assert {"demo", "test", "venv"} <= targets
    assert set(re.findall(r"`?make (\w+)\b", README)) <= targets | {"in"}


def test_training_from_python():
    names = execute("closure.save")
    assert names["values"].shape == (len(FlowField.load("flows/hill_1.50.vtu")),)
    np.testing.assert_array_equal(
        Closure.load("model.safetensors").network.state_dict()["fitting.0.weight"],
        names["closure"].network.state_dict()["fitting.0.weight"],
    )


def test_the_shipped_concentration():
    predicted = execute('concentration = Closure.pretrained("hill-concentration").predict(')[
        "concentration"
    ]
    truth = FlowField.load("flows/hill_1.50.vtu")
    error = predicted - truth.scalars["concentration"]
    assert np.linalg.norm(error) < 0.03 * np.linalg.norm(truth.scalars["concentration"])


def test_a_table_of_equivariance_errors(capsys):
    execute("equivariance_errors")
    text = capsys.readouterr().out
    changes = re.findall(r"^(?:rotation \d|reflection|Galilean) +(\S+) +(\S+)$", text, re.MULTILINE)
    assert len(changes) == 4
    assert np.array(changes, dtype=float).max() < 1e-12  # in double precision


def test_laminar_flow_and_transport():
    names = execute("solvers.ScalarTransport(mesh, velocity=flow)")
    saved = FlowField.load("hill.vtu").scalars["concentration"]
    np.testing.assert_array_equal(saved, names["result"].flow().scalars["concentration"])
    assert saved.max() > 0.1


def test_turbulent_flow_and_other_boundaries(capsys):
    execute("duct = meshes.channel")
    (x, _), *_ = eval(re.sub(r"(?<=\d)\s+(?=[-\d])", ", ", capsys.readouterr().out))
    assert 2 < x < 8
    assert Path("hill.bp").is_dir()
    velocity = FlowField.load("duct.vtu").velocity
    assert velocity[:, 0].mean() == pytest.approx(1, abs=0.05)


def test_the_shipped_eddy_viscosity_in_the_loop(capsys):
    result = execute('"hill-eddy-viscosity"')["result"]
    assert capsys.readouterr().out.startswith(f"{len(result.history)} rounds; ")
    assert 5 < len(result.history) < 100


def test_an_inversion():
    misfits = execute("solvers.invert_stress")["inverse"].misfits
    assert misfits[-1] < 0.5 * misfits[0]


def test_a_scalar_that_acts_back():
    names = execute("solvers.ActiveScalar")
    exact, fast = (names[name].flow().velocity for name in ("exact", "fast"))
    assert np.linalg.norm(fast - exact) < 0.05 * np.linalg.norm(exact)
