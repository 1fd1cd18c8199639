"""The page to start with: its commands run in their order, smaller, and leave what it promises."""

import shlex
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.command_line import run
from tests.support.pages import ROOT, code_blocks, commands, page_text, written_pages
from vcnn import Closure, FlowField

PAGE = "start/index.md"
SMALLER = {"60x40": "24x16", "epochs = 40": "epochs = 2", "--slope 1.0 --slope 1.5": "--slope 1.0"}
SMALLER |= {"hill_1.50": "hill_2.00"}


def smaller(text: str) -> str:
    for old, new in SMALLER.items():
        text = text.replace(old, new)
    return text


@pytest.mark.skipif(find_spec("dolfinx") is None, reason="FEniCSx is not installed")
def test_hills(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lines = [line for line in commands(page_text(PAGE)) if "--bump" not in line]
    (configuration,) = code_blocks(PAGE, "toml")
    assert all(old in "".join([*lines, configuration]) for old in SMALLER)
    Path("hills.toml").write_text(smaller(configuration), encoding="utf-8")
    assert [line.split()[0] for line in lines] == "generate show train predict rotate".split()
    for line in lines:
        assert run(*shlex.split(smaller(line))) == 0, line
    assert "hill_1.00.vtu" in Closure.load("runs/hills/model.safetensors").provenance["flows"]
    predicted = FlowField.load("predictions/hill_2.00.vtu").scalars
    assert {"concentration_predicted", "concentration_error", "extrapolation"} <= set(predicted)
    assert Path("rotation/report.html").stat().st_size > 1e5
    assert "holds its error" in capsys.readouterr().out


@pytest.mark.parametrize("page", written_pages(), ids=lambda page: page.name)
def test_configurations_are_toml(page):
    for block in code_blocks(str(page.relative_to(ROOT / "docs")), "toml"):
        tomllib.loads(block)
