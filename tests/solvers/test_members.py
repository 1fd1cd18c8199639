"""Flows with each member of an ensemble: means and bands that are known, and what is kept."""

import numpy as np
import pytest

import meshes
from solvers import RANS, FlowEnsemble, Force, solve_members
from vcnn import DivergenceError, InputError
from vcnn.closure import Ensemble

VISCOSITIES = (0.05, 0.1, 0.2)


class Constant:
    """ν_t the same everywhere."""

    def __init__(self, value, asked=None):
        self.value, self.targets, self.asked = value, {"eddy_viscosity": "positive_scalar"}, asked

    def predict(self, flow, centres=None, dtype=None):
        if self.asked is not None:
            self.asked.append(flow.velocity.copy())
        count = len(flow) if centres is None else len(centres)
        return {"eddy_viscosity": np.full(count, self.value)}


def channel():
    return RANS(meshes.channel(1.0, 2.0, cells=(3, 12)), 0.1, drive=Force(1.0), closure=Constant(1))


def exact(y, nu_t):
    """Poiseuille's flow between y = 0 and 2 with ν + ν_t, which quadratic elements represent."""
    return y * (2 - y) / (2 * (0.1 + nu_t))


@pytest.fixture(scope="module")
def flows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("members")
    ensemble = Ensemble([Constant(value) for value in VISCOSITIES])
    return solve_members(channel(), ensemble, folder=folder), folder


def test_mean_and_band_are_those_of_known_flows(flows):
    flows, _ = flows
    y = np.linspace(0.1, 1.9, 9)
    points = np.stack([np.full(9, 0.5), y], axis=1)
    each = np.stack([exact(y, nu_t) for nu_t in VISCOSITIES])
    mean, deviation = flows.velocities(points)
    np.testing.assert_allclose(mean[:, 0], each.mean(axis=0), rtol=1e-8)
    np.testing.assert_allclose(deviation[:, 0], each.std(axis=0, ddof=1), rtol=1e-7)
    np.testing.assert_allclose(mean[:, 1], 0, atol=1e-9)
    lower, upper = FlowEnsemble(flows.results, flows.seconds, factor=2.0).band(points, 0.9)
    half = 2 * 2.919985580355516 * np.sqrt(4 / 3) * each.std(axis=0, ddof=1)  # Student's t
    np.testing.assert_allclose(upper[:, 0] - mean[:, 0], half, rtol=1e-7)
    np.testing.assert_allclose(mean[:, 0] - lower[:, 0], half, rtol=1e-7)
    whole = flows.flow("vertex")
    each = np.stack([exact(whole.points[:, 1], nu_t) for nu_t in VISCOSITIES])
    np.testing.assert_allclose(
        whole.scalars["velocity_spread"], each.std(axis=0, ddof=1), rtol=1e-6, atol=1e-9
    )
    np.testing.assert_allclose(whole.scalars["eddy_viscosity"], np.mean(VISCOSITIES), rtol=1e-12)


def test_each_begins_with_the_flow_of_the_one_before_or_its_own(flows):
    _, folder = flows
    asked = [[], []]
    members = [Constant(value, seen) for value, seen in zip((0.05, 0.3), asked, strict=True)]
    solve_members(channel(), Ensemble(members))
    middle = np.argmax(asked[1][0][:, 0])
    assert asked[1][0][middle, 0] == pytest.approx(asked[0][-1].max(), rel=1e-6)
    seen = []
    again = [Constant(value, seen) for value in VISCOSITIES]
    solve_members(channel(), Ensemble(again), folder=folder)
    first = [velocity[:, 0].max() for velocity in seen]
    peaks = [exact(1.0, nu_t) for nu_t in VISCOSITIES]
    assert min(abs(first[0] - peak) for peak in peaks) < 0.02 * peaks[0]


def test_a_member_that_fails_is_named():
    class Bad(Constant):
        def predict(self, flow, centres=None, dtype=None):
            return {"eddy_viscosity": np.nan * super().predict(flow, centres)["eddy_viscosity"]}

    with pytest.raises(DivergenceError, match="member 2"):
        solve_members(channel(), Ensemble([Constant(0.1), Bad(0.1)]))


def test_what_makes_no_ensemble_is_refused(flows):
    with pytest.raises(InputError, match="ensemble: expected a vcnn"):
        solve_members(channel(), Ensemble([Constant(0.1)]))
    with pytest.raises(InputError, match="members: expected two at least, got 1"):
        FlowEnsemble(flows[0].results[:1], [1.0])
    with pytest.raises(InputError, match="factor: expected a positive number"):
        FlowEnsemble(flows[0].results, flows[0].seconds, factor=0.0)
    with pytest.raises(InputError, match="level: expected a number between 0 and 1"):
        flows[0].band(np.array([[0.5, 1.0]]), 1.0)
