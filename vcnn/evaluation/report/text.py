"""Numbers, lists and tables as text: for the terminal, for reports and for pages of results."""

from __future__ import annotations

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under their headings; the first to the left, the others to the right."""
    lines = [header, *rows]
    widths = [max(len(line[k]) for line in lines) for k in range(len(header))]

    def aligned(line):
        numbers = (cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))
        return "  ".join([line[0].ljust(widths[0]), *numbers]).rstrip()

    return "\n".join(map(aligned, lines))


def percent(value: float | None) -> str:
    """At most three digits in per cent, whatever the size; a dash for None.

    For columns of errors, which are all of a size.
    """
    return "-" if value is None else f"{100 * value:.3g} %"


def percent_or_power(value: float) -> str:
    """Three digits in per cent, two with a power of ten below 0.01 %, or just 0.

    For sentences and columns that hold errors beside round-off.
    """
    if value == 0:
        return "0"
    return f"{f'{100 * value:#.3g}'.rstrip('.')} %" if value >= 1e-4 else f"{value:.1e}"


def listed(items: Sequence[str]) -> str:
    """One, one and two, or one, two and three."""
    return " and ".join([*([", ".join(items[:-1])] if items[1:] else []), items[-1]])
