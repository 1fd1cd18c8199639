"""The part of the page on a solved case that shows its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from solvers.flow.boundary_conditions import conditions_from
from solvers.flow.conditions import Symmetry, Wall
from solvers.studies.run_diagnostics import Attempts
from solvers.studies.run_maps import (
    clipping_map,
    difference_map,
    extrapolation_map,
    scalar_map,
)
from solvers.studies.run_pictures import streamlines
from solvers.studies.run_summary import RunSummary
from vcnn.evaluation.report.page import Section
from vcnn.flow.mesh import plane_normal


def draw_all(attempt: Attempts, drawings: Mapping[str, Callable]) -> dict[str, Figure]:
    """Those of the pictures, by their captions, that can be drawn."""
    figures = {caption: attempt(caption, draw, None) for caption, draw in drawings.items()}
    return {caption: figure for caption, figure in figures.items() if figure is not None}


def field_section(run: RunSummary, attempt: Attempts) -> Section:
    """Streamlines or speed, eddy viscosity, differences, extrapolation and clipping."""
    drawings, text = {}, ""
    if run.flow.dimension == 2:
        closed = conditions_from(run.case.conditions).of_kind(Wall | Symmetry)
        drawings["Streamlines on the speed."] = lambda: streamlines(run.vertices, closed)
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
        drawings["Where the closure was clipped."] = lambda: clipping_map(
            run.closure_points, run.clipped
        )
    return Section("The flow", text, figures=draw_all(attempt, drawings))


def _eddy_viscosity_drawings(run) -> dict:
    """Of the run and, in the same colours, of a reference that has it."""
    if "eddy_viscosity" not in run.flow.scalars:
        return {}
    by_cells = bool(run.history) and run.case.location == "cell"
    flow = run.flow if by_cells else run.vertices
    shown = {"Eddy viscosity over the molecular one": flow}
    reference = run.case.reference
    if run.error is not None and reference.mesh is not None:
        shown[f"The same of {run.case.reference_name}"] = reference
    ratios = {
        caption: of.scalars["eddy_viscosity"] / run.case.viscosity
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
    reference = run.case.reference
    if run.error is None or (reference.mesh is None and reference.dimension == 3):
        return {}
    name = run.case.reference_name
    sizes = run.comparison.differences / run.speed
    caption = f"How far the velocity is from that of {name}, over U."
    return {caption: partial(difference_map, reference, sizes, f"|u − u of {name}| / U")}
