"""The page to start with: its commands run in order, on a coarser mesh, and say what it shows."""

import re
import shlex
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.command_line import run
from tests.support.pages import ROOT, code_blocks, commands, page_text, written_pages
from vcnn import Closure, FlowField

PAGE = "start/index.md"
MESH, COARSER = "60x40", "36x24"
FACTOR = 4  # between the errors of the page and those on the coarser mesh
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")


def outputs() -> list[str]:
    """What the page shows for its commands on hills."""
    return code_blocks(PAGE, "text")[2:]


def words(text: str) -> str:
    """A line without what its numbers are and how its columns are set."""
    return " ".join(_NUMBER.sub("#", text).split())


def missing(printed: str, shown: str) -> list[str]:
    """Lines of the page whose words were not printed; what follows on ... may be anything."""
    said = [words(line) for line in printed.splitlines()]
    lines = [line for line in shown.splitlines() if line.strip(" .")]
    return [x for x in lines if not any(s.startswith(words(x.rstrip("., "))) for s in said)]


def errors(text: str) -> list[float]:
    """Per cent that tables say of flows, and a sentence of the frame."""
    return [float(e) for e in re.findall(r"(?:hill_\S+\D*|error of )([\d.]+) %", text)]


@pytest.mark.skipif(find_spec("dolfinx") is None, reason="FEniCSx is not installed")
def test_hills(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lines = [line for line in commands(page_text(PAGE)) if "--bump" not in line]
    (configuration,) = code_blocks(PAGE, "toml")
    assert sum(MESH in line for line in lines) == 1
    Path("hills.toml").write_text(configuration, encoding="utf-8")
    assert [line.split()[0] for line in lines] == "generate show train predict rotate".split()
    said = []
    for line in lines:
        assert run(*shlex.split(line.replace(MESH, COARSER))) == 0, line
        captured = capsys.readouterr()
        said.append(captured.err + captured.out)
    printed = [said[1], said[2], said[3] + said[4]]
    for what, shown in zip(printed, outputs(), strict=True):
        assert missing(what, shown) == [], what
        ratios = [a / b for a, b in zip(errors(what), errors(shown), strict=True)]
        assert all(1 / FACTOR < ratio < FACTOR for ratio in ratios), what
    assert "hill_1.00.vtu" in Closure.load("runs/hills/model.safetensors").provenance["flows"]
    predicted = FlowField.load("predictions/hill_1.50.vtu").scalars
    assert {"concentration_predicted", "concentration_error", "extrapolation"} <= set(predicted)
    assert Path("rotation/report.html").stat().st_size > 1e5


def test_outputs_are_told_apart():
    """The comparison itself: it sees another word, and every error."""
    assert missing("hill_2.00.vtu  12 %\nwritten", "hill_1.50.vtu   1.3 %\n...\n") == []
    assert missing("hill_2.00.vtu  12 m", "hill_1.50.vtu   1.3 %") == ["hill_1.50.vtu   1.3 %"]
    assert errors("hill_1.50.vtu   1.3 %   0.784 %\nholds its error of 1.4 % as") == [1.3, 1.4]
    assert [len(errors(shown)) for shown in outputs()] == [0, 3, 2]


@pytest.mark.parametrize("page", written_pages(), ids=lambda page: page.name)
def test_configurations_are_toml(page):
    for block in code_blocks(str(page.relative_to(ROOT / "docs")), "toml"):
        tomllib.loads(block)
