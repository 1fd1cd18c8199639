"""The TOML file of a training run."""

from __future__ import annotations

import copy
import glob
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from vcnn.cli.inputs import read_model
from vcnn.closure.closure import Closure
from vcnn.clouds.regions import RegionOfInfluence
from vcnn.errors import InputError, naming
from vcnn.network.base import Network, name_outputs
from vcnn.network.registry import build_network
from vcnn.toml_file import read_toml
from vcnn.training.config import TrainingConfig

_ARCHITECTURE = "vector-cloud"


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

    @property
    def targets(self) -> dict[str, str]:
        """Name of each field to predict -> kind of output."""
        return name_outputs(self.network, self.target)


# key -> what TOML should have there
_TYPES = {
    "target": (str, list),
    "flows": (list,),
    "validation": (list,),
    "network": (dict,),
    "region": (dict,),
    "training": (dict,),
    "importance": (str,),
    "units": (dict,),
    "start": (str,),
}
_WORDS = {
    str: "text",
    list: "a list",
    dict: "a table",
    bool: "true or false",
    int: "an integer",
    float: "a number",
}


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
        _refuse_unknown(table, [item.name for item in fields(RunConfiguration)])
        for key, value in table.items():
            _check_type(key, value, _TYPES[key])
        if model is None and "start" in table:
            beside = path.parent / table["start"]
            model = beside if beside.exists() else Path(table["start"])
        start = None if model is None else read_model(model)
        for key in ("flows",) if start is not None else ("target", "flows", "network", "region"):
            if key not in table:
                raise InputError(f"key {key!r} is missing")
        target = table["target"] if "target" in table else start.target
        network = copy.deepcopy(start.network) if "network" not in table else None
        configuration = RunConfiguration(
            target=target if isinstance(target, str) else tuple(target),
            flows=_files("flows", table["flows"], path.parent),
            validation=_files("validation", table.get("validation", []), path.parent),
            network=network or _network(dict(table["network"])),
            region=_region(table["region"]) if "region" in table else start.region,
            start=start,
            training=_training(table.get("training", {})),
            importance=table.get("importance"),
            units=table.get("units"),
        )
        name_outputs(configuration.network, configuration.target)
        return configuration


def _network(table: dict[str, Any]) -> Network:
    name = table.pop("architecture", _ARCHITECTURE)
    with naming("[network]"):
        defaults = build_network(name, {}).config
        _refuse_unknown(table, ["architecture", *defaults])
        for key, value in table.items():
            if key == "output":  # one kind, or a list of them
                _check_type(key, value, (str, list))
            elif defaults[key] is not None:
                _check_type(key, value, (type(defaults[key]),))
        return build_network(name, table)


def _region(table: dict[str, Any]) -> RegionOfInfluence:
    with naming("[region]"):
        return RegionOfInfluence.from_dict(table)


def _training(table: dict[str, Any]) -> TrainingConfig:
    with naming("[training]"):
        _refuse_unknown(table, [item.name for item in fields(TrainingConfig)])
        return TrainingConfig(**table)


def _refuse_unknown(table: Mapping[str, Any], keys: Iterable[str]) -> None:
    keys = list(keys)
    for key in table:
        if key not in keys:
            raise InputError(f"unknown key {key!r}; known are: {', '.join(keys)}")


def _check_type(key: str, value: object, types: tuple[type, ...]) -> None:
    if type(value) not in types and not (float in types and type(value) is int):
        words = " or ".join(_WORDS[kind] for kind in types)
        raise InputError(f"{key}: expected {words}, got {value!r}")


def _files(key: str, patterns: list, folder: Path) -> tuple[Path, ...]:
    """All files that the patterns match, in the order of the patterns and then by name."""
    paths = []
    for pattern in patterns:
        matches = sorted(glob.glob(pattern, root_dir=folder)) if isinstance(pattern, str) else []
        if not matches:
            raise InputError(f"{key}: {pattern!r} matches no file")
        paths += [folder / match for match in matches]
    return tuple(paths)
