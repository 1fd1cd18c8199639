"""The page on a solved case: what came out, in words, pictures and tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from solvers.flow.boundary_conditions import conditions_from
from solvers.flow.conditions import Inlet, Periodic, Symmetry, Wall
from solvers.studies.run_pictures import (
    clipping_map,
    convergence,
    scalar_map,
    streamlines,
    velocity_profiles,
    wall_curves,
)
from solvers.studies.run_summary import RunSummary
from vcnn.evaluation.report.page import Section, write_page
from vcnn.evaluation.report.text import percent_or_power


def run_verdict(run: RunSummary) -> str:
    """In words: what the iteration took and what the flow does."""
    sentences = [_convergence_sentence(run), *_separation_sentences(run)]
    if run.error is not None:
        sentences.append(f"{_difference(run)}.")
    if run.share_clipped:
        sentences.append(
            f"Beware: at {percent_or_power(run.share_clipped)} of the points what the closure "
            "predicts is out of bounds and was clipped."
        )
    if run.history and run.extrapolation is None:
        sentences.append(
            "The model does not say what it was trained on, so where it extrapolates is not known."
        )
    if run.extrapolating:
        points = f"{percent_or_power(run.extrapolating)} of the points the closure extrapolates"
        if "extrapolating" in run.flags:
            unlike = "this flow is unlike those of its training"
            sentences.append(f"Beware: at {points}, {unlike}.")
        else:
            sentences.append(f"At {points}.")
    return " ".join(sentences)


def _convergence_sentence(run) -> str:
    step = "round" if run.history else "step"
    if run.steps != 1:
        step += "s"
    if run.resumed:
        step = f"further {step}"
    sentence = f"Converged in {run.steps} {step}"
    if run.history:
        change = run.history["change"][-1]
        sentence += f" (what the closure says still changes by {change:.1e})"
    parameters, facts = run.flow.parameters, []
    if "bulk_velocity" in parameters:
        facts.append(f"bulk velocity {parameters['bulk_velocity']:.6g}")
        if parameters["pressure_gradient"]:
            facts.append(f"driving force {parameters['pressure_gradient']:.6g}")
    if run.viscosity_ratio is not None:
        facts.append(f"eddy viscosity up to {run.viscosity_ratio:.3g} times the molecular one")
    return f"{sentence}: {', '.join(facts)}." if facts else f"{sentence}."


def _separation_sentences(run) -> list[str]:
    ends = conditions_from(run.case.conditions).of_kind(Periodic | Inlet)
    if not (run.walls and ends):
        return []  # there is no downstream
    bubbles = {name: _bubbles(wall) for name, wall in run.walls.items()}
    sentences = [
        f"On {name} the flow separates {' and '.join(places)}."
        for name, places in bubbles.items()
        if places
    ]
    return sentences or ["The flow separates nowhere."]


def _difference(run) -> str:
    error = percent_or_power(run.error)
    return f"The velocity differs from {run.case.reference_name} by {error}"


def write_report(run: RunSummary, directory: Path) -> Path:
    """Write the page, its pictures and ``report.json`` into the folder of the run.

    Returns
    -------
    Path of the page
    """
    name = Path(directory).resolve().name
    dimension = run.flow.dimension
    introduction = (
        f"Steady flow in {'a plane' if dimension == 2 else 'space'}, kinematic viscosity "
        f"{run.case.viscosity:g}, on {len(run.flow):,} cells with quadratic velocities; turbulent "
        f"stress: {run.closure}. Coefficients and profiles refer to the velocity U = "
        f"{run.speed:.6g}."
    )
    sections = [
        _field_section(run),
        *_profile_section(run),
        *_wall_section(run),
        _force_section(run),
        _convergence_section(run),
    ]
    title = f"Flow: {name}"
    return write_page(
        directory, title, run_verdict(run), introduction, sections, run.numbers(), force=True
    )


def _field_section(run) -> Section:
    figures, text = {}, ""
    if run.flow.dimension == 2:
        closed = conditions_from(run.case.conditions).of_kind(Wall | Symmetry)
        figures["Streamlines on the speed."] = streamlines(run.vertices, closed)
    else:
        text = (
            "Drawn are the cells that the plane z = const. through the middle of the domain cuts."
        )
        figures["Speed."] = scalar_map(run.flow, np.linalg.norm(run.flow.velocity, axis=1), "|u|")
    if "eddy_viscosity" in run.flow.scalars:
        ratio = run.flow.scalars["eddy_viscosity"] / run.case.viscosity
        figures["Eddy viscosity over the molecular one."] = scalar_map(
            run.flow, ratio, r"$\nu_t / \nu$"
        )
    if run.extrapolation is not None:
        text += " The closure extrapolates where the distance to its training clouds exceeds 1."
        figures["Distance of the clouds to those of training."] = scalar_map(
            run.closure_points, run.extrapolation, "distance"
        )
    if run.share_clipped:
        text += (
            " An eddy viscosity below 0 or above U d, d the largest distance to a wall, and a "
            "stress beyond U² are clipped: there the flow is not the closure's."
        )
        figures["Where the closure was clipped."] = clipping_map(run.closure_points, run.clipped)
    return Section("The flow", text, figures=figures)


def _profile_section(run) -> list[Section]:
    if not run.profiles:
        return []
    text = ""
    if run.error is not None:
        text = (
            f"{_difference(run)}: relative L2 norm over the points of the reference, with its "
            "quadrature weights. Circles are interpolated between these points."
        )
    figure = velocity_profiles(
        run.profiles, run.reference_profiles, speed=run.speed, name=run.case.reference_name
    )
    return [
        Section("Velocity profiles", text, figures={"Velocity along x at the stations.": figure})
    ]


def _wall_section(run) -> list[Section]:
    if not run.walls:
        return []
    rows = [
        [
            name,
            f"{w.skin_friction.min():.4g}",
            f"{w.skin_friction.max():.4g}",
            _places(w.separation),
            _places(w.reattachment),
        ]
        for name, w in run.walls.items()
    ]
    return [
        Section(
            "Along the walls",
            "Skin friction and pressure over U²/2. The flow separates where the skin friction "
            "turns negative and reattaches where it turns positive.",
            ["wall", "lowest c_f", "highest c_f", "separation at x", "reattachment at x"],
            rows,
            {"Skin friction and pressure coefficient.": wall_curves(run.walls)},
        )
    ]


def _force_section(run) -> Section:
    rows = [[name, *(f"{x:.5g}" for x in force)] for name, force in run.forces.items()]
    header = ["wall", *(f"along {axis}" for axis in "xyz"[: run.flow.dimension])]
    return Section(
        "Forces",
        "Of the fluid on the walls, over its density: pressure and friction.",
        header,
        rows,
    )


def _convergence_section(run) -> Section:
    text = "The residual is relative to the load."
    if run.history:
        clipped = percent_or_power(run.share_clipped) if run.share_clipped else "none"
        text += (
            " A round corrects the flow once and asks the closure once; the change is how far "
            "what it says is from what the flow was solved with. The relaxation is the part of "
            "that change that a step takes, besides what Anderson's acceleration makes of earlier "
            f"rounds. In the last round {clipped} of the points were clipped."
        )
    figure = convergence(run.residuals, run.history)
    return Section("Convergence", text, figures={"How the iteration went.": figure})


def _bubbles(wall) -> list[str]:
    """Each separation with the reattachment that follows it downstream."""
    bubbles = []
    for separation in wall.separation:
        after = [point for point in wall.reattachment if point[0] > separation[0]]
        end = f" to {min(after, key=lambda p: p[0])[0]:.4g}" if after else " on"
        bubbles.append(f"from x = {separation[0]:.4g}{end}")
    return bubbles


def _places(points) -> str:
    return ", ".join(f"{point[0]:.4g}" for point in points) or "–"
