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
        return tomllib.loads(text), text
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, deep nesting
        raise InputError(f"not a TOML file: {error}{_hint(text, str(error))}") from None


def _hint(text: str, error: str) -> str:
    """What to do about a value that is text without quotes."""
    place = re.fullmatch(r"Invalid value \(at line (\d+), column (\d+)\)", error)
    if place is None:
        return ""
    line, column = map(int, place.groups())
    word = re.match(r"[^\W\d][^\s,\]}#]*", text.split("\n")[line - 1][column - 1 :])
    return "" if word is None else f'; text needs quotes: "{word.group()}"'
