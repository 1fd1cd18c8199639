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
from solvers import (
    RANS,
    Inlet,
    LaminarFlow,
    MixingLength,
    OneEquationKL,
    Outlet,
    SpalartAllmaras,
    Wall,
)
from solvers.algebra.anderson import Anderson
from solvers.fem.fields import values_of
from solvers.fem.sampling import sample
from solvers.fenics import ufl
from tests.support.closures import LATTICE, Predicting, cloud_closure, linear_stress, mixing_length
from tests.support.hills import HILL, REYNOLDS, gap, hill
from tests.support.mpi import importing_tests
from vcnn import DivergenceError
from vcnn.flow.mesh import boundary_facets, named_mesh


def blended(flow):
    """A mixing length that is not pointwise: ν_t is the mean over all points within a distance."""
    values = (
        np.minimum(0.41 * flow.scalars["wall_distance"], 0.2) ** 2 * flow.scalars["strain_rate"]
    )
    near = np.linalg.norm(flow.points[:, None] - flow.points, axis=2) < 0.4
    return (near * flow.weights) @ values / (near @ flow.weights)


@pytest.fixture(scope="module")
def starts():
    return LaminarFlow(HILL, 0.02, 0.6).solve(), SpalartAllmaras(HILL, **REYNOLDS).solve()


# -- acceleration
# ---------------------------------------------------------------------------------------


def test_linear_fixed_point_converges_as_gmres():
    """Walker & Ni, thm 2.2: x_{k+1} = G(x_k of GMRES) for x = G(x) = A x + b."""
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.normal(size=(30, 30)))
    A, b = basis @ np.diag(np.repeat([-0.6, -0.2, 0.3, 0.7, 0.9], 6)) @ basis.T, rng.normal(size=30)
    anderson, x, krylov = Anderson(depth=10), np.zeros(30), []
    for k in range(6):
        y = np.zeros(30)
        if k:  # least squares over the Krylov space of I − A, r₀ = b
            krylov.append(np.linalg.matrix_power(np.eye(30) - A, k - 1) @ b)
            Z = np.transpose(krylov)
            y = Z @ np.linalg.lstsq((np.eye(30) - A) @ Z, b)[0]
        x = anderson.next(x, A @ x + b)
        np.testing.assert_allclose(x, A @ y + b, atol=1e-7 * np.linalg.norm(b))
    np.testing.assert_allclose(
        x, np.linalg.solve(np.eye(30) - A, b), rtol=1e-7
    )  # five eigenvalues, five steps


def test_relaxation_falls_where_plain_iteration_diverges():
    """x = cos(3 x) has the slope −2.7 at its fixed point."""
    anderson, x = Anderson(depth=1), np.array([2.0])
    for _ in range(30):
        x = anderson.next(x, np.cos(3 * x))
    np.testing.assert_allclose(x, np.cos(3 * x), atol=1e-12)


# -- the solution
# ---------------------------------------------------------------------------------------


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


# -- stresses
# -------------------------------------------------------------------------------------------


def strains(result):
    """(n, 2, 2) sym ∇u at the midpoints of the cells."""
    S, parts = ufl.sym(ufl.grad(result.velocity)), {}
    for i in range(2):
        for j in range(2):
            parts[f"{i}{j}"] = S[i, j]
    found = sample(result.domain, "cell", expressions=parts)
    return np.array([[found["00"], found["01"]], [found["10"], found["11"]]]).transpose(2, 0, 1)


def test_stress_of_an_eddy_viscosity_acts_as_that():
    """τ = c I − 2 ν_t S as numbers leads to the velocity that it is of, but for what is between the
    points.
    """

    def error(cells):
        mesh = meshes.periodic_hill(1.0, cells=cells)
        x, y = mesh.points[mesh.cells[0].data].mean(axis=1).T
        nu_t = 0.01 + 0.005 * np.sin(3 * x + 2 * y)
        given = RANS(mesh, **REYNOLDS, closure=nu_t).solve()
        stress = 0.1 * np.eye(2) - 2 * nu_t[:, None, None] * strains(given)
        return gap(RANS(mesh, **REYNOLDS, closure=Predicting(lambda flow: stress)).solve(), given)

    coarse, fine = error((20, 14)), error((40, 28))
    assert fine < 5e-3
    assert np.log2(coarse / fine) > 1.3


def test_closures_that_split_the_stress_themselves():
    """An eddy viscosity and an anisotropy predicted together act as the same fields given."""
    x, y = HILL.points[HILL.cells[0].data].mean(axis=1).T
    nu_t, a = 0.01 + 0.005 * np.sin(3 * x + 2 * y), np.zeros((len(x), 2, 2))
    a[:, 0, 0], a[:, 0, 1], a[:, 1, 0] = 0.1 * np.sin(x) + 0.3, 0.02 * np.sin(y), 0.02 * np.sin(y)
    found = hill(Predicting(lambda flow: {"anisotropy": a, "eddy_viscosity": nu_t})).solve()
    given = RANS(HILL, **REYNOLDS, closure=nu_t, anisotropy=a).solve()
    assert gap(found, given) < 1e-8
    assert gap(given, RANS(HILL, **REYNOLDS, closure=nu_t).solve()) > 0.01


def test_linear_shear_stress_is_balanced_by_the_driving_force():
    """τ₁₂ = 0.1 y of the cells: ∇·τ adds 0.1 to the force and leaves Poiseuille's profile, up to
    h².
    """

    def error(n):
        def predict(flow):
            tau = np.zeros((len(flow), 2, 2))
            tau[:, 0, 1] = tau[:, 1, 0] = 0.1 * flow.points[:, 1]
            return tau

        mesh = meshes.channel(1.0, 2.0, cells=(4, n))
        result = RANS(mesh, 0.1, 1.0, closure=Predicting(predict)).solve()
        laminar = LaminarFlow(mesh, 0.1, 1.0).solve()
        assert result.pressure_gradient == pytest.approx(
            laminar.pressure_gradient + 0.1, rel=5 / n**2
        )
        return gap(result, laminar)

    coarse, fine = error(12), error(24)
    assert fine < 0.01
    assert np.log2(coarse / fine) > 1.7


def test_velocity_does_not_depend_on_how_the_stress_was_split():
    """More eddy viscosity with as much less in the rest is the same stress, up to h² between the
    points.
    """

    def difference(cells):
        mesh = meshes.periodic_hill(1.0, cells=cells)
        found = RANS(mesh, **REYNOLDS, closure=Predicting(linear_stress)).solve()
        more = 0.01 * (1 + found.flow().scalars["wall_distance"])
        nu_t = found.flow().scalars["eddy_viscosity"] + more
        a = point_values(found.anisotropy) + 2 * more[:, None, None] * strains(found)
        return gap(RANS(mesh, **REYNOLDS, closure=nu_t, anisotropy=a).solve(), found)

    coarse, fine = difference((20, 14)), difference((40, 28))
    assert fine < 0.02
    assert np.log2(coarse / fine) > 1.5


def point_values(function):
    """Values of a piecewise constant function by the number of the cell."""
    values = function.x.array.reshape(-1, *function.ufl_shape)[
        function.function_space.dofmap.list[:, 0]
    ]
    return values[np.argsort(function.function_space.mesh.topology.original_cell_index)]


# -- what else is a closure
# -----------------------------------------------------------------------------


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


# -- bad closures
# ---------------------------------------------------------------------------------------


def test_negative_viscosities_count_as_none_and_are_counted():
    result = hill(Predicting(lambda flow: np.full(len(flow), -1.0))).solve()
    assert result.history.clipped[-1] == 1.0 and (result.clipped == -1).all()
    assert gap(result, LaminarFlow(HILL, **REYNOLDS).solve()) < 1e-9


def test_viscosities_far_too_large_are_cut_counted_and_told(caplog):
    result = hill(Predicting(lambda flow: 1e6 * (flow.points[:, 0] < 4.5))).solve()
    flow = result.flow()
    share = np.mean(flow.points[:, 0] < 4.5)
    assert result.history.clipped[-1] == pytest.approx(share)
    np.testing.assert_array_equal(result.clipped, flow.points[:, 0] < 4.5)
    assert flow.scalars["eddy_viscosity"].max() == pytest.approx(
        0.72 * flow.scalars["wall_distance"].max()
    )
    assert f"converged, but clipped at {100 * share:.3g} % of the points" in caplog.text


def test_a_stress_beyond_the_square_of_the_velocity_is_scaled_down_and_counted():
    """A uniform one has no divergence: the flow is the laminar one, and |τ| acts as U²."""
    tau = np.array([[30.0, 40.0], [40.0, -30.0]])
    mesh = meshes.channel(1.0, 2.0, cells=(4, 12))
    result = RANS(
        mesh, 0.1, 1.0, closure=Predicting(lambda flow: np.tile(tau, (len(flow), 1, 1)))
    ).solve()
    assert (result.clipped == 1).all() and result.history.clipped[-1] == 1
    nu_t = result.flow().scalars["eddy_viscosity"]
    acting = point_values(result.anisotropy) - 2 * nu_t[:, None, None] * strains(result)
    np.testing.assert_allclose(
        acting, np.broadcast_to(tau / np.linalg.norm(tau), acting.shape), atol=1e-8
    )
    assert gap(result, LaminarFlow(mesh, 0.1, 1.0).solve()) < 0.02


@pytest.mark.parametrize("gain", [1, 10, 100, 1000])
def test_random_viscosities_of_any_size_have_one_flow(gain, starts):
    problem = hill(cloud_closure(seed=2, gain=gain))
    one, other = problem.solve(), problem.solve(start=starts[0])
    assert gap(one, other) < 1e-8


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_random_stresses_have_one_flow_or_are_told_not_to_settle(starts):
    for gain in (1, 30):
        problem = hill(cloud_closure("reynolds_stress", seed=1, gain=gain))
        one, other = problem.solve(), problem.solve(start=starts[0])
        assert gap(one, other) < 1e-8
    with pytest.raises(
        DivergenceError,
        match=r"do not settle, after 8 rounds .* [1-9][\d.]*% of the points are clip",
    ):
        hill(cloud_closure("reynolds_stress", seed=1, gain=1000)).solve(max_rounds=8)


def test_the_best_state_is_kept_when_the_closure_breaks(tmp_path):
    """NaN in round 6: the error names the closure and the file, and the file is one to start from."""
    rounds = []

    def breaking(flow):
        rounds.append(flow)
        return mixing_length(flow) * (np.nan if len(rounds) == 6 else 1)

    path = tmp_path / "state.npz"
    with pytest.raises(
        DivergenceError,
        match=r"the closure predicts NaN.*; the best state so far is in .*state\.npz",
    ):
        hill(Predicting(breaking)).solve(checkpoint=path)
    whole, resumed = (
        hill(Predicting(mixing_length)).solve(),
        hill(Predicting(mixing_length)).solve(start=path),
    )
    assert len(resumed.history) < len(whole.history) - 2
    assert gap(resumed, whole) < 1e-7


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
