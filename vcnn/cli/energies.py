"""Potentials of atoms, for the verbs ``vcnn train``, ``vcnn predict`` and ``vcnn show``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vcnn.errors import InputError, naming
from vcnn.evaluation.report.text import table
from vcnn.files import staged

_COLUMNS = ["energy MAE", "RMSE [meV/atom]", "force MAE", "RMSE [meV/Å]"]


def holds_potential(model: Path) -> bool:
    """Whether a file is one of a potential; a name of a model of the package is none."""
    if model.suffix != ".safetensors" or not model.is_file():
        return False
    from vcnn.tensor_file import read_tensors

    with naming(model):
        return read_tensors(model)[1].get("kind") == "potential"


def train_potential(config: Path, contents: Mapping[str, Any], output: Path) -> None:
    """Train what a file with ``task = "energy"`` says, into a folder.

    Raises
    ------
    InputError
        As ``read_energy_run``, or if the folder holds another run.
    """
    from vcnn.atoms.training import fit_potential
    from vcnn.cli.energy_configuration import read_energy_run
    from vcnn.evaluation.report.curves import learning_curve

    run = read_energy_run(config, contents)
    parts = {"training": run.frames, "validation": run.validation}
    with naming(config):
        potential = fit_potential(
            run.network,
            [frame for part in run.frames.values() for frame in part],
            run.cutoff,
            run.training,
            species=run.species,
            validation=[frame for part in run.validation.values() for frame in part],
            weights=run.weights,
            smooth=run.smooth,
            run_directory=output,
        )
    shutil.copyfile(config, output / "config.toml")
    history = json.loads((output / "history.json").read_text(encoding="utf-8"))
    learning_curve(history).savefig(output / "learning_curve.png", dpi=120)
    print(f"{output / 'model.safetensors'}: trained")
    rows = [
        [path.name, use, *_cells(_accuracy(potential.predict(frames), frames))]
        for use, files in parts.items()
        for path, frames in files.items()
    ]
    print(table(["frames", "used for", *_COLUMNS], rows))


def predict_frames(model: Path, paths: Sequence[Path], output: Path) -> None:
    """Energies, forces and stresses of files of frames, as ``NAME.extxyz`` in a folder.

    Writes errors.json too, of those whose energies and forces are known.

    Raises
    ------
    InputError
        If the model or frames cannot be read, two files have one name, or a species is unknown.
    """
    from vcnn.atoms.potential import Potential
    from vcnn.atoms.readers import read_frames
    from vcnn.atoms.writers import write_frames

    potential = Potential.load(model)
    names = [path.resolve().stem for path in paths]
    if twice := {name for name in names if names.count(name) > 1}:
        raise InputError(
            f"{', '.join(sorted(twice))}: given twice; each file needs a name of its own"
        )
    errors, rows = {}, []
    with staged(output) as folder:
        for name, path in zip(names, paths, strict=True):
            frames = read_frames(path)
            with naming(path):
                predicted = potential.predict(frames)
                write_frames(folder / f"{name}.extxyz", predicted)
            accuracy = _accuracy(predicted, frames)
            errors[name] = {} if accuracy is None else asdict(accuracy)
            rows.append([name, f"{len(frames)}", *_cells(accuracy)])
        (folder / "errors.json").write_text(json.dumps(errors, indent=1) + "\n")
    print(table(["file", "frames", *_COLUMNS], rows))
    print(f"written to {output}")


def describe_potential(model: Path) -> dict[str, str]:
    """What ``vcnn show`` says of a potential."""
    from vcnn.atoms.potential import Potential

    potential = Potential.load(model)
    network = potential.network
    pairs = zip(potential.species, potential.offsets, strict=True)
    return {
        "architecture": network.name,
        "parameters": f"{sum(p.numel() for p in network.parameters()):,}",
        "settings": json.dumps(network.config)[1:-1],
        "predicts": "energy, forces, virial",
        "species": ", ".join(f"{name} ({offset:.6g} eV)" for name, offset in pairs),
        "cutoff": f"{potential.cutoff:g} Å, weights fall from {potential.smooth:.0%} of it",
        "scale": f"{potential.scale:.6g} eV",
        "provenance": json.dumps(dict(potential.provenance))[1:-1] or "none",
    }


def _accuracy(predicted, frames):
    """Of frames whose energies and forces are known; None of others."""
    from vcnn.atoms.accuracy import Accuracy

    if any(frame.energy is None or frame.forces is None for frame in frames):
        return None
    return Accuracy.of(predicted, frames)


def _cells(accuracy) -> list[str]:
    if accuracy is None:
        return ["-"] * len(_COLUMNS)
    return [f"{1e3 * value:.3g}" for value in asdict(accuracy).values()]
