"""Keys of regions in files: what their classes take."""

from __future__ import annotations

from vcnn.clouds.regions import REGIONS
from vcnn.keys import TEXT, Key, keys_of

REGION_KIND = Key(
    "kind", TEXT, "which points belong to a cloud", needed=True, choices=tuple(REGIONS)
)
_UNITS = {
    "radius": "length",
    "spacing": "length",
    "along": "length",
    "across": "length",
    "diffusivity": "length²/time",
    "decay": "1/time",
}


def region_keys(kind: str) -> tuple[Key, ...]:
    """Keys beside `REGION_KIND` of the description of a region, one of `REGIONS`."""
    return keys_of(REGIONS[kind], _UNITS)
