"""JSON headers of files: what they must hold before anything is made of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from vcnn.errors import InputError

_LARGEST = 1e300


def parse_json(text: str | bytes, what: object) -> dict:
    """The object that a JSON text is.

    Raises
    ------
    InputError
        If it is no JSON or no object, in the name of ``what``.
    """
    try:
        table = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(f"{what}: damaged, not JSON") from None
    if not isinstance(table, dict):
        raise InputError(f"{what}: damaged, expected a JSON object")
    return table


def check_entries(
    table: Mapping[str, object], expected: Mapping[str, Callable[[object], bool]], what: object
) -> None:
    """Check that a table has all these keys, with values that are as their predicates say.

    Raises
    ------
    InputError
        In the name of ``what``.
    """
    for key, is_right in expected.items():
        if key not in table or not is_right(table[key]):
            raise InputError(f"{what}: damaged, {key!r} is {table.get(key)!r:.60}")


def is_number(value: object) -> bool:
    """Whether it is an integer or a finite float."""
    return type(value) in (int, float) and abs(value) < _LARGEST


def is_text(value: object) -> bool:
    """Whether it is a text."""
    return isinstance(value, str)


def is_table(value: object) -> bool:
    """Whether it is an object."""
    return isinstance(value, dict)


def maps_to(is_right: Callable[[object], bool]) -> Callable[[object], bool]:
    """Whether something is an object whose values are all right."""
    return lambda table: isinstance(table, dict) and all(map(is_right, table.values()))


def lists(is_right: Callable[[object], bool]) -> Callable[[object], bool]:
    """Whether something is a list whose items are all right."""
    return lambda values: isinstance(values, list) and all(map(is_right, values))
