"""Flows of the Closure Challenge, those with a truth and those without, solved with closures in the
loop.

Each is driven as its reference is: hills by `ubar_dns` where the file has it, ducts by the bulk
velocity, flows with an inlet by its profile."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.challenge.correction import corrected
from benchmarks.challenge.duct_closure import DuctClosure, baseline
from benchmarks.data.ducts import conditions, read_duct, sst_flow
from benchmarks.data.hills import read_hill
from benchmarks.data.openings import SCALES, begun, opening_field, read_opening
from solvers import RANS, FlowResult
from vcnn.files import replacing

TESTS = (
    "alpha_05_4071_2024",
    "alpha_05_4071_4048",
    "alpha_15_13929_2024",
    "alpha_15_13929_4048",
    "AR_1_Ret_360",
    "AR_3_Ret_360",
    "AR_14_Ret_180",
    "NASA_2DWMH",
    "PHLL10595",
    "CBFS13700",
)


@dataclass(frozen=True, eq=False)
class Solved:
    """A flow that was solved.

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


def solved(path, closures, checkpoint=None, tolerance=1e-9) -> Solved:
    """Solve the flow of a file with the closure for its kind.

    Parameters
    ----------
    path : Path
    closures : mapping from "hill", "duct" and "opening" to closures
    checkpoint : Path, optional
    tolerance : float
        Of hills; other flows and their closures, less smooth, are made to agree to 1e-3.

    Raises
    ------
    DivergenceError
        If flow and closure do not settle.
    """
    path = Path(path)
    kind = "opening" if path.stem in SCALES else "duct" if path.stem.startswith("AR_") else "hill"
    if kind == "hill":
        return hill(path, closures["hill"], checkpoint, tolerance)
    return {"duct": duct, "opening": opening}[kind](path, closures[kind], checkpoint)


def hill(path, closure, checkpoint=None, tolerance=1e-9) -> Solved:
    """A periodic hill."""
    mesh, data = read_hill(path)
    bulk = data.get("ubar_dns", data["ubar"])[0]
    problem = RANS(mesh, float(data["nu"]), float(bulk), closure=closure, location="vertex")
    return _run(problem, None, data, checkpoint, tolerance)


def duct(path, closure, checkpoint=None) -> Solved:
    """A quarter of a rectangular duct, from the flow with SST's ν_t."""
    mesh, data = read_duct(path)
    closure = DuctClosure(closure, baseline(mesh, data))
    problem = RANS(
        mesh, data["viscosity"], closure=closure, location="vertex", conditions=conditions(data)
    )
    return _run(problem, sst_flow(path), data, checkpoint, 1e-3, data["friction_velocity"])


def opening(path, factor, checkpoint=None) -> Solved:
    """A flow with inlet and outlet, from the flow with the ν_t of SST in its file, which the
    closure corrects.
    """
    mesh, data, there = read_opening(path)
    nu_t = opening_field(mesh, data, there, "sst_nut")
    problem = RANS(mesh, float(data["nu"]), closure=nu_t, location="vertex", conditions=there)
    first = problem.solve(begun(problem, mesh, data))
    return _run(
        corrected(factor, problem, first), first, data, checkpoint, 1e-3, SCALES[Path(path).stem][1]
    )


def _run(problem, start, data, checkpoint, tolerance, velocity=1.0) -> Solved:
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
    found = result.flow("cell").velocity * velocity
    whole = found
    if found.shape[1] == 2:
        whole = np.zeros((len(found), 3))
        whole[:, data["plane_axes"]] = found
    return Solved(result, whole, row)


def submission(path, velocity) -> None:
    """Write the velocities (1000, 3) at the points of evaluation, in the order of the file, as the
    challenge asks.
    """
    with replacing(path) as part:
        np.savetxt(part, velocity, fmt="%.9g", delimiter=",")
