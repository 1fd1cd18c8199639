"""TOML files, and what is wrong with one in the words of who writes it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from vcnn.errors import InputError


def read_toml(path: Path) -> tuple[dict[str, Any], str]:
    """What a TOML file says, and its text.

    Raises
    ------
    InputError
        If it is missing or no TOML; it does not name the path.
    """
    if not path.is_file():
        raise InputError("no such file")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"not a TOML file: {error}") from None
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, deep nesting
        raise InputError(f"not a TOML file: {error}{_hint(text, str(error))}") from None
    _check_whole_numbers(table)
    return table, text


def _check_whole_numbers(value: Any, key: str = "") -> None:
    """They have 64 bits in TOML; Python reads longer ones, which no computation can hold."""
    if isinstance(value, dict):
        for name, entry in value.items():
            _check_whole_numbers(entry, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        for entry in value:
            _check_whole_numbers(entry, key)
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise InputError(f"{key}: expected a whole number of 64 bits, got {str(value)[:20]}...")


def _hint(text: str, error: str) -> str:
    """What to do about a value that is text without quotes."""
    place = re.fullmatch(r"Invalid value \(at line (\d+), column (\d+)\)", error)
    if place is None:
        return ""
    line, column = map(int, place.groups())
    word = re.match(r"[^\W\d][^\s,\]}#]*", text.split("\n")[line - 1][column - 1 :])
    return "" if word is None else f'; text needs quotes: "{word.group()}"'
