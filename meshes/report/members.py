"""The part of the page on a flow that shows how far those with each member lie apart."""

from __future__ import annotations

from meshes.report.attempts import Attempts
from meshes.report.bands import LEVEL
from meshes.report.maps import difference_map
from meshes.report.summary import FlowSummary
from vcnn.evaluation.report.page import Section
from vcnn.evaluation.report.text import percent_or_power


def member_sections(run: FlowSummary, attempt: Attempts) -> list[Section]:
    """One section if there are members, else none."""
    if run.bands is None:
        return []
    text = (
        f"With each of the {run.bands.members} members of the ensemble in the loop, in place of "
        f"their mean, velocities differ by {percent_or_power(run.bands.relative)}: L2 norm of "
        "their standard deviation over that of their mean. What is shaded in profiles and at walls "
        f"holds another flow of this kind with {percent_or_power(LEVEL)}, by Student's "
        "distribution if flows are normal. It knows what training left open, not what no flow of "
        "training has shown."
    )
    if run.bands.seconds:
        text += f" They took {sum(run.bands.seconds):.3g} s, one after the other."
    rows = [
        [name, _ranges(run.bands.separation, name), _ranges(run.bands.reattachment, name)]
        for name in run.bands.friction
    ]
    header = ["wall", "separation at x", "reattachment at x"] if rows else []
    caption = "Standard deviation of the velocity among the members, over U."
    spread = run.bands.spread / run.speed
    figures = attempt.draw({caption: lambda: difference_map(run.vertices, spread, "spread / U")})
    return [Section("How sure", text, header, rows, figures)]


def _ranges(places, name) -> str:
    """From where to where points of a wall lie."""
    if name not in places:
        return "their numbers differ"
    return ", ".join(_range(low, high) for low, high in places[name]) or "–"


def _range(low, high) -> str:
    return f"{low:.4g} to {high:.4g}"
