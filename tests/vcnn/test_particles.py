"""Stochastic bodies: exact laws, symmetries of a step, and a law that is learned from steps."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.stats import special_ortho_group

from benchmarks.particles import springs
from vcnn import Closure, InputError, TrainingConfig, VectorCloudNetwork
from vcnn.network import Distribution
from vcnn.particles import (
    Bodies,
    GravitatingBodies,
    SpringBodies,
    StepScales,
    Transition,
    fit_transition,
)
from vcnn.particles.transition import changes
from vcnn.tensor_file import read_tensors, write_tensors

OUTPUTS = ["vector", "covariance"] * 2
SMALL = {"normalization": "sum", "radial": 2, "fits": 0, "mixed": (8, 6, 2), "hidden": 16}
LAG = 0.1


def network(**options):
    return VectorCloudNetwork(output=OUTPUTS, fitting=(64, 64), basis=4, **SMALL, **options)


@pytest.fixture(scope="module")
def learned():
    system, rng = SpringBodies(), np.random.default_rng(0)
    before = system.draw(6000, 2, rng)
    after = system.simulate(before, LAG, 1, rng)[1]
    config = TrainingConfig(epochs=8, batch_size=100, learning_rate=4e-3)
    return fit_transition(network(), before, after, LAG, config, progress=False)


def test_the_exact_law_of_springs_is_that_of_small_steps():
    """Of the moments themselves: dA = F A dt, dC = (F C + C Fᵀ + Q) dt."""
    system = SpringBodies(count=3, spring=2.0, friction=0.7, noise=0.4)
    F, Q = system._drift_and_noise()
    A, C, h = np.eye(6), np.zeros((6, 6)), LAG / 2000
    for _ in range(2000):  # midpoint rule
        half = A + 0.5 * h * F @ A
        middle = C + 0.5 * h * (F @ C + C @ F.T + Q)
        A, C = A + h * F @ half, C + h * (F @ middle + middle @ F.T + Q)
    exact = system.law(LAG)
    np.testing.assert_allclose(exact[0], A, atol=1e-8)
    np.testing.assert_allclose(exact[1], C, atol=1e-9)


def test_two_steps_are_one_of_twice_the_time_and_the_long_time_law_stays():
    system, rng = SpringBodies(), np.random.default_rng(1)
    (A, C), (A2, C2) = system.law(LAG), system.law(2 * LAG)
    np.testing.assert_allclose(A @ A, A2, atol=1e-13)
    np.testing.assert_allclose(A @ C @ A.T + C, C2, atol=1e-14)
    start = system.draw(20_000, 2, rng)
    *_, end = system.simulate(start, LAG, 30, rng)

    def relative(bodies):
        return bodies.positions - bodies.positions.mean(axis=1, keepdims=True)

    for one, other in ((relative(start), relative(end)), (start.velocities, end.velocities)):
        assert (one**2).mean() == pytest.approx((other**2).mean(), rel=0.02)


def test_gravity_keeps_energy_momentum_and_kepler_orbits():
    system = GravitatingBodies(softening=1e-6, noise=0.0)
    m, rng = np.array([1.0, 0.5]), np.random.default_rng(0)
    v = np.sqrt(1.5)  # of a circle of distance 1
    x = [[[1 / 3, 0, 0], [-2 / 3, 0, 0]]]
    start = Bodies(x, [[[0, v / 3, 0], [0, -2 * v / 3, 0]]], m)
    period = 2 * np.pi / np.sqrt(1.5)
    errors = []
    for substeps in (1000, 2000):
        end = system.simulate(start, period, 1, rng, substeps=substeps)[-1]
        errors.append(np.abs(end.positions - start.positions).max())
        assert sum(system.energies(end)) == pytest.approx(sum(system.energies(start)), rel=1e-8)
        momentum = np.einsum("j,sjk->sk", m, end.velocities)
        np.testing.assert_allclose(momentum, 0, atol=1e-14)
    assert errors[0] < 1e-4 and errors[0] / errors[1] == pytest.approx(4, rel=0.05)


def test_noise_heats_gravitating_bodies_as_it_should():
    """d⟨½ v²⟩ = ½ d σ² dt; with friction ⟨v²⟩ → d σ²/(2γ)."""
    rng = np.random.default_rng(2)
    start = Bodies(np.zeros((20_000, 1, 2)), np.zeros((20_000, 1, 2)))
    free = GravitatingBodies(noise=0.3).simulate(start, 1.0, 1, rng)[-1]
    assert (free.velocities**2).sum(-1).mean() == pytest.approx(2 * 0.09, rel=0.03)
    held = GravitatingBodies(noise=0.3, friction=2.0).simulate(start, 4.0, 1, rng)[-1]
    assert (held.velocities**2).sum(-1).mean() == pytest.approx(2 * 0.09 / 4, rel=0.03)


def test_a_step_turns_with_its_noise_and_knows_no_order_and_no_origin():
    rng = np.random.default_rng(3)
    masses = rng.uniform(0.5, 2, 5)
    before, after = (Bodies(*rng.normal(size=(2, 200, 5, 3)), masses) for _ in "ab")
    config = TrainingConfig(epochs=1, dtype="float64")
    transition = fit_transition(
        network(scalars=["mass"]), before, after, LAG, config, progress=False
    )
    some, noise = before[:20], rng.standard_normal((2, 20, 5, 3))
    step = transition.step(some, noise)
    R = -special_ortho_group.rvs(3, random_state=4)
    turned = transition.step(some.rotated(R), noise @ R.T)
    order = rng.permutation(5)
    mixed = transition.step(
        Bodies(some.positions[:, order], some.velocities[:, order], some.masses[order]),
        noise[:, :, order],
    )
    away = transition.step(Bodies(some.positions + 3.0, some.velocities, some.masses), noise)
    for name in ("positions", "velocities"):
        value = getattr(step, name)
        size = np.abs(value).max()
        assert np.abs(getattr(turned, name) - value @ R.T).max() <= 1e-12 * size
        assert np.abs(getattr(mixed, name) - value[:, order]).max() <= 1e-12 * size
        shift = 3.0 if name == "positions" else 0.0
        assert np.abs(getattr(away, name) - shift - value).max() <= 1e-12 * (size + 3)
    still = transition.step(some, 0 * noise)
    mean = transition.scales.change * transition.law(some)[0].mean.detach().numpy()
    np.testing.assert_allclose(
        (still.velocities - some.velocities).reshape(-1, 3), mean, atol=1e-13
    )


def test_a_divergence_is_least_for_the_exact_law_of_each_body():
    """Its means and variances as a law: what is left is what independence costs."""
    states = SpringBodies().draw(20, springs.DIMENSION, np.random.default_rng(0))
    means, C = springs.exact_changes(states)
    n, d = states.count, springs.DIMENSION

    def law(part):
        mean = torch.from_numpy(means[:, part].reshape(-1, d).copy())
        variances = torch.from_numpy(np.tile(np.diag(C)[part], len(states)))
        return Distribution("vector", mean, variances[:, None, None] * torch.eye(d).double())

    parts = law(slice(0, n)), law(slice(n, 2 * n))
    exact = SimpleNamespace(law=lambda states: parts, scales=StepScales(1.0, 1.0, 1.0, 1.0))
    least = springs.least_divergence()
    np.testing.assert_allclose(springs.divergences(exact, states), least, rtol=1e-8)
    assert 0 < least < 1e-4


def test_the_law_of_springs_is_found(learned):
    """Nats a body and step from the exact law; spread of rollouts after 50 steps."""
    system, rng = SpringBodies(), np.random.default_rng(7)
    n, states = system.count, system.draw(300, springs.DIMENSION, rng)
    assert 0 < springs.divergences(learned, states).mean() < 0.02
    start = states[np.zeros(3000, dtype=int)]
    *_, end = learned.rollout(start, 50, rng)
    exact = np.diag(system.law(50 * LAG)[1])
    for values, expected in ((end.positions, exact[:n]), (end.velocities, exact[n:])):
        assert values.var(axis=0).mean() == pytest.approx(expected.mean(), rel=0.08)


def test_a_step_has_the_law_that_it_is_drawn_from(learned):
    """Positions follow velocities but for δ, whose variance is σ² τ³/12."""
    states = SpringBodies().draw(1, 2, np.random.default_rng(8))[np.zeros(4000, dtype=int)]
    (after,) = learned.rollout(states, 1, np.random.default_rng(9))
    drawn = changes(states, after, LAG)
    laws, scales = learned.law(states[:1]), (learned.scales.change, learned.scales.deviation)
    for values, law, scale in zip(drawn, laws, scales, strict=True):
        values = values.reshape(4000, 5, 2)
        mean = scale * law.mean.detach().numpy()
        variance = scale**2 * law.spread.detach().diagonal(dim1=1, dim2=2).numpy()
        assert np.abs(values.mean(axis=0) - mean).max() < 5 * np.sqrt(variance.max() / 4000)
        np.testing.assert_allclose(values.var(axis=0), variance, rtol=0.15)
    assert drawn[1].var() == pytest.approx(0.25 * LAG**3 / 12, rel=0.1)


def test_it_is_kept_in_a_file(learned, tmp_path):
    again = Transition.load(learned.save(tmp_path / "law.safetensors"))
    states, rng = SpringBodies().draw(10, 2, np.random.default_rng(0)), np.random.default_rng(1)
    noise = rng.standard_normal((2, 10, 5, 2))
    one, other = learned.step(states, noise), again.step(states, noise)
    np.testing.assert_array_equal(one.positions, other.positions)
    np.testing.assert_array_equal(one.velocities, other.velocities)
    with pytest.raises(InputError, match="the law of a step of bodies"):
        Closure.load(tmp_path / "law.safetensors")
    tensors, header = read_tensors(tmp_path / "law.safetensors")
    del header["scales"]["length"]
    write_tensors(tmp_path / "damaged.safetensors", tensors, header)
    with pytest.raises(InputError, match="damaged"):
        Transition.load(tmp_path / "damaged.safetensors")


def test_bad_states_are_refused():
    with pytest.raises(InputError, match="positions: expected shape"):
        Bodies(np.zeros((3, 2)), np.zeros((3, 2)))
    with pytest.raises(InputError, match=r"velocities: expected shape \(1, 3, 2\)"):
        Bodies(np.zeros((1, 3, 2)), np.zeros((1, 2, 2)))
    with pytest.raises(InputError, match="masses: expected 3 positive numbers"):
        Bodies(np.zeros((1, 3, 2)), np.zeros((1, 3, 2)), [1, 0, 1])
    with pytest.raises(InputError, match="positions: holds NaN"):
        Bodies(np.full((1, 3, 2), np.nan), np.zeros((1, 3, 2)))
    with pytest.raises(InputError, match="network: expected outputs vector, covariance"):
        Transition(VectorCloudNetwork(), None, LAG, 2)
    with pytest.raises(InputError, match="friction: expected a positive number"):
        SpringBodies(friction=0.0).draw(1, 2, np.random.default_rng())
    bodies = Bodies(*np.zeros((2, 4, 3, 2)))
    with pytest.raises(InputError, match="after: expected states of shape"):
        fit_transition(network(), bodies, bodies[:2], LAG)
    with pytest.raises(InputError, match="lag: expected a positive number"):
        fit_transition(network(), bodies, bodies, 0.0)
    with pytest.raises(InputError, match="after: expected vcnn"):
        fit_transition(network(), bodies, [bodies], LAG)
    heavy = Bodies(bodies.positions, bodies.velocities, [1, 2, 3])
    with pytest.raises(InputError, match="after: expected the same masses"):
        fit_transition(network(), bodies, heavy, LAG)
    with pytest.raises(InputError, match="start: expected 5 bodies of mass 1"):
        SpringBodies().simulate(bodies, LAG, 1, np.random.default_rng())
    with pytest.raises(InputError, match=r"network: expected a vcnn\.Network, got int"):
        fit_transition(1, bodies, bodies, LAG)
    with pytest.raises(InputError, match="config: expected a TrainingConfig, got 3"):
        fit_transition(network(), bodies, bodies, LAG, 3)
    with pytest.raises(InputError, match="rotation: expected an orthogonal"):
        bodies.rotated([[1.0, 1.0], [0.0, 1.0]])
    with pytest.raises(InputError, match="network: bodies have a mass, not charge"):
        fit_transition(network(scalars=["charge"]), bodies, bodies, LAG)


def test_noise_and_bodies_of_another_shape_are_refused(learned):
    states = SpringBodies().draw(6, 2, np.random.default_rng(0))
    with pytest.raises(InputError, match=r"noise: expected shape \(2, 6, 5, 2\)"):
        learned.step(states, np.zeros((2, 5, 6, 2)))
    with pytest.raises(InputError, match="the law is one of 2-D bodies, these are 3-D"):
        learned.step(SpringBodies().draw(6, 3, np.random.default_rng(0)), np.zeros((2, 6, 5, 3)))


def test_a_law_that_is_stopped_goes_on(tmp_path):
    system, rng = SpringBodies(), np.random.default_rng(5)
    before = system.draw(100, 2, rng)
    after = system.simulate(before, LAG, 1, rng)[1]
    known = (before[:20], after[:20])

    def train(epochs, directory=None):
        config = TrainingConfig(epochs=epochs, batch_size=50)
        return fit_transition(
            network(),
            before,
            after,
            LAG,
            config,
            validation=known,
            run_directory=directory,
            progress=False,
        )

    whole = train(3, tmp_path / "whole")
    path = tmp_path / "whole" / "checkpoint.safetensors"
    assert path.is_file() and (tmp_path / "whole" / "model.safetensors").is_file()
    again = train(3, tmp_path / "whole")
    for one, other in zip(whole.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(one, other)
