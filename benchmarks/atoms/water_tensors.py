"""Dipoles and polarizabilities of water molecules, from Wannier centres.

    OMP_NUM_THREADS=1 python -m benchmarks.atoms.water_tensors [-o build/atoms]

Three seeds of each, a few minutes of one core. Writes results/water_tensors.md; what was learned is
kept in the folder -o.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.common.command import parser, run
from benchmarks.common.markdown import table
from benchmarks.common.measurements import Measurements, measure_all
from benchmarks.common.paths import RESULTS, data_folder
from benchmarks.data.catalogue import WATER_TENSORS, require
from vcnn import TrainingConfig
from vcnn.atoms import Frame, fit_tensors, read_frames
from vcnn.evaluation.report.text import percent
from vcnn.files import write_text
from vcnn.network import AtomCloudNetwork

MEASURED = RESULTS / "water_tensors.json"
CUTOFF = 4.5  # Å
SEEDS = (0, 1, 2)
CONFIG = TrainingConfig(epochs=200, batch_size=1, learning_rate=3e-3, validate_every=10)
KEPT = 8  # of so many frames of training one chooses among epochs


@dataclass(frozen=True)
class Quantity:
    """What is learned of the oxygens.

    Parameters
    ----------
    folder : str
    name : str
    head : str
    """

    folder: str
    name: str
    head: str


QUANTITIES = {
    "dipole": Quantity("dipole", "atomic_dipole", "vector"),
    "polarizability": Quantity("polar", "atomic_polarizability", "symmetric_tensor"),
}


def frames_of(quantity: Quantity, use: str) -> list[Frame]:
    """Frames of "training" or "validation", in their cells.

    Those of dipoles are marked as free, but lie in cells, which repeat. Polarizabilities are not
    symmetric to the last digit; their symmetric part is meant.
    """
    place = data_folder() / WATER_TENSORS.folder / quantity.folder
    place = place / f"{use}_data_reformat" / "atomic_system"
    cells = np.load(place / "set.000" / "box.npy").astype(float).reshape(-1, 3, 3)
    frames = []
    for frame, cell in zip(read_frames(place), cells, strict=True):
        values = frame.properties[quantity.name]
        if values.ndim == 3:
            values = 0.5 * (values + values.swapaxes(1, 2))
        frames.append(replace(frame, cell=cell, properties={quantity.name: values}))
    return frames


def score(name: str, seed: int, folder: Path) -> dict:
    """Errors of one seed, relative to the quantity and to how much it varies."""
    quantity = QUANTITIES[name]
    every, unseen = (frames_of(quantity, use) for use in ("training", "validation"))
    model = fit_tensors(
        AtomCloudNetwork(2, output=quantity.head, mixed=(12, 8, 4), fitting=(32,), seed=seed),
        [frame for k, frame in enumerate(every) if k % KEPT],
        [quantity.name],
        CUTOFF,
        TrainingConfig(**{**asdict(CONFIG), "seed": seed}),
        carriers=["O"],
        validation=every[::KEPT],
        run_directory=folder / f"{name}_{seed}",
        progress=False,
    )
    values, truth = (
        np.concatenate([_of_oxygens(frame, quantity.name) for frame in frames])
        for frames in (model.predict(unseen), unseen)
    )
    off = np.linalg.norm(values - truth)
    return {
        "relative": float(off / np.linalg.norm(truth)),
        "of fluctuation": float(off / np.linalg.norm(truth - truth.mean(axis=0))),
        "seconds": model.provenance["training_seconds"],
        "weights": sum(p.numel() for p in model.network.parameters()),
    }


def _of_oxygens(frame: Frame, name: str) -> np.ndarray:
    return frame.properties[name][[species == "O" for species in frame.species]]


def page(rows: dict[str, dict]) -> str:
    """The page in Markdown."""
    lines = []
    for name in QUANTITIES:
        of_name = {key: row for key, row in rows.items() if key.startswith(f"{name},")}
        for key, row in of_name.items():
            lines.append([key, *_cells(row)])
        if of_name:
            means = {n: np.mean([row[n] for row in of_name.values()]) for n in _NUMBERS}
            lines.append([f"{name}, mean", *_cells(means)])
    return f"""# Dipoles and polarizabilities of water

Written by `python -m benchmarks.atoms.water_tensors`. Wannier centres of the 64 molecules of liquid
water relative to their oxygens, and polarizabilities (the data of DeePMD-kit's examples; Zhang et
al., Phys. Rev. B 102, 041121, 2020): 80 and 60 frames of training, of which one in eight chooses
among epochs, and as many of test. Relative L2 error over the molecules of all frames of test, and
error relative to how much the quantity varies around its mean. Of polarizabilities the symmetric
part; seconds are wall time of one core.

{table(["quantity, seed", "relative error", "error by fluctuation", "s"], lines)}
"""


_NUMBERS = ("relative", "of fluctuation", "seconds")


def _cells(row: dict) -> list[str]:
    return [percent(row["relative"]), percent(row["of fluctuation"]), f"{row['seconds']:.0f}"]


def main():
    command = parser(__doc__)
    command.add_argument("-o", "--output", type=Path, default=Path("build/atoms"))
    command.add_argument("--processes", type=int, default=2)
    options = command.parse_args()
    require("benchmarks.atoms.water_tensors")
    measurements = Measurements(MEASURED)
    jobs = {f"{n}, {s}": partial(score, n, s, options.output) for n in QUANTITIES for s in SEEDS}
    for _ in measure_all(measurements, jobs, options.processes):
        write_text(RESULTS / "water_tensors.md", page(measurements.rows))


if __name__ == "__main__":
    run(main)
