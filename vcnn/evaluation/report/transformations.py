"""The part of a report on what transformations, noise and other meshes do to predictions."""

from __future__ import annotations

from collections.abc import Iterable

from vcnn.evaluation.report.page import Section
from vcnn.evaluation.report.text import percent_or_power
from vcnn.evaluation.transformations import NOISE, TransformationStudy


def transformation_sections(study: TransformationStudy) -> list[Section]:
    """Sections on transformations, on fewer points and noise, and on other meshes, as known."""
    sections = []
    if study.responses:
        sections += [_change_section(study), _robustness_section(study)]
    if study.mesh_errors:
        sections.append(_mesh_section(study))
    return sections


def _change_section(study) -> Section:
    names = {name: None for response in study.responses.values() for name in response.changes}
    rows = []
    for model, response in study.responses.items():
        changes = response.changes
        cells = [percent_or_power(changes[n]) if n in changes else "–" for n in names]
        rows.append([model, response.claimed, *cells])
    return Section(
        "Every transformation",
        "Largest change of a prediction relative to the largest prediction, in double precision, "
        f"clouds searched anew, at {_range(r.points[0] for r in study.responses.values())} "
        "points. Refinement splits a random half of all points into two of half the weight each: "
        "a mesh that is finer in places. A model without quadrature weights notices.",
        ["model", "claims", *names],
        rows,
    )


def _robustness_section(study) -> Section:
    counts = sorted({count for response in study.responses.values() for count in response.parts})
    rows = []
    for model, response in study.responses.items():
        low, mean, high = response.cloud_sizes
        parts = response.parts
        cells = [percent_or_power(parts[n]) if n in parts else "–" for n in counts]
        cells += map(percent_or_power, (*response.noise, response.jump))
        rows.append([model, f"{low:,}–{high:,} ({mean:,.0f})", *cells])
    return Section(
        "Fewer points, noise, and the edge of a cloud",
        "Relative L2 change of the prediction if each cloud is cut to a random part of at most "
        "so many points. Then the change at a point, relative to the largest prediction, if "
        f"normal noise of {NOISE:g} times its root mean square is added to the velocity while "
        "clouds keep their points: median and largest. A largest change far above the median is "
        "a jump, as where a model turns clouds into a frame that flips. Last the largest jump of "
        "a prediction as the outermost point of a cloud leaves it, relative to the largest "
        "prediction: its share where the edge is sharp. Computed at "
        f"{_range(r.points[1] for r in study.responses.values())} points.",
        [
            "model",
            "points in a cloud (mean)",
            *(f"part of {n}" for n in counts),
            "noise: median",
            "noise: largest",
            "edge: jump",
        ],
        rows,
    )


def _mesh_section(study) -> Section:
    rows = [
        [model, *map(percent_or_power, errors.values())]
        for model, errors in study.mesh_errors.items()
    ]
    return Section(
        "The same flow on other meshes",
        f"Relative L2 error at the points nearest to the same {study.mesh_points:,} places.",
        ["model", *(f"{name} ({size:,} points)" for name, size in study.mesh_sizes.items())],
        rows,
    )


def _range(counts: Iterable[int]) -> str:
    counts = list(counts)
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
