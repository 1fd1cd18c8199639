"""The TOML file of a training run."""

from __future__ import annotations

import glob
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from vcnn.clouds.regions import RegionOfInfluence
from vcnn.errors import InputError, naming
from vcnn.network.base import Network
from vcnn.network.registry import build_network
from vcnn.training.fitting import TrainingConfig


@dataclass(frozen=True)
class RunConfiguration:
    """What to train on what; one field for each key or table of the file.

    Parameters
    ----------
    target : name of the field to predict, or a list of names, one for each output of the network
    flows, validation : paths of flow files
    network : a fresh network
    region : RegionOfInfluence
    training : TrainingConfig
    importance : name of a scalar field that weighs the points of training flows, optional
    units : name -> unit
    """

    target: str | tuple[str, ...]
    flows: tuple[Path, ...]
    network: Network
    region: RegionOfInfluence
    training: TrainingConfig = field(default_factory=TrainingConfig)
    validation: tuple[Path, ...] = ()
    importance: str | None = None
    units: Mapping[str, str] = field(default_factory=dict)

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,) if isinstance(self.target, str) else self.target


def read_configuration(path: Path) -> RunConfiguration:
    """Read and check a configuration; relative paths in it start at its own folder.

    Raises
    ------
    InputError
        If the file is missing, not TOML, lacks a key, or holds one that is not known.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    with naming(path):
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"not a TOML file: {error}") from None
        _refuse_unknown(table, [item.name for item in fields(RunConfiguration)])
        for key in ("target", "flows", "network", "region"):
            if key not in table:
                raise InputError(f"key {key!r} is missing")
        for key, kind in _KINDS.items():
            if key in table and not isinstance(table[key], kind):
                raise InputError(f"{key}: expected {_named(kind)}, got {table[key]!r}")
        return RunConfiguration(
            target=table["target"] if isinstance(table["target"], str) else tuple(table["target"]),
            flows=_files("flows", table["flows"], path.parent),
            validation=_files("validation", table.get("validation", []), path.parent),
            network=_network(dict(table["network"])),
            region=_region(dict(table["region"])),
            training=_training(table.get("training", {})),
            importance=table.get("importance"),
            units=table.get("units", {}),
        )


_KINDS = {
    "target": (str, list),
    "flows": list,
    "validation": list,
    "network": dict,
    "region": dict,
    "training": dict,
    "importance": str,
    "units": dict,
}
_NAMES = {str: "text", list: "a list", dict: "a table", int: "an integer", float: "a number"}


def _network(table):
    name = table.pop("architecture", None)
    with naming("[network]"):
        known = build_network(name, {}).config
        _refuse_unknown(table, ["architecture", *known])
        for key, value in table.items():
            kind = {"output": (str, list)}.get(key, type(known[key]))
            if not isinstance(value, (float, int) if kind is float else kind):
                raise InputError(f"{key}: expected {_named(kind)}, got {value!r}")
        return build_network(name, table)


def _named(kind) -> str:
    return " or ".join(_NAMES[k] for k in (kind if isinstance(kind, tuple) else (kind,)))


def _region(table):
    with naming("[region]"):
        return RegionOfInfluence.from_dict(table)


def _training(table):
    with naming("[training]"):
        _refuse_unknown(table, [item.name for item in fields(TrainingConfig)])
        return TrainingConfig(**table)


def _refuse_unknown(table, known):
    for key in table:
        if key not in known:
            raise InputError(f"unknown key {key!r}; known are: {', '.join(known)}")


def _files(key, patterns, folder) -> tuple[Path, ...]:
    found = []
    for pattern in patterns:
        matches = sorted(glob.glob(pattern, root_dir=folder)) if isinstance(pattern, str) else []
        if not matches:
            raise InputError(f"{key}: {pattern!r} matches no file")
        found += [folder / match for match in matches]
    return tuple(found)
