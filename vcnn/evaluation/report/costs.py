"""The part of a report on what closures cost."""

from __future__ import annotations

import numpy as np

from vcnn.evaluation.costs import FITTED_FROM, CostStudy
from vcnn.evaluation.report.curves import cost_curve
from vcnn.evaluation.report.page import Section


def cost_section(study: CostStudy) -> Section:
    """Parameters, times, memory and growth of each model."""
    costs = study.costs
    named_by_architecture = all(cost.architecture in model for model, cost in costs.items())
    header = ["claims", "parameters", "training", "time a point", "memory", "growth"]
    if not named_by_architecture:
        header.insert(0, "architecture")
    rows = []
    for model, cost in costs.items():
        architecture = [] if named_by_architecture else [cost.architecture]
        rows.append([model, *architecture, *_cells(cost)])
    figures = {}
    if any(cost.exponent is not None for cost in costs.values()):
        caption = f"Time of one cloud; powers are fitted from n = {FITTED_FROM} on."
        figures[caption] = cost_curve(study)
    return Section(
        "What each model costs",
        "Time of a prediction is processor time of one thread a point, the search for clouds "
        "included. Memory is the largest sum of all tensors alive at once in a prediction at 256 "
        "points, as torch's profiler counts it, without weights and without arrays of the "
        "search. Training time, and × how many threads, is what the model file says. The last "
        "column is how the time of a cloud grows with its number n of points.",
        ["model", *header],
        rows,
        figures,
    )


def cost_numbers(study: CostStudy) -> dict:
    """All of a study, for JSON."""
    numbers = {"sizes": study.sizes.tolist()}
    for name, cost in study.costs.items():
        numbers[name] = {
            key: value.tolist() if isinstance(value, np.ndarray) else value
            for key, value in vars(cost).items()
        }
    return numbers


def _cells(cost) -> list[str]:
    return [
        cost.symmetry or "–",
        "–" if cost.parameters is None else f"{cost.parameters:,}",
        "–"
        if cost.training_seconds is None
        else _duration(cost.training_seconds, cost.training_threads),
        f"{1e6 * cost.seconds_per_point:,.0f} µs",
        f"{cost.memory / 2**20:,.1f} MB",
        "–" if cost.exponent is None else f"n^{cost.exponent:.2f}",
    ]


def _duration(seconds, threads) -> str:
    if seconds < 100:
        time = f"{seconds:.0f} s"
    else:
        time = f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
    return time if threads is None else f"{time} × {threads}"
