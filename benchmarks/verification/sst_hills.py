"""Velocity with another code's eddy viscosity: periodic hills of the Closure Challenge.

Both we and OpenFOAM's k-ω SST solve the same equations with the same ν_t and bulk velocity; what is
left are the discretisations.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks.data.hills import at_vertices, hill_file, outline, read_hill
from solvers import RANS, FlowResult, evaluate, station_profiles
from solvers.fem.fields import function_from
from vcnn.evaluation import relative_l2

SHOWN = ("alpha_10_9000_3036", "alpha_05_4071_3036", "alpha_15_13929_3036")


def available() -> list[Path]:
    """Files of those of `SHOWN` that exist."""
    return [path for path in map(hill_file, SHOWN) if path.is_file()]


def compare(path: Path) -> dict:
    """Solve one hill with the eddy viscosity in its file, driven at the bulk velocity there.

    Returns
    -------
    dict
        ``error``: area-weighted relative L2 of the velocity; ``pressure_gradient`` and
        ``reference_gradient``; ``steps``; ``seconds``; ``profiles``, see :func:`profiles`.
    """
    mesh, data = read_hill(path)
    nu, bulk = float(data["nu"]), float(data["ubar"][0])
    begin = time.perf_counter()
    result = RANS(
        mesh, nu, bulk, closure=at_vertices(mesh, data, "sst_nut"), location="vertex"
    ).solve()
    seconds = time.perf_counter() - begin
    truth = data["sst_velocity"][:, :2]
    return {
        "error": relative_l2(result.flow("cell").velocity, truth, data["cell_areas"]),
        "pressure_gradient": result.pressure_gradient,
        "reference_gradient": float(data["sst_pressure_gradient"]),
        "steps": len(result.residuals) - 1,
        "seconds": seconds,
        "profiles": profiles(result, at_vertices(mesh, data, "sst_velocity")[:, 0]),
    }


def profiles(result: FlowResult, theirs: np.ndarray, count: int = 9) -> dict[str, list]:
    """Velocities along x at equidistant stations of the period, and the walls.

    Returns
    -------
    dict
        ``station`` and, at each of them, ``y``, ``ours`` and ``theirs``; x and y of the polylines
        ``floor`` and ``ceiling``.
    """
    theirs = function_from(result.domain, theirs, "vertex", "velocity")
    mesh = result.domain.source
    length = np.ptp(mesh.points[:, 0])
    lines = station_profiles(result, np.arange(count) * length / count, count=61)
    return {
        "station": [line.parameters["station"] for line in lines],
        "y": [line.points[:, 1].round(4).tolist() for line in lines],
        "ours": [line.velocity[:, 0].round(4).tolist() for line in lines],
        "theirs": [evaluate(theirs, line.points).round(4).tolist() for line in lines],
        "floor": outline(mesh, "bottom"),
        "ceiling": outline(mesh, "top"),
    }
