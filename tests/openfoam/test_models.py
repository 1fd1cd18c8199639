"""The RAS models in OpenFOAM's solvers: the momentum balance, restarts, ranks."""

import json
import shutil

import numpy as np
import pytest

from meshes.readers.openfoam.dictionary import read_dictionary
from tests.support.foam_runs import FORCE, NU, call_lines, solution, write_channel

NUT = 0.015


def parabola(y, viscosity):
    return FORCE * y * (1 - y) / (2 * viscosity)


def log_of(case):
    return (case / "log").read_text(encoding="utf-8")


def test_the_eddy_viscosity_adds_to_the_viscosity(foam, tmp_path):
    case = write_channel(tmp_path / "case", foam, f"nut={NUT}")
    assert foam.run(case, "simpleFoam").returncode == 0
    flow, y = solution(case)
    # second order on 8 cells: the error at a cell is that of the wall's half cell, F h² / (8 nu)
    error = np.abs(flow.velocity[:, 0] - parabola(y, NU + NUT)).max()
    assert error <= 1.01 * FORCE / 64 / (8 * (NU + NUT))
    assert flow.scalars["eddy_viscosity"] == pytest.approx(NUT, rel=1e-12)


def test_an_anisotropy_acts_as_a_reynolds_stress(foam, tmp_path):
    """0 = F + (nu + nu_t) U'' - (a_xy)', with a_xy = A U / 2 that vanishes at walls."""
    A = 0.1
    case = write_channel(tmp_path / "case", foam, f"nut={NUT} a={A}")
    assert foam.run(case, "simpleFoam").returncode == 0
    flow, y = solution(case)
    u = flow.velocity[:, 0]
    n = 8  # the balances of as many cells: viscous fluxes and stresses of the faces of each
    step = np.eye(n + 1, n) - np.eye(n + 1, n, -1)  # over each face, the wall's over half a cell
    step[[0, -1]] *= 2
    mean = (np.eye(n + 1, n) + np.eye(n + 1, n, -1)) / 2
    mean[[0, -1]] = 0
    flux = (NU + NUT) * step * n - A / 2 * mean
    U = np.linalg.solve(n * (flux[1:] - flux[:-1]), np.full(n, -FORCE))
    assert u == pytest.approx(U[np.rint(y * n - 0.5).astype(int)], abs=1e-6)
    assert flow.tensors["nonlinearStress"][:, 0, 1] == pytest.approx(A * u / 2, abs=1e-6)
    none = write_channel(tmp_path / "none", foam, f"nut={NUT}")
    foam.run(none, "simpleFoam")
    assert not list(none.glob("*/nonlinearStress"))
    assert np.ptp(u - solution(none)[0].velocity[:, 0]) > 0.1 * u.max()


def test_walls_have_the_normal_stress_of_their_cells_and_no_shear(foam, tmp_path):
    """What balances it there is the pressure, whose gradient across walls is 0."""
    A = 0.1
    case = write_channel(tmp_path / "case", foam, f"nut={NUT} a={A}")
    assert foam.run(case, "simpleFoam").returncode == 0
    flow, y = solution(case)
    latest = max(case.glob("*/nonlinearStress"), key=lambda path: float(path.parent.name))
    at_walls = read_dictionary(latest, case)["boundaryField"]
    for wall, height in (("bottom", y.min()), ("top", y.max())):
        _, values = at_walls[wall]["value"]  # nonuniform, and the list
        u = flow.velocity[np.isclose(y, height), 0]
        expected = np.zeros((4, 6))
        expected[:, 3] = -A * u / 4  # a_yy
        assert values == pytest.approx(expected, rel=1e-5, abs=1e-12)


def test_what_a_call_did_is_said(foam, tmp_path):
    case = write_channel(tmp_path / "case", foam, f"nut={NUT}", steps=5, every=2)
    foam.run(case, "simpleFoam")
    first, second, _ = call_lines(case)
    assert first.startswith("vcnn: call 1, change 0.6, clipped 25 %, extrapolating 50 %, ")
    assert second.startswith("vcnn: call 2, change 0, clipped 25 %, ")
    assert "extrapolating" not in second  # was not computed
    table = (case / "postProcessing/vcnn/0/closure.dat").read_text(encoding="utf-8").splitlines()
    assert table[0] == "# Time call change clipped extrapolating seconds"
    rows = np.array([line.split() for line in table[1:]], float)
    assert rows[:, :2].tolist() == [[1, 1], [3, 2], [5, 3]]
    assert rows[:, 4].tolist() == [0.5, -1, 0.5]


def test_a_run_can_be_ended_by_the_change_of_the_closure(foam, tmp_path):
    """It answers with NUT (1 + 1 / call)."""
    case = write_channel(
        tmp_path / "case", foam, f"nut={NUT} changing=", every=3, control="nut 1e-2;"
    )
    foam.run(case, "simpleFoam")
    calls = np.arange(1, 100)
    nut = NUT * (1 + 1 / calls)
    change = np.diff(nut, prepend=0) / (NU + nut)
    call = calls[np.abs(change) < 1e-2][0]
    assert len(call_lines(case)) == call
    assert f"SIMPLE solution converged in {3 * (call - 1) + 1} iterations" in log_of(case)


def test_part_of_an_answer_is_taken(foam, tmp_path):
    case = write_channel(tmp_path / "case", foam, f"nut={NUT}", steps=2, relaxation=0.5)
    foam.run(case, "simpleFoam")
    assert solution(case)[0].scalars["eddy_viscosity"] == pytest.approx(0.75 * NUT)


def test_the_worker_is_told_what_it_needs(foam, tmp_path):
    file = tmp_path / "record"
    model = f"nut={NUT} record={file}"
    case = write_channel(
        tmp_path / "case", foam, model, steps=1, length=0.1, velocity="1.2345678901234567"
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
    case = write_channel(tmp_path / "case", foam, f"nut={NUT} record={file}")
    finished = foam.run(case, "simpleFoam", "-postProcess", "-func", "wallShearStress")
    assert finished.returncode == 0 and not file.exists()


@pytest.mark.parametrize("share", ["no", "yes"])
def test_ranks_give_what_one_process_gives(foam, tmp_path, share):
    model = f"nut={NUT} linear= a=0.05 share=16,16"
    one = write_channel(tmp_path / "one", foam, model)
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
    assert b.scalars["eddy_viscosity"] == pytest.approx(a.scalars["eddy_viscosity"], abs=1e-9)
    assert b.tensors["nonlinearStress"] == pytest.approx(a.tensors["nonlinearStress"], abs=1e-9)
    assert [line.rpartition(",")[0] for line in call_lines(two)][:3] == [
        line.rpartition(",")[0] for line in call_lines(one)
    ][:3]
