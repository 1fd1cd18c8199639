"""Potentials of atoms: derivatives, symmetries and sums hold to round-off, a known law is found."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vcnn import InputError, TrainingConfig, VectorCloudNetwork
from vcnn.atoms import (
    EnergyLoss,
    Frame,
    Potential,
    find_neighbours,
    fit_potential,
    join_clouds,
)
from vcnn.network import AtomCloudNetwork

CUTOFF, SPECIES = 3.0, ("O", "H")
CELL = np.array([[3.1, 0.2, 0.1], [0.0, 2.9, 0.3], [0.1, 0.0, 3.3]])


def network(kinds=2, seed=0, **options):
    settings = {
        "output": "scalar",
        "categories": {"species": kinds},
        "normalization": "sum",
        "galilean": True,
        "fits": 0,
        "second_moments": True,
        "radial": 5,
        "functions": "bessel",
        "mixed": (8, 6, 4),
        "fitting": (16,),
    }
    return VectorCloudNetwork([], seed=seed, **{**settings, **options})


def crystal(count=6, seed=0, cell=CELL):
    """Atoms at random in a cell that is smaller than twice the cut-off, not too near."""
    rng = np.random.default_rng(seed)
    x = np.stack(np.meshgrid(*[[0.25, 0.75]] * 3, indexing="ij"), -1).reshape(-1, 3)[:count]
    x = (x + 0.05 * rng.standard_normal(x.shape)) @ cell
    return Frame(x, [SPECIES[k % 2] for k in range(count)], cell)


@pytest.fixture(scope="module", params=["vector-cloud", "atom-cloud"])
def potential(request):
    """With random weights, of order one on a crystal."""
    small = {"radial": 5, "mixed": (8, 6, 4), "fitting": (16,)}
    kinds = {"vector-cloud": network, "atom-cloud": lambda: AtomCloudNetwork(2, **small)}
    potential = Potential(kinds[request.param]().double(), SPECIES, CUTOFF, [-2.0, -1.0], 1.0)
    frame = crystal()
    clouds = join_clouds([potential.clouds(frame)])
    near = clouds.relative(torch.from_numpy(frame.positions.copy())) / CUTOFF
    potential.network.calibrate(clouds.as_vector_clouds(near, potential.smooth))
    return potential


def energy(potential, frame):
    return potential.predict([frame])[0].energy


def test_neighbours_are_those_of_all_images():
    frame = crystal()
    moved = replace(frame, positions=frame.positions + np.array([7, -11, 4]) @ CELL)
    steps = np.stack(np.meshgrid(*[np.arange(-4, 5)] * 3, indexing="ij"), -1).reshape(-1, 3)
    for one in (frame, moved):
        found, expected = find_neighbours(one, CUTOFF), 0
        for i in range(len(frame)):
            r = frame.positions + (steps @ CELL)[:, None] - frame.positions[i]
            distance = np.linalg.norm(r, axis=2)
            expected += int(((distance <= CUTOFF) & (distance > 0)).sum())
        assert len(found.centres) == expected > 100
        r = one.positions[found.neighbours] + found.shifts - one.positions[found.centres]
        assert np.linalg.norm(r, axis=1).max() <= CUTOFF
        cells = found.shifts @ np.linalg.inv(CELL)
        np.testing.assert_allclose(cells, np.rint(cells), atol=1e-9)


def test_forces_and_virial_are_the_derivatives_of_the_energy(potential):
    frame, h = crystal(), 1e-5
    found = potential.predict([frame])[0]

    def slope(change):
        return -(energy(potential, change(h)) - energy(potential, change(-h))) / (2 * h)

    def pushed(i, a):
        def change(step):
            x = frame.positions.copy()
            x[i, a] += step
            return replace(frame, positions=x)

        return change

    def strained(a, b):
        def change(step):
            strain = np.eye(3)
            strain[a, b] += step
            x, cell = frame.positions @ strain.T, frame.cell @ strain.T
            return replace(frame, positions=x, cell=cell)

        return change

    forces = [[slope(pushed(i, a)) for a in range(3)] for i in range(len(frame))]
    virial = [[slope(strained(a, b)) for b in range(3)] for a in range(3)]
    assert np.abs(found.forces).max() > 0.1
    np.testing.assert_allclose(found.forces, forces, atol=1e-7)
    np.testing.assert_allclose(found.virial, virial, atol=1e-7)
    np.testing.assert_allclose(found.forces.sum(axis=0), 0, atol=1e-10)


def test_what_changes_nothing_and_what_does(potential):
    frame = crystal()
    found = potential.predict([frame])[0]
    Q, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))
    for R in (Q, -Q):  # one of them is a reflection
        turned = potential.predict([frame.rotated(R)])[0]
        assert turned.energy == pytest.approx(found.energy, abs=1e-12)
        np.testing.assert_allclose(turned.forces, found.forces @ R.T, atol=1e-12)
        np.testing.assert_allclose(turned.virial, R @ found.virial @ R.T, atol=1e-11)
    order = [4, 3, 2, 5, 0, 1]
    species = [frame.species[k] for k in order]
    mixed = potential.predict([Frame(frame.positions[order], species, CELL)])[0]
    assert mixed.energy == pytest.approx(found.energy, abs=1e-12)
    np.testing.assert_allclose(mixed.forces, found.forces[order], atol=1e-12)
    away = replace(frame, positions=frame.positions + np.array([0.3, 5.0, -2.0]))
    assert energy(potential, away) == pytest.approx(found.energy, abs=1e-12)
    swapped = Frame(frame.positions, ["H", "O", "O", *frame.species[3:]], CELL)
    assert abs(energy(potential, swapped) - found.energy) > 1e-3
    free = potential.predict([Frame(frame.positions, frame.species)])[0]
    torque = np.cross(frame.positions, free.forces).sum(axis=0)
    np.testing.assert_allclose(torque, 0, atol=1e-10)


def test_energies_add_up(potential):
    frame = crystal()
    found = potential.predict([frame])[0]
    assert energy(potential, frame.repeated((2, 2, 2))) == pytest.approx(
        8 * found.energy, abs=1e-10
    )
    a, b = (Frame(crystal(n, seed=n).positions, crystal(n).species) for n in (3, 5))
    x = np.concatenate([a.positions, b.positions + np.array([50.0, 0.0, 0.0])])
    both = Frame(x, (*a.species, *b.species))
    parts = energy(potential, a) + energy(potential, b)
    assert energy(potential, both) == pytest.approx(parts, abs=1e-12)
    assert np.isfinite(energy(potential, Frame(np.zeros((1, 3)), ["O"])))


def test_forces_are_continuous_where_an_atom_leaves_the_cutoff(potential):
    """They fall as the square of what is left: the energy has two continuous derivatives."""

    def pair(distance):
        frame = Frame(np.array([[0.0, 0.0, 0.0], [distance, 0.0, 0.0]]), SPECIES)
        return np.abs(potential.predict([frame])[0].forces).max()

    sizes = [pair(CUTOFF - gap) for gap in (1e-2, 1e-3)]
    assert pair(CUTOFF + 1e-9) == 0 < sizes[1] < sizes[0] / 50


def lennard_jones(frame):
    """The frame with the energy and forces of 4 ε ((σ/r)¹² − (σ/r)⁶), ε = 0.2 eV, σ = 2.3 Å."""
    i, j = np.triu_indices(len(frame), 1)
    r = frame.positions[j] - frame.positions[i]
    x = (2.3 / np.linalg.norm(r, axis=1)) ** 6
    slope = 4 * 0.2 * (-12 * x**2 + 6 * x) / (r**2).sum(axis=1)
    forces = np.zeros_like(frame.positions)
    np.add.at(forces, i, slope[:, None] * r)
    np.add.at(forces, j, -slope[:, None] * r)
    return replace(frame, energy=float(4 * 0.2 * (x**2 - x).sum()) - 3000.0, forces=forces)


def clusters(count, seed):
    """Free clusters of four atoms near their equilibrium, as Lennard and Jones have them."""
    rng = np.random.default_rng(seed)
    tetrahedron = 2.6 / 8**0.5 * np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    return [
        lennard_jones(Frame(tetrahedron + 0.08 * rng.standard_normal((4, 3)), ["Ar"] * 4))
        for _ in range(count)
    ]


def test_a_known_potential_is_learned_and_kept(tmp_path):
    config = TrainingConfig(epochs=40, batch_size=5, learning_rate=1e-2)
    learned = fit_potential(
        network(1, second_moments=False, radial=8),
        clusters(400, 0),
        6.0,
        config,
        validation=clusters(20, 1),
        run_directory=tmp_path,
        progress=False,
    )
    unseen = clusters(50, 2)
    found = learned.predict(unseen)
    forces, truth = (np.stack([frame.forces for frame in part]) for part in (found, unseen))
    assert np.linalg.norm(forces - truth) < 0.1 * np.linalg.norm(truth)
    energies, known = (np.array([frame.energy for frame in part]) for part in (found, unseen))
    assert np.std(energies - known) < 0.1 * np.std(known)
    again = Potential.load(tmp_path / "model.safetensors")
    for one, other in zip(again.predict(unseen[:3]), found, strict=False):
        np.testing.assert_array_equal(one.forces, other.forces)
        assert one.energy == other.energy


def test_bad_frames_are_refused(potential):
    frame = crystal()
    x, species = frame.positions, frame.species
    wrong = {
        "positions: expected shape": lambda: Frame(np.zeros((2, 2)), ["O", "H"]),
        "species: expected 6, got 1": lambda: Frame(x, ["O"]),
        "forces: expected shape": lambda: replace(frame, forces=np.zeros((2, 3))),
        "positions: holds NaN": lambda: replace(frame, positions=np.nan * x),
        "cell: expected three vectors that span": lambda: replace(frame, cell=np.ones((3, 3))),
        "cell: none, so that nothing": lambda: Frame(x, species).repeated([2] * 3),
        "counts: expected three positive": lambda: frame.repeated((2, 0, 1)),
        "species: the potential knows O, H, the frame has Xe": lambda: energy(
            potential, Frame(np.zeros((1, 3)), ["Xe"])
        ),
        "positions: atoms 0 and 1 lie on each other": lambda: energy(
            potential, Frame(np.zeros((2, 3)), SPECIES)
        ),
        "frames: 0: expected a frame with energy": lambda: fit_potential(network(), [frame], 3.0),
        "frames: expected at least one": lambda: fit_potential(network(), [], 3.0),
        "network: expected normalization=": lambda: Potential(
            network(normalization="mean"), SPECIES, 3.0, [0, 0], 1.0
        ),
        "network: expected output=": lambda: Potential(
            network(output="vector"), SPECIES, 3.0, [0, 0], 1.0
        ),
        "network: expected nothing but categories": lambda: Potential(
            network(3), SPECIES, 3.0, [0, 0], 1.0
        ),
        "cutoff: expected a positive": lambda: Potential(network(), SPECIES, 0.0, [0, 0], 1.0),
    }
    for message, make in wrong.items():
        with pytest.raises(InputError, match=message):
            make()
    assert EnergyLoss((0.0, 1.0)).weights(0.25) == (0.75, 1.0, 0.0, 0.0)
