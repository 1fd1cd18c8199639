"""Potentials of Li, Mo, Si and Ge from published DFT data, beside published potentials.

    OMP_NUM_THREADS=1 python -m benchmarks.atoms.crystals [ELEMENT...] [-o build/atoms]

Three seeds each, 10 minutes of one core a training. What was learned is kept in the folder -o, as
ELEMENT_SEED/model.safetensors, and each score goes to results/crystals.json at once: a run that was
interrupted goes on. Writes results/crystals.md. Test frames of Mo and Ge are looked at once, at the
end; those of Li and Si are not needed: `vcnn predict` scores the files.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.common.command import parser, run
from benchmarks.common.markdown import table
from benchmarks.common.measurements import Measurements, measure_all
from benchmarks.common.paths import RESULTS
from benchmarks.data.catalogue import CRYSTALS, require
from vcnn import TrainingConfig
from vcnn.atoms import Accuracy, EnergyLoss, Frame, fit_potential, read_frames
from vcnn.files import write_text
from vcnn.network import AtomCloudNetwork

MEASURED = RESULTS / "crystals.json"
CUTOFFS = {"Mo": 5.2, "Ge": 5.4, "Li": 5.1, "Si": 5.2}  # Å
SEEDS = (0, 1, 2)
SETTINGS = {"radial": 8, "mixed": (16, 12, 6), "fitting": (64, 64)}
CONFIG = TrainingConfig(epochs=150, batch_size=1, learning_rate=3e-3, validate_every=10)
WEIGHTS = EnergyLoss(energy=(1.0, 1000.0), force=(1.0, 1.0))
KEPT = 10  # of so many frames of training one chooses among epochs
# Published coefficients (Zuo et al., J. Phys. Chem. A 124, 2020, 731) run with LAMMPS on these
# frames: mean error of energies in meV an atom, root mean square of forces in meV/Å.
PUBLISHED = {
    "SNAP": {"Mo": (5.48, 376), "Ge": (6.59, 295), "Li": (1.03, 38), "Si": (6.44, 205)},
    "quadratic SNAP": {"Mo": (2.77, 333), "Ge": (6.45, 200), "Li": (0.73, 44), "Si": (3.81, 177)},
}


def training_frames(element: str) -> tuple[list[Frame], list[Frame]]:
    """Frames to learn from, and every tenth that chooses among epochs."""
    frames = read_frames(CRYSTALS.file(f"{element}/training"))
    return [f for k, f in enumerate(frames) if k % KEPT], frames[::KEPT]


def score(element: str, seed: int, folder: Path) -> dict:
    """Errors of a potential of one seed, which is learned if it is not kept."""
    frames, validation = training_frames(element)
    network = AtomCloudNetwork(1, seed=seed, **SETTINGS)
    config = TrainingConfig(**{**asdict(CONFIG), "seed": seed})
    directory = folder / f"{element}_{seed}"
    potential = fit_potential(
        network,
        frames,
        CUTOFFS[element],
        config,
        validation=validation,
        weights=WEIGHTS,
        run_directory=directory,
        progress=False,
    )
    row = {
        "seconds": potential.provenance["training_seconds"],
        "weights": sum(p.numel() for p in network.parameters()),
        "training": asdict(Accuracy.of(potential.predict(frames), frames)),
        "validation": asdict(Accuracy.of(potential.predict(validation), validation)),
    }
    tests = CRYSTALS.file(f"{element}/test")
    if tests.is_file():
        unseen = read_frames(tests)
        row["test"] = asdict(Accuracy.of(potential.predict(unseen), unseen))
    return row


def page(rows: dict[str, dict]) -> str:
    """The page in Markdown."""
    lines = []
    for element in CUTOFFS:
        of_element = {key: row for key, row in rows.items() if key.startswith(f"{element},")}
        if not of_element:
            continue
        for name, values in PUBLISHED.items():
            energy, force = values[element]
            lines.append([element, name, "", "", f"{energy:g}", f"{force:g}", ""])
        for part in of_element.values():
            lines.append([element, "ours", *_cells(part)])
        lines.append([element, "ours, mean", *_cells(_mean(list(of_element.values())))])
    header = ["", "", "energy, validation", "forces, validation", "energy, test", "forces, test"]
    return f"""# Potentials of crystals, surfaces and melts

Written by `python -m benchmarks.atoms.crystals`. Energies and forces of density functional theory
of lithium, molybdenum, silicon and germanium (Zuo et al., J. Phys. Chem. A 124, 2020, 731): frames
of strained crystals, surfaces, vacancies and molecular dynamics up to twice the melting point. One
in ten frames of training chooses among epochs. Mean absolute errors of energies in meV an atom,
root mean square errors of force components in meV/Å. Published potentials: their coefficients, run
with LAMMPS on the same frames of test. Three seeds; seconds are wall time of one core, beside other
work.

{table([*header, "s"], lines)}
"""


def _cells(row: dict) -> list[str]:
    cells = []
    for part in ("validation", "test"):
        errors = row.get(part)
        if errors is None:
            cells += ["", ""]
        else:
            cells += [f"{1e3 * errors[name]:.3g}" for name in ("energy_mae", "force_rmse")]
    return [*cells, f"{row['seconds']:.0f}"]


def _mean(rows: list[dict]) -> dict:
    """Of numbers with the same names."""
    first = rows[0]
    return {
        name: _mean([row[name] for row in rows])
        if isinstance(value, dict)
        else float(np.mean([row[name] for row in rows]))
        for name, value in first.items()
    }


def main():
    command = parser(__doc__)
    command.add_argument("elements", nargs="*", metavar="ELEMENT", help="default: all")
    command.add_argument("-o", "--output", type=Path, default=Path("build/atoms"))
    command.add_argument("--processes", type=int, default=2)
    options = command.parse_args()
    require("benchmarks.atoms.crystals")
    measurements = Measurements(MEASURED)
    elements = options.elements or list(CUTOFFS)
    jobs = {f"{e}, {s}": partial(score, e, s, options.output) for e in elements for s in SEEDS}
    for _ in measure_all(measurements, jobs, options.processes):
        write_text(RESULTS / "crystals.md", page(measurements.rows))


if __name__ == "__main__":
    run(main)
