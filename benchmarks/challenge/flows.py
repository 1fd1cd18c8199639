"""Flows of the Closure Challenge, with a truth or without, solved with closures in the loop.

Each is driven as its reference is: hills by `ubar_dns` where the file has it, ducts by the bulk
velocity, flows with an inlet by its profile.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.challenge.correction import correct
from benchmarks.challenge.duct_closure import baseline, duct_closure
from benchmarks.data.ducts import conditions, read_duct, sst_flow
from benchmarks.data.hills import read_hill
from benchmarks.data.openings import initial_flow, opening_field, read_opening
from solvers import RANS, FlowResult
from vcnn import Closure, ClosureLike

_RECORDED = 1e-3  # tolerance of ducts in the study


@dataclass(frozen=True, eq=False)
class Solution:
    """A flow solved with a closure in the loop.

    Parameters
    ----------
    result : FlowResult
    velocity : (N, 3)
        At the centres of the cells, in the units and along the axes of the file.
    row : dict
        ``rounds``, ``tolerance``, ``seconds``, shares of points ``clipped`` and ``extrapolating``,
        and of each round the ``residual`` of the momentum balance and the ``change`` of what is
        predicted.
    """

    result: FlowResult
    velocity: np.ndarray
    row: dict


def solve_flow(
    path: Path,
    closures: Mapping[str, ClosureLike],
    checkpoint: Path | None = None,
    tolerance: float = 1e-9,
) -> Solution:
    """Solve the flow of a file with the closure for its kind.

    Parameters
    ----------
    path : Path
    closures : mapping from "hill" and "duct" to closures
    checkpoint : Path, optional
    tolerance : float
        Of hills; ducts are stopped at 1e-3, as recorded, though they settle further
        (`settling.py`).

    Raises
    ------
    DivergenceError
        If flow and closure do not settle.
    """
    if path.stem.startswith("AR_"):
        return solve_duct(path, closures["duct"], checkpoint)
    return solve_hill(path, closures["hill"], checkpoint, tolerance)


def solve_hill(
    path: Path, closure: ClosureLike, checkpoint: Path | None = None, tolerance: float = 1e-9
) -> Solution:
    """A periodic hill."""
    mesh, data = read_hill(path)
    bulk = data.get("ubar_dns", data["ubar"])[0]
    problem = RANS(mesh, float(data["nu"]), float(bulk), closure=closure, location="vertex")
    return _solve(problem, None, data, checkpoint, tolerance=tolerance)


def solve_duct(path: Path, closure: Closure, checkpoint: Path | None = None) -> Solution:
    """A quarter of a rectangular duct, from the flow with SST's ν_t."""
    problem, start, data = duct_problem(path, closure)
    return _solve(problem, start, data, checkpoint, velocity=data["friction_velocity"])


def duct_problem(path: Path, closure: Closure) -> tuple[RANS, FlowResult, dict]:
    """A quarter of a duct with the closure, the flow with SST's ν_t, and the file's data."""
    mesh, data = read_duct(path)
    closure = duct_closure(closure, baseline(mesh, data))
    problem = RANS(
        mesh, data["viscosity"], closure=closure, location="vertex", conditions=conditions(data)
    )
    return problem, sst_flow(path), data


def opening_problem(path: Path, factor: ClosureLike) -> tuple[RANS, FlowResult, dict]:
    """A flow with inlet and outlet and β times SST's ν_t, that with SST's ν_t, and the data."""
    mesh, data, ends = read_opening(path)
    nu_t = opening_field(mesh, data, ends, "sst_nut")
    problem = RANS(mesh, float(data["nu"]), closure=nu_t, location="vertex", conditions=ends)
    first = problem.solve(initial_flow(problem, mesh, data))
    return correct(factor, problem, first), first, data


def _solve(problem, start, data, checkpoint, *, tolerance=_RECORDED, velocity=1.0) -> Solution:
    """``velocity`` is the file's unit."""
    begin = time.perf_counter()
    result = problem.solve(start, tolerance=tolerance, checkpoint=checkpoint, progress=True)
    seconds, history = time.perf_counter() - begin, result.history
    row = {
        "rounds": len(history),
        "residual": list(history.residual),
        "change": list(history.change),
        "tolerance": tolerance,
        "seconds": seconds,
        "clipped": history.clipped[-1],
        "extrapolating": float(np.mean(problem.closure.extrapolation(result.flow("vertex")) > 1)),
    }
    velocities = result.flow("cell").velocity * velocity
    if velocities.shape[1] == 2:
        plane, velocities = velocities, np.zeros((len(velocities), 3))
        velocities[:, data["plane_axes"]] = plane
    return Solution(result, velocities, row)
