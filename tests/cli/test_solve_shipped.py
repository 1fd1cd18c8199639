"""vcnn solve with models of the package by name, and the case that its help shows."""

import json
import textwrap
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.command_line import refused, run
from tests.support.solve_cases import HILL
from tests.support.turbulence_closure import turbulence_closure
from vcnn import Closure, InputError
from vcnn.closure.file import pretrained_file

try:
    import solvers.fenics  # noqa: F401
except InputError as error:
    pytest.skip(str(error), allow_module_level=True)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with a case."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hill.toml").write_text(HILL.replace("0.01", "0.0003"))
    return tmp_path


def solving(name):
    return "solve", "hill.toml", "--closure", name, "-o", "run"


def test_a_model_of_the_package_in_the_loop(folder, capsys):
    assert run(*solving("hill-eddy-viscosity")) == 0
    origin = json.loads(Path("run/closure.json").read_text())
    assert origin["name"] == "hill-eddy-viscosity.safetensors" and len(origin["sha256"]) == 64
    result = json.loads(Path("run/result.json").read_text())
    assert result["history"]["change"][-1] <= 1e-9 and result["viscosity_ratio"] > 10
    capsys.readouterr()
    assert run(*solving(pretrained_file("hill-eddy-viscosity")), "--resume") == 0
    assert "run: was complete already" in capsys.readouterr().out


def test_models_of_the_package_that_are_no_turbulent_stress(folder, capsys):
    for name, predicts in (
        ("hill-concentration", "concentration (scalar); RANS needs eddy_viscosity, or"),
        ("duct-stress", "beta (positive scalar) and anisotropy (traceless symmetric tensor); RANS"),
    ):
        line = refused(capsys, folder, *solving(name))
        assert line.startswith(f"{name}: predicts {predicts}")
    assert "neither a file nor a model of the package" in refused(capsys, folder, *solving("hill"))


def test_a_correction_over_a_model_that_is_solved_first(folder, capsys):
    """Shorter than that of k-ω SST, as of the inversions that it learned; as in Python."""
    import meshes
    from solvers import KOmegaSST, Smoothing, along_wall, over_baseline

    case = HILL.replace("0.01", "1.786e-4").replace("[20, 14]", "[32, 24]\ngrading = 15.0")
    Path("hill.toml").write_text(case)
    assert run(*solving("hill-correction")) == 0
    result = json.loads(Path("run/result.json").read_text())
    assert result["history"]["change"][-1] <= 1e-9
    assert result["wall_units_needed"] == 1.0  # that of the model beneath
    mesh = meshes.periodic_hill(cells=(32, 24), grading=15.0)
    model = KOmegaSST(mesh, viscosity=1.786e-4, bulk_velocity=0.72).solve()
    smooth = Smoothing(model.domain, 0.1).smooth
    corrected = over_baseline(Closure.pretrained("hill-correction"), model, smooth).solve(model)
    assert result["pressure_gradient"] == pytest.approx(corrected.pressure_gradient, rel=1e-6)
    bubbles = [along_wall(flow, "bottom").reattachment[0, 0] for flow in (model, corrected)]
    assert bubbles[1] < 0.7 * bubbles[0]
    capsys.readouterr()
    assert run(*solving("hill-correction"), "--resume") == 0
    assert "run: was complete already" in capsys.readouterr().out


def test_a_correction_in_units_of_turbulence(folder, capsys):
    """One for flows in space, with an anisotropy, over a plane flow; as in Python."""
    import meshes
    from solvers import KOmegaSST, over_baseline

    case = HILL.replace("0.01", "1.786e-4").replace("[20, 14]", "[24, 16]\ngrading = 10.0")
    Path("hill.toml").write_text(case)
    turbulence_closure().save("factor.safetensors")
    assert run(*solving("factor.safetensors")) == 0
    result = json.loads(Path("run/result.json").read_text())
    assert result["history"]["change"][-1] <= 1e-9
    mesh = meshes.periodic_hill(cells=(24, 16), grading=10.0)
    model = KOmegaSST(mesh, viscosity=1.786e-4, bulk_velocity=0.72).solve()
    corrected = over_baseline(turbulence_closure(), model).solve(model)
    assert result["pressure_gradient"] == pytest.approx(corrected.pressure_gradient, rel=1e-6)
    assert abs(corrected.pressure_gradient / model.pressure_gradient - 1) > 0.01
    capsys.readouterr()
    Path("hill.toml").write_text(f"{case}[units]\nlength = 1.0\nvelocity = 0.5\n")
    line = refused(capsys, folder, *solving("factor.safetensors"), "--force")
    assert "velocity: expected 1, got 0.5: the closure is told flows in units of their" in line


def test_a_correction_of_a_model_that_we_lack(folder, capsys):
    factor = replace(Closure.pretrained("hill-correction"), usage={"baseline": "k-epsilon"})
    factor.save("factor.safetensors")
    line = refused(capsys, folder, *solving("factor.safetensors"))
    assert "corrects k-epsilon; expected one of eddy viscosity of k-omega SST" in line


def test_the_case_of_the_help_is_one(folder, capsys):
    from solvers.studies.case import read_case

    assert run("solve", "--help") == 0
    shown = capsys.readouterr().out.split("hill.toml:\n", 1)[1].split("\nArguments", 1)[0]
    text = textwrap.dedent(shown)
    assert set(tomllib.loads(text)) >= {"mesh", "conditions", "reference", "units", "location"}
    text = text.replace("[reference]", "#").replace('file = "les.vtu"', "#")
    (folder / "shown.toml").write_text(text)
    case = read_case(folder / "shown.toml")
    assert case.units == {"length": 1.0, "velocity": 1.0} and case.model == "spalart-allmaras"
