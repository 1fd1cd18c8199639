"""The TOML file of a training on energies and forces of atoms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vcnn.atoms.energy_loss import EnergyLoss
from vcnn.atoms.frame import Frame
from vcnn.atoms.preparation import POTENTIAL_TRAINING
from vcnn.atoms.readers import read_frames
from vcnn.errors import InputError, naming
from vcnn.keys import (
    LIST,
    NUMBER,
    TABLE,
    TEXT,
    Key,
    KeyTable,
    check_table,
    keys_of,
    refuse_unknown,
)
from vcnn.network.atom_cloud import AtomCloudNetwork
from vcnn.network.keys import network_keys
from vcnn.training.config import TRAINING_KEYS, TrainingConfig

TASK = Key("task", TEXT, "what is learned", needed=True, choices=("energy",))
# Keys of the file's top level, one for each field of `EnergyRun` but the task.
ENERGY_KEYS = (
    TASK,
    Key(
        "frames",
        LIST,
        "to learn from: folders of DeePMD-kit, JSON files of mlearn, or what ase reads; relative "
        "to this file",
        needed=True,
    ),
    Key(
        "validation",
        LIST,
        "frames as above, for the error in each epoch; the weights kept are those with the least",
        default=[],
    ),
    Key("cutoff", NUMBER, "how far an atom sees", needed=True, unit="Å"),
    Key("smooth", NUMBER, "share of the cut-off from which weights of neighbours fall", 0.1),
    Key("species", LIST, "chemical symbols", otherwise="as they come in the frames"),
    Key("network", TABLE, "the network, see below", default={}, otherwise="those below"),
    Key("weights", TABLE, "what errors count for, see below", default={}, otherwise="those below"),
    Key("training", TABLE, "how to train, see below", default={}, otherwise="those below"),
)
WEIGHT_KEYS = tuple(
    replace(key, kind=LIST, default=list(key.default)) for key in keys_of(EnergyLoss)
)
_OTHERS = ("species", "output")  # which the frames and the task say


@dataclass(frozen=True, eq=False)
class EnergyRun:
    """What to learn from which frames.

    Parameters
    ----------
    frames, validation : mapping path -> frames of a file
    cutoff : Å
    network : a fresh network
    species : chemical symbols, in the order of their numbers
    smooth : share of the cut-off from which weights fall
    weights : what errors count for
    training : TrainingConfig
    """

    frames: Mapping[Path, list[Frame]]
    validation: Mapping[Path, list[Frame]]
    cutoff: float
    network: AtomCloudNetwork
    species: tuple[str, ...]
    smooth: float
    weights: EnergyLoss
    training: TrainingConfig


def energy_tables() -> list[KeyTable]:
    """All tables of the file, in the order in which one writes them."""
    settings = [key for key in network_keys(AtomCloudNetwork.name) if key.name not in _OTHERS]
    training = [
        replace(key, default=getattr(POTENTIAL_TRAINING, key.name)) for key in TRAINING_KEYS
    ]
    return [
        KeyTable("", ENERGY_KEYS, "What to learn from which frames"),
        KeyTable("[network]", tuple(settings), "The network"),
        KeyTable("[weights]", WEIGHT_KEYS, "What errors count for"),
        KeyTable("[training]", tuple(training), "How to train; `batch_size` counts frames"),
    ]


def is_energy_file(table: Mapping[str, Any]) -> bool:
    """Whether a file says ``task = "energy"``.

    Raises
    ------
    InputError
        If it names another task.
    """
    if "task" in table:
        check_table({"task": table["task"]}, [TASK])
    return "task" in table


def read_energy_run(path: Path, table: Mapping[str, Any]) -> EnergyRun:
    """Check a file, and read the frames that it names; relative paths start at its own folder.

    Parameters
    ----------
    path : of the file
    table : what it says

    Raises
    ------
    InputError
        If a key is missing, not known or of another kind, or frames cannot be read.
    """
    with naming(path):
        values = check_table(table, ENERGY_KEYS)
        _, network_table, _, training_table = energy_tables()
        frames = {
            use: {path.parent / name: read_frames(path.parent / name) for name in values[use]}
            for use in ("frames", "validation")
        }
        if not frames["frames"]:
            raise InputError("frames: expected at least one file or folder")
        every = [frame for part in frames["frames"].values() for frame in part]
        species = dict.fromkeys(name for frame in every for name in frame.species)
        species = tuple(values["species"] or species)
        with naming("[network]"):
            refuse_unknown(values["network"], [key.name for key in network_table.keys])
            check_table(values["network"], network_table.keys)
            network = AtomCloudNetwork(len(species), **values["network"])
        with naming("[weights]"):
            pairs = check_table(values["weights"], WEIGHT_KEYS)
            weights = EnergyLoss(**{name: tuple(pair) for name, pair in pairs.items()})
        with naming("[training]"):
            refuse_unknown(values["training"], [key.name for key in training_table.keys])
            training = replace(POTENTIAL_TRAINING, **values["training"])
        return EnergyRun(
            frames["frames"],
            frames["validation"],
            values["cutoff"],
            network,
            species,
            values["smooth"],
            weights,
            training,
        )
