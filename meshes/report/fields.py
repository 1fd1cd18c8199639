"""The part of the page on a flow that shows its fields."""

from __future__ import annotations

from functools import partial

import numpy as np

from meshes.report.attempts import Attempts
from meshes.report.maps import (
    clipping_map,
    difference_map,
    extrapolation_map,
    scalar_map,
)
from meshes.report.pictures import streamlines
from meshes.report.summary import FlowSummary
from vcnn.evaluation.report.page import Section
from vcnn.flow.mesh import plane_normal


def field_section(run: FlowSummary, attempt: Attempts) -> Section:
    """Streamlines or speed, eddy viscosity, differences, extrapolation and clipping."""
    drawings, text = {}, ""
    if run.flow.dimension == 2:
        drawings["Streamlines on the speed."] = lambda: streamlines(run.vertices, run.closed)
    else:
        if plane_normal(run.flow.mesh) is None:
            text = "Drawn is the cut by the plane z = const. through the middle of the domain."
        drawings["Speed."] = lambda: scalar_map(
            run.vertices, np.linalg.norm(run.vertices.velocity, axis=1), "|u|"
        )
    drawings |= _eddy_viscosity_drawings(run) | _difference_drawing(run)
    if run.extrapolation is not None:
        text += " The closure extrapolates where the distance to its training clouds exceeds 1."
        caption = "Distance of the clouds to those of training, with the line at 1."
        drawings[caption] = lambda: extrapolation_map(run.closure_points, run.extrapolation)
    if run.share_clipped:
        text += (
            " An eddy viscosity below 0 or above U d, d the largest distance to a wall, and a "
            "stress beyond U² are clipped: there the flow is not the closure's."
        )
    if run.share_clipped and run.clipped is not None:
        drawings["Where the closure was clipped."] = lambda: clipping_map(
            run.closure_points, run.clipped
        )
    return Section("The flow", text, figures=attempt.draw(drawings))


def _eddy_viscosity_drawings(run) -> dict:
    """Of the run and, in the same colours, of a reference that has it."""
    if "eddy_viscosity" not in run.flow.scalars:
        return {}
    by_cells = run.record is not None and run.record.location == "cell"
    flow = run.flow if by_cells else run.vertices
    shown = {"Eddy viscosity over the molecular one": flow}
    if run.error is not None and run.reference.flow.mesh is not None:
        shown[f"The same of {run.reference.name}"] = run.reference.flow
    ratios = {
        caption: of.scalars["eddy_viscosity"] / run.viscosity
        for caption, of in shown.items()
        if "eddy_viscosity" in of.scalars
    }
    top = max(ratio.max() for ratio in ratios.values())
    return {
        f"{caption}{_by_cells(shown[caption])}.": partial(
            scalar_map, shown[caption], ratio, r"$\nu_t / \nu$", top
        )
        for caption, ratio in ratios.items()
    }


def _by_cells(flow) -> str:
    return ", one value a cell" if flow.location == "cell" else ""


def _difference_drawing(run) -> dict:
    if run.error is None:
        return {}
    flow, name = run.reference.flow, run.reference.name
    if flow.mesh is None and flow.dimension == 3:
        return {}
    sizes = run.comparison.differences / run.speed
    caption = f"How far the velocity is from that of {name}, over U."
    return {caption: partial(difference_map, flow, sizes, f"|u − u of {name}| / U")}
