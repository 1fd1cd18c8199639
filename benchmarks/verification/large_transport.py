"""Transport of a scalar with 10⁶ unknowns, in parallel with an iterative solver.

    mpirun -n 2 python -m benchmarks.verification.large_transport [CELLS]

CELLS (default 500) along the flow and between the walls of a hill: 4 CELLS² unknowns. The velocity
is a parabolic profile between floor and ceiling; a direct solution checks the iterative one where
it is affordable (up to 200 cells).
"""

from __future__ import annotations

import resource
import time

import meshio
import numpy as np

import meshes
from benchmarks.common.command import parser, run
from solvers import ScalarTransport
from solvers.fenics import MPI
from vcnn import FlowField
from vcnn.evaluation import relative_l2


def hill_flow(mesh: meshio.Mesh) -> FlowField:
    """A divergence-free flow: the stream function of a parabola between floor and ceiling."""
    x, y = mesh.points.T
    step = 1e-5
    heights = [meshes.hill_profile(np.clip(x + s, 0, 9.0), 1.0) for s in (-step, 0, step)]
    floor, slope = heights[1], (heights[2] - heights[0]) / (2 * step)
    gap = 3.036 - floor
    depth = (y - floor) / gap
    along = 6 * 0.72 * 3.036 / gap * depth * (1 - depth)
    velocity = np.stack([along, along * slope * (1 - depth)], axis=1)
    return FlowField(mesh.points, velocity, periods=[[9.0, 0.0]], mesh=mesh)


def main():
    command = parser(__doc__)
    command.add_argument("cells", nargs="?", metavar="CELLS", type=int, default=500)
    comm, cells = MPI.COMM_WORLD, command.parse_args().cells
    start = time.perf_counter()
    mesh = meshes.periodic_hill(1.0, (cells, cells))
    flow = hill_flow(mesh)
    prepared = time.perf_counter()
    result = ScalarTransport(mesh, flow, linear_solver="iterative").solve()
    solved = time.perf_counter()
    unknowns = result.concentration.function_space.dofmap.index_map.size_global
    memory = comm.gather(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
    field = result.flow("vertex").scalars["concentration"]
    if comm.rank == 0:
        print(
            f"{unknowns:,} unknowns on {comm.size} ranks: mesh {prepared - start:.1f} s, solution "
            f"{solved - prepared:.1f} s in {len(result.residuals) - 1} Newton steps to a relative "
            f"residual of {result.residuals[-1]:.1e}; {sum(memory):.1f} GiB in all"
        )
    if cells <= 200:
        direct = ScalarTransport(mesh, flow).solve().flow("vertex").scalars["concentration"]
        if comm.rank == 0:
            print(f"direct solution: relative difference {relative_l2(field, direct):.1e}")


if __name__ == "__main__":
    run(main)
