"""Potentials of Li, Mo, Si and Ge from published DFT data, beside published potentials.

    OMP_NUM_THREADS=1 python -m benchmarks.atoms.crystals [ELEMENT...] [-o build/atoms]

Three seeds each of a linear fit, a minute, and of a network, 10 minutes of one core. What was
learned is kept in the folder -o, as ELEMENT_METHOD_SEED/model.safetensors, and each score goes to
results/crystals.json at once: a run that was interrupted goes on. Writes results/crystals.md. Test
frames of Mo and Ge are looked at once, at the end; those of Li and Si are not needed: what
`vcnn predict` makes of them scores the files.
"""

from __future__ import annotations

import time
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
from vcnn.atoms import Accuracy, EnergyLoss, Frame, fit_linear_potential, fit_potential, read_frames
from vcnn.files import write_text
from vcnn.network import AtomCloudNetwork

MEASURED = RESULTS / "crystals.json"
CUTOFFS = {"Mo": 5.2, "Ge": 5.4, "Li": 5.1, "Si": 5.2}  # Å
SEEDS = (0, 1, 2)
SETTINGS = {
    "linear": {"mixed": (32, 24, 12), "retained": 8, "fitting": ()},
    "network": {"mixed": (16, 12, 6), "fitting": (64, 64)},
}
CONFIG = TrainingConfig(epochs=200, batch_size=1, learning_rate=3e-3, validate_every=10)
WEIGHTS = EnergyLoss(energy=(10.0, 1e4), force=(1.0, 1.0))
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


def score(element: str, method: str, seed: int, folder: Path) -> dict:
    """Errors of a potential of one seed, which is learned if it is not kept."""
    frames, validation = training_frames(element)
    network = AtomCloudNetwork(1, seed=seed, **SETTINGS[method])
    file = folder / f"{element}_{method}_{seed}" / "model.safetensors"
    begin = time.perf_counter()
    if method == "network":
        potential = fit_potential(
            network,
            frames,
            CUTOFFS[element],
            TrainingConfig(**{**asdict(CONFIG), "seed": seed}),
            validation=validation,
            weights=WEIGHTS,
            run_directory=file.parent,
            progress=False,
        )
    else:
        potential = fit_linear_potential(
            network, frames, CUTOFFS[element], weights=WEIGHTS, progress=False
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        potential.save(file)
    seconds = potential.provenance.get("training_seconds", time.perf_counter() - begin)
    row = {"seconds": seconds, "weights": sum(p.numel() for p in network.parameters())}
    tests = CRYSTALS.file(f"{element}/test")
    parts = {"training": frames, "validation": validation}
    if tests.is_file():
        parts["test"] = read_frames(tests)
    return row | {
        name: asdict(Accuracy.of(potential.predict(part), part)) for name, part in parts.items()
    }


def page(rows: dict[str, dict]) -> str:
    """The page in Markdown."""
    lines = []
    for element in (element for element in CUTOFFS if element in rows):
        for name, values in PUBLISHED.items():
            energy, force = values[element]
            lines.append([element, name, "", "", f"{energy:g}", f"{force:g}", ""])
        for method in SETTINGS:
            of_method = {k: row for k, row in rows[element].items() if k.startswith(method)}
            lines += [[element, key, *_cells(row)] for key, row in of_method.items()]
            if len(of_method) > 1:
                mean = _cells(_mean(list(of_method.values())))
                lines.append([element, f"{method}, mean", *mean])
    header = ["", "", "energy, validation", "forces, validation", "energy, test", "forces, test"]
    return f"""# Potentials of crystals, surfaces and melts

Written by `python -m benchmarks.atoms.crystals`. Energies and forces of density functional theory
of lithium, molybdenum, silicon and germanium (Zuo et al., J. Phys. Chem. A 124, 2020, 731): frames
of strained crystals, surfaces, vacancies and molecular dynamics up to twice the melting point. One
in ten frames of training chooses among epochs. Mean absolute errors of energies in meV an atom,
root mean square errors of force components in meV/Å. Published potentials: their coefficients, run
with LAMMPS on the same frames of test. *Linear*: least squares on invariants, in one pass. Seconds
are wall time of one core, beside other work.

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
    for element in elements:
        jobs = {
            f"{method}, seed {seed}": partial(score, element, method, seed, options.output)
            for method in SETTINGS
            for seed in SEEDS
        }
        for _ in measure_all(measurements, jobs, options.processes, element):
            write_text(RESULTS / "crystals.md", page(measurements.rows))


if __name__ == "__main__":
    run(main)
