"""What README.md shows runs: its commands, in their order, and its Python.

What takes long as it stands is made smaller here, by replacements that must fit the text. What is
left behind is looked at, so that nothing can do nothing.
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
COMMANDS = [
    shlex.split(line, comments=True)
    for line in re.findall(r"^    vcnn (.*)$", README, re.MULTILINE)
]
(BLOCK,) = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)

# A piece of the text, or of a file that a command writes -> what is run in its place.
SMALLER = {
    "epochs = 30": "epochs = 2",
    "epochs=10": "epochs=2",
    "cells=(48, 32)": "cells=(36, 24)",
    "48x32": "36x24",
}


def smaller(text):
    for old, new in SMALLER.items():
        text = text.replace(old, new)
    return text


def make_smaller(path: Path) -> None:
    """Replace what takes long in a file that `vcnn init` has written."""
    path.write_text(smaller(path.read_text(encoding="utf-8")), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the commands have been given, in their order."""
    folder, before = tmp_path_factory.mktemp("readme"), Path.cwd()
    os.chdir(folder)
    try:
        for arguments in COMMANDS:
            assert run(*map(smaller, arguments)) == 0, arguments
            if arguments[0] == "init":
                make_smaller(Path(arguments[-1]))
    finally:
        os.chdir(before)
    return folder


@pytest.fixture(autouse=True)
def beside_the_flows(folder, monkeypatch):
    monkeypatch.chdir(folder)


def test_every_replacement_fits(folder):
    text = "".join([BLOCK, *map(" ".join, COMMANDS)])
    template = folder / "unchanged.toml"
    assert run("init", "train", "-o", str(template)) == 0
    text += template.read_text(encoding="utf-8")
    assert [old for old in SMALLER if old not in text] == []


def test_commands_leave_what_they_promise():
    assert [arguments[0] for arguments in COMMANDS] == [
        "generate",
        "init",
        "train",
        "predict",
        "rotate",
        "init",
        "solve",
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


def test_the_first_example(capsys):
    names = {}
    exec(compile(smaller(BLOCK), "README.md", "exec"), names)
    assert re.search(r"^error on a hill that it never saw: \d", capsys.readouterr().out, re.M)
    assert names["error"] < 0.3
    np.testing.assert_array_equal(
        Closure.load("model.safetensors").network.state_dict()["fitting.0.weight"],
        names["closure"].network.state_dict()["fitting.0.weight"],
    )


def test_a_solved_case():
    velocity = FlowField.load("runs/case/flow.vtu").velocity
    assert np.isfinite(velocity).all() and np.ptp(velocity) > 0.5


def test_it_is_short():
    assert README.count("\n") < 120
    assert len(re.findall(r"^!\[", README, re.MULTILINE)) == 2
