"""Tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under their headings; the first to the left, the others to the right."""
    lines = [header, *rows]
    widths = [max(len(line[k]) for line in lines) for k in range(len(header))]
    align = lambda k, cell: cell.ljust(widths[k]) if k == 0 else cell.rjust(widths[k])
    return "\n".join(
        "  ".join(align(k, cell) for k, cell in enumerate(line)).rstrip() for line in lines
    )


def percent(value: float | None) -> str:
    """A relative error for a table; a dash if it is not known."""
    return "-" if value is None else f"{100 * value:.3g} %"
