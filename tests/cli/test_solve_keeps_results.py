"""vcnn solve: a solved flow is not lost to what fails after it."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.support.command_line import run
from tests.support.solve_cases import CHANNEL, result
from vcnn import FlowField

if find_spec("dolfinx") is None:
    pytest.skip("FEniCSx is not installed", allow_module_level=True)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "channel.toml").write_text(CHANNEL)
    return tmp_path


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        ("meshes.report.fields.streamlines", "Streamlines on the speed."),
        ("meshes.report.page.velocity_profiles", "Velocity along x at the stations."),
        ("solvers.studies.run_diagnostics.station_profiles", "velocity profiles"),
        ("solvers.studies.run_diagnostics.wall_force", "forces"),
        ("solvers.studies.run_diagnostics.boundary_fluxes", "fluxes"),
        ("solvers.studies.run_diagnostics.wall_units", "wall units"),
        ("solvers.studies.run_diagnostics.reynolds_number", "Reynolds number"),
        ("solvers.studies.run_diagnostics.along_wall", "wall quantities"),
        ("vcnn.evaluation.report.page._png", "page with pictures"),
    ],
)
def test_a_solved_flow_is_not_lost_to_what_fails_later(folder, monkeypatch, caplog, broken, name):
    def fail(*arguments, **options):
        raise ZeroDivisionError("of the test")

    monkeypatch.setattr(broken, fail)
    assert run("solve", "channel.toml", "-o", "run") == 0
    assert len(FlowField.load("run/flow.vtu")) == 25
    assert result("run")["pressure_gradient"] == pytest.approx(0.075, rel=1e-10)
    reason = "ZeroDivisionError: of the test"
    assert f"{name} could not be made: {reason}" in [r.getMessage() for r in caplog.records]
    page = json.loads(Path("run/report.json").read_text())
    assert page["failures"] == {name: reason}
    html = Path("run/report.html").read_text()
    assert "What could not be made" in html and reason in html
    assert run("solve", "channel.toml", "-o", "run", "--resume") == 0


def test_a_reference_that_cannot_be_compared_with_is_named(folder, caplog):
    y = np.linspace(0, 2, 9)
    strange = np.stack([np.full(9, 0.5), y], axis=-1)
    FlowField(np.vstack([strange, [[0.5, 1.99]]]), np.ones((10, 2))).save("line.vtu")
    Path("case.toml").write_text(CHANNEL + '[reference]\nfile = "line.vtu"\n')
    assert run("solve", "case.toml", "-o", "run") == 0
    found = result("run")
    assert found["error"] is None and "comparison with the reference" in found["failures"]


def test_interrupted_between_result_and_report(folder, monkeypatch):
    def stop(*arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr("meshes.report.page.write_page", stop)
        assert run("solve", "channel.toml", "-o", "run") == 130
    assert Path("run/result.json").exists() and not Path("run/report.html").exists()
    assert run("solve", "channel.toml", "-o", "run", "--resume") == 0
    assert Path("run/report.html").exists() and result("run")["resumed"]
