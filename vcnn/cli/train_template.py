"""A file for ``vcnn train`` to begin with."""

from __future__ import annotations

import shlex
from pathlib import Path

from vcnn.cli.configuration import RUN_KEYS
from vcnn.cli.template import Section, write_template
from vcnn.clouds.region_keys import REGION_KIND, region_keys
from vcnn.clouds.regions import REGIONS
from vcnn.keys import TABLE
from vcnn.network.keys import architecture_key, network_keys
from vcnn.training.config import TRAINING_KEYS

_INTRODUCTION = (
    "A file for 'vcnn train'. The flows that it names are made in seconds by",
    "  vcnn generate --slope 1.0 --slope 1.5 --slope 2.0 --cells 48x32 -o {flows}",
    "and then",
    "  vcnn train {file} -o runs/hills",
    "trains a model in a minute. What is commented out says its default, or an example of a key",
    "that has none. 'vcnn train --keys' lists the keys of all networks and regions.",
)


def train_template(path: Path) -> str:
    """The text of the file of this path: a concentration over hills of ``vcnn generate``."""
    top = [key for key in RUN_KEYS if key.kind is not TABLE or key.name == "units"]
    run = Section(
        "",
        top,
        {
            "target": "concentration",
            "flows": ["flows/hill_1.00.vtu", "flows/hill_2.00.vtu"],
            "validation": ["flows/hill_1.50.vtu"],
            "units": {"length": "H", "velocity": "U_b"},
        },
        {"importance": "importance", "start": "hill-concentration"},
    )
    network = Section(
        "[network]",
        (architecture_key(), *network_keys("vector-cloud")),
        {"architecture": "vector-cloud", "scalars": ["strain_rate", "wall_distance"]},
        notes=(
            'Several targets: target = ["eddy_viscosity", "anisotropy"] above and output = '
            '["positive_scalar", "traceless_symmetric_tensor"] here.',
        ),
    )
    region = Section(
        "[region]",
        (REGION_KIND, *region_keys("transport")),
        {"kind": "transport", "diffusivity": 0.1, "decay": 3.0},
        notes=[
            f'kind = "{kind}": {", ".join(key.name for key in region_keys(kind))}'
            for kind in REGIONS
        ],
    )
    training = Section(
        "[training]",
        TRAINING_KEYS,
        {"epochs": 30, "max_points": 100},
        {"centres": 500, "patience": 20},
    )
    places = {"file": shlex.quote(str(path)), "flows": shlex.quote(str(path.parent / "flows"))}
    introduction = [line.format(**places) for line in _INTRODUCTION]
    return write_template(introduction, (run, network, region, training))
