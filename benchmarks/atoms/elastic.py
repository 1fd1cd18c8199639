"""Elastic constants of copper, never shown to the potential that has them.

    OMP_NUM_THREADS=1 python -m benchmarks.atoms.elastic [-o build/atoms]

Energies and forces of strained and shaken crystals by ase's effective medium theory are learned,
three seeds, and the lattice constant and elastic constants are compared with those of that theory.
Writes results/elastic.md; what was learned is kept in the folder -o.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
from ase.build import bulk
from ase.calculators.emt import EMT

from benchmarks.common.command import parser, run
from benchmarks.common.markdown import table
from benchmarks.common.measurements import Measurements, measure_all
from benchmarks.common.paths import RESULTS
from benchmarks.data.catalogue import require
from vcnn import TrainingConfig
from vcnn.atoms import Accuracy, Frame, fit_potential, from_ase
from vcnn.files import write_text
from vcnn.network import AtomCloudNetwork

MEASURED = RESULTS / "elastic.json"
NAMES = ("lattice constant [Å]", "C11 [GPa]", "C12 [GPa]", "C44 [GPa]")
CUTOFF = 6.0  # Å
SEEDS = (0, 1, 2)
CONFIG = TrainingConfig(epochs=60, batch_size=1, learning_rate=3e-3, validate_every=10)
_GIGAPASCAL = 160.21766  # of 1 eV/Å³
_STRAIN = 1e-3

type Law = Callable[[Frame], Frame]  # gives a frame its energy, forces and virial


def effective_medium(frame: Frame) -> Frame:
    """Energy, forces and virial by ase's effective medium theory."""
    from vcnn.atoms import to_ase

    atoms = to_ase(Frame(frame.positions, frame.species, frame.cell))
    atoms.calc = EMT()
    atoms.get_potential_energy(), atoms.get_stress()
    return from_ase(atoms)


def crystal(lattice: float) -> Frame:
    """The four atoms of a cubic cell."""
    return from_ase(bulk("Cu", "fcc", a=lattice, cubic=True))


def shaken(count: int, seed: int) -> list[Frame]:
    """Crystals of 32 atoms, strained by up to 3 % and shaken by up to 0.1 Å, and their energies."""
    rng = np.random.default_rng(seed)
    frames = []
    for _ in range(count):
        frame = crystal(3.6).repeated((2, 2, 2))
        strain = np.eye(3) + rng.uniform(-0.03, 0.03, (3, 3))
        shake = rng.uniform(0.0, 0.1) * rng.standard_normal(frame.positions.shape)
        x = frame.positions @ strain + shake
        frames.append(effective_medium(Frame(x, frame.species, frame.cell @ strain)))
    return frames


def constants(law: Law) -> list[float]:
    """Lattice constant where the stress is 0, and C11, C12, C44 there by central differences."""
    low, high = 3.4, 3.8
    for _ in range(40):  # bisection
        middle = 0.5 * (low + high)
        low, high = (low, middle) if _stress(law, middle)[0, 0] > 0 else (middle, high)
    stretch, shear = np.zeros((3, 3)), np.zeros((3, 3))
    stretch[0, 0], shear[0, 1] = _STRAIN, _STRAIN
    along, across = (
        (_stress(law, middle, s) - _stress(law, middle, -s)) / (2 * _STRAIN)
        for s in (stretch, shear)
    )
    return [middle, *(float(_GIGAPASCAL * c) for c in (along[0, 0], along[1, 1], across[0, 1]))]


def _stress(law: Law, lattice: float, strain: np.ndarray | float = 0.0) -> np.ndarray:
    """(3, 3) eV/Å³, positive in tension."""
    frame, F = crystal(lattice), np.eye(3) + strain
    frame = law(Frame(frame.positions @ F, frame.species, frame.cell @ F))
    return -frame.virial / abs(np.linalg.det(frame.cell))


def score(seed: int, folder: Path) -> dict:
    """Constants of a potential of one seed, which is learned if it is not kept."""
    network = AtomCloudNetwork(1, mixed=(12, 8, 4), fitting=(32, 32), seed=seed)
    potential = fit_potential(
        network,
        shaken(120, 0),
        CUTOFF,
        TrainingConfig(**{**asdict(CONFIG), "seed": seed}),
        validation=shaken(12, 1),
        run_directory=folder / f"copper_{seed}",
        progress=False,
    )
    unseen = shaken(30, 2)
    return {
        "seconds": potential.provenance["training_seconds"],
        "errors": asdict(Accuracy.of(potential.predict(unseen), unseen)),
        "constants": constants(lambda frame: potential.predict([frame])[0]),
    }


def page(rows: dict) -> str:
    """The page in Markdown."""
    truth = rows["effective medium theory"]["constants"]
    lines = [["effective medium theory", *_numbers(truth), "", ""]]
    for name, row in rows.items():
        if "errors" in row:
            errors = row["errors"]
            cells = f"{1e3 * errors['force_rmse']:.3g}", f"{row['seconds']:.0f}"
            lines.append([name, *_numbers(row["constants"]), *cells])
    learned = [row["constants"] for row in rows.values() if "errors" in row]
    off = np.abs(np.mean(learned, axis=0) / truth - 1)
    lines.append(["mean of seeds, off by", *(f"{value:.2%}" for value in off), "", ""])
    return f"""# Elastic constants of a learned potential

Written by `python -m benchmarks.atoms.elastic`. Copper by ase's effective medium theory: a
potential learns energies and forces of 120 crystals of 32 atoms, strained by up to 3 % and shaken
by up to 0.1 Å. Stresses, the lattice constant and elastic constants are derivatives of its energy
that it was never shown. Forces: root mean square error on crystals never seen, meV/Å; seconds are
wall time of one core.

{table(["", *NAMES, "forces", "s"], lines)}
"""


def _numbers(values: Sequence[float]) -> list[str]:
    return [f"{values[0]:.4f}", *(f"{value:.1f}" for value in values[1:])]


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=Path("build/atoms"))
    command.add_argument("--processes", type=int, default=2)
    options = command.parse_args()
    require("benchmarks.atoms.elastic")
    measurements = Measurements(MEASURED)
    measurements.measure(
        lambda: {"constants": constants(effective_medium)}, "effective medium theory"
    )
    jobs = {f"seed {seed}": partial(score, seed, options.output) for seed in SEEDS}
    for _ in measure_all(measurements, jobs, options.processes):
        write_text(RESULTS / "elastic.md", page(measurements.rows))


if __name__ == "__main__":
    run(main)
