"""What came out of a flow, in words."""

from __future__ import annotations

import numpy as np

from meshes.report.summary import FlowSummary
from vcnn.evaluation.report.text import percent_or_power


def flow_verdict(run: FlowSummary) -> str:
    """In words: what the iteration took and what the flow does."""
    sentences = [_convergence_sentence(run), *_separation_sentences(run), *run.notes]
    if run.reynolds is not None:
        sentences.append(f"Reynolds number {reynolds_words(run)}.")
    cells = run.first_cells
    if cells.coarse:
        largest = max(cells.units[name].largest for name in cells.coarse)
        sentences.append(
            f"Beware: the first cells on {' and '.join(cells.coarse)} reach to y⁺ = "
            f"{largest:.3g}; {cells.needing} needs {cells.needed:g} at most."
        )
    if run.error is not None:
        sentences.append(f"{difference_words(run)}.")
    if run.share_clipped:
        sentences.append(
            f"Beware: at {percent_or_power(run.share_clipped)} of the points what the closure "
            "predicts is out of bounds and was clipped."
        )
    failed = "extrapolation" in run.failures
    if run.record is not None and run.extrapolating is None and not failed:
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
    if run.bands is not None:
        sentences.append(_members_sentence(run))
    return " ".join(sentences)


def _convergence_sentence(run) -> str:
    sentence = run.progress.outcome
    parameters, facts = run.flow.parameters, []
    if "bulk_velocity" in parameters:
        facts.append(f"bulk velocity {parameters['bulk_velocity']:.6g}")
        if parameters.get("pressure_gradient"):
            facts.append(f"driving force {parameters['pressure_gradient']:.6g}")
    if run.viscosity_ratio is not None:
        facts.append(f"eddy viscosity up to {run.viscosity_ratio:.3g} times the molecular one")
    return f"{sentence}: {', '.join(facts)}." if facts else f"{sentence}."


def _members_sentence(run) -> str:
    differ = (
        f"the velocities with the {run.bands.members} members of the ensemble differ by "
        f"{percent_or_power(run.bands.relative)}"
    )
    if "uncertain" in run.flags:
        return f"Beware: {differ}."
    return f"{differ[0].upper()}{differ[1:]}."


def _separation_sentences(run) -> list[str]:
    if not (run.walls and {"periodic", "inlet"} & set(run.boundaries.values())):
        return []  # there is no downstream
    bubbles = {name: _bubbles(wall) for name, wall in run.walls.items()}
    sentences = [
        f"On {name} the flow separates {' and '.join(places)}."
        for name, places in bubbles.items()
        if places
    ]
    return sentences or ["The flow separates nowhere."]


def difference_words(run: FlowSummary) -> str:
    """How far the velocity is from the reference."""
    error = percent_or_power(run.error)
    return f"The velocity differs from {run.reference.name} by {error}"


def reynolds_words(run: FlowSummary) -> str:
    """The Reynolds number and what it is made with."""
    r = run.reynolds
    return f"{r.number:.4g} (U = {r.velocity:.4g} and L = {r.length:.4g}, {r.meaning})"


def _bubbles(wall) -> list[str]:
    """Each separation with the reattachment that follows it downstream.

    Both within a facet's length say only that the friction jumps there, as at a corner.
    """
    bubbles = []
    for separation in wall.separation:
        ends = [point for point in wall.reattachment if point[0] > separation[0]]
        start = f"from x = {separation[0]:.4g}"
        if not ends:
            bubbles.append(f"{start} on")
            continue
        end = min(ends, key=lambda point: point[0])
        nearest = np.linalg.norm(wall.points - separation, axis=1).argmin()
        if np.linalg.norm(end - separation) > wall.lengths[nearest]:
            bubbles.append(f"{start} to {end[0]:.4g}")
    return bubbles
