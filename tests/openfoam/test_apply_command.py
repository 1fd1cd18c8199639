"""``vcnn openfoam apply`` as users call it."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import vcnn.cli as command_line
from openfoam.build import compile
from tests.support.command_line import refused, run
from tests.support.foam_dictionaries import closure_of, contents, write_run

ENTRY = EntryPoint("openfoam", "openfoam.cli.openfoam:app", "vcnn.commands")
OWN = """
class Constant:
    targets = {"nut": "scalar"}

    def predict(self, flow, centres=None, dtype=None):
        raise RuntimeError("it is not asked before the solver runs")


class Unmade:
    def __init__(self, of_what):
        pass
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """With a case and a model, and a library that need not be built."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_line, "entry_points", lambda group: [ENTRY])
    library = Path("/cache/libvcnnFoam.so")
    monkeypatch.setattr(compile, "build_library", lambda say: say("compiling") or library)
    closure_of("eddy_viscosity").save("model.safetensors")
    (tmp_path / "own.py").write_text(OWN)
    write_run(tmp_path / "case", wall="nutkWallFunction")
    return tmp_path


def entries(folder):
    return (
        (folder / "case/constant/turbulenceProperties").read_text().split("vcnnCoeffs")[1].split()
    )


def test_apply_and_undo(folder, capsys):
    before = contents(folder)
    assert run("openfoam", "apply", "case", "--closure", "model.safetensors") == 0
    said = capsys.readouterr()
    assert "+    RASModel        vcnn;  // of Menter" in said.out
    assert "now run simpleFoam in case; --undo puts the files back" in said.out
    assert said.err.startswith("compiling\nnote: 0/nut: (floor|lid): nutkWallFunction; ")
    assert f'"{folder}/model.safetensors";' in entries(folder)
    assert run("openfoam", "apply", "case", "--closure", "model.safetensors") == 0
    assert "case: it asks this closure already" in capsys.readouterr().out
    assert run("openfoam", "apply", "case", "--undo") == 0
    assert contents(folder) == before
    assert "constant/turbulenceProperties, system/controlDict" in capsys.readouterr().out


def test_models_of_the_package_and_closures_of_ones_own(folder, capsys):
    units = ("--length", "0.5", "--velocity", "2")
    assert run("openfoam", "apply", "case", "--closure", "hill-stress", *units) == 0
    words = entries(folder)
    assert words[words.index("model") + 1] == '"hill-stress";'
    assert words[words.index("length") + 1] == "0.5;" and words[words.index("velocity") + 1] == "2;"
    assert run("openfoam", "apply", "case", "--closure", "own.py:Constant", "--velocity", "3") == 0
    words = entries(folder)
    assert f'"{folder}/own.py:Constant";' in words
    assert words[words.index("length") + 1] == "0.5;" and words[words.index("velocity") + 1] == "3;"
    assert (
        "note: length 0.5 is kept as the case has it; --length changes" in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "expected one of --closure MODEL and --undo"),
        (("--closure", "hill-stress", "--undo"), "expected one of --closure MODEL and --undo"),
        (("--closure", "hill-stress", "--force"), "--force: needs --undo; to apply again overwr"),
        (("--undo", "--length", "2"), "--length, --velocity: not with --undo"),
        (("--closure", "own.py"), "own.py: expected FILE.py:NAME"),
        (("--closure", "own.py:Unmade"), "own.py:Unmade: TypeError: "),
        (("--undo",), "case: no closure was applied to it (there is no vcnn.orig)"),
        (("--closure", "hill-strss"), "hill-strss: neither a file nor a model of the package"),
        (("--closure", "own.py:Nothing"), "no 'Nothing' in it"),
        (("--closure", "duct-stress"), "closure: was trained on 3-D flows, the mesh is 2-D"),
    ],
)
def test_mistakes_are_said_in_one_line(folder, capsys, monkeypatch, arguments, line):
    monkeypatch.setattr(compile, "build_library", lambda say: Path("/cache/libvcnnFoam.so"))
    assert line in refused(capsys, folder, "openfoam", "apply", "case", *arguments)
