"""Frames of atoms as other programs write them: shapes, units, signs."""

import json

import numpy as np
import pytest

from vcnn import InputError
from vcnn.atoms import Frame, from_ase, read_frames

SPECIES = ("O", "H")
CELL = np.array([[3.1, 0.2, 0.1], [0.0, 2.9, 0.3], [0.1, 0.0, 3.3]])


def test_frames_are_read_from_folders_and_lists(tmp_path):
    x = np.random.default_rng(0).random((6, 3)) @ CELL
    frame, part = Frame(x, [SPECIES[k % 2] for k in range(6)], CELL), tmp_path / "system/set.000"
    part.mkdir(parents=True)
    (part.parent / "type.raw").write_text(" ".join(str(SPECIES.index(s)) for s in frame.species))
    (part.parent / "type_map.raw").write_text("O\nH\n")
    forces = np.arange(18.0).reshape(6, 3)
    np.save(part / "coord.npy", frame.positions.reshape(1, -1))
    np.save(part / "box.npy", CELL.reshape(1, 9))
    np.save(part / "energy.npy", np.array([-7.5]))
    np.save(part / "force.npy", forces.reshape(1, -1))
    np.save(part / "atomic_dipole.npy", forces.reshape(1, -1))
    (read,) = read_frames(part.parent)
    np.testing.assert_array_equal(read.positions, frame.positions)
    np.testing.assert_array_equal(read.cell, CELL)
    assert read.species == frame.species and read.energy == -7.5
    np.testing.assert_array_equal(read.forces, forces)
    np.testing.assert_array_equal(read.properties["atomic_dipole"], forces)
    (part / "box.npy").unlink()
    with pytest.raises(
        InputError, match=r"system: set.000: has no box.npy, and the folder no file"
    ):
        read_frames(part.parent)
    sites = [
        {"xyz": list(x), "label": name}
        for x, name in zip(frame.positions.tolist(), frame.species, strict=True)
    ]
    entry = {
        "structure": {"lattice": {"matrix": CELL.tolist()}, "sites": sites},
        "outputs": {"energy": -7.5, "forces": forces.tolist()},
    }
    (tmp_path / "train.json").write_text(json.dumps([entry]))
    (other,) = read_frames(tmp_path / "train.json")
    np.testing.assert_array_equal(other.forces, forces)
    (tmp_path / "wrong.json").write_text("[{}]")
    with pytest.raises(InputError, match=r"wrong.json: expected structures and outputs of mlearn"):
        read_frames(tmp_path / "wrong.json")


def test_structures_of_ase_keep_their_units_and_signs(tmp_path):
    """Energy, forces and virial of its own potential of copper, against central differences."""
    from ase.build import bulk
    from ase.calculators.emt import EMT
    from ase.io import write

    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.1, seed=0)
    atoms.calc = EMT()
    atoms.get_forces(), atoms.get_stress()
    frame = from_ase(atoms)
    assert frame.species == ("Cu",) * 4 and frame.energy == atoms.get_potential_energy()
    h, virial = 1e-5, np.zeros((3, 3))
    for a, b in np.ndindex(3, 3):
        energies = []
        for step in (h, -h):
            strain = np.eye(3)
            strain[a, b] += step
            other = atoms.copy()
            other.set_cell(atoms.cell @ strain.T, scale_atoms=True)
            other.calc = EMT()
            energies.append(other.get_potential_energy())
        virial[a, b] = -(energies[0] - energies[1]) / (2 * h)
    np.testing.assert_allclose(frame.virial, virial, atol=1e-6)
    write(tmp_path / "copper.extxyz", [atoms, atoms])
    read = read_frames(tmp_path / "copper.extxyz")
    assert len(read) == 2
    np.testing.assert_allclose(read[1].forces, frame.forces, atol=1e-7)
    np.testing.assert_allclose(read[1].virial, frame.virial, atol=1e-6)
    atoms.pbc = (True, True, False)
    with pytest.raises(InputError, match="pbc: expected all directions or none"):
        from_ase(atoms)
