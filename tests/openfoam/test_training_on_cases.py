"""A folder of OpenFOAM cases as a training set."""

import numpy as np
import pytest

from meshes.readers.any_file import is_flow
from tests.support.command_line import refused, run
from tests.support.foam_cases import BoxCase
from vcnn import Closure

CONFIGURATION = """
target = "nut"
flows = ["cases/*"]
validation = ["held_back"]
[network]
scalars = ["wall_distance"]
channels = 4
hidden = 4
fitting = [4]
[region]
kind = "ball"
radius = 0.6
[training]
epochs = 2
batch_size = 12
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("vcnn.cli.configuration.load_entry_point", lambda *names: is_flow)
    for k, name in enumerate(("cases/b", "cases/a", "held_back")):
        box = BoxCase()
        box.p = box.p + k
        fields, nut = box.fields, 0.01 * (1 + k) * box.centres[:, 1]
        box.fields = lambda fields=fields, nut=nut: {**fields(), "nut": nut}
        box.write(tmp_path / name)
    (tmp_path / "run.toml").write_text(CONFIGURATION)
    return tmp_path


def test_every_case_is_a_flow_and_notes_beside_them_are_not(folder, capsys):
    (folder / "cases/README.md").write_text("21 hills")
    (folder / "cases/scripts").mkdir()
    (folder / "cases/scripts/run.sh").write_text("simpleFoam")
    left_out = r"^flows: 'cases/\*': no flows, left out: cases/README.md, cases/scripts$"
    with pytest.warns(UserWarning, match=left_out):
        assert run("train", "run.toml", "-o", "runs/one") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[-3:]] == ["a", "b", "held_back"]
    closure = Closure.load("runs/one/model.safetensors")
    assert closure.targets == {"nut": "scalar"} and closure.dimension == 2
    assert closure.provenance["flows"] == ["a", "b"]
    assert np.isfinite(closure.scales.length)


def test_a_pattern_that_matches_no_flow_at_all(folder, capsys):
    (folder / "notes").mkdir()
    for k in range(7):
        (folder / f"notes/{k}.md").write_text("")
    (folder / "run.toml").write_text(CONFIGURATION.replace("cases/*", "notes/*"))
    line = refused(capsys, folder, "train", "run.toml", "-o", "runs/one")
    assert line == (
        "run.toml: flows: 'notes/*' matches no flow (it matches: notes/0.md, notes/1.md, "
        "notes/2.md, notes/3.md, notes/4.md, ...)"
    )


def test_what_is_named_without_a_pattern_is_not_left_out(folder, capsys):
    (folder / "cases/README.md").write_text("")
    (folder / "run.toml").write_text(CONFIGURATION.replace("cases/*", "cases/README.md"))
    line = refused(capsys, folder, "train", "run.toml", "-o", "runs/one")
    assert "unknown kind of file '.md'" in line


def test_a_case_that_cannot_be_read_is_not_passed_over(folder, capsys):
    (folder / "cases/a/constant/polyMesh/faces").unlink()
    line = refused(capsys, folder, "train", "run.toml", "-o", "runs/one")
    assert line.startswith("cases/a: ") and "polyMesh" in line


@pytest.mark.parametrize(
    ("name", "looks"),
    [
        ("processor0/3/U", True),
        ("constant/air/polyMesh/faces", True),
        ("system/controlDict", True),
        ("0/U", False),
        (".git/config", False),
    ],
)
def test_folders_that_look_like_cases(tmp_path, name, looks):
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text("")
    assert is_flow(tmp_path) is looks


def test_kinds_of_files_that_are_flows(tmp_path):
    for name in ("a.vtu", "a.npz", "a.CSV", "a.foam", "a.msh", "a.pvd", "a.xdmf"):
        assert is_flow(tmp_path / name)
    for name in ("README", "a.md", "a.py", "a.log", "a.tar.gz"):
        assert not is_flow(tmp_path / name)
