"""A validation hill with a closure in the loop."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks.data.hills import hill_file, read_hill
from benchmarks.in_the_loop.flows import teacher_flow
from solvers import RANS, FlowResult
from vcnn import ClosureLike, DivergenceError, FlowField
from vcnn.evaluation import relative_l2


def solve_hill(
    closure: ClosureLike, name: str, bulk: float, start: FlowResult | None = None
) -> tuple[dict, FlowResult | None]:
    """One hill with a closure in the loop at a bulk velocity: what it took, and the solution."""
    mesh, data = read_hill(hill_file(name))
    problem = RANS(mesh, float(data["nu"]), bulk, closure=closure, location="vertex")
    begin = time.perf_counter()
    try:
        result = problem.solve(start=start)
    except DivergenceError as error:
        return {"failure": str(error), "seconds": time.perf_counter() - begin}, None
    flow = result.flow("vertex")
    return {
        "rounds": len(result.history),
        "seconds": time.perf_counter() - begin,
        "clipped": result.history.clipped[-1],
        "extrapolating": float(np.mean(closure.extrapolation(flow) > 1)),
        "residual": list(result.history.residual),
        "change": list(result.history.change),
    }, result


def solve_as_taught(
    closure: ClosureLike, teacher: str, name: str, folder: Path
) -> tuple[dict, FlowResult | None, FlowField]:
    """One hill at its teacher's driving, with errors against it: as `solve_hill`, and its flow."""
    _, data = read_hill(hill_file(name))
    row, result = solve_hill(closure, name, float(data["ubar"][0]))
    taught = teacher_flow(teacher, name, folder)
    row["a priori"] = relative_l2(
        closure.predict(taught), taught.scalars["eddy_viscosity"], taught.weights
    )
    if result is not None:
        velocity = result.flow("vertex").velocity
        row["error"] = relative_l2(velocity, taught.velocity, taught.weights)
    return row, result, taught
