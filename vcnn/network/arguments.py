"""Arguments of networks: checked, and as files keep them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from vcnn.errors import InputError

NONE: Mapping[str, int] = MappingProxyType({})  # categories
# arguments that name fields, and those of them that not all networks have
_NAMES = ("scalars", "pseudoscalars", "categories", "vectors", "tensors")
_OF_SOME = ("pseudoscalars", "categories")


def list_names(key: str, names: Iterable[str]) -> list[str]:
    """Names of fields as a list.

    Parameters
    ----------
    key : what the argument is called

    Raises
    ------
    InputError
        If it is no list of texts, such as a single text, of which each letter would be a name.
    """
    if isinstance(names, str):
        raise InputError(
            f"{key}: expected a list of names, got the text {names!r}; write [{names!r}]"
        )
    if not isinstance(names, Iterable) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{key}: expected a list of names, got {names!r}")
    return list(names)


def check_names(config: Mapping[str, Any]) -> None:
    """Raise `InputError` unless the arguments of a network that name fields do so once each."""
    first = {}
    for key in _NAMES:
        names = config.get(key) or ()
        if key in _OF_SOME and not isinstance(names, list | tuple | Mapping):
            continue  # a network of one's own may mean something else by it
        for name in list_names(key, names):
            if name in first:
                raise InputError(
                    f"{key}: expected names that stand once, {name!r} is in {first[name]} already"
                )
            first[name] = key


def check_count(key: str, number: object) -> None:
    """Raise `InputError` unless a number of something is a positive integer."""
    if not _is_count(number):
        raise InputError(f"{key}: expected a positive integer, got {number!r}")


def list_counts(key: str, numbers: Sequence[int]) -> list[int]:
    """Numbers of something, or widths of layers, as a list.

    Parameters
    ----------
    key : what the argument is called

    Raises
    ------
    InputError
        If they are no list of positive integers.
    """
    if not isinstance(numbers, list | tuple) or not all(map(_is_count, numbers)):
        raise InputError(f"{key}: expected a list of positive integers, got {numbers!r}")
    return list(numbers)


def check_categories(categories: Mapping[str, int]) -> dict[str, int]:
    """Names of scalars that number ``categories`` -> how many there are.

    Raises
    ------
    InputError
        If it is no mapping to integers from 1 on.
    """
    if not isinstance(categories, Mapping) or not all(
        isinstance(name, str) and _is_count(count) for name, count in categories.items()
    ):
        raise InputError(
            f"categories: expected names with the number of categories, got {categories!r}; "
            'write {"species": 2}'
        )
    return dict(categories)


def _is_count(number: object) -> bool:
    return type(number) is int and number > 0


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
