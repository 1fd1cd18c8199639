"""Flows with inlet and outlet of the Closure Challenge with the ν_t of OpenFOAM's k-ω SST.

    python -m benchmarks.verification.openings [FLOW...]

With the ν_t in their files our equations should lead to SST's velocity: that is compared here.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks.common.command import parser, run
from benchmarks.common.velocity_errors import score
from benchmarks.data.catalogue import OPENINGS
from benchmarks.data.openings import SCALES, initial_flow, opening_field, read_opening
from solvers import RANS
from vcnn.evaluation import relative_l2


def reversals(data: dict, velocity: np.ndarray, wall: str) -> list[float]:
    """x where the flow along a wall changes its direction, of velocities (N, 2) at the cells."""
    facets = data["bfacet_patch"] == data["patch_names"].tolist().index(wall)
    ends = data["points"][data["bfacet_points"][facets]]
    along = ends[:, 1] - ends[:, 0]
    speed = (velocity[data["bfacet_owner"][facets]] * along).sum(axis=1) / along[:, 0]
    x = ends[:, :, 0].mean(axis=1)
    x, speed = x[np.argsort(x)], speed[np.argsort(x)]
    k = np.flatnonzero(speed[:-1] * speed[1:] < 0)
    return (x[k] - speed[k] * (x[k + 1] - x[k]) / (speed[k + 1] - speed[k])).tolist()


def compare(path: Path) -> dict:
    """Solve a flow with the ν_t in its file.

    Returns
    -------
    dict
        ``score``: mean |ΔU| by mean |U| over cells, ``evaluated``: over the challenge's 1000 cells,
        ``error``: relative L2, all against SST's own velocity; ``reversals`` of both along the
        lower wall; ``steps`` and ``seconds``.
    """
    mesh, data, conditions = read_opening(path)
    nu_t = opening_field(mesh, data, conditions, "sst_nut")
    problem = RANS(mesh, float(data["nu"]), closure=nu_t, location="vertex", conditions=conditions)
    begin = time.perf_counter()
    result = problem.solve(start=initial_flow(problem, mesh, data))
    seconds = time.perf_counter() - begin
    velocity, theirs = result.flow("cell").velocity, data["sst_velocity"].astype(float)
    chosen = data["eval_cells"]
    wall = next(name for name in conditions if name.startswith("bottom"))
    return {
        "score": score(velocity, theirs),
        "evaluated": score(velocity[chosen], theirs[chosen]),
        "error": relative_l2(velocity, theirs, data["cell_areas"].astype(float)),
        "reversals": {
            "ours": reversals(data, velocity, wall),
            "theirs": reversals(data, theirs, wall),
        },
        "steps": len(result.residuals) - 1,
        "seconds": seconds,
    }


def main():
    command = parser(__doc__)
    command.add_argument("flows", nargs="*", metavar="FLOW", choices=SCALES)
    names = command.parse_args().flows or list(SCALES)
    OPENINGS.require(names)
    for name in names:
        print(name, compare(OPENINGS.file(name)), flush=True)


if __name__ == "__main__":
    run(main)
