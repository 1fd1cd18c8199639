"""A flow and the closure in it: the same solution from everywhere, in every frame, and never a
silent wrong one.
"""

import math
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch

import meshes
from solvers import RANS, Inlet, MixingLength, OneEquationKL, Outlet, SpalartAllmaras, Wall
from solvers.fem.fields import values_of
from tests.support.closures import LATTICE, Predicting, cloud_closure, linear_stress, mixing_length
from tests.support.hills import HILL, REYNOLDS, gap, hill
from tests.support.mpi import importing_tests
from vcnn.flow.mesh import boundary_facets, named_mesh


def blended(flow):
    """A mixing length that is not pointwise: ν_t is the mean over all points within a distance."""
    values = (
        np.minimum(0.41 * flow.scalars["wall_distance"], 0.2) ** 2 * flow.scalars["strain_rate"]
    )
    near = np.linalg.norm(flow.points[:, None] - flow.points, axis=2) < 0.4
    return (near * flow.weights) @ values / (near @ flow.weights)


def test_the_same_as_with_the_closure_inside_the_equations():
    """van Driest's mixing length: its eddy viscosity at cells leads where the monolithic model
    leads, but for h².
    """

    def error(n):
        mesh = meshes.channel(1.0, 2.0, cells=(4, n), grading=8.0)
        exact = MixingLength(mesh, 0.002, 1.0).solve()
        f = exact.pressure_gradient

        def predict(flow):
            d = flow.scalars["wall_distance"]
            eta = 1 - d
            length = (0.14 - 0.08 * eta**2 - 0.06 * eta**4) * (
                1 - np.exp(-d * math.sqrt(f) / 0.002 / 26)
            )
            return length**2 * flow.scalars["strain_rate"]

        return gap(RANS(mesh, 0.002, 1.0, closure=Predicting(predict)).solve(), exact)

    coarse, fine = error(24), error(48)
    assert fine < 5e-4
    assert np.log2(coarse / fine) > 1.7


@pytest.mark.parametrize(
    "closure", [Predicting(mixing_length), Predicting(blended), Predicting(linear_stress)]
)
def test_every_start_leads_to_the_same_solution(closure, starts):
    problem = hill(closure)
    uniform = problem.solve()
    assert uniform.residuals[-1] < 1e-9 and uniform.history.change[-1] <= 1e-9
    for start in starts:
        assert gap(problem.solve(start=start), uniform) < 1e-7


@pytest.mark.parametrize("degrees", [35, 90, 180])
def test_turned_mesh_gives_the_turned_flow(degrees):
    """Points, period and driving direction are turned and the problem is solved anew."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    R = np.array([[c, -s], [s, c]])
    cells = [(block.type, block.data) for block in HILL.cells if block.dim == 2]
    turned = named_mesh(HILL.points @ R.T, cells, boundary_facets(HILL))
    for closure in (cloud_closure(), cloud_closure(region=LATTICE), Predicting(linear_stress)):
        here = hill(closure).solve()
        there = RANS(turned, **REYNOLDS, closure=closure).solve()
        back = there.flow().rotated(R.T)
        size = np.linalg.norm(here.flow().velocity)
        assert np.linalg.norm(back.velocity - here.flow().velocity) < 1e-8 * size


def test_a_network_is_asked_in_double_precision():
    closure = cloud_closure()
    result = hill(closure).solve()
    expected = closure.predict(result.flow(), dtype=torch.float64)
    np.testing.assert_allclose(result.flow().scalars["eddy_viscosity"], expected, rtol=1e-7)
    assert result.history.clipped[-1] == 0


def test_a_turbulence_model_is_a_closure():
    mesh = meshes.channel(1.0, 2.0, cells=(4, 24), grading=15.0)
    for model in (SpalartAllmaras, MixingLength, OneEquationKL):
        found, expected = (
            RANS(mesh, 0.002, 1.0, closure=model).solve(),
            model(mesh, 0.002, 1.0).solve(),
        )
        assert gap(found, expected) == 0


def test_flow_from_an_inlet_to_an_outlet():
    """No period, no bulk velocity: mixing length in a developing channel conserves mass."""
    mesh = meshes.channel(4.0, 2.0, cells=(12, 12), grading=3.0)
    sides = {
        "bottom": Wall(),
        "top": Wall(),
        "inlet": Inlet(lambda x: np.stack([x[1] * (2 - x[1]), 0 * x[1]])),
        "outlet": Outlet(),
    }
    result = RANS(mesh, 0.01, closure=Predicting(mixing_length), conditions=sides).solve()
    assert result.domain.boundary_integral(result.velocity[0], "outlet") == pytest.approx(
        4 / 3, rel=1e-10
    )
    flow = result.flow()
    np.testing.assert_allclose(flow.scalars["eddy_viscosity"], mixing_length(flow), atol=1e-9)


def test_a_killed_run_is_resumed(tmp_path):
    """SIGKILL in the middle of round 12; the checkpoint is that of round 10 and holds what was
    predicted.
    """
    path = tmp_path / "state.npz"
    code = """
import os, signal, sys
from tests.support.closures import Predicting, linear_stress
from tests.support.hills import hill
rounds = []
def killing(flow):
    rounds.append(flow)
    if len(rounds) == 12:
        os.kill(os.getpid(), signal.SIGKILL)
    return linear_stress(flow)
hill(Predicting(killing)).solve(checkpoint=sys.argv[1])
"""
    environment = importing_tests()
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)], env=environment, capture_output=True, timeout=900
    )
    assert run.returncode == -signal.SIGKILL, run.stderr
    problem = hill(Predicting(linear_stress))
    whole, resumed = problem.solve(), problem.solve(start=path, checkpoint=path)
    assert resumed.history.change[0] < whole.history.change[5]
    assert gap(resumed, whole) < 1e-7
    assert len(problem.solve(start=path).history) <= 2  # nothing is left to do


def test_a_loose_tolerance_is_one_of_the_fields_alone():
    """The flow solves its equations all the same, as far as ever, with the fields of the last
    round.
    """
    result = hill(Predicting(linear_stress)).solve(tolerance=1e-2)
    assert 1e-9 < result.history.change[-1] <= 1e-2
    assert result.history.residual[-1] <= 1e-9
    nu_t, a = (
        values_of(result.domain, f, "cell") for f in (result.eddy_viscosity, result.anisotropy)
    )
    given = hill(nu_t, anisotropy=a).solve(start=result)
    assert gap(given, result) < 1e-8


def test_progress_is_one_line_with_both_residuals(capsys):
    hill(Predicting(lambda flow: np.full(len(flow), 0.01))).solve(progress=True)
    shown = capsys.readouterr().err.split("\r")[-1]
    assert shown.count("\n") == 1
    assert all(
        word in shown for word in ("RANS", "rounds", "residual=", "change=0.0e+00", "clipped=0.0%")
    )
