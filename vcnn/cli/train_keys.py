"""All keys of the file of a training run."""

from __future__ import annotations

from vcnn.cli.configuration import RUN_KEYS
from vcnn.clouds.region_keys import REGION_KIND, region_keys
from vcnn.clouds.regions import REGIONS
from vcnn.keys import KeyTable
from vcnn.network.keys import architecture_key, network_keys
from vcnn.network.registry import network_class, network_names
from vcnn.training.config import TRAINING_KEYS


def train_tables() -> list[KeyTable]:
    """All tables of a configuration, in the order in which one writes them."""
    networks = [
        KeyTable(
            f'[network] architecture = "{name}"', network_keys(name), _summary(network_class(name))
        )
        for name in network_names()
    ]
    regions = [
        KeyTable(f'[region] kind = "{kind}"', region_keys(kind), _summary(region))
        for kind, region in REGIONS.items()
    ]
    return [
        KeyTable("", RUN_KEYS, "What to train on what"),
        KeyTable("[network]", (architecture_key(),), "The network"),
        *networks,
        KeyTable("[region]", (REGION_KIND,), "The region of influence"),
        *regions,
        KeyTable("[training]", TRAINING_KEYS, "How to train"),
    ]


def _summary(described: type) -> str:
    return (described.__doc__ or "").strip().partition("\n")[0].rstrip(".").replace("``", "`")
