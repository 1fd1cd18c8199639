"""The k-ω SST model beside its ordinary differential equation, at walls, and where k vanishes."""

import numpy as np
import pytest

import meshes
from benchmarks.verification.k_omega_sst import channel
from solvers import Force, Inlet, KOmegaSST, LaminarFlow, Outlet, Wall, evaluate
from vcnn import InputError


@pytest.mark.parametrize("reynolds", [180, 2000])
def test_channels_are_those_of_the_differential_equation(reynolds):
    """In the form with ω, on 1,600 finite volumes: 80 cells are within 0.2 %, second order."""
    coarse, fine = channel(reynolds, 40), channel(reynolds, 80)
    assert abs(fine["bulk"]) < 2e-3 and fine["velocity"] < 1.5e-3
    assert fine["k"] < 4e-3 and fine["eddy_viscosity"] < 5e-3
    assert coarse["velocity"] > 3 * fine["velocity"]


def test_walls_need_no_condition_that_depends_on_the_mesh():
    """ω = 6ν/(β₁ d²), wherever the first vertices are."""
    nu = 1 / 395
    for grading in (60.0, 300.0):
        mesh = meshes.channel(1.0, 2.0, cells=(3, 56), grading=grading)
        result = KOmegaSST(mesh, nu, drive=Force(1.0)).solve()
        y = np.unique(mesh.points[:, 1])[1]
        time = evaluate(result.scalars["turbulent_time_scale"], np.array([[0.4, y]]))[0]
        assert time == pytest.approx(0.075 * y**2 / (6 * nu), rel=0.02)
        on_walls = evaluate(result.scalars["turbulent_time_scale"], np.array([[0.4, 0.0]]))
        assert on_walls[0] == 0
        flow = result.flow("vertex")
        nu_t, wall = flow.scalars["eddy_viscosity"], flow.scalars["boundary"] == 1
        assert (nu_t[wall] == 0).all() and (nu_t[~wall] > 0).all()
        # a mean over the cells around: the same on both sides of the middle
        above = np.isclose(mesh.points[:, 1], 2 - y)
        below = np.isclose(mesh.points[:, 1], y)
        np.testing.assert_allclose(nu_t[above].mean(), nu_t[below].mean(), rtol=1e-4)


def test_what_enters_has_one_per_cent_turbulence_and_three_times_the_viscosity():
    mesh = meshes.channel(4.0, 2.0, cells=(16, 20), grading=20.0)
    ends = {"inlet": Inlet((17.545, 0.0)), "outlet": Outlet()}
    walls = {"bottom": Wall(), "top": Wall()}
    result = KOmegaSST(mesh, 1 / 395, conditions={**walls, **ends}).solve()
    k, time = (
        evaluate(result.scalars[name], np.array([[0.0, 1.0]]))[0]
        for name in ("turbulent_kinetic_energy", "turbulent_time_scale")
    )
    assert k * time == pytest.approx(3 / 395, rel=1e-3)  # ω is a little larger for the walls
    assert np.sqrt(2 * k / 3) == pytest.approx(0.01 * 17.545, rel=5e-3)


def test_an_inlet_may_say_what_turbulence_enters():
    mesh = meshes.channel(4.0, 2.0, cells=(12, 16), grading=10.0)
    entering = {
        "turbulent_kinetic_energy": lambda x: 3.0 * x[1] * (2 - x[1]),
        "turbulent_time_scale": 0.02,
    }

    def problem(**turbulence):
        conditions = {
            "bottom": Wall(),
            "top": Wall(),
            "inlet": Inlet((17.545, 0.0), turbulence=turbulence),
            "outlet": Outlet(),
        }
        return KOmegaSST(mesh, 1 / 395, conditions=conditions)

    result = problem(**entering).solve()
    y = np.unique(mesh.points[:, 1])[4:-4]
    points = np.stack([0 * y, y], axis=-1)
    k = evaluate(result.scalars["turbulent_kinetic_energy"], points)
    np.testing.assert_allclose(k, 3 * y * (2 - y), rtol=1e-9)
    time = evaluate(result.scalars["turbulent_time_scale"], points)
    np.testing.assert_allclose(time, 0.02, rtol=1e-9)
    with pytest.raises(InputError, match=r"'inlet': turbulence: the model carries .* got 'omega'"):
        problem(omega=1.0).solve()
    with pytest.raises(InputError, match=r"turbulence: the model carries nothing, got 'omega'"):
        LaminarFlow(mesh, 0.1, conditions=problem(omega=1.0).conditions).solve()
    with pytest.raises(InputError, match=r"'inlet': turbulent_kinetic_energy: must not be neg"):
        problem(turbulent_kinetic_energy=-1.0).solve()
