"""How flows come out with a correction in the loop, beside the model that it corrects."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.common.velocity_errors import score
from benchmarks.travelling.flows import FLOWS, KnownFlow
from benchmarks.travelling.learning import flow_to_learn
from benchmarks.travelling.models import start_file
from meshes.report.quantities import WallQuantities
from solvers import FlowResult, along_wall, evaluate
from solvers.fem.fields import function_from
from vcnn import ClosureLike, DivergenceError


def score_flow(name: str, closure: ClosureLike, folder: Path, tolerance: float = 1e-8) -> dict:
    """A flow with the closure in the loop, from its model's solution.

    Returns
    -------
    dict
        ``score``, mean |ΔU| by mean |U| over the observed points, ``model``, the model's; ``force``
        and ``model force``, relative errors of the driving force, of flows where it is known;
        ``bubble``, ``model bubble`` and ``known bubble``, where flow separates on the lower wall
        and comes back, of hills and the step; ``rounds``, ``residual``, ``change`` at the end;
        ``clipped`` and ``extrapolating`` shares of points; ``seconds``. Or ``failure``, with the
        scores of the model.
    """
    reference = FLOWS[name]()
    flow = flow_to_learn(reference, folder)
    model = reference.model.solve(start_file(name, folder))
    row = _errors(model, reference, "model")
    if "model bubble" in row:
        row["known bubble"] = known_bubble(reference, model)
    begin, problem = time.process_time(), flow.with_closure(closure)
    try:
        result = problem.solve(flow.start, tolerance=tolerance)
    except DivergenceError as error:
        return row | {"failure": str(error)}
    extrapolation = problem.closure.extrapolation(result.flow("vertex"))
    return {
        **row,
        **_errors(result, reference, "score"),
        "rounds": len(result.history),
        "residual": result.history.residual[-1],
        "change": result.history.change[-1],
        "clipped": result.history.clipped[-1],
        "extrapolating": float(np.mean(extrapolation > 1)),
        "seconds": time.process_time() - begin,
    }


def _errors(result: FlowResult, reference: KnownFlow, name: str) -> dict:
    velocity = reference.observation
    row = {name: score(evaluate(result.velocity, velocity.points), velocity.values)}
    if reference.force is not None:
        error = float(result.pressure_gradient) / reference.force - 1
        row["force" if name == "score" else f"{name} force"] = error
    if reference.family in ("hill", "step"):
        row["bubble" if name == "score" else f"{name} bubble"] = bubble(result)
    return row


def known_bubble(reference: KnownFlow, model: FlowResult) -> tuple[float, float] | None:
    """As :func:`bubble`, of the velocity that is known, on the mesh of the model's flow."""
    velocity = function_from(model.domain, reference.velocity[:, :2], "vertex", "velocity")
    return bubble(replace(model, velocity=velocity))


def bubble(flow: FlowResult) -> tuple[float, float] | None:
    """x where the longest reversed flow on the lower wall begins and ends; None without any."""
    wall = along_lower_wall(flow)
    begins, ends = wall.separation[:, 0], wall.reattachment[:, 0]
    if wall.period is not None:  # it may begin before the period does
        begins = np.concatenate([begins - wall.period[0], begins])
    pairs = [(begins[begins < x].max(), x) for x in ends if (begins < x).any()]
    longest = max(pairs, key=lambda pair: pair[1] - pair[0], default=None)
    return None if longest is None else (float(longest[0]), float(longest[1]))


def along_lower_wall(flow: FlowResult) -> WallQuantities:
    """Friction and pressure along the lower wall of a hill or the step, at a velocity of 1."""
    lower = next(name for name in flow.domain.walls if name.startswith("bottom"))
    return along_wall(flow, lower, reference_velocity=1.0)
