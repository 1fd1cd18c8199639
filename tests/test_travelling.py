"""What a correction of a model is taught: where the model is right, nothing."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import meshes
from benchmarks.common.velocity_errors import score_spread
from benchmarks.travelling import flows, scores
from benchmarks.travelling.flows import KnownFlow, read_channel
from benchmarks.travelling.learning import WithoutEnds
from benchmarks.travelling.scores import bubble
from benchmarks.travelling.targets import BOUNDS, training_flow
from benchmarks.travelling.walls import lower_wall, shear_stress
from solvers import RANS, Force, KOmegaSST, LaminarFlow, Observation, along_wall
from vcnn import Closure, FlowField, RegionOfInfluence, VectorCloudNetwork
from vcnn.closure import MirroredSection


@pytest.fixture(scope="module")
def model():
    """A channel at Re_τ = 180, with a model's flow at its vertices."""
    mesh = meshes.channel(3.0, 2.0, cells=(6, 24), grading=40.0)
    problem = KOmegaSST(mesh, 1 / 180, drive=Force(1.0))
    return problem, problem.solve().flow("vertex")


def known(problem, flow, stress):
    """The model's flow as what is known, with another stress."""
    gradient = np.pad(flow.tensors["velocity_gradient"].swapaxes(1, 2), ((0, 0), (0, 1), (0, 1)))
    velocity = np.pad(flow.velocity, ((0, 0), (0, 1)))
    seen = Observation(flow.points, flow.velocity)
    return KnownFlow("channel", "channel", problem, seen, velocity, gradient, stress(gradient))


def test_the_stress_of_the_model_asks_for_no_correction(model):
    problem, flow = model
    nu_t, k = flow.scalars["eddy_viscosity"], flow.scalars["turbulent_kinetic_energy"]

    def stress(gradient):
        S = (gradient + gradient.swapaxes(1, 2)) / 2
        return 2 / 3 * k[:, None, None] * np.eye(3) - 2 * nu_t[:, None, None] * S

    taught = training_flow(known(problem, flow, stress), flow)
    important = taught.scalars["importance"] > 1
    assert important.sum() > 20
    # the rate below which a stress says little of ν_t
    np.testing.assert_allclose(taught.scalars["correction"][important], 1, atol=0.01)
    a = taught.tensors["relative_anisotropy"][important]
    np.testing.assert_allclose(a, 0, atol=0.01)
    assert taught.dimension == 3 and not taught.parameters


def test_a_correction_gives_the_known_stress(model):
    """−2 β ν₀ S + k â is the deviator of <u'u'> wherever nothing is cut."""
    problem, flow = model
    nu_t, k = flow.scalars["eddy_viscosity"], flow.scalars["turbulent_kinetic_energy"]
    shape = np.array([[0.2, 0.03, 0.0], [0.03, -0.1, 0.0], [0.0, 0.0, -0.1]])
    kept = {}

    def stress(gradient):
        kept["S"] = S = (gradient + gradient.swapaxes(1, 2)) / 2
        kept["deviator"] = k[:, None, None] * shape - 3 * nu_t[:, None, None] * S
        return kept["deviator"] + 2 / 3 * k[:, None, None] * np.eye(3)

    taught = training_flow(known(problem, flow, stress), flow)
    beta, a = taught.scalars["correction"], taught.tensors["relative_anisotropy"]
    shown = (nu_t > problem.viscosity) & (beta > BOUNDS[0]) & (beta < BOUNDS[1])
    assert shown.sum() > 20
    nu = 0.1 * problem.viscosity  # of which β is told a part, where ν_t says nothing
    acting = beta * (nu_t + nu) - nu
    tau = k[:, None, None] * a - 2 * acting[:, None, None] * kept["S"]
    size = np.abs(kept["deviator"][shown]).max()
    np.testing.assert_allclose(tau[shown], kept["deviator"][shown], atol=2e-3 * size)


def test_profiles_are_read_in_half_heights(tmp_path):
    path = tmp_path / "Re100.prof"
    rows = np.arange(39.0).reshape(3, 13) / 10
    rows[:, 0], rows[:, 1] = (0, 0.5, 1), (0, 52, 104)
    header = "% y/h y+ U+\nWARNING: provisional\n%\n"
    path.write_text(header + "\n".join(" ".join(map(str, row)) for row in rows))
    y, u, stress, re_tau = read_channel(path)
    assert re_tau == 104
    np.testing.assert_array_equal(y, (0, 0.5, 1))
    np.testing.assert_array_equal(u, rows[:, 2])
    np.testing.assert_allclose(stress[1, 1], rows[:, 4] ** 2)
    np.testing.assert_array_equal(stress[0, 1], rows[:, 10])


def test_a_channel_is_told_with_its_friction(tmp_path, monkeypatch):
    """Profiles of a laminar flow with a stress, in wall units: the force is 1, signs turn over."""
    re_tau, y = 180.0, np.linspace(0, 1, 401)
    rows = np.zeros((len(y), 13))
    rows[:, 0], rows[:, 1], rows[:, 2] = y, re_tau * y, re_tau * (y - y**2 / 2)
    rows[:, 10] = y * (y - 1)
    path = tmp_path / "Re180.prof"
    np.savetxt(path, rows)
    monkeypatch.setattr(flows, "CHANNELS", SimpleNamespace(file=lambda name: path))
    channel = flows.channel(180)
    assert channel.force == pytest.approx(1, rel=2e-3)
    points, gradient = channel.friction.points, channel.friction.values
    assert set(points[:, 1]) == {0, 2} and len(channel.observations) == 2
    np.testing.assert_allclose(gradient[:, 0, 1], re_tau * (1 - points[:, 1]), rtol=2e-3)
    np.testing.assert_allclose(channel.friction.weights, 0.5)
    height = channel.model.mesh.points[:, 1]
    np.testing.assert_allclose(
        channel.gradient[:, 0, 1], re_tau * (1 - height), atol=0.005 * re_tau
    )
    assert (channel.stress[:, 0, 1] * (1 - height) <= 0).all()
    expected = np.abs(1 - height) * np.minimum(height, 2 - height)
    np.testing.assert_allclose(np.abs(channel.stress[:, 1, 0]), expected, atol=1e-3)


def test_the_longest_reversed_flow_is_the_bubble():
    """Of a laminar hill, as its wall says; of a channel none."""
    hill = LaminarFlow(meshes.periodic_hill(1.0, cells=(24, 16)), 0.01, 0.72).solve()
    wall = along_wall(hill, "bottom")
    assert bubble(hill) == (wall.separation[0, 0], wall.reattachment[-1, 0])
    assert 0 < bubble(hill)[0] < 2 < bubble(hill)[1]
    assert bubble(LaminarFlow(meshes.channel(cells=(3, 4)), 0.1, 1.0).solve()) is None


def test_a_bubble_may_begin_before_the_period_does(monkeypatch):
    """Friction turns negative at 11.9 of 12 and positive at 5; a smaller one is at 10."""
    wall = SimpleNamespace(
        separation=np.array([[10.0, 0], [11.9, 0]]),
        reattachment=np.array([[5.0, 0], [10.3, 0]]),
        period=np.array([12.0, 0]),
    )
    monkeypatch.setattr(scores, "along_wall", lambda *_, **__: wall)
    flow = SimpleNamespace(domain=SimpleNamespace(walls=("bottom", "top")))
    assert bubble(flow) == pytest.approx((-0.1, 5.0))


def test_scores_vary_between_choices_of_points_as_means_do():
    """Where all speeds are 1, the score of n points is a mean: standard deviation σ/√n."""
    rng = np.random.default_rng(3)
    truth = np.tile([1.0, 0.0], (20000, 1))
    errors = rng.exponential(0.1, len(truth))
    velocity = truth + errors[:, None] * [0.6, 0.8]
    spread = score_spread(velocity, truth, points=400)
    assert spread == pytest.approx(errors.std() / 20, rel=0.1)
    assert score_spread(truth, truth) == 0


def test_shear_stress_of_a_channel_balances_the_drive():
    """−<u'v'> + ν ∂u/∂y = u_τ² (1 − y/h), with and without an anisotropy."""
    mesh = meshes.channel(3.0, 2.0, cells=(6, 48), grading=40.0)
    flow = KOmegaSST(mesh, 1 / 180, drive=Force(1.0)).solve()
    at = flow.flow("vertex")
    shear = shear_stress(flow)
    a = np.zeros((len(shear), 2, 2))
    a[:, 0, 1] = a[:, 1, 0] = -0.5 * shear
    split = RANS(
        mesh,
        1 / 180,
        drive=Force(1.0),
        closure=0.5 * at.scalars["eddy_viscosity"],
        location="vertex",
        anisotropy=a,
    ).solve()
    split = replace(split, anisotropy=split.problem.given_anisotropy(split.domain))
    viscous = at.tensors["velocity_gradient"][:, 1, 0] / 180
    away = np.abs(at.points[:, 1] - 1) < 0.9
    for found in (shear, shear_stress(split)):
        total = found + viscous
        np.testing.assert_allclose(total[away], (1 - at.points[:, 1])[away], atol=0.02)
    x, friction, pressure = lower_wall(flow)
    assert friction == pytest.approx(2.0, rel=0.02)  # 2 u_τ² at a unit velocity
    assert np.abs(pressure).max() < 1e-6 and len(x) == 6


def test_a_duct_without_ends_is_a_channel(shared_data):
    """What drives it balances the friction of the DNS, and closures see no ends along the walls."""
    across, along = flows.wide_duct(550), flows.channel(550)
    assert across.force == pytest.approx(along.force, rel=1e-3)
    assert across.force == pytest.approx(1.0, rel=0.01)  # in units of the friction velocity
    points = across.model.mesh.points
    weights = np.ones(len(points))
    for x in points.T[1:]:  # by the trapezoidal rule: halves on planes of symmetry
        places, number = np.unique(x.round(9), return_inverse=True)
        weights *= np.gradient(places, edge_order=1)[number] * np.where(
            (number == 0) | (number == number.max()), 0.5, 1
        )
    flow = FlowField(points, across.velocity, weights)
    network = VectorCloudNetwork(output="traceless_symmetric_tensor", galilean=True, fits=0)
    closure = Closure(network, RegionOfInfluence.ball(1.0, smooth=0.0), "anisotropy", 3)
    row = np.flatnonzero(np.abs(points[:, 1] - 0.5) == np.abs(points[:, 1] - 0.5).min())
    a, seen = (
        whole(closure.by_name()).predict(flow, row, torch.float64)["anisotropy"]
        for whole in (WithoutEnds, MirroredSection)
    )
    first, last = points[row, 2].argsort()[[0, -1]]  # on the planes of symmetry
    size = np.abs(a).max()
    np.testing.assert_allclose(a[first], a[last], rtol=0, atol=1e-9 * size)
    assert np.ptp(a, axis=0).max() < 0.01 * size  # as good as the quadrature is
    assert np.abs(seen[first] - seen[last]).max() > 0.05 * size
