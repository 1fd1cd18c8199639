"""``vcnn init``: files to begin with."""

import re
import shlex
import tomllib

import pytest

from solvers.studies.case import read_case
from solvers.studies.case_keys import CASE_KEYS, CONDITION_KEYS, solve_tables
from tests.support.command_line import refused, run
from tests.support.solve_cases import result
from vcnn.cli.configuration import RUN_KEYS, read_configuration
from vcnn.cli.train_keys import train_tables
from vcnn.keys import check_table
from vcnn.network.base import name_outputs
from vcnn.network.registry import build_network

ENTRY = re.compile(r"^#?(\w+) = ", re.MULTILINE)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sections(text):
    """Heading -> names of the keys below it, commented out or not."""
    parts = re.split(r"^#?(\[\w+\])$", f"[]\n{text}", flags=re.MULTILINE)[0:]
    heads = ["", *parts[1::2]]
    return dict(zip(heads, map(ENTRY.findall, parts[0::2]), strict=True))


def with_all_keys(text):
    """The file with everything in it that is commented out."""
    return tomllib.loads(re.sub(r"^#(?=\w+ = |\[)", "", text, flags=re.MULTILINE))


@pytest.mark.parametrize("name", ["hills.toml", "my runs/it's {1}.toml"])
def test_a_file_for_training(here, capsys, name):
    """Its first lines make the flows and train; here with fewer cells and epochs."""
    assert run("init", "train", "-o", name) == 0
    said = capsys.readouterr().out.splitlines()
    text = (here / name).read_text(encoding="utf-8")
    commands = re.findall(r"^#   vcnn (.*)$", text, re.MULTILINE)
    assert said == [f"written: {name}; next:", *(f"  vcnn {line}" for line in commands)]
    generate, train = map(shlex.split, commands)
    assert run(*(word.replace("48x32", "16x12") for word in generate)) == 0
    assert read_configuration(here / name).training.epochs == 30
    (here / name).write_text(text.replace("epochs = 30", "epochs = 1"), encoding="utf-8")
    assert run(*train) == 0
    assert (here / "runs/hills/model.safetensors").exists()


def test_a_file_for_training_has_every_key(here):
    assert run("init", "train") == 0
    text = (here / "train.toml").read_text(encoding="utf-8")
    tables = {table.place: table.keys for table in train_tables()}
    wanted = {
        "": [key for key in RUN_KEYS if key.name not in ("network", "region", "training")],
        "[network]": [*tables["[network]"], *tables['[network] architecture = "vector-cloud"']],
        "[region]": [*tables["[region]"], *tables['[region] kind = "transport"']],
        "[training]": tables["[training]"],
    }
    assert sections(text) == {place: [k.name for k in keys] for place, keys in wanted.items()}
    full = with_all_keys(text)
    check_table(full, RUN_KEYS)
    for table in ("network", "region", "training"):
        check_table(full[table], wanted[f"[{table}]"])
    for kind in ("ball", "ellipsoid"):
        for key in tables[f'[region] kind = "{kind}"']:
            assert re.search(rf'^# kind = "{kind}": .*\b{key.name}\b', text, re.MULTILINE)


def test_the_advice_on_several_targets(here):
    """A network with the outputs that it names can be trained on the targets that it names."""
    assert run("init", "train") == 0
    text = re.sub(r"\n# ", " ", (here / "train.toml").read_text(encoding="utf-8"))
    (note,) = re.findall(r"target = (\[.*?\]) above and output = (\[.*?\]) here", text)
    targets, outputs = (tomllib.loads(f"value = {part}")["value"] for part in note)
    name_outputs(build_network("vector-cloud", {"output": outputs}), tuple(targets))
    assert dict(zip(targets, outputs, strict=True)) == {
        "eddy_viscosity": "positive_scalar",
        "anisotropy": "traceless_symmetric_tensor",
    }


def test_a_file_for_solving(here, capsys):
    assert run("init", "solve", "-o", "a hill.toml") == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["  vcnn solve 'a hill.toml' -o runs/hill"]
    assert run("init", "solve") == 0
    assert run("solve", "solve.toml", "-o", "runs/hill") == 0
    assert result(here / "runs/hill")["answer"].startswith("Converged")


def test_a_file_for_solving_has_every_key(here):
    assert run("init", "solve") == 0
    text = (here / "solve.toml").read_text(encoding="utf-8")
    assert set(read_case(here / "solve.toml").conditions) == {"bottom", "top", "inlet"}
    tables = {table.place: table.keys for table in solve_tables()}
    wanted = {
        "": [key for key in CASE_KEYS if key.kind.words != "a table"],
        "[mesh]": [
            *tables["[mesh] generator = ..."],
            *tables['[mesh] generator = "periodic_hill"'],
            *tables["[mesh] file = ..."],
        ],
        "[reference]": tables["[reference]"],
        "[units]": tables["[units]"],
    }
    got, full = sections(text), with_all_keys(text)
    assert {place: got[place] for place in wanted} == {
        place: [key.name for key in keys] for place, keys in wanted.items()
    }
    check_table(full, CASE_KEYS)
    for table in ("mesh", "reference", "units"):
        check_table(full[table], wanted[f"[{table}]"])
    shown = {}
    for condition in full["conditions"].values():
        kind = condition["kind"]
        shown.setdefault(kind, set()).update(condition)
        check_table(condition, (*tables["[conditions]"], *CONDITION_KEYS[kind]))
    assert set(shown) == set(CONDITION_KEYS)
    for kind, keys in CONDITION_KEYS.items():
        for key in keys:
            assert re.search(rf'^# kind = "{kind}": .*\b{key.name}\b', text, re.MULTILINE)


def test_what_is_refused(here, capsys):
    (here / "train.toml").write_text("mine")
    assert refused(capsys, here, "init", "train") == (
        "train.toml: exists already; choose another -o or give --force to overwrite"
    )
    line = refused(capsys, here, "init", "solv")
    assert line == "init: expected one of solve, train, got 'solv'; did you mean 'solve'?"
    line = refused(capsys, here, "init", "solve", "-o", "case.txt")
    assert line == "case.txt: expected a file NAME.toml"
    line = refused(capsys, here, "init", "train", "-o", "a\nb.toml")
    assert line == r"'a\nb.toml': expected a name of printable characters"
    (here / "folder.toml").mkdir()
    line = refused(capsys, here, "init", "train", "-o", "folder.toml", "--force")
    assert line == "folder.toml: Is a directory"
    assert run("init", "train", "--force") == 0
    assert "vcnn generate" in (here / "train.toml").read_text(encoding="utf-8")


def test_helps_name_each_other(capsys):
    for verb in ("train", "solve"):
        assert run(verb, "--help") == 0
        text = " ".join(capsys.readouterr().out.split())
        assert "--keys" in text and f"vcnn init {verb}" in text
    assert run("--help") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "vcnn init" in text and "--keys" in text and "--force" in text
    for status in ("0 done", "1 a computation diverged", "2 bad input", "130 interrupted"):
        assert status in text
