"""The TOML file of a training run."""

from __future__ import annotations

import copy
import glob
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vcnn.cli.inputs import read_model
from vcnn.cli.plugins import load_entry_point
from vcnn.closure.closure import Closure
from vcnn.clouds.regions import RegionOfInfluence
from vcnn.errors import InputError, naming
from vcnn.keys import INTEGER, LIST, TABLE, TEXT, Key, check_table, refuse_unknown
from vcnn.network.base import Network, name_outputs
from vcnn.network.keys import DEFAULT_ARCHITECTURE, EARLIER_ARCHITECTURE, network_keys
from vcnn.network.registry import build_network
from vcnn.toml_file import read_toml
from vcnn.training.config import TRAINING_KEYS, TrainingConfig


@dataclass(frozen=True)
class RunConfiguration:
    """What to train on what; one field for each key or table of the file.

    Parameters
    ----------
    target : name of the field to predict, or a tuple of names, one for each output of the network
    flows, validation : paths of flow files
    network : a fresh network
    region : RegionOfInfluence
    training : TrainingConfig
    importance : name of a scalar field that weighs the points of training flows, optional
    units : name -> unit, optional
    start : closure to begin from, optional; network, target and region are its own
    members : how many closures to train
    """

    target: str | tuple[str, ...]
    flows: tuple[Path, ...]
    network: Network
    region: RegionOfInfluence
    training: TrainingConfig = field(default_factory=TrainingConfig)
    validation: tuple[Path, ...] = ()
    importance: str | None = None
    units: Mapping[str, str] | None = None
    start: Closure | None = None
    members: int = 1

    @property
    def targets(self) -> dict[str, str]:
        """Name of each field to predict -> kind of output."""
        return name_outputs(self.network, self.target)


# Keys of the file's top level, one for each field of `RunConfiguration`.
RUN_KEYS = (
    Key(
        "target",
        TEXT | LIST,
        "name of the field to predict, or a list of names, one for each output of the network",
        needed=True,
        otherwise="needed without a `start`",
    ),
    Key(
        "flows",
        LIST,
        "flow files to train on, OpenFOAM case folders, or patterns such as `flows/*.vtu` and "
        "`cases/*`, relative to this file; of what a pattern matches only flows are taken",
        needed=True,
    ),
    Key(
        "validation",
        LIST,
        "flows as above, for the error in each epoch; the weights kept are those with the least",
        default=[],
    ),
    Key(
        "network",
        TABLE,
        "the network, see below",
        needed=True,
        otherwise="needed without a `start`",
    ),
    Key(
        "region",
        TABLE,
        "the region of influence, see below",
        needed=True,
        otherwise="needed without a `start`",
    ),
    Key("training", TABLE, "how to train, see below", default={}, otherwise="those below"),
    Key("importance", TEXT, "name of a scalar field that weighs the points of training flows"),
    Key(
        "units",
        TABLE,
        'units of `length`, `velocity` and of fields by name, such as `{ length = "H" }`, kept '
        "with the model",
    ),
    Key(
        "start",
        TEXT,
        "model to begin from, a file or the name of one of the package: target, network and region "
        "are its own; `--start` comes before it",
    ),
    Key(
        "members",
        INTEGER,
        "how many closures to train, each with seeds of its own: an ensemble in one file, which "
        "knows how sure it is",
        default=1,
    ),
)
_LISTED = 5  # of files that a pattern matches and are no flows
_OF_START = ("target", "network", "region")  # what a model to begin from says


def read_configuration(path: Path, model: Path | None = None) -> RunConfiguration:
    """Read and check a configuration; relative paths in it start at its own folder.

    Parameters
    ----------
    path : of the file
    model : path or name of a model to begin from, optional
        In place of the file's ``start``.

    Raises
    ------
    InputError
        If the file is missing, not TOML, lacks a key, or holds one that is not known or has a
        value of another type or out of range.
    """
    with naming(path):
        table, _ = read_toml(path)
        starts = model is not None or "start" in table
        values = check_table(
            table,
            [
                replace(key, needed=False) if starts and key.name in _OF_START else key
                for key in RUN_KEYS
            ],
        )
        if model is None and "start" in table:
            beside = path.parent / table["start"]
            model = beside if beside.exists() else Path(table["start"])
        start = None if model is None else read_model(model)
        target = table["target"] if "target" in table else start.target
        network = copy.deepcopy(start.network) if "network" not in table else None
        configuration = RunConfiguration(
            target=target if isinstance(target, str) else tuple(target),
            flows=_files("flows", table["flows"], path.parent),
            validation=_files("validation", values["validation"], path.parent),
            network=network or _network(table["network"]),
            region=_region(table["region"]) if "region" in table else start.region,
            start=start,
            members=values["members"],
            training=_training(values["training"]),
            importance=values["importance"],
            units=values["units"],
        )
        name_outputs(configuration.network, configuration.target)
        return configuration


def _network(table: dict[str, Any]) -> Network:
    name = table.get("architecture", DEFAULT_ARCHITECTURE)
    with naming("[network]"):
        keys = network_keys(name)
        known_keys = ["architecture", *(key.name for key in keys)]
        if name == DEFAULT_ARCHITECTURE:
            _refuse_earlier(table, known_keys)
        refuse_unknown(table, known_keys)
        options = {key: value for key, value in table.items() if key != "architecture"}
        check_table(options, keys)
        return build_network(name, options)


def _refuse_earlier(table: dict[str, Any], known_keys: list[str]) -> None:
    for key in network_keys(EARLIER_ARCHITECTURE):
        if key.name in table and key.name not in known_keys:
            raise InputError(
                f"unknown key {key.name!r}; the earlier network has it, architecture = "
                f'"{EARLIER_ARCHITECTURE}"; known are: {", ".join(known_keys)}'
            )


def _region(table: dict[str, Any]) -> RegionOfInfluence:
    with naming("[region]"):
        return RegionOfInfluence.from_dict(table)


def _training(table: dict[str, Any]) -> TrainingConfig:
    with naming("[training]"):
        refuse_unknown(table, [key.name for key in TRAINING_KEYS])
        return TrainingConfig(**table)  # which says more of what it expects than a kind


def _files(key: str, patterns: list, folder: Path) -> tuple[Path, ...]:
    """All flows that the patterns match, in the order of the patterns and then by name.

    What a pattern with wildcards matches besides, such as notes beside cases, is left out with a
    warning.
    """
    paths = []
    for pattern in patterns:
        matches = sorted(glob.glob(pattern, root_dir=folder)) if isinstance(pattern, str) else []
        if not matches:
            raise InputError(f"{key}: {pattern!r} matches no file")
        if glob.has_magic(pattern):
            matches = _flows(key, pattern, matches, folder)
        paths += [folder / match for match in matches]
    return tuple(paths)


def _flows(key: str, pattern: str, matches: list[str], folder: Path) -> list[str]:
    """Those of some files and folders that look like flows."""
    is_flow = load_entry_point(
        "vcnn.readers", "is_flow", "flows: nothing installed reads them; install vcnn anew"
    )
    flows = [match for match in matches if is_flow(folder / match)]
    others = [match for match in matches if match not in flows]
    listing = ", ".join(others[:_LISTED]) + ", ..." * (len(others) > _LISTED)
    if not flows:
        raise InputError(f"{key}: {pattern!r} matches no flow (it matches: {listing})")
    if others:
        warnings.warn(f"{key}: {pattern!r}: no flows, left out: {listing}", stacklevel=2)
    return flows
