"""Closures that predict what cannot be: cut, counted, told, and nothing is lost."""

import numpy as np
import pytest

import meshes
from solvers import RANS, LaminarFlow
from tests.support.closures import Predicting, cloud_closure, mixing_length
from tests.support.hills import HILL, REYNOLDS, gap, hill, point_values, strains
from vcnn import DivergenceError


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
    for gain in (1, 10):  # of moments alone: with fitted derivatives not even the first settles
        problem = hill(cloud_closure("reynolds_stress", seed=1, gain=gain, fits=0))
        one, other = problem.solve(), problem.solve(start=starts[0])
        assert gap(one, other) < 1e-8
    with pytest.raises(
        DivergenceError,
        match=r"do not settle, after 8 rounds .* [1-9][\d.]*% of the points are clip",
    ):
        hill(cloud_closure("reynolds_stress", seed=1, gain=1000)).solve(max_rounds=8)


def test_the_best_state_is_kept_when_the_closure_breaks(tmp_path):
    """NaN in round 6: the error names the closure and the file, which is one to start from."""
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
