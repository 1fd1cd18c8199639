"""Potentials from the command line: trained, shown, asked of frames."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.support.command_line import run
from vcnn.atoms import Frame, Potential, read_frames

pytest.importorskip("ase")

CONFIG = """
task = "energy"
frames = ["learned.extxyz"]
validation = ["kept.extxyz"]
cutoff = 5.0
[network]
radial = 4
mixed = [6, 4, 2]
fitting = [12]
[weights]
energy = [0.1, 100.0]
[training]
epochs = 3
batch_size = 5
"""


def dimer(distance):
    """Two atoms on a spring, in any direction."""
    rng = np.random.default_rng(int(1e6 * distance))
    e = rng.standard_normal(3)
    e /= np.linalg.norm(e)
    force = -2.0 * (distance - 2.0)
    return Frame(
        [np.zeros(3), distance * e],
        ["N", "O"],
        energy=(distance - 2.0) ** 2 - 7.0,
        forces=[-force * e, force * e],
    )


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with frames and a configuration, and in it."""
    from vcnn.atoms import write_frames

    monkeypatch.chdir(tmp_path)
    write_frames(tmp_path / "learned.extxyz", [dimer(d) for d in np.linspace(1.7, 2.5, 20)])
    write_frames(tmp_path / "kept.extxyz", [dimer(d) for d in (1.81, 2.21)])
    (tmp_path / "dimers.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def test_a_potential_from_a_file(here, capsys):
    assert run("train", "dimers.toml", "-o", "run") == 0
    said = capsys.readouterr().out
    assert "learned.extxyz" in said and "force MAE" in said
    names = {path.name for path in (here / "run").iterdir()}
    assert {"model.safetensors", "history.json", "learning_curve.png", "config.toml"} <= names
    potential = Potential.load(here / "run/model.safetensors")
    assert list(potential.species) == ["N", "O"] and potential.cutoff == 5
    assert potential.network.config["mixed"] == [6, 4, 2]

    assert run("show", "run/model.safetensors") == 0
    assert "5 Å, weights fall from 10% of it" in capsys.readouterr().out

    free = replace(dimer(2.1), energy=None, forces=None)
    from vcnn.atoms import write_frames

    write_frames(here / "unknown.extxyz", [free])
    command = ("predict", "run/model.safetensors", "kept.extxyz", "unknown.extxyz", "-o", "out")
    assert run(*command) == 0
    errors = json.loads((here / "out/errors.json").read_text())
    predicted = read_frames(here / "out/kept.extxyz")
    frames = read_frames(here / "kept.extxyz")
    offs = [abs(p.energy - f.energy) / 2 for p, f in zip(predicted, frames, strict=True)]
    assert errors["kept"]["energy_mae"] == pytest.approx(np.mean(offs), rel=1e-4)
    assert errors["unknown"] == {}
    assert potential.predict([free])[0].energy == pytest.approx(
        read_frames(here / "out/unknown.extxyz")[0].energy, abs=1e-6
    )
    assert run(*command) == 2
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    "old, new, message",
    [
        ('"energy"', '"forces"', "task: expected one of energy, got 'forces'"),
        ("cutoff = 5.0", "", "key 'cutoff' is missing"),
        ("cutoff = 5.0", "cutoff = -1", "cutoff: expected a positive number"),
        ("radial = 4", "scalars = []", "[network]: unknown key 'scalars'"),
        ("learned.extxyz", "lost.extxyz", "lost.extxyz: no such file or folder"),
        ("[0.1, 100.0]", "[1.0]", "energy: expected two numbers that are 0 or more, got [1.0]"),
        (
            "cutoff = 5.0",
            'cutoff = 5.0\nspecies = ["N"]',
            "species: the potential knows N, the frame has O",
        ),
        ("epochs = 3", "epochs = 0", "[training]: epochs: expected a positive integer, got 0"),
    ],
)
def test_what_a_file_gets_wrong(here, capsys, old, new, message):
    (here / "dimers.toml").write_text(CONFIG.replace(old, new), encoding="utf-8")
    assert run("train", "dimers.toml", "-o", "run") == 2
    said = capsys.readouterr().err
    assert message in said and "dimers.toml" in said
    assert len(said.splitlines()) == 1
    assert not (here / "run/model.safetensors").exists()


def test_what_a_potential_is_not_for(here, capsys):
    assert run("train", "dimers.toml", "-o", "run") == 0
    assert run("train", "dimers.toml", "-o", "other", "--start", "hill-stress") == 2
    assert "is of a potential" in capsys.readouterr().err
    model = "run/model.safetensors"
    assert run("predict", model, "kept.extxyz", "--foam") == 2
    assert "a potential of atoms; expected -o FOLDER" in capsys.readouterr().err
    assert run("predict", model, "kept.extxyz", "kept.extxyz", "-o", "out") == 2
    assert "given twice" in capsys.readouterr().err
    assert not (here / "out").exists()
    assert run("rotate", model, "kept.extxyz", "-o", "report") == 2
    assert "a potential of atoms; vcnn.atoms.Potential reads it" in capsys.readouterr().err
