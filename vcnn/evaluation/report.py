"""The report of a rotation study: one self-contained HTML page, its pictures, and its numbers as JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from string import Template

import numpy as np
from matplotlib.figure import Figure

from vcnn.evaluation.frames import RotationStudy
from vcnn.evaluation.plots import angle_curve, error_panel, prediction_panel
from vcnn.outputs import claim, staged

_ROUND_OFF = 1e-6  # changes below this are round-off of float64, far above any seen and far below any effect


@dataclass(frozen=True)
class Section:
    """A part of the report: heading, then text, a table and figures, each if given.

    Parameters
    ----------
    heading, text : str
        Plain text; an empty line separates paragraphs.
    header : column names
    rows : sequences of cells, numbers or text
    figures : caption -> Figure
    """

    heading: str
    text: str = ""
    header: Sequence[str] = ()
    rows: Sequence[Sequence] = ()
    figures: Mapping[str, Figure] = field(default_factory=dict)


def write_report(study: RotationStudy, directory, title: str = "Closures in turned frames",
                 introduction: str = "", sections: Sequence[Section] = (), force: bool = False) -> Path:  # fmt: skip
    """Write ``report.html``, ``report.json`` and the pictures into ``directory``, all or nothing.

    Parameters
    ----------
    study : RotationStudy
    directory : path
        Must not exist yet, unless ``force``.
    title, introduction : plain text; an empty line in the introduction separates paragraphs
    sections : further parts, after those of the study

    Returns
    -------
    Path of report.html

    Raises
    ------
    InputError
        If the directory exists.
    """
    directory = claim(directory, force)
    sections = [*_study_sections(study), *sections]
    answer = verdict(study)
    body = [_paragraphs(introduction)]
    with staged(directory) as folder:
        for number, section in enumerate(sections, start=1):
            body.append(f"<h2>{escape(section.heading)}</h2>")
            body.append(_paragraphs(section.text))
            body.append(_table(section))
            for letter, (caption, figure) in zip("abcdefghijklmnopqrstuvwxyz", section.figures.items(),
                                                 strict=False):  # fmt: skip
                png = _png(figure)
                (folder / f"figure_{number}{letter}.png").write_bytes(png)
                data = base64.b64encode(png).decode()
                body.append(
                    f'<figure><img alt="{escape(caption)}" src="data:image/png;base64,{data}">'
                    f"<figcaption>{escape(caption)}</figcaption></figure>"
                )
        template = Template((files("vcnn.evaluation") / "report.html").read_text(encoding="utf-8"))
        page = template.substitute(title=escape(title), answer=escape(answer), body="\n".join(body))
        (folder / "report.html").write_text(page, encoding="utf-8")
        numbers = {"title": title, "answer": answer, **_numbers(study), "sections": _tables(sections)}
        (folder / "report.json").write_text(json.dumps(numbers, indent=1, ensure_ascii=False), encoding="utf-8")
    return directory / "report.html"


def verdict(study: RotationStudy) -> str:
    """In words: which closure holds its error as the frame turns, and which does not, by how much."""
    holds = [name for name, change in study.variation.items() if change < _ROUND_OFF]
    sentences = [_sentence(study, name, name in holds) for name in sorted(study.variation, key=holds.count)[::-1]]
    return " ".join(sentences)


def _sentence(study, name, holds) -> str:
    change = study.variation[name]
    if not study.errors:
        if holds:
            return f"{name} predicts the same in every frame, to {change:.1e} (round-off)."
        return f"{name} changes its prediction by up to {_percent(change)} as the frame turns."
    error = study.errors[name]
    if holds:
        return (
            f"{name} holds its error of {_percent(error[0])} as the frame turns: "
            f"its prediction changes by {change:.1e} at most (round-off)."
        )
    worst = int(np.argmax(np.abs(error - error[0])))
    return (
        f"{name} does not: its error goes from {_percent(error[0])} to {_percent(error[worst])} "
        f"(at {study.angles[worst]:g}°)."
    )


def _study_sections(study) -> list[Section]:
    quantity = study.target.replace("_", " ")
    known = bool(study.errors)
    measure = study.errors if known else study.changes
    rows = [
        [
            name,
            "–" if study.parameters[name] is None else f"{study.parameters[name]:,}",
            *(_percent(value) for value in measure[name]),
            f"{study.variation[name]:.1e}",
        ]
        for name in measure
    ]
    what = "Relative L2 error" if known else "Relative change of the prediction"
    table = Section(
        f"{what} of {quantity}",
        f"Norms are weighted by the quadrature weights of the {len(study.flow):,} points. The last column is the "
        "largest relative change of the prediction over all angles of a full turn, in double precision.",
        ["model", "parameters", *(f"{angle:g}°" for angle in study.angles), "largest change"],
        rows,
    )
    about = "" if study.axis is None else f" about the axis ({', '.join(f'{a:.3g}' for a in study.axis)})"
    curve = Section(
        "All the way round",
        f"The frame turns once around{about}; computed at {len(study.curve_centres):,} of the points.",
        figures={"Against the angle of the frame.": angle_curve(study)},
    )
    reference = "the truth" if known else "the prediction at 0°"
    fields = Section(
        "The field in each frame",
        "Positions, velocities and all other vectors are turned, neighbourhoods are built anew, and the closure "
        "predicts. A frame-independent closure gives the same picture, turned.",
        figures={
            f"{quantity.capitalize()} in frames turned by the angle above.": prediction_panel(study),
            f"Distance from {reference}.": error_panel(study),
        },
    )
    return [table, curve, fields]


def _numbers(study) -> dict:
    lists = lambda values: {name: v.tolist() for name, v in values.items()}
    return {
        "target": study.target,
        "points": len(study.flow),
        "parameters": dict(study.parameters),
        "axis": None if study.axis is None else study.axis.tolist(),
        "angles": study.angles.tolist(),
        "errors": lists(study.errors),
        "changes": lists(study.changes),
        "curve_angles": study.curve_angles.tolist(),
        "curve_points": len(study.curve_centres),
        "curve_errors": lists(study.curve_errors),
        "curve_changes": lists(study.curve_changes),
        "variation": study.variation,
        "error_variation": study.error_variation,
        "units": dict(study.units),
    }


def _tables(sections) -> list[dict]:
    plain = lambda cell: cell.item() if isinstance(cell, np.generic) else cell
    return [
        {"heading": s.heading, "header": list(s.header), "rows": [[plain(cell) for cell in row] for row in s.rows]}
        for s in sections
        if s.rows
    ]


def _paragraphs(text: str) -> str:
    return "\n".join(f"<p>{escape(part.strip())}</p>" for part in text.split("\n\n") if part.strip())


def _table(section) -> str:
    if not section.rows:
        return ""
    row = lambda cells, tag: "<tr>" + "".join(f"<{tag}>{escape(_text(c))}</{tag}>" for c in cells) + "</tr>"
    body = "\n".join(row(cells, "td") for cells in section.rows)
    return f'<div class="scroll"><table>\n{row(section.header, "th")}\n{body}\n</table></div>'


def _text(cell) -> str:
    return f"{cell:.4g}" if isinstance(cell, float | np.floating) else str(cell)


def _percent(value) -> str:
    return f"{f'{100 * value:#.3g}'.rstrip('.')} %" if value >= 1e-4 else f"{value:.1e}"


def _png(figure: Figure) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=150, metadata={"Software": None})
    return buffer.getvalue()
