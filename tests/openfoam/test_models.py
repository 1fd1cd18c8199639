"""The RAS models in OpenFOAM's solvers: the momentum balance, restarts, ranks."""

import json
import shutil

import numpy as np
import pytest

from tests.support.foam_runs import FORCE, NU, call_lines, solution, write_channel

NUT = 0.015


def parabola(y, viscosity):
    return FORCE * y * (1 - y) / (2 * viscosity)


def log_of(case):
    return (case / "log").read_text(encoding="utf-8")


def test_the_eddy_viscosity_adds_to_the_viscosity(foam, tmp_path):
    case = write_channel(tmp_path / "case", foam, model=f"nut={NUT}")
    assert foam.run(case, "simpleFoam").returncode == 0
    flow, y = solution(case)
    # second order on 8 cells: the error at a cell is that of the wall's half cell, F h² / (8 nu)
    error = np.abs(flow.velocity[:, 0] - parabola(y, NU + NUT)).max()
    assert error <= 1.01 * FORCE / 64 / (8 * (NU + NUT))
    assert "SIMPLE solution converged" in log_of(case)  # by the residual of nut, among others
    assert flow.scalars["eddy_viscosity"] == pytest.approx(NUT, rel=1e-12)


def test_an_anisotropy_acts_as_a_reynolds_stress(foam, tmp_path):
    """0 = F + (nu + nu_t) U'' - (a_xy)', with a_xy = A U / 2."""
    A = 0.1
    case = write_channel(tmp_path / "case", foam, model=f"nut={NUT} a={A}", steps=80)
    assert foam.run(case, "simpleFoam").returncode == 0
    flow, y = solution(case)
    nu = NU + NUT
    c = A / 2 / nu
    U = FORCE / (nu * c) * (y - np.expm1(c * y) / np.expm1(c))
    assert flow.velocity[:, 0] == pytest.approx(U, abs=0.02 * U.max())
    assert np.ptp(flow.velocity[:, 0] - parabola(y, nu)) > 0.1 * U.max()  # far from none
    u = flow.velocity[:, 0]
    assert flow.tensors["nonlinearStress"][:, 0, 1] == pytest.approx(A * u / 2, abs=1e-6)


def test_what_a_call_did_is_said(foam, tmp_path):
    case = write_channel(tmp_path / "case", foam, model=f"nut={NUT}", steps=5, every=2)
    foam.run(case, "simpleFoam")
    first, second, third = call_lines(case)
    assert first.startswith("vcnn: call 1, change 0.6, clipped 25 %, extrapolating 50 %, ")
    assert second.startswith("vcnn: call 2, change 0, clipped 25 %, ")
    assert "extrapolating" not in second  # was not computed
    table = (case / "postProcessing/vcnn/0/closure.dat").read_text(encoding="utf-8").splitlines()
    assert table[0] == "# Time call change clipped extrapolating seconds"
    rows = np.array([line.split() for line in table[1:]], float)
    assert rows[:, :2].tolist() == [[1, 1], [3, 2], [5, 3]]
    assert rows[:, 4].tolist() == [0.5, -1, 0.5]


def test_part_of_an_answer_is_taken(foam, tmp_path):
    case = write_channel(tmp_path / "case", foam, model=f"nut={NUT}", steps=2, relaxation=0.5)
    foam.run(case, "simpleFoam")
    assert solution(case)[0].scalars["eddy_viscosity"] == pytest.approx(0.75 * NUT)


def test_the_worker_is_told_what_it_needs(foam, tmp_path):
    file = tmp_path / "record"
    model = f"nut={NUT} record={file}"
    case = write_channel(
        tmp_path / "case", foam, steps=1, length=0.1, velocity="1.2345678901234567", model=model
    )
    foam.run(case, "simpleFoam")
    told = json.loads(file.read_text(encoding="utf-8"))["arguments"]
    assert told[:3] == ["-P", "-m", "openfoam.worker"]
    options = dict(zip(told[3::2], told[4::2], strict=True))
    assert options["--case"] == str(case) and options["--model"] == model
    assert (options["--ranks"], options["--rank"], options["--socket"]) == ("1", "-1", "3")
    assert float(options["--length"]) == 0.1
    assert float(options["--velocity"]) == 1.2345678901234567


def test_no_worker_is_started_to_process_results(foam, tmp_path):
    file = tmp_path / "record"
    case = write_channel(tmp_path / "case", foam, model=f"nut={NUT} record={file}")
    finished = foam.run(case, "simpleFoam", "-postProcess", "-func", "wallShearStress")
    assert finished.returncode == 0 and not file.exists()


@pytest.mark.parametrize("share", ["no", "yes"])
def test_ranks_give_what_one_process_gives(foam, tmp_path, share):
    model = f"nut={NUT} linear= a=0.05 share=16,16"
    one = write_channel(tmp_path / "one", foam, model=model, steps=30)
    two = tmp_path / "two"
    shutil.copytree(one, two)
    text = (two / "constant/turbulenceProperties").read_text(encoding="utf-8")
    (two / "constant/turbulenceProperties").write_text(
        text.replace("every", f"share {share}; every")
    )
    assert foam.run(one, "simpleFoam").returncode == 0
    assert foam.run(two, "decomposePar").returncode == 0
    assert foam.run(two, "simpleFoam", ranks=2).returncode == 0
    assert foam.run(two, "reconstructPar", "-latestTime").returncode == 0
    a, b = solution(one)[0], solution(two)[0]
    assert b.velocity == pytest.approx(a.velocity, abs=1e-9)
    for name in ("eddy_viscosity",):
        assert b.scalars[name] == pytest.approx(a.scalars[name], abs=1e-9)
    assert b.tensors["nonlinearStress"] == pytest.approx(a.tensors["nonlinearStress"], abs=1e-9)
    assert [line.rpartition(",")[0] for line in call_lines(two)][:3] == [
        line.rpartition(",")[0] for line in call_lines(one)
    ][:3]
