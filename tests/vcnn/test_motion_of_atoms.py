"""Molecular dynamics, and potentials for ase and in its files."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vcnn import InputError, VectorCloudNetwork
from vcnn.atoms import (
    Accuracy,
    Frame,
    Potential,
    Thermostat,
    begin_motion,
    from_ase,
    join_clouds,
    move,
    read_frames,
    to_ase,
    write_frames,
)
from vcnn.network import AtomCloudNetwork, build_network

CUTOFF = 4.0


class Springs:
    """Each atom on a spring of its own: k/2 |x − x₀|² with k = 2 eV/Å²."""

    def __init__(self, frame):
        self.rest = frame.positions

    def predict(self, frames):
        moved = [frame.positions - self.rest for frame in frames]
        return [
            replace(frame, energy=float((u**2).sum()), forces=-2 * u)
            for frame, u in zip(frames, moved, strict=True)
        ]


def copper(seed=0):
    """Eight atoms of a strained face-centred cell, off their places."""
    corners = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    places = np.concatenate([corners, corners + np.array([1, 0, 0])])
    cell = np.array([[3.6, 0.1, 0.0], [0.0, 3.7, 0.1], [0.05, 0.0, 3.5]])
    x = places @ cell + 0.05 * np.random.default_rng(seed).standard_normal((8, 3))
    return Frame(x, ["Cu"] * 8, np.diag([2.0, 1, 1]) @ cell)


@pytest.fixture(scope="module")
def potential():
    """With random weights, of order one on copper."""
    network = AtomCloudNetwork(1, radial=4, mixed=(6, 4, 2), fitting=(12,)).double()
    potential = Potential(network, ["Cu"], CUTOFF, [-3.0], 2.0)
    frame = copper()
    clouds = join_clouds([potential.clouds(frame)])
    near = clouds.relative(torch.from_numpy(frame.positions.copy())) / CUTOFF
    network.calibrate(clouds.as_vector_clouds(near, potential.smooth))
    return potential


def test_the_network_of_potentials_is_that_of_closures():
    network = AtomCloudNetwork(2, radial=5)
    assert isinstance(network, VectorCloudNetwork)
    again = build_network(network.name, network.config)
    assert again.categories == {"species": 2} and again.config == network.config


def test_the_energy_is_conserved(potential):
    """Its fluctuation falls as the square of the step, and momentum is that of the beginning."""
    sizes = []
    for step, count in ((1.0, 100), (0.5, 200)):
        begin = begin_motion(copper(), potential, 300.0, masses={"Cu": 63.546}, seed=1)
        states = [begin, *move(begin, potential, step, count)]
        energies, motion = [state.energy for state in states], states[-1]
        assert motion.time == pytest.approx(step * count)
        np.testing.assert_allclose(motion.masses @ motion.velocities, 0, atol=1e-10)
        sizes.append(np.std(energies))
    assert abs(motion.frame.energy - potential.predict([copper()])[0].energy) > 10 * sizes[0]
    assert sizes[0] / sizes[1] == pytest.approx(4, rel=0.1)


def test_what_begins_has_its_temperature_and_rests_as_a_whole():
    frame = copper()
    motion = begin_motion(frame, Springs(frame), 250.0)
    assert motion.temperature == pytest.approx(250)
    assert motion.masses[0] == pytest.approx(63.546)
    np.testing.assert_allclose(motion.masses @ motion.velocities, 0, atol=1e-12)


def test_a_thermostat_holds_its_temperature():
    """Springs hold 3/2 k_B T an atom, as much as moves."""
    rng = np.random.default_rng(0)
    frame = Frame(rng.uniform(0, 100, (600, 3)), ["H"] * 600)
    springs = Springs(frame)
    begin, thermostat = begin_motion(frame, springs, 100.0), Thermostat(330.0, friction=0.05)
    states = list(move(begin, springs, 0.5, 900, thermostat))
    late = [state for state in states if state.time > 100]
    assert np.mean([state.temperature for state in late]) == pytest.approx(330, rel=0.02)
    energies = [state.frame.energy for state in late]
    assert np.mean(energies) == pytest.approx(1.5 * 600 * 8.617333e-5 * 330, rel=0.02)
    again = list(move(begin, springs, 0.5, 900, thermostat))
    np.testing.assert_array_equal(again[-1].velocities, states[-1].velocities)


def test_ase_moves_and_relaxes_with_a_potential(potential):
    """Its stress is the derivative by the strain, and its dynamics are ours."""
    pytest.importorskip("ase")
    from ase import units
    from ase.calculators.fd import FiniteDifferenceCalculator
    from ase.md.verlet import VelocityVerlet

    from vcnn.atoms import PotentialCalculator

    motion = begin_motion(copper(), potential, 300.0)
    atoms = to_ase(copper())
    atoms.calc = PotentialCalculator(potential)
    np.testing.assert_array_equal(atoms.get_forces(), motion.frame.forces)
    differences = FiniteDifferenceCalculator(atoms.calc, eps_disp=1e-4, eps_strain=1e-6)
    numerical = differences.get_stress(atoms)
    np.testing.assert_allclose(atoms.get_stress(), numerical, atol=1e-7)
    atoms.set_velocities(motion.velocities / units.fs)
    VelocityVerlet(atoms, timestep=1.0 * units.fs).run(20)
    ours = list(move(motion, potential, 1.0, 20))[-1]
    np.testing.assert_allclose(atoms.positions, ours.frame.positions, atol=1e-7)


def test_frames_go_to_ase_and_back(potential, tmp_path):
    pytest.importorskip("ase")
    frame = potential.predict([copper()])[0]
    free = Frame([[0, 0, 0], [0, 0, 1.0]], ["O", "H"], energy=-3.0, forces=[[0, 0, 1], [0, 0, -1]])
    path = write_frames(tmp_path / "frames.extxyz", [frame, free])
    back = read_frames(path)
    for one, other in zip(back, (frame, free), strict=True):
        assert one.species == other.species
        assert one.energy == pytest.approx(other.energy, abs=1e-6)
        for name in ("positions", "forces", "cell", "virial"):
            if getattr(other, name) is None:
                assert getattr(one, name) is None
            else:
                np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-6)
    same = from_ase(to_ase(frame))
    np.testing.assert_allclose(same.virial, frame.virial, atol=1e-12)
    with pytest.raises(InputError, match=r"expected a file NAME\.extxyz"):
        write_frames(tmp_path / "frames.xyz", [frame])
    with pytest.raises(InputError, match="no chemical symbol"):
        to_ase(Frame([[0, 0, 0]], ["Xy"]))


def test_accuracy():
    frames = [
        Frame(np.eye(3), ["H"] * 3, energy=3.0, forces=np.zeros((3, 3))),
        Frame(np.eye(3)[:2], ["H"] * 2, energy=1.0, forces=np.zeros((2, 3))),
    ]
    predicted = [replace(frames[0], energy=6.0, forces=np.full((3, 3), 2.0)), frames[1]]
    accuracy = Accuracy.of(predicted, frames)
    assert accuracy == Accuracy(0.5, pytest.approx(0.5**0.5), 1.2, pytest.approx(2.4**0.5))
    with pytest.raises(InputError, match="expected at least one and as many of both"):
        Accuracy.of(predicted, frames[:1])
    with pytest.raises(InputError, match="1: expected a frame with energy and forces"):
        Accuracy.of(predicted, [frames[0], Frame(np.eye(3)[:2], ["H"] * 2)])


def test_bad_input():
    frame = copper()
    springs = Springs(frame)
    with pytest.raises(InputError, match="temperature: expected a positive number, got -1"):
        begin_motion(frame, springs, -1)
    with pytest.raises(InputError, match="masses: expected one of Cu"):
        begin_motion(frame, springs, 300.0, masses={"H": 1.0})
    with pytest.raises(InputError, match="mass of Cu: expected a positive number"):
        begin_motion(frame, springs, 300.0, masses={"Cu": 0.0})
    with pytest.raises(InputError, match="expected at least two atoms"):
        begin_motion(Frame([[0, 0, 0]], ["H"]), springs, 300.0)
    motion = begin_motion(frame, springs, 300.0)
    with pytest.raises(InputError, match="step: expected a positive number"):
        move(motion, springs, 0.0, 1)
    with pytest.raises(InputError, match="count: expected an integer that is 0 or more"):
        move(motion, springs, 1.0, 1.5)
    with pytest.raises(InputError, match="friction: expected a positive number"):
        Thermostat(300.0, friction=0)
    with pytest.raises(InputError, match="seed: expected an integer that is 0 or more"):
        Thermostat(300.0, seed=-1)
