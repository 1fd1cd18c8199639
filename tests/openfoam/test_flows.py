"""Flows with closures in simpleFoam: a channel, its exact solution; hills, and other solvers."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

import meshes
from benchmarks.openfoam.cases import Driven, asking, control_text, put, turbulence_text
from benchmarks.openfoam.flows import HILL_BULK, HILL_VISCOSITY, hill, uniform_flow
from meshes import read_openfoam
from solvers import RANS
from vcnn import Closure
from vcnn.evaluation import relative_l2

NU, BULK = 1e-3, 1.0
COARSE, ANGLE = (40, 30), np.radians(37)
MIXING_LENGTH = f"{Path(__file__).with_name('mixing_length.py')}:MixingLength"


def exact_profile(force, count=20001):
    """U(y) up to the middle of the channel, 0 = f (1/2 − y) − (ν + l² U') U'."""
    y = np.linspace(0, 0.5, count)
    stress, squared = force * (0.5 - y), np.minimum(0.41 * y, 0.09) ** 2
    slope = 2 * stress / (NU + np.sqrt(NU**2 + 4 * squared * stress))
    steps = 0.5 * (slope[1:] + slope[:-1]) * np.diff(y)
    return y, np.concatenate([[0.0], np.cumsum(steps)])


def exact_force():
    """The force that drives the mean velocity BULK."""

    def excess(force):
        y, u = exact_profile(force)
        return np.trapezoid(u, y) / 0.5 - BULK

    return brentq(excess, 1e-3, 1)


def force_of(case):
    """The last pressure gradient that drove the flow."""
    log = (case / "log").read_text(encoding="utf-8")
    return float(re.findall(r"pressure gradient = (\S+)", log)[-1])


def run(foam, case, ranks=1):
    assert foam.run(case, "simpleFoam", ranks=ranks, timeout=600).returncode == 0
    log = (case / "log").read_text(encoding="utf-8")
    assert "SIMPLE solution converged" in log
    return case


def test_a_channel_with_a_mixing_length_is_of_second_order(foam, tmp_path):
    force = exact_force()
    errors = []
    for cells in (32, 64):
        mesh = meshes.channel(0.5, 1.0, cells=(4, cells), grading=20.0)
        case = tmp_path / str(cells)
        # residuals of the pressure and of a velocity that are 0 are noise
        flow = uniform_flow(mesh, [BULK, 0.0], [0.5, 0.0], NU, ["bottom", "top"])
        driven = Driven(flow, foam.library, tolerance=1e-9, controlled=["nut"])
        driven.write(case, "vcnn", asking(MIXING_LENGTH, every=1, relaxation=1))
        run(foam, case)
        errors.append(force_of(case) / force - 1)
        flow = read_openfoam(case)
        d = flow.scalars["wall_distance"]
        u = np.interp(d, *exact_profile(force))
        assert relative_l2(flow.velocity[:, 0], u, flow.weights) < 0.3 * abs(errors[-1]) + 2e-3
    assert abs(errors[1]) < 2e-3
    assert np.log2(errors[0] / errors[1]) > 1.8


def solve(foam, case, driven):
    """A hill with hill-stress in a new case."""
    driven.write(case, "vcnn", asking("hill-stress"))
    return read_openfoam(run(foam, case))


def test_a_turned_case_gives_the_same_flow(foam, tmp_path):
    c, s = np.cos(ANGLE), np.sin(ANGLE)
    R = np.array([[c, -s], [s, c]])
    driven = Driven(hill(COARSE, 15.0), foam.library, tolerance=1e-7)
    flow = solve(foam, tmp_path / "case", driven)
    turned = replace(driven, at_start=driven.at_start.rotated(R))
    back = solve(foam, tmp_path / "turned", turned).rotated(R.T)
    assert relative_l2(back.velocity, flow.velocity, flow.weights) <= 1e-6


def test_ranks_give_the_same_flow(foam, tmp_path):
    """On few cells: ranks that wait for each other are slow where other processes run."""
    case, two = tmp_path / "case", tmp_path / "two"
    flow = solve(foam, case, Driven(hill((24, 18), 8.0), foam.library, tolerance=1e-7))
    shutil.copytree(case, two, ignore=shutil.ignore_patterns("[1-9]*", "log", "postProcessing"))
    assert foam.run(two, "decomposePar").returncode == 0
    run(foam, two, ranks=2)
    assert foam.run(two, "reconstructPar", "-latestTime").returncode == 0
    assert relative_l2(read_openfoam(two).velocity, flow.velocity, flow.weights) <= 1e-6


def test_a_loop_over_files_gives_the_same_flow(foam, tmp_path):
    """Independent of the library: OpenFOAM's own k-omega with k = ν_t, ω = 1, held fixed."""
    name, case, loop = "hill-eddy-viscosity", tmp_path / "case", tmp_path / "loop"
    driven = Driven(hill(COARSE, 15.0), foam.library, tolerance=1e-7)
    driven.write(case, "vcnn", asking(name, relaxation=1))
    flow = read_openfoam(run(foam, case))
    replace(driven, controlled=()).write(loop, "vcnn", asking(name))
    text = turbulence_text("kOmega", {}).replace("turbulence on", "turbulence off")
    put(loop / "constant/turbulenceProperties", text)
    closure, change, rounds = Closure.pretrained(name), 1.0, 0
    nu_t, time = np.zeros(len(flow)), "0"
    while change > 1e-7 and rounds < 100:
        driven.write_scalar(loop, time, "k", nu_t, "zeroGradient")
        driven.write_scalar(loop, time, "omega", np.ones_like(nu_t), "zeroGradient")
        rounds += 1
        time = str(20 * rounds)
        put(loop / "system/controlDict", control_text(foam.library, time))
        assert foam.run(loop, "simpleFoam").returncode == 0
        other = read_openfoam(loop)
        new = closure.predict(other)
        change = np.linalg.norm(new - nu_t) / np.linalg.norm(new + HILL_VISCOSITY)
        nu_t = new
    assert change <= 1e-7
    assert relative_l2(other.velocity, flow.velocity, flow.weights) <= 1e-6
    assert relative_l2(new, flow.scalars["nut"], flow.weights) <= 1e-5


def test_the_finite_elements_give_the_same_flow(foam, tmp_path):
    """With hill-stress in both: what is left is the error of two discretisations."""
    start = hill((80, 60), slope=1.5)
    flow = solve(foam, tmp_path / "case", Driven(start, foam.library, tolerance=1e-5))
    closure = Closure.pretrained("hill-stress")
    problem = RANS(start.mesh, HILL_VISCOSITY, HILL_BULK, closure=closure, location="vertex")
    ours = problem.solve().flow("cell")
    assert relative_l2(flow.velocity, ours.velocity, ours.weights) <= 5e-3
