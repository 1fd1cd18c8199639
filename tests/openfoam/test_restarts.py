"""Runs that go on: what is written is what they begin with; and transient ones."""

import re

import pytest

from tests.support.foam_runs import FORCE, NU, call_lines, solution, write_channel

NUT, A = 0.015, 0.1


def profile(y, viscosity):
    """The parabola as 8 cells have it: the shear at walls is taken over half a cell."""
    return FORCE * (y * (1 - y) / 2 + 1 / 64 / 8) / viscosity


def go_on(foam, case, steps, program="simpleFoam"):
    """More steps of a case, which began at its latest time."""
    control = case / "system/controlDict"
    text = control.read_text(encoding="utf-8")
    text = re.sub(r"endTime \d+", f"endTime {steps}", text)
    text = re.sub(r"writeInterval \d+", "writeInterval 10", text)
    control.write_text(text, encoding="utf-8")
    return foam.run(case, program)


def test_a_restart_begins_with_viscosity_and_anisotropy(foam, tmp_path):
    """Nothing is asked any more: what it said must have been read."""
    case = write_channel(tmp_path / "case", foam, f"nut={NUT} a={A}")
    foam.run(case, "simpleFoam")
    before, _ = solution(case)
    text = (case / "constant/turbulenceProperties").read_text(encoding="utf-8")
    off = text.replace("turbulence on", "turbulence off")
    (case / "constant/turbulenceProperties").write_text(off, encoding="utf-8")
    assert go_on(foam, case, 230).returncode == 0
    assert len(call_lines(case)) == 200
    after, _ = solution(case)
    assert (case / "230/nonlinearStress").exists()
    for name in ("velocity", "nonlinearStress"):
        fields = [{"velocity": f.velocity, **f.tensors}[name] for f in (before, after)]
        assert fields[1] == pytest.approx(fields[0], abs=1e-3 * abs(fields[0]).max()), name


def test_a_closure_without_an_anisotropy_removes_that_of_another(foam, tmp_path):
    case = write_channel(tmp_path / "case", foam, f"nut={NUT} a={A}", steps=20)
    foam.run(case, "simpleFoam")
    properties = case / "constant/turbulenceProperties"
    text = properties.read_text(encoding="utf-8").replace(f" a={A}", "")
    properties.write_text(text, encoding="utf-8")
    assert go_on(foam, case, 220).returncode == 0
    assert not (case / "220/nonlinearStress").exists()
    flow, _ = solution(case)
    assert flow.velocity[:, 0] == pytest.approx(flow.velocity[::-1, 0], abs=1e-6)  # symmetric


def test_a_corrected_baseline_is_frozen(foam, tmp_path):
    """k / omega of the start is what is corrected, in a restart too; its velocity is kept."""
    k, omega, beta = 0.015, 1.0, 2.0
    fields = {"k": k, "omega": omega}
    wants = "wants='k omega nutSST USST'"
    case = write_channel(tmp_path / "case", foam, f"beta={beta} {wants}", "vcnnKOmegaSST", fields)
    assert foam.run(case, "simpleFoam").returncode == 0
    assert go_on(foam, case, 210).returncode == 0
    flow, y = solution(case)
    assert flow.scalars["eddy_viscosity"] == pytest.approx(beta * k / omega, rel=1e-12)
    assert flow.scalars["nutSST"] == pytest.approx(k / omega, rel=1e-12)
    assert flow.scalars["k"] == pytest.approx(k) and flow.scalars["omega"] == pytest.approx(omega)
    assert flow.velocity[:, 0] == pytest.approx(profile(y, NU + beta * k / omega), abs=1e-6)
    assert len(call_lines(case)) == 210
    assert not flow.vectors["USST"].any() and flow.velocity.any()  # that of the start


def test_a_corrected_baseline_is_solved(foam, tmp_path):
    """The closure corrects what SST makes of its k and omega at the end."""
    case = write_channel(
        tmp_path / "case",
        foam,
        "beta=1.5 a=0.01",
        "vcnnKOmegaSST",
        {"k": 0.015, "omega": 1.0},
        steps=20,
        baseline="solved",
    )
    assert foam.run(case, "simpleFoam").returncode == 0
    flow, _ = solution(case)
    fields = flow.scalars
    assert fields["eddy_viscosity"] == pytest.approx(1.5 * fields["nutSST"], rel=1e-12)
    assert abs(fields["omega"] - 1).max() > 0.01
    a1_k = 0.31 * fields["k"]  # Menter's: a1 k / max(a1 omega, F2 |S|)
    assert (fields["nutSST"] <= a1_k / (0.31 * fields["omega"]) * (1 + 1e-9)).all()
    assert (case / "20/nonlinearStress").exists()


def test_transient_runs_ask_too(foam, tmp_path):
    case = write_channel(
        tmp_path / "case", foam, f"nut={NUT}", steps=300, transient=True, every=100
    )
    assert foam.run(case, "pimpleFoam").returncode == 0
    flow, y = solution(case)
    assert flow.velocity[:, 0] == pytest.approx(profile(y, NU + NUT), abs=1e-6)
    assert len(call_lines(case)) == 3
