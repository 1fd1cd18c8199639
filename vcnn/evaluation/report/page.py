"""One self-contained HTML page, its pictures beside it, and every number as JSON."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from string import Template, ascii_lowercase

import numpy as np
from matplotlib.figure import Figure

from vcnn.files import claim, staged

_INDEXED = re.compile(r"(?<!\w)(\w)_(\w)(?![^\W²⁺])")
_NARROW = 9.0  # inches: wider figures are not shrunk to the width of a phone but scroll


@dataclass(frozen=True)
class Section:
    """A part of the report: heading, then text, a table and figures, each if given.

    Parameters
    ----------
    heading, text : str
        Plain text; an empty line separates paragraphs.
    header : sequence of str
        Column names.
    rows : sequence of sequence
        Cells, numbers or text.
    figures : mapping caption -> matplotlib Figure
        In their order.
    """

    heading: str
    text: str = ""
    header: Sequence[str] = ()
    rows: Sequence[Sequence] = ()
    figures: Mapping[str, Figure] = field(default_factory=dict)


def write_page(
    directory: str | os.PathLike,
    title: str,
    answer: str,
    introduction: str,
    sections: Sequence[Section],
    numbers: Mapping,
    force: bool = False,
) -> Path:
    """Write ``report.html``, ``report.json`` and the pictures into ``directory``, all or nothing.

    Parameters
    ----------
    directory : path
        Must not exist yet, unless ``force``.
    title, answer, introduction : str
        Plain text; an empty line in the introduction separates paragraphs.
    sections : sequence of Section
        Parts of the page.
    numbers : mapping
        For the JSON, with whatever it can hold; title, answer and the tables of the sections join
        them.
    force : bool
        Replace a directory that exists.

    Returns
    -------
    Path
        Of ``report.html``.

    Raises
    ------
    InputError
        If the directory exists.
    """
    directory = claim(directory, force)
    body = [_paragraphs(introduction)]
    with staged(directory) as folder:
        for number, section in enumerate(sections, start=1):
            body.append(f"<section>\n<h2>{escape(section.heading)}</h2>")
            body.append(_paragraphs(section.text))
            body.append(_table(section))
            for letter, (caption, figure) in zip(
                ascii_lowercase, section.figures.items(), strict=False
            ):
                png = _png(figure)
                (folder / f"figure_{number}{letter}.png").write_bytes(png)
                body.append(_figure(caption, png, figure.get_figwidth() > _NARROW))
            body.append("</section>")
        template = Template(
            (files("vcnn.evaluation.report") / "report.html").read_text(encoding="utf-8")
        )
        page = template.substitute(title=escape(title), answer=escape(answer), body="\n".join(body))
        page = page.replace(" %", "\N{NO-BREAK SPACE}%")
        (folder / "report.html").write_text(page, encoding="utf-8")
        numbers = {"title": title, "answer": answer, **numbers, "sections": _tables(sections)}
        text = json.dumps(numbers, indent=1, ensure_ascii=False, allow_nan=False)
        (folder / "report.json").write_text(text, encoding="utf-8")
    return directory / "report.html"


def _tables(sections) -> list[dict]:
    tables = []
    for section in sections:
        if section.rows:
            rows = [list(map(_plain, row)) for row in section.rows]
            tables.append(
                {"heading": section.heading, "header": list(section.header), "rows": rows}
            )
    return tables


def _plain(cell):
    return cell.item() if isinstance(cell, np.generic) else cell


def _paragraphs(text: str) -> str:
    return "\n".join(
        f"<p>{_marked(part.strip())}</p>" for part in text.split("\n\n") if part.strip()
    )


def _marked(text: str) -> str:
    """For the page, symbols such as ν_t with their index below."""
    return _INDEXED.sub(r"\1<sub>\2</sub>", escape(text))


def _table(section) -> str:
    if not section.rows:
        return ""
    head = _row(section.header, "th")
    body = "\n".join(_row(cells, "td") for cells in section.rows)
    return (
        f'<div class="scroll" tabindex="0"><table>\n<thead>{head}</thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _row(cells, tag) -> str:
    return "<tr>" + "".join(f"<{tag}>{_marked(_text(cell))}</{tag}>" for cell in cells) + "</tr>"


def _text(cell) -> str:
    return f"{cell:.4g}" if isinstance(cell, float | np.floating) else str(cell)


def _figure(caption, png, wide) -> str:
    data = base64.b64encode(png).decode()
    kind = "wide" if wide else "narrow"
    return (
        f'<figure><div class="scroll {kind}" tabindex="0"><img alt="{escape(caption)}" '
        f'src="data:image/png;base64,{data}"></div>'
        f"<figcaption>{_marked(caption)}</figcaption></figure>"
    )


def _png(figure: Figure) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=150, metadata={"Software": None})
    return buffer.getvalue()
