"""A validation hill with a closure in the loop."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.data.hills import hill_file, read_hill
from solvers import RANS, FlowResult
from vcnn import ClosureLike, DivergenceError


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
