"""Steps in time: order, reversibility, conserved energy, the law of a bath."""

import numpy as np
import pytest

from vcnn import InputError
from vcnn.dynamics import Bath, Phase, langevin_step, verlet_step


def pendulum(x):
    return -np.sin(x)


def energy(phase):
    return float((0.5 * phase.velocities**2 - np.cos(phase.positions)).sum())


def begin(acceleration=pendulum):
    x = np.array([[2.0]])
    return Phase(x, np.zeros((1, 1)), acceleration(x))


def run(step, time, acceleration=pendulum):
    phase = begin(acceleration)
    for _ in range(round(time / step)):
        phase = verlet_step(phase, acceleration, step)
    return phase


def test_verlet_is_of_second_order():
    exact = run(1e-3, 8.0).positions
    errors = [abs((run(step, 8.0).positions - exact).item()) for step in (0.08, 0.04)]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.03)


def test_verlet_goes_back():
    there = run(0.1, 20.0)
    phase = Phase(there.positions, -there.velocities, there.accelerations)
    for _ in range(200):
        phase = verlet_step(phase, pendulum, 0.1)
    np.testing.assert_allclose(phase.positions, begin().positions, atol=1e-12)


def test_the_energy_does_not_drift():
    """Its fluctuation is the same early and late, and falls as the square of the step."""
    sizes = []
    for step in (0.1, 0.05):
        phase, energies = begin(), []
        for _ in range(round(600 / step)):
            phase = verlet_step(phase, pendulum, step)
            energies.append(energy(phase))
        early, late = np.split(np.array(energies), 2)
        assert early.mean() == pytest.approx(late.mean(), abs=0.02 * np.std(energies))
        sizes.append(np.std(energies))
    assert sizes[0] / sizes[1] == pytest.approx(4, rel=0.05)


def test_a_bath_gives_the_law_of_its_temperature():
    """Harmonic bodies: positions have the exact variance s²/ω² though ω Δt is 0.8 (BAOAB)."""
    count, stiffness, speed = 4000, 1.0, 0.7
    rng, zero = np.random.default_rng(0), np.zeros((count, 3))
    phase, bath = Phase(zero, zero, zero), Bath(0.5, np.full(count, speed))
    spread = []
    for number in range(120):
        phase = langevin_step(phase, lambda x: -stiffness * x, 0.8, bath, rng)
        if number >= 40:
            spread.append(np.var(phase.positions))
    assert np.mean(spread) == pytest.approx(speed**2 / stiffness, rel=0.005)


def test_a_bath_without_friction_is_none():
    phase, rng = begin(), np.random.default_rng(0)
    other = langevin_step(phase, pendulum, 0.1, Bath(0.0, 1.0), rng)
    expected = verlet_step(phase, pendulum, 0.1)
    np.testing.assert_allclose(other.positions, expected.positions, atol=1e-15)
    np.testing.assert_allclose(other.velocities, expected.velocities, atol=1e-15)


@pytest.mark.parametrize(
    "numbers", [{"friction": -1.0, "speeds": 1.0}, {"friction": 1.0, "speeds": -1}]
)
def test_a_bath_that_cannot_be(numbers):
    with pytest.raises(InputError, match="expected numbers that are 0 or more"):
        Bath(**numbers)
