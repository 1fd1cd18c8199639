"""Arguments of networks: checked, and as files keep them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from vcnn.errors import InputError

NONE: Mapping[str, int] = MappingProxyType({})  # categories


def check_categories(categories: Mapping[str, int]) -> dict[str, int]:
    """Names of scalars that number ``categories`` -> how many there are.

    Raises
    ------
    InputError
        If it is no mapping to integers from 1 on.
    """
    if not isinstance(categories, Mapping) or not all(
        isinstance(name, str) and type(count) is int and count > 0
        for name, count in categories.items()
    ):
        raise InputError(
            f"categories: expected names with the number of categories, got {categories!r}; "
            'write {"species": 2}'
        )
    return dict(categories)


def plain_config(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The arguments of a network as a file gives them back.

    Parameters
    ----------
    config : keyword -> value
    name : of the network, for messages

    Raises
    ------
    InputError
        If one is nothing that JSON can hold.
    """
    plain = {}
    for key, value in config.items():
        try:
            plain[key] = json.loads(json.dumps(value))
        except (TypeError, ValueError):
            raise InputError(
                f"network {name!r}: config: {key}: expected what JSON can hold, got {value!r}"
            ) from None
    return plain
