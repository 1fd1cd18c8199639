"""The report on closures in rotated frames, and its part on the frames themselves."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from vcnn.evaluation.costs import CostStudy
from vcnn.evaluation.frames import RotationStudy
from vcnn.evaluation.report.costs import cost_numbers, cost_section
from vcnn.evaluation.report.curves import angle_curve, rotation_distribution
from vcnn.evaluation.report.page import Section, write_page
from vcnn.evaluation.report.panels import error_panel, prediction_panel
from vcnn.evaluation.report.text import percent_or_power
from vcnn.evaluation.report.transformations import transformation_sections
from vcnn.evaluation.report.verdict import rotation_verdict
from vcnn.evaluation.transformations import TransformationStudy
from vcnn.flow.quantities import in_words


def write_report(
    study: RotationStudy,
    directory: str | os.PathLike,
    title: str = "Closures in turned frames",
    introduction: str = "",
    sections: Sequence[Section] = (),
    force: bool = False,
    transformations: TransformationStudy | None = None,
    costs: CostStudy | None = None,
    answer: str = "",
    numbers: Mapping | None = None,
) -> Path:
    """Write ``report.html``, ``report.json`` and the pictures into ``directory``, all or nothing.

    Parameters
    ----------
    study : RotationStudy
    directory : path
        Must not exist yet, unless ``force``.
    title, introduction : str
        Plain text; an empty line in the introduction separates paragraphs.
    sections : sequence of Section
        Further parts, after those of the studies.
    force : bool
        Replace a directory that exists.
    transformations, costs : TransformationStudy and CostStudy, optional
        Further studies of the same closures.
    answer : str
        A sentence after the verdict.
    numbers : mapping
        Further ones for the JSON.

    Returns
    -------
    Path
        Of ``report.html``.

    Raises
    ------
    InputError
        If the directory exists.
    """
    parts = [_table_section(study), _curve_section(study), _field_section(study)]
    numbers = {**_rotation_numbers(study), **(numbers or {})}
    if transformations is not None:
        parts += transformation_sections(transformations)
        numbers["transformations"] = asdict(transformations)
    if costs is not None:
        parts.append(cost_section(costs))
        numbers["costs"] = cost_numbers(costs)
    answer = f"{rotation_verdict(study)} {answer}".strip()
    return write_page(directory, title, answer, introduction, [*parts, *sections], numbers, force)


def _table_section(study) -> Section:
    measure = study.errors or study.changes
    rows = [
        [name, *map(percent_or_power, values), percent_or_power(study.variation[name])]
        for name, values in measure.items()
    ]
    measured = "Relative L2 error" if study.errors else "Relative change of the prediction"
    return Section(
        f"{measured} of {_quantity(study)}",
        f"Norms are weighted by the quadrature weights of the {len(study.flow):,} points. The last "
        "column is the largest relative change of the prediction over all frames of this and the "
        "next part.",
        ["model", *(f"{angle:g}°" for angle in study.angles), "largest change"],
        rows,
    )


def _curve_section(study) -> Section:
    points = f"{len(study.curve_centres):,} of the points"
    if study.axis is None:
        return Section(
            "All the way round",
            f"The frame turns once around; computed at {points}.",
            figures={"Against the angle of the frame.": angle_curve(study)},
        )
    return Section(
        "Random rotations",
        f"{len(study.curve_rotations) - 1} rotations drawn uniformly from all rotations in space "
        f"(SO(3)); computed at {points}.",
        figures={
            "Against the angle turned by, and as a distribution.": rotation_distribution(study)
        },
    )


def _field_section(study) -> Section:
    text = (
        "Positions, velocities and all other vectors are turned, neighbourhoods are built anew, "
        "and the closure predicts. A frame-independent closure gives the same picture, turned."
    )
    if study.axis is not None:
        text += (
            f" The frame turns about the axis ({', '.join(f'{a:.3g}' for a in study.axis)}); drawn "
            "is a cut across it."
        )
    predictions = f"{_quantity(study).capitalize()} in frames turned by the angle above."
    reference = "the truth" if study.errors else "the prediction at 0°"
    figures = {
        predictions: prediction_panel(study),
        f"Distance from {reference}.": error_panel(study),
    }
    return Section("The field in each frame", text, figures=figures)


def _quantity(study) -> str:
    return in_words(study.target)


def _rotation_numbers(study) -> dict:
    def lists(values):
        return {name: array.tolist() for name, array in values.items()}

    return {
        "target": study.target,
        "points": len(study.flow),
        "axis": None if study.axis is None else study.axis.tolist(),
        "angles": study.angles.tolist(),
        "errors": lists(study.errors),
        "changes": lists(study.changes),
        "curve_rotations": study.curve_rotations.tolist(),
        "curve_angles": study.curve_angles.tolist(),
        "curve_points": len(study.curve_centres),
        "curve_errors": lists(study.curve_errors),
        "curve_changes": lists(study.curve_changes),
        "variation": study.variation,
        "error_variation": study.error_variation,
        "units": dict(study.units),
    }
