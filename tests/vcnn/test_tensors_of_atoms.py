"""Charges, dipoles, polarizabilities: sums and symmetries hold to round-off, laws are learned."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from vcnn import InputError, TrainingConfig
from vcnn.atoms import (
    AtomicTensors,
    EnergyLoss,
    Frame,
    Potential,
    fit_potential,
    fit_tensors,
    join_clouds,
)
from vcnn.network import AtomCloudNetwork

SPECIES, CUTOFF = ("O", "H"), 3.0
NAMES = ("atomic_dipole", "atomic_polarizability")
SMALL = {"radial": 5, "mixed": (8, 6, 4), "fitting": (16,)}


def molecule(seed=0, charge=0.0):
    rng = np.random.default_rng(seed)
    places = np.array([[0, 0, 0], [1.0, 0, 0], [-0.3, 0.95, 0], [0, 0, 2.4], [0.9, 0.4, 2.6]])
    x = places + 0.1 * rng.standard_normal((5, 3))
    return Frame(x, ["O", "H", "H", "O", "H"], charge=charge)


def calibrated(model, frame):
    clouds = join_clouds([model.clouds(frame)])
    near = clouds.relative(torch.from_numpy(frame.positions.copy())) / CUTOFF
    model.network.calibrate(clouds.as_vector_clouds(near, model.smooth))
    return model


@pytest.fixture(scope="module")
def charged():
    """A potential with charges, of random weights."""
    network = AtomCloudNetwork(2, output=["scalar", "scalar"], **SMALL).double()
    return calibrated(Potential(network, SPECIES, CUTOFF, [0.0, 0.0], 1.0), molecule())


@pytest.fixture(scope="module")
def tensors():
    """Dipoles and polarizabilities of oxygen, of random weights."""
    network = AtomCloudNetwork(2, output=["vector", "symmetric_tensor"], **SMALL).double()
    model = AtomicTensors(network, SPECIES, CUTOFF, NAMES, [0.5, 2.0], [0.0, 1.5], ["O"])
    return calibrated(model, molecule())


@pytest.mark.parametrize("charge", [0.0, -1.0])
def test_charges_add_up_to_that_of_the_frame(charged, charge):
    frame = molecule(charge=charge)
    first = charged.predict([frame])[0]
    assert np.ptp(first.properties["charges"]) > 1e-3
    assert first.properties["charges"].sum() == pytest.approx(charge, abs=1e-14)
    t = np.array([3.0, -7.0, 11.0])
    moved = charged.predict([replace(frame, positions=frame.positions + t)])[0]
    shift = moved.properties["dipole"] - first.properties["dipole"]
    np.testing.assert_allclose(shift, charge * t, atol=1e-12)


@pytest.mark.parametrize("charge", [0.0, 2.0])
def test_the_slopes_of_a_dipole_add_up_to_the_charge(charged, charge):
    """Σ_i ∂d/∂x_i = Q I: the Born charges of what is moved as a whole."""
    frame = molecule(charge=charge)
    clouds = join_clouds([charged.clouds(frame)])

    def dipole(x):
        return charged.charges(clouds, x) @ x

    slopes = torch.autograd.functional.jacobian(dipole, torch.from_numpy(frame.positions.copy()))
    assert slopes.abs().max() > 1e-3
    np.testing.assert_allclose(slopes.sum(1), charge * np.eye(3), atol=1e-10)


def test_charges_change_no_energy(charged):
    """Forces are derivatives of the energy alone, with another output beside it."""
    frame, h = molecule(), 1e-5
    forces = charged.predict([frame])[0].forces
    for i, axis in ((0, 0), (3, 2)):
        ends = []
        for step in (h, -h):
            x = frame.positions.copy()
            x[i, axis] += step
            ends.append(charged.predict([replace(frame, positions=x)])[0].energy)
        assert forces[i, axis] == pytest.approx(-(ends[0] - ends[1]) / (2 * h), abs=1e-7)


def test_tensors_turn_with_the_frame(tensors):
    frame = molecule()
    first = tensors.predict([frame])[0].properties
    assert (first["atomic_dipole"][[1, 2, 4]] == 0).all()  # hydrogen carries none
    Q, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))
    for R in (Q, -Q):
        turned = tensors.predict([frame.rotated(R)])[0].properties
        dipole, polarizability = (first[name] for name in NAMES)
        np.testing.assert_allclose(turned["atomic_dipole"], dipole @ R.T, atol=1e-12)
        np.testing.assert_allclose(
            turned["atomic_polarizability"], R @ polarizability @ R.T, atol=1e-12
        )
    order = [3, 4, 2, 0, 1]
    mixed = Frame(frame.positions[order], [frame.species[k] for k in order])
    moved = tensors.predict([mixed])[0].properties
    np.testing.assert_allclose(moved["atomic_dipole"], first["atomic_dipole"][order], atol=1e-12)
    symmetric = first["atomic_polarizability"]
    np.testing.assert_allclose(symmetric, symmetric.transpose(0, 2, 1), atol=1e-14)
    assert (tensors.predict([Frame(np.zeros((1, 3)), ["H"])])[0].properties[NAMES[0]] == 0).all()


def dipoles(frame):
    """The frame with vectors and tensors of neighbours: Σ exp(−r²) r, I + Σ exp(−r²) r ⊗ r."""
    r = frame.positions[None] - frame.positions[:, None]
    weights = np.exp(-(r**2).sum(axis=2))
    vectors = (weights[:, :, None] * r).sum(axis=1)
    tensors = np.eye(3) + np.einsum("ij,ija,ijb->iab", weights, r, r)
    return replace(frame, properties={"atomic_dipole": vectors, "atomic_polarizability": tensors})


def test_known_tensors_are_learned_and_kept(tmp_path):
    frames, unseen = ([dipoles(molecule(k)) for k in part] for part in (range(60), range(60, 80)))
    network = AtomCloudNetwork(2, output=["vector", "symmetric_tensor"], **SMALL)
    model = fit_tensors(
        network,
        frames,
        NAMES,
        CUTOFF,
        TrainingConfig(epochs=60, batch_size=5, learning_rate=1e-2),
        validation=unseen[:5],
        run_directory=tmp_path,
        progress=False,
    )
    predicted = model.predict(unseen)
    for name in NAMES:
        values, truth = (np.stack([f.properties[name] for f in fs]) for fs in (predicted, unseen))
        assert np.linalg.norm(values - truth) < 0.1 * np.linalg.norm(truth - truth.mean((0, 1)))
    again = AtomicTensors.load(tmp_path / "model.safetensors").predict(unseen[:2])
    for one, other in zip(again, predicted, strict=False):
        np.testing.assert_array_equal(one.properties[NAMES[0]], other.properties[NAMES[0]])


def test_energies_and_dipoles_from_one_network():
    """Partial charges by species and distance are found from dipoles, forces from energies."""

    def known(seed):
        frame = molecule(seed)
        r = np.linalg.norm(frame.positions[None] - frame.positions[:, None], axis=2)
        charges = np.array([-0.5 if s == "O" else 0.3 for s in frame.species])
        charges = charges + 2 * np.exp(-r).sum(axis=1)
        charges = charges - charges.mean()
        slopes = 2 * (frame.positions - frame.positions.mean(axis=0))
        energy = float(((frame.positions - frame.positions.mean(axis=0)) ** 2).sum())
        return replace(
            frame, energy=energy, forces=-slopes, properties={"dipole": charges @ frame.positions}
        )

    frames, unseen = [known(k) for k in range(80)], [known(k) for k in range(80, 100)]
    model = fit_potential(
        AtomCloudNetwork(2, output=["scalar", "scalar"], **SMALL),
        frames,
        6.0,
        TrainingConfig(epochs=40, batch_size=5, learning_rate=1e-2),
        weights=EnergyLoss(dipole=(100.0, 100.0)),
        progress=False,
    )
    predicted = model.predict(unseen)
    values, truth = (np.stack([f.properties["dipole"] for f in fs]) for fs in (predicted, unseen))
    oxygens = np.stack([f.positions[[0, 3]].sum(0) - 0.4 * f.positions.sum(0) for f in unseen])
    best = (truth * oxygens).sum() / (oxygens**2).sum()  # charges that are constants of species
    assert np.linalg.norm(values - truth) < 0.3 * np.linalg.norm(truth - best * oxygens)
    forces, exact = (np.stack([f.forces for f in fs]) for fs in (predicted, unseen))
    assert np.linalg.norm(forces - exact) < 0.15 * np.linalg.norm(exact)


def test_what_cannot_be(charged, tensors):
    frame = molecule()
    network = AtomCloudNetwork(2, output="vector", **SMALL)
    one = AtomCloudNetwork(2, **SMALL)
    known = replace(frame, energy=0.0, forces=np.zeros((5, 3)))
    wrong = {
        "charge: holds NaN": lambda: molecule(charge=np.nan),
        "charges: the network has one output": lambda: Potential(
            one, SPECIES, CUTOFF, [0, 0], 1.0
        ).charges(join_clouds([charged.clouds(frame)]), torch.zeros(5, 3)),
        "weights: dipole: the network has no output": lambda: fit_potential(
            one,
            [replace(known, properties={"dipole": np.zeros(3)})],
            CUTOFF,
            weights=EnergyLoss(dipole=(1, 1)),
        ),
        "frames: 0: expected a frame with dipole": lambda: fit_potential(
            one, [known], CUTOFF, weights=EnergyLoss(dipole=(1, 1))
        ),
        "network: expected outputs of scalar": lambda: AtomicTensors(
            AtomCloudNetwork(2, output="positive_scalar", **SMALL),
            SPECIES,
            CUTOFF,
            "a",
            [1],
            [0],
            "O",
        ),
        "names: expected 1, one for each": lambda: fit_tensors(network, [frame], NAMES, CUTOFF),
        "carriers: expected some of O, H, got Xe": lambda: replace(tensors, carriers=["Xe"]),
        "frames: 0: atomic_dipole: not among the properties": lambda: fit_tensors(
            network, [frame], NAMES[:1], CUTOFF
        ),
        "atomic_dipole: expected shape": lambda: fit_tensors(
            network, [replace(frame, properties={NAMES[0]: np.zeros(5)})], NAMES[:1], CUTOFF
        ),
    }
    for message, make in wrong.items():
        with pytest.raises(InputError, match=message):
            make()
