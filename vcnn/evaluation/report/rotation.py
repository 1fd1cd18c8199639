"""The report on closures in turned frames: what each study found, in words, tables and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from vcnn.evaluation.costs import FITTED_FROM, CostStudy
from vcnn.evaluation.frames import RotationStudy
from vcnn.evaluation.report.curves import cost_curve, rotation_distribution
from vcnn.evaluation.report.page import Section, write_page
from vcnn.evaluation.report.pictures import angle_curve, error_panel, prediction_panel
from vcnn.evaluation.report.text import percent_or_power
from vcnn.evaluation.report.verdict import verdict
from vcnn.evaluation.transformations import NOISE, TransformationStudy
from vcnn.flow.quantities import in_words

__all__ = ["Section", "verdict", "write_report"]


def write_report(
    study: RotationStudy,
    directory,
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
    title, introduction : plain text; an empty line in the introduction separates paragraphs
    sections : further parts, after those of the studies
    transformations, costs : further studies of the same closures
    answer : a sentence after the verdict
    numbers : further ones for the JSON

    Returns
    -------
    Path of report.html

    Raises
    ------
    InputError
        If the directory exists.
    """
    parts, numbers = _rotation_sections(study), {**_rotation_numbers(study), **(numbers or {})}
    if transformations is not None:
        parts += _transformation_sections(transformations)
        numbers["transformations"] = asdict(transformations)
    if costs is not None:
        parts += _cost_sections(costs)
        numbers["costs"] = _cost_numbers(costs)
    answer = f"{verdict(study)} {answer}".strip()
    return write_page(directory, title, answer, introduction, [*parts, *sections], numbers, force)


def _rotation_sections(study) -> list[Section]:
    quantity = in_words(study.target)
    known = bool(study.errors)
    measure = study.errors if known else study.changes
    rows = [
        [name, *map(percent_or_power, measure[name]), _change(study.variation[name])]
        for name in measure
    ]
    what = "Relative L2 error" if known else "Relative change of the prediction"
    table = Section(
        f"{what} of {quantity}",
        f"Norms are weighted by the quadrature weights of the {len(study.flow):,} points. The last column is the "
        "largest relative change of the prediction over all frames of this and the next part.",
        ["model", *(f"{angle:g}°" for angle in study.angles), "largest change"],
        rows,
    )
    points = f"{len(study.curve_centres):,} of the points"
    if study.axis is None:
        curve = Section(
            "All the way round",
            f"The frame turns once around; computed at {points}.",
            figures={"Against the angle of the frame.": angle_curve(study)},
        )
    else:
        curve = Section(
            "Random rotations",
            f"{len(study.curve_rotations) - 1} rotations drawn uniformly from all rotations in space (SO(3)); "
            f"computed at {points}.",
            figures={
                "Against the angle turned by, and as a distribution.": rotation_distribution(study)
            },
        )
    reference = "the truth" if known else "the prediction at 0°"
    about = (
        ""
        if study.axis is None
        else (
            f" The frame turns about the axis ({', '.join(f'{a:.3g}' for a in study.axis)}); drawn are the points nearest "
            "to a plane across it."
        )
    )
    fields = Section(
        "The field in each frame",
        "Positions, velocities and all other vectors are turned, neighbourhoods are built anew, and the closure "
        f"predicts. A frame-independent closure gives the same picture, turned.{about}",
        figures={
            f"{quantity.capitalize()} in frames turned by the angle above.": prediction_panel(
                study
            ),
            f"Distance from {reference}.": error_panel(study),
        },
    )
    return [table, curve, fields]


def _transformation_sections(study) -> list[Section]:
    sections = []
    if study.responses:
        names = list(
            dict.fromkeys(
                name for response in study.responses.values() for name in response.changes
            )
        )
        rows = [
            [model, r.claimed, *(_change(r.changes[n]) if n in r.changes else "–" for n in names)]
            for model, r in study.responses.items()
        ]
        sections.append(
            Section(
                "Every transformation",
                "Largest change of a prediction relative to the largest prediction, in double precision, clouds searched "
                f"anew, at {_count(r.points[0] for r in study.responses.values())} points. Refinement splits a random half "
                "of all points into two of half the weight each: a mesh that is finer in places. A model without "
                "quadrature weights notices.",
                ["model", "claims", *names],
                rows,
            )
        )
        sections.append(_robustness(study))
    if study.mesh_errors:
        rows = [
            [model, *map(percent_or_power, errors.values())]
            for model, errors in study.mesh_errors.items()
        ]
        sections.append(
            Section(
                "The same flow on other meshes",
                f"Relative L2 error at the points nearest to the same {study.mesh_points:,} places.",
                [
                    "model",
                    *(f"{name} ({size:,} points)" for name, size in study.mesh_sizes.items()),
                ],
                rows,
            )
        )
    return sections


def _robustness(study) -> Section:
    counts = sorted({count for response in study.responses.values() for count in response.parts})
    rows = []
    for model, response in study.responses.items():
        low, mean, high = response.cloud_sizes
        parts = [
            percent_or_power(response.parts[n]) if n in response.parts else "–" for n in counts
        ]
        rows.append(
            [
                model,
                f"{low:,}–{high:,} ({mean:,.0f})",
                *parts,
                *map(percent_or_power, response.noise),
            ]
        )
    return Section(
        "Fewer points, and noise",
        "Relative L2 change of the prediction if each cloud is cut to a random part of at most so many points. Then "
        f"the change at a point, relative to the largest prediction, if normal noise of {NOISE:g} times its root mean "
        "square is added to the velocity while clouds keep their points: median and largest. A largest change far "
        "above the median is a jump, as where a model turns clouds into a frame that flips. Computed at "
        f"{_count(r.points[1] for r in study.responses.values())} points.",
        [
            "model",
            "points in a cloud (mean)",
            *(f"part of {n}" for n in counts),
            "noise: median",
            "noise: largest",
        ],
        rows,
    )


def _cost_sections(study) -> list[Section]:
    telling = all(
        cost.architecture in model for model, cost in study.costs.items()
    )  # names of models
    rows = []
    for model, cost in study.costs.items():
        rows.append(
            [
                model,
                *([] if telling else [cost.architecture]),
                cost.symmetry or "–",
                "–" if cost.parameters is None else f"{cost.parameters:,}",
                "–"
                if cost.training_seconds is None
                else _duration(cost.training_seconds, cost.training_threads),
                f"{1e6 * cost.seconds_per_point:,.0f} µs",
                f"{cost.memory / 2**20:,.1f} MB",
                "–" if cost.exponent is None else f"n^{cost.exponent:.2f}",
            ]
        )
    figures = {}
    if any(cost.exponent is not None for cost in study.costs.values()):
        figures = {
            f"Time of one cloud; powers are fitted from n = {FITTED_FROM} on.": cost_curve(study)
        }
    return [
        Section(
            "What each model costs",
            "Time of a prediction is processor time of one thread a point, the search for clouds included. Memory is the "
            "largest sum of all tensors alive at once in a prediction at 256 points, as torch's profiler counts it, "
            "without weights and without arrays of the search. Training time, and × how many threads, is what the model "
            "file says. The last column is how the time of a cloud grows with its number n of points.",
            [
                "model",
                *([] if telling else ["architecture"]),
                "claims",
                "parameters",
                "training",
                "time a point",
                "memory",
                "growth",
            ],
            rows,
            figures,
        )
    ]


def _rotation_numbers(study) -> dict:
    lists = lambda values: {name: v.tolist() for name, v in values.items()}
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


def _cost_numbers(study) -> dict:
    plain = lambda value: value.tolist() if isinstance(value, np.ndarray) else value
    costs = {
        name: {key: plain(value) for key, value in vars(cost).items()}
        for name, cost in study.costs.items()
    }
    return {"sizes": study.sizes.tolist(), **costs}


def _change(value) -> str:
    return percent_or_power(value) if value else "0"


def _count(counts) -> str:
    low, high = min(counts := list(counts)), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _duration(seconds, threads) -> str:
    if seconds < 100:
        time = f"{seconds:.0f} s"
    else:
        time = f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
    return time if threads is None else f"{time} × {threads}"
