"""What is particular to a flow of finite elements on its page: its iteration, its first cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from meshes.report.pictures import iteration_curves
from meshes.report.quantities import WallUnits
from meshes.report.records import ClosureRecord, FirstCells, Progress
from solvers.flow.boundary_conditions import BoundaryConditions
from solvers.flow.conditions import Periodic
from solvers.flow.result import FlowResult
from solvers.studies.case import NEEDED_WALL_UNITS
from vcnn.evaluation.report.text import percent_or_power


def run_progress(result: FlowResult, record: ClosureRecord | None, resumed: bool) -> Progress:
    """How the iteration for a flow went: rounds of a closure, else steps for the flow.

    Parameters
    ----------
    result : FlowResult
    record : ClosureRecord, optional
        Of the closure, if there is one.
    resumed : bool
        Whether it went on from a checkpoint.
    """
    history = {} if result.history is None else asdict(result.history)
    residuals, counted = result.residuals, "round" if history else "step"
    steps = len(residuals) if history else len(residuals) - 1
    named = counted if steps == 1 else f"{counted}s"
    outcome = f"Converged in {steps} {'further ' * resumed}{named}"
    text = "The residual is relative to the load."
    if history:
        change, share = history["change"][-1], _share_clipped(record)
        outcome += f" (between the last two the prediction of the closure changed by {change:.1e})"
        text += (
            " A round corrects the flow once and asks the closure once; the change is how far "
            "what it says is from what the flow was solved with. The relaxation is the part of "
            "that change that a step takes, besides what Anderson's acceleration makes of earlier "
            f"rounds. In the last round {share} of the points were clipped."
        )
    sizes, shares = iteration_curves(residuals, history)
    numbers = {
        "residuals": list(residuals),
        "history": {name: list(values) for name, values in history.items()},
    }
    return Progress(counted, steps, outcome, text, sizes, shares, numbers, resumed=resumed)


def boundary_kinds(conditions: BoundaryConditions) -> dict[str, str]:
    """What each boundary is, in a word; both of a periodic pair are."""
    partners = {c.to: "periodic" for c in conditions.of_kind(Periodic).values()}
    kinds = {name: type(c).__name__.lower() for name, c in conditions.by_name.items()}
    return {**kinds, **partners}


def first_cells(units: Mapping[str, WallUnits], model: str) -> FirstCells:
    """Heights of cells at walls, and what a model of the turbulence needs; of closures none knows.

    Parameters
    ----------
    units : mapping wall -> WallUnits
    model : str
    """
    needed = NEEDED_WALL_UNITS.get(model)
    text = (
        "The heights of the first cells at walls times u_τ/ν, u_τ² being the shear stress there; "
        "quadratic elements have two points in each."
    )
    if needed is not None:
        text += f" The model is meant for {needed:g} at most."
    return FirstCells(units, text, needed, model)


def _share_clipped(record) -> str:
    share = 0.0 if record is None else record.share_clipped
    return percent_or_power(share) if share else "none"
