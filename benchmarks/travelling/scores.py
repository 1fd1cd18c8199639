"""How flows come out with a correction in the loop, beside the model that it corrects."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks.common.velocity_errors import score
from benchmarks.travelling.flows import FLOWS, KnownFlow
from benchmarks.travelling.learning import flow_to_learn
from benchmarks.travelling.models import start_file
from solvers import FlowResult, evaluate
from vcnn import ClosureLike, DivergenceError


def score_flow(name: str, closure: ClosureLike, folder: Path, tolerance: float = 1e-8) -> dict:
    """A flow with the closure in the loop, from its model's solution.

    Returns
    -------
    dict
        ``score``, mean |ΔU| by mean |U| over the observed points, ``model``, the model's; ``force``
        and ``model force``, relative errors of the driving force, of flows where it is known;
        ``rounds``, ``residual``, ``change`` at the end; ``clipped`` and ``extrapolating`` shares of
        points; ``seconds``. Or ``failure``, with the scores of the model.
    """
    reference = FLOWS[name]()
    flow = flow_to_learn(reference, folder)
    model = reference.model.solve(start_file(name, folder))
    row = _errors(model, reference, "model")
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
    return row
