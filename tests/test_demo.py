"""The demo on a small scale: it reports what it did, goes on after an interruption, and overwrites
nothing unasked.
"""

import json

import numpy as np
import pytest
import typer.testing

from solvers.cli.demo import demo
from solvers.studies.demonstration import PARTS
from tests.support.pictures import coloured_share, embedded
from vcnn import FlowField, InputError


def test_quick_demo(tmp_path, capsys):
    folder = tmp_path / "a demo"
    demo(output=folder, quick=True)
    printed = capsys.readouterr().out
    assert printed.rstrip().endswith(f"report: {folder / 'report' / 'report.html'}")
    numbers = json.loads((folder / "report" / "report.json").read_text())
    vector_cloud, graph = (
        numbers["error_variation"][n] for n in ("vector-cloud network", "graph kernel network")
    )
    assert vector_cloud < 1e-9 < 1e-2 < graph
    page = (folder / "report" / "report.html").read_text()
    shares = sorted(coloured_share(picture) for picture in embedded(page))
    assert len(shares) == 7
    assert shares[0] > 0.005 and shares[2] > 0.1  # two of curves, five of fields
    predicted = FlowField.load(next((folder / "predictions").glob("hill_0.5_*.vtu")))
    scalars = predicted.scalars
    np.testing.assert_allclose(
        scalars["concentration_predicted"] - scalars["concentration"],
        scalars["concentration_error"],
    )

    with pytest.raises(InputError, match="--force"):
        demo(output=folder, quick=True)
    assert (folder / "report" / "report.html").read_text() == page
    assert {path.name for path in folder.iterdir()} == {*PARTS, "vcnn-demo.txt"}

    # as after an interruption: what is there is used, and an OpenFOAM-like reference joins in
    for part in (folder / "report").iterdir():
        part.unlink()
    (folder / "report").rmdir()
    reference = next((folder / "flows").rglob("hill_0.50.vtu"))
    before = (folder / "vector-cloud" / "model.safetensors").read_bytes()
    demo(output=folder, quick=True, reference=[reference])
    assert "hill_0.50" in capsys.readouterr().out
    assert (folder / "vector-cloud" / "model.safetensors").read_bytes() == before


@pytest.fixture
def computed(monkeypatch):
    """The folders of demos; they are not computed, but each makes the parts of its folder."""
    folders = []

    def demonstrate(folder, references, settings):
        for part in PARTS:
            (folder / part).mkdir()
        folders.append(folder)
        raise KeyboardInterrupt  # there is nothing to print

    monkeypatch.setattr("solvers.studies.demonstration.demonstrate", demonstrate)
    return folders


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def finished(folder):
    with pytest.raises(KeyboardInterrupt):
        demo(output=folder)
    for part in PARTS:
        (folder / part / "made").write_text("by a demo")


def test_force_deletes_a_demo_and_nothing_else(tmp_path, computed):
    finished(tmp_path / "demo")
    (tmp_path / "demo" / "mine").mkdir()
    (tmp_path / "demo" / "mine" / "notes.txt").write_text("of years")
    with pytest.raises(KeyboardInterrupt):
        demo(output=tmp_path / "demo", force=True)
    left = {str(path) for path in contents(tmp_path / "demo")}
    assert left == {"mine/notes.txt", "vcnn-demo.txt"} and len(computed) == 2


@pytest.mark.parametrize("part", PARTS)
def test_a_folder_that_is_no_demo_is_kept(tmp_path, computed, part):
    """Whatever in it is called as a part of a demo; another file is no hindrance."""
    (tmp_path / part).mkdir()
    (tmp_path / part / "notes.txt").write_text("of years")
    for force in (True, False):
        with pytest.raises(InputError, match=f"holds {part}/ without the vcnn-demo.txt of a demo"):
            demo(output=tmp_path, force=force)
    assert [str(path) for path in contents(tmp_path)] == [f"{part}/notes.txt"]
    with pytest.raises(InputError, match="expected a folder, got a file"):
        demo(output=tmp_path / part / "notes.txt")
    assert not computed
    with pytest.raises(KeyboardInterrupt):
        demo(output=tmp_path / part, force=True)
    assert (tmp_path / part / "notes.txt").read_text() == "of years"


def test_a_bad_reference_leaves_a_demo_as_it_was(tmp_path, computed):
    finished(tmp_path / "demo")
    (tmp_path / "text.vtu").write_text("no flow")
    before = contents(tmp_path)
    for name in ("none.vtu", "text.vtu"):
        with pytest.raises(InputError, match=name):
            demo(output=tmp_path / "demo", force=True, reference=[tmp_path / name])
    assert contents(tmp_path) == before and len(computed) == 1


def test_help_shows_an_example():
    app = typer.Typer()
    app.command()(demo)
    result = typer.testing.CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0 and "vcnn demo -o demo" in result.output
