"""Latent variables: one draw for a whole flow, learned by the energy score."""

import numpy as np
import pytest
import torch
from scipy.stats import special_ortho_group

from tests.support.synthetic import random_flow
from vcnn import Closure, InputError, RegionOfInfluence, TrainingConfig, VectorCloudNetwork, fit
from vcnn.closure import ClosureDraw, Ensemble
from vcnn.flow.tensors import rotate
from vcnn.network.energy_score import energy_score

REGION = RegionOfInfluence.ball(0.3)
SMALL = {"hidden": 16, "fitting": (32,), "radial": 1, "fits": 0, "mixed": (4, 4, 2)}


def test_the_energy_score_is_least_for_the_distribution_of_the_truth():
    """Means over many truths N(0, C) with correlated components, against closed forms for N(0, 1).

    E|Y − y| = 2/√π and E|Y − Y'| = 2/√π for standard normal numbers, so the score is 1/√π.
    """
    rng, one = np.random.default_rng(0), torch.ones(1)
    zero = torch.zeros(1, dtype=int)

    def mean_score(draw, count=4000):
        scores = [
            energy_score(
                torch.from_numpy(np.stack([draw() for _ in range(4)]))[:, None],
                torch.from_numpy(truth())[None],
                one.double(),
                zero,
            )
            for _ in range(count)
        ]
        return float(torch.cat(scores).mean())

    def truth():
        z = rng.standard_normal()
        return np.array([z, z])

    scores = {
        "true": mean_score(truth),
        "independent": mean_score(lambda: rng.standard_normal(2)),
        "narrow": mean_score(lambda: 0.5 * truth()),
        "wide": mean_score(lambda: 2 * truth()),
        "a point": mean_score(lambda: np.zeros(2)),
    }
    assert min(scores, key=scores.get) == "true"
    assert abs(scores["true"] - np.sqrt(2) / np.sqrt(np.pi)) < 0.03
    assert scores["independent"] > scores["true"] + 0.03


def uncertain_flow(seed, n=400):
    """v = (s + z) u with one z for the flow, which nothing in it shows."""
    flow, z = random_flow(2, n=n, periodic=True, seed=seed), np.random.default_rng(seed).normal()
    s = flow.scalars["strain_rate"]
    return flow.with_fields(vectors={"v": (s + 0.5 * z)[:, None] * flow.velocity})


@pytest.fixture(scope="module")
def closure():
    network = VectorCloudNetwork(["strain_rate", "latent_1"], output="vector", **SMALL)
    flows = [uncertain_flow(seed) for seed in range(60)]
    config = TrainingConfig(
        epochs=30, batch_size=200, centres=60, learning_rate=5e-3, max_points=6, seed=1
    )
    return fit(network, flows, "v", REGION, config, progress=False)


def test_a_flow_has_one_draw_and_flows_differ(closure):
    """v·u / |u|² = s + 0.5 z: of a draw, the same z at all points; over draws, N(0, 1)."""
    flow = uncertain_flow(99)
    u, s = flow.velocity, flow.scalars["strain_rate"]
    weights = (u**2).sum(1)  # where u is small v says little of z
    found = []
    for seed in range(100):
        v = ClosureDraw(closure, seed).predict(flow)["v"]
        z = 2 * ((v * u).sum(1) / weights - s)
        mean = np.average(z, weights=weights)
        found.append([mean, np.average((z - mean) ** 2, weights=weights) ** 0.5])
    means, within = np.array(found).T
    assert abs(means.mean()) < 0.3
    assert 0.6 < means.std() < 1.3
    assert np.median(within) < 0.45  # of noise at points it would be as large as between flows


def test_without_noise_it_is_the_deterministic_closure(closure):
    flow = uncertain_flow(98)
    still = ClosureDraw(closure, noise={"latent": [0.0]}).predict(flow)["v"]
    np.testing.assert_array_equal(still, closure.predict(flow))
    assert closure.needs == ("strain_rate",) and closure.latents == ("latent_1",)
    with pytest.raises(InputError, match="noise: latent: expected shape"):
        ClosureDraw(closure, noise={"latent": [0.0, 1.0]}).predict(flow)


def test_a_draw_turns_with_the_frame_and_is_no_extrapolation(closure):
    closure = Closure(**{**vars(closure), "network": closure.network.double()})
    flow, R = uncertain_flow(97), special_ortho_group.rvs(2, random_state=1)
    draw = ClosureDraw(closure, seed=3)
    expected = rotate(draw.predict(flow)["v"], R)
    turned = draw.predict(flow.rotated(R))["v"]
    assert np.abs(turned - expected).max() <= 1e-12 * np.abs(expected).max()
    far = ClosureDraw(closure, noise={"latent": [9.0]})
    np.testing.assert_array_equal(far.extrapolation(flow), closure.extrapolation(flow))


def test_draws_are_members_of_an_ensemble(closure):
    flow = uncertain_flow(96)
    draws = [ClosureDraw(closure, seed) for seed in range(30)]
    ensemble = Ensemble(draws)
    spread = ensemble.spread(flow)["v"]
    expected = 0.5 * np.linalg.norm(flow.velocity, axis=1)
    assert 0.6 < np.linalg.norm(spread) / np.linalg.norm(expected) < 1.4


def test_it_is_kept_in_a_file(closure, tmp_path):
    closure.save(tmp_path / "model.safetensors")
    flow = uncertain_flow(95)
    again = Closure.load(tmp_path / "model.safetensors")
    for seed in (0, 1):
        one, other = (ClosureDraw(each, seed).predict(flow)["v"] for each in (closure, again))
        np.testing.assert_array_equal(one, other)


def test_latent_variables_are_of_order_one_to_the_network():
    """Inputs of training without them are 0: what they will be is drawn for the calibration."""
    network = VectorCloudNetwork(["strain_rate", "latent_1"], **SMALL)
    config = TrainingConfig(epochs=1, learning_rate=1e-9, batch_size=100, max_points=6)
    taught, flow = (uncertain_flow(seed) for seed in (0, 1))
    taught = taught.with_fields({"y": taught.scalars["strain_rate"]})
    closure = fit(network, [taught], "y", REGION, config, progress=False)
    still, drawn = (
        ClosureDraw(closure, noise={"latent": [z]}).predict(flow)["y"] for z in (0.0, 3.0)
    )
    assert 0 < np.abs(drawn - still).max() < 10 * np.abs(still).max()


def test_only_numbered_names_are_latent_and_flows_do_not_have_them():
    flow = uncertain_flow(0, n=50)
    s = flow.scalars["strain_rate"]
    network = VectorCloudNetwork(["latent_heat"], output="vector", **SMALL)
    assert network.latents == () and network.needs == ("latent_heat",)
    network = VectorCloudNetwork(["latent_1"], output="vector", **SMALL)
    flows = [flow.with_fields({"latent_1": s})]
    with pytest.raises(InputError, match="flow 0: has a scalar 'latent_1'"):
        fit(network, flows, "v", REGION, TrainingConfig(epochs=1), progress=False)


def test_an_ensemble_takes_draws_and_no_closure_of_latent_variables(closure):
    with pytest.raises(InputError, match="members: number 1 has latent variables; draw from it"):
        Ensemble([closure, closure])
    with pytest.raises(InputError, match="noise: expected a mapping of latent"):
        ClosureDraw(closure, noise={"latent_1": [1.0]})
    with pytest.raises(InputError, match="seed: expected a non-negative integer"):
        ClosureDraw(closure, seed=-1)


def test_a_latent_variable_excludes_other_losses():
    flows = [uncertain_flow(0, n=50)]
    config = TrainingConfig(epochs=1)
    network = VectorCloudNetwork(["latent_1"], output=["vector", "covariance"], **SMALL)
    with pytest.raises(InputError, match="v comes with a spread, and the network takes latent_1"):
        fit(network, flows, ["v", "v_covariance"], REGION, config, progress=False)
    network = VectorCloudNetwork(["latent_1"], output="vector", **SMALL)
    with pytest.raises(InputError, match="loss: expected none with latent variables"):
        fit(network, flows, "v", REGION, config, loss=lambda *_: 0, progress=False)
