"""Keys of a file on the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import typer

from vcnn.keys import KeyTable

_WIDTH = 88
_INDENT = 22


def keys_option(tables: Callable[[], Sequence[KeyTable]]) -> Any:
    """The option ``--keys`` of a verb that reads a file: it prints tables, and that is all."""

    def show(is_wanted: bool) -> None:
        if is_wanted:
            print(list_keys(tables()))
            raise typer.Exit

    return typer.Option("--keys", callback=show, is_eager=True, help="List all keys of the file.")


def list_keys(tables: Sequence[KeyTable]) -> str:
    """Tables of keys as lines of at most 88 characters."""
    return "\n\n".join(_table(table) for table in tables)


def _table(table: KeyTable) -> str:
    heading = f"{table.place or 'top level'}: {table.meaning}".replace("`", "")
    lines = textwrap.wrap(heading, _WIDTH, subsequent_indent="  ")
    for key in table.keys:
        head, *rest = _wrap(key.facts)
        lines += [f"  {key.name:<{_INDENT - 3}} {head.lstrip()}", *rest, *_wrap(key.meaning)]
    return "\n".join(lines if table.keys else [*lines, "  no further keys"])


def _wrap(text: str) -> list[str]:
    indent = " " * _INDENT
    plain = text.replace("`", "")
    return textwrap.wrap(
        plain, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )
