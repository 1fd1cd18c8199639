"""Data of the benchmarks: all are listed, and what is missing is said in one line."""

import runpy
import sys
from pathlib import Path

import pytest

from benchmarks.common.command import run
from benchmarks.data import __main__ as command
from benchmarks.data import catalogue
from benchmarks.data.hills import VALIDATION, hill_names, read_hill
from vcnn import InputError

ROOT = Path(__file__).parents[1]
COMMANDS = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "benchmarks").rglob("*.py")
    if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
} - {"benchmarks.data.__main__"}
NEEDY = sorted(name for name, needs in catalogue.NEEDS.items() if needs.required)


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A folder of data without any, in which the benchmark is started too."""
    monkeypatch.setenv("VCNN_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


def test_what_every_benchmark_needs_is_listed():
    assert set(catalogue.NEEDS) == COMMANDS


@pytest.mark.filterwarnings("ignore:'benchmarks")
@pytest.mark.parametrize("name", NEEDY)
def test_a_benchmark_without_its_data_ends_with_one_line(name, empty, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [name, *(["run"] if name.endswith("duct_closure") else [])])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(name, run_name="__main__")
    assert ended.value.code == 2
    printed, said = capsys.readouterr()
    needed = catalogue.NEEDS[name].required[0]
    assert (printed, said.count("\n")) == ("", 1)
    assert said.startswith(f"error: {empty / needed.folder}/")
    name = Path(said.split()[1].rstrip(":")).relative_to(empty / needed.folder).with_suffix("")
    place = needed.originals[str(name)]
    assert f"the original is in {needed.source}" in said and f"{place};" in said
    assert "'python -m benchmarks.data'" in said
    assert list(empty.parent.iterdir()) == []  # it began nothing


def test_a_file_that_is_missing_among_others(empty):
    first, *others = catalogue.DUCTS.originals
    folder = empty / catalogue.DUCTS.folder
    folder.mkdir(parents=True)
    for name in others:
        (folder / f"{name}.npz").touch()
    catalogue.DUCTS.require(others)
    with pytest.raises(InputError, match=f"{first}.npz: no such file; .*, data/DUCT/{first}; "):
        catalogue.DUCTS.require()


def test_a_file_that_is_read_without_being_there(empty, capsys):
    with pytest.raises(SystemExit) as ended:
        run(lambda: read_hill(empty / "hill.npz"))
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"error: {empty / 'hill.npz'}: no such file; ")


def test_optional_data_are_left_out(empty):
    from benchmarks.verification import laminar_hills, sst_hills

    assert (laminar_hills.slopes_available(), sst_hills.available()) == ([], [])
    for needs in catalogue.NEEDS.values():
        assert not set(needs.required) & set(needs.optional)


def test_hills_are_split_as_the_challenge_does():
    assert (len(hill_names("train")), hill_names("validation")) == (21, sorted(VALIDATION))
    assert not set(hill_names("train")) & set(VALIDATION)
    assert not set(catalogue.HILLS.originals) & set(catalogue.CLOSED.originals)


def test_the_listing_names_all(empty, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["data"])
    command.main()
    text = capsys.readouterr().out
    assert str(empty) in text and "VCNN_DATA" in text
    for data in catalogue.ALL:
        assert data.source in text and data.cite in text
        assert f"{data.folder}/NAME.{data.suffix}: 0 of {len(data.originals)} there" in text
        assert all(name in text for name in data.originals)
    assert all(name in text for name in COMMANDS)
