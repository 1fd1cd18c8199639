"""Values with a distribution: it turns with the frame, and is found from samples of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import special_ortho_group

from tests.support.synthetic import random_flow
from vcnn import (
    Closure,
    InputError,
    RegionOfInfluence,
    Scales,
    TrainingConfig,
    VectorCloudNetwork,
    fit,
)
from vcnn.closure import BaselineCorrection, ClosureDraw, Ensemble
from vcnn.closure.requirements import TURBULENT_STRESS
from vcnn.flow.spreads import SPREADS, pair_spreads, spread_name, without_spreads
from vcnn.flow.tensors import rotate
from vcnn.network import Distribution
from vcnn.network.matrix_functions import matrix_root, positive
from vcnn.training.loss import weighted_square_error

BALL = RegionOfInfluence.ball(0.6)
RANK = {kind: 1 + ("tensor" in kind or kind == "reynolds_stress") for kind in SPREADS}
RANK |= {"scalar": 0, "positive_scalar": 0, "vector": 1}


def turned(values, R):
    return torch.from_numpy(rotate(values.numpy(), R))


def some_distribution(kind, d, m, seed):
    rng = np.random.default_rng(seed)
    A, B = rng.normal(size=(2, m, d, d))
    positive = [X @ X.swapaxes(1, 2) / d + 0.1 * np.eye(d) for X in (A, B)]
    symmetric = A + A.swapaxes(1, 2)
    traceless = symmetric - np.trace(symmetric, axis1=1, axis2=2)[:, None, None] * np.eye(d) / d
    mean = {
        "scalar": rng.normal(size=m),
        "positive_scalar": 0.5 + rng.random(m),
        "vector": rng.normal(size=(m, d)),
        "symmetric_tensor": symmetric,
        "traceless_symmetric_tensor": traceless,
        "reynolds_stress": positive[0] + np.eye(d),
    }[kind]
    spread = positive[1] if kind == "vector" else 0.1 + 0.2 * rng.random(m)
    return Distribution(kind, torch.from_numpy(mean), torch.from_numpy(spread))


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("kind", SPREADS)
def test_turned_noise_gives_turned_values_and_none_the_mean(kind, d):
    known = some_distribution(kind, d, 50, d)
    noise = torch.randn(known.mean.shape, dtype=torch.float64)
    R = -special_ortho_group.rvs(d, random_state=1) if d > 1 else -np.eye(1)
    there = Distribution(kind, turned(known.mean, R), turned(known.spread, R))
    for what in ("sample", "log_density"):
        values = getattr(known, what)(noise if what == "sample" else known.mean + 0.1)
        of_turned = getattr(there, what)(
            turned(noise, R) if what == "sample" else turned(known.mean + 0.1, R)
        )
        expected = turned(values, R) if what == "sample" else values
        assert (of_turned - expected).abs().max() <= 1e-12 * expected.abs().max()
    assert (known.sample(0 * noise) - known.mean).abs().max() <= 1e-14 * known.mean.abs().max()


@pytest.mark.parametrize("kind", SPREADS)
def test_the_likelihood_of_samples_is_minus_the_entropy(kind):
    """½ log det(2πe Σ) in coordinates in which the noise is standard normal but for σ."""
    d, count = 3, 200_000
    one = some_distribution(kind, d, 1, 5)
    many = Distribution(kind, *(x.expand(count, *x.shape[1:]) for x in (one.mean, one.spread)))
    torch.manual_seed(0)
    values = many.sample(torch.randn(many.mean.shape, dtype=torch.float64))
    n = {"vector": d, "scalar": 1, "positive_scalar": 1}.get(kind, d * (d + 1) // 2)
    n -= kind == "traceless_symmetric_tensor"
    entropy = 0.5 * n * np.log(2 * np.pi * np.e)
    if RANK[kind] == 2:  # off the diagonal the variance is one half
        entropy -= 0.5 * d * (d - 1) / 2 * np.log(2)
    covariance = one.spread.numpy()[0]
    entropy += (
        0.5 * np.linalg.slogdet(covariance)[1] if kind == "vector" else n * np.log(covariance)
    )
    density = many.log_density(values).numpy()
    error = density.std() / np.sqrt(count)
    assert abs(density.mean() + entropy) < 4 * error + 1e-4
    if RANK[kind] == 2:
        residual = values - one.mean
        deviation = residual.square().sum((1, 2)).mean().sqrt()
    else:
        deviation = (values - values.mean(0)).square().reshape(count, -1).sum(1).mean().sqrt()
    tolerance = 0.02 if kind == "reynolds_stress" else 0.005  # first order in σ
    assert abs(one.deviation()[0] / deviation - 1) < tolerance


def test_matrix_functions_have_derivatives_where_eigenvalues_are_equal():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(3, 3))
    matrices = torch.from_numpy(np.stack([np.eye(3), np.diag([1.0, 1.0, 2.0]), A @ A.T]))
    assert (matrix_root(matrices) @ matrix_root(matrices) - matrices).abs().max() < 1e-13

    def root(x):
        return matrix_root(0.5 * (x + x.mT))

    def raised(x):
        return positive(x + x.mT - 3 * torch.eye(3).double())

    assert torch.autograd.gradcheck(root, matrices.requires_grad_())
    assert torch.autograd.gradcheck(raised, matrices)
    assert (torch.linalg.eigvalsh(raised(matrices)) > 0).all()


def noisy_flow(seed, n=10_000):
    """v = s u + √Σ ξ with Σ = (0.05 + 0.1 s²) I + 0.1 u ⊗ u."""
    flow, rng = random_flow(2, n=n, periodic=True, seed=seed), np.random.default_rng(seed)
    s, u = flow.scalars["strain_rate"], flow.velocity
    covariance = (0.05 + 0.1 * s**2)[:, None, None] * np.eye(2) + 0.1 * u[:, :, None] * u[:, None]
    root = matrix_root(torch.from_numpy(covariance)).numpy()
    v = s[:, None] * u + np.einsum("nij,nj->ni", root, rng.normal(size=(n, 2)))
    return flow.with_fields(vectors={"v": v}), covariance, s[:, None] * u


def test_a_known_noise_is_found():
    few = {"hidden": 16, "fitting": (32, 32), "radial": 1, "fits": 0, "mixed": (4, 4, 2)}
    network = VectorCloudNetwork(["strain_rate"], output=["vector", "covariance"], **few)
    flows = [noisy_flow(seed)[0] for seed in range(4)]
    config = TrainingConfig(epochs=8, batch_size=200, learning_rate=4e-3, max_points=4)
    region = RegionOfInfluence.ball(0.03)
    closure = fit(network, flows, ["v", "v_covariance"], region, config, progress=False)
    unseen, covariance, mean = noisy_flow(9, n=3000)
    found = closure.predict(unseen)
    assert np.linalg.norm(found["v"] - mean) < 0.02 * np.linalg.norm(mean)
    error = np.linalg.norm(found["v_covariance"] - covariance) / np.linalg.norm(covariance)
    assert error < 0.05
    spread = closure.spread(unseen)
    expected = np.sqrt(np.trace(found["v_covariance"], axis1=1, axis2=2))
    np.testing.assert_allclose(spread["v"], expected, rtol=1e-12)
    assert list(spread) == ["v"] and list(closure.errors(unseen)) == ["v"]


def closure_of(kind, d=2, **options):
    names = {"x": kind, spread_name("x", kind): SPREADS[kind].head}
    network = VectorCloudNetwork(["strain_rate"], output=list(names.values()), **options).double()
    flow = random_flow(d, n=60)
    network.calibrate(BALL.clouds(flow))
    scales = Scales(scalars={"strain_rate": (0.0, 1.0)}, targets=((0.0, 1.0),) * len(names))
    return Closure(network.eval(), BALL, tuple(names), d, scales), flow


@pytest.mark.parametrize("kind", SPREADS)
def test_a_drawn_closure_turns_with_its_noise(kind, tmp_path):
    closure, flow = closure_of(kind, d=3)
    closure.save(tmp_path / "model.safetensors")
    closure = Closure.load(tmp_path / "model.safetensors")
    shape = closure.predict(flow)["x"].shape
    noise = np.random.default_rng(0).standard_normal(shape)
    drawn = ClosureDraw(closure, noise={"x": noise}).predict(flow)
    assert list(drawn) == ["x"]
    R = -special_ortho_group.rvs(3, random_state=2)
    elsewhere = ClosureDraw(closure, noise={"x": rotate(noise, R)}).predict(flow.rotated(R))
    expected = rotate(drawn["x"], R)
    assert np.abs(elsewhere["x"] - expected).max() <= 1e-12 * np.abs(expected).max()
    still = ClosureDraw(closure, noise={"x": 0 * noise}).predict(flow)["x"]
    np.testing.assert_allclose(still, closure.predict(flow)["x"], rtol=0, atol=1e-14)
    one, other = (ClosureDraw(closure, seed=seed).predict(flow)["x"] for seed in (0, 1))
    assert np.abs(one - other).max() > 1e-3
    some = ClosureDraw(closure, seed=0).predict(flow, centres=np.array([5, 2]))["x"]
    np.testing.assert_allclose(some, one[[5, 2]], rtol=1e-12, atol=1e-14)


def test_spreads_have_the_units_of_what_they_belong_to():
    closure, flow = closure_of("vector")
    closure = replace(closure, target=("velocity", "velocity_covariance"))
    there = closure.in_units(length=2.0, velocity=3.0)
    flow_there = replace(
        flow, points=2 * flow.points, velocity=3 * flow.velocity, weights=4 * flow.weights
    ).with_fields({"strain_rate": 1.5 * flow.scalars["strain_rate"]})
    ours, theirs = closure.predict(flow), there.predict(flow_there)
    np.testing.assert_allclose(theirs["velocity_covariance"], 9 * ours["velocity_covariance"])
    np.testing.assert_allclose(theirs["velocity"], 3 * ours["velocity"])


def test_spreads_are_no_quantities_of_a_problem_of_their_own():
    targets = {"nut": "positive_scalar", "nut_relative_deviation": "positive_scalar"}
    assert pair_spreads(targets) == {"nut": "nut_relative_deviation"}
    assert TURBULENT_STRESS.quantities(targets) == {"nut": "eddy_viscosity"}
    alone = {"nut_relative_deviation": "positive_scalar"}
    assert without_spreads(alone) == alone and not TURBULENT_STRESS.is_met(alone)


def test_only_what_has_a_spread_is_drawn():
    closure, flow = closure_of("vector")
    with pytest.raises(InputError, match="noise: x: expected shape"):
        ClosureDraw(closure, noise={"x": np.zeros(3)}).predict(flow)
    plain = VectorCloudNetwork(["strain_rate"])
    with pytest.raises(InputError, match="expected a target that comes with its spread"):
        ClosureDraw(Closure(plain, BALL, "x", 2))


def test_targets_that_cannot_have_such_a_spread_are_refused():
    network = VectorCloudNetwork(["strain_rate"], output=["positive_scalar", "positive_scalar"])
    flow, config = random_flow(2, n=50), TrainingConfig(epochs=1)
    targets = ["k", "k_relative_deviation"]
    k = np.where(np.arange(50) < 5, 0.0, 1.0)
    with pytest.raises(InputError, match="flow 0: target 'k': expected positive values"):
        fit(network, [flow.with_fields({"k": k})], targets, BALL, config, progress=False)
    with pytest.raises(InputError, match="flow 0: has a field 'k_relative_deviation'"):
        twice = flow.with_fields({"k": k + 1, "k_relative_deviation": k})
        fit(network, [twice], targets, BALL, config, progress=False)
    with pytest.raises(InputError, match="loss: k comes with a spread; expected its likelihood"):
        flows = [flow.with_fields({"k": k + 1})]
        fit(network, flows, targets, BALL, config, loss=weighted_square_error, progress=False)


def test_adapters_give_targets_without_their_spreads():
    closure, flow = closure_of("positive_scalar", d=2)
    closure = replace(closure, target=("beta", "beta_relative_deviation"))
    adapter = BaselineCorrection(closure, np.ones(len(flow)))
    assert dict(adapter.targets) == {"eddy_viscosity": "positive_scalar"}
    values = adapter.predict(flow)
    np.testing.assert_allclose(values["eddy_viscosity"], closure.predict(flow)["beta"])
    assert list(values) == ["eddy_viscosity"]
    velocity = torch.from_numpy(flow.velocity.copy())
    assert list(adapter.differentiable(flow)(velocity)) == ["eddy_viscosity"]


def test_the_spread_of_members_that_are_unsure_is_that_of_their_mixture():
    made = [closure_of("vector", seed=seed)[0] for seed in (0, 1, 2)]
    flow, ensemble = random_flow(2, n=60), Ensemble(made)
    each = [one.predict(flow) for one in made]
    between = np.stack([one["x"] for one in each]).var(axis=0, ddof=1).sum(axis=1)
    within = np.mean([np.trace(one["x_covariance"], axis1=1, axis2=2) for one in each], axis=0)
    np.testing.assert_allclose(ensemble.spread(flow)["x"], np.sqrt(between + within), rtol=1e-12)
    assert list(ensemble.targets) == ["x"] and between.max() > 1e-3 < within.max()


def test_members_with_and_without_a_spread_are_of_different_kinds():
    unsure, _ = closure_of("vector")
    network = VectorCloudNetwork(["strain_rate"], output="vector").double()
    scales = replace(unsure.scales, targets=((0.0, 1.0),))
    sure = Closure(network.eval(), BALL, ("x",), 2, scales)
    with pytest.raises(InputError, match="members: expected closures of one kind, number 2"):
        Ensemble([unsure, sure])
