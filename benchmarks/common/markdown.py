"""Pages of results in Markdown."""

from __future__ import annotations

from collections.abc import Iterable


def table(header: Iterable, rows: Iterable[Iterable]) -> str:
    """A Markdown table."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("|" + "".join(map(_cell, line)) for line in lines)


def _cell(value) -> str:
    return " |" if value == "" else f" {value} |"
