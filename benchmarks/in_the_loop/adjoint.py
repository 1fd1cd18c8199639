"""What derivatives through the solver cost, and what the fixed point with the closure adds.

    OMP_NUM_THREADS=1 python -m benchmarks.in_the_loop.adjoint [CLOSURE.safetensors]

On a training hill of the Closure Challenge: seconds of a warm forward solve and a backward one, and
memory over 200 iterations. With a closure that predicts an eddy viscosity and an anisotropy, such
as the one that `study.py` trains: the gradient by its weights with so many steps of GMRES against
that of thirty, 0 being a closure that is taken not to answer to the flow, and the seconds of each.
"""

from __future__ import annotations

import resource
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.common.command import parser, run
from benchmarks.data.catalogue import HILLS
from benchmarks.data.hills import at_vertices, hill_file, read_hill
from benchmarks.data.thinned_hills import flow_to_learn
from solvers import DifferentiableCoupling, DifferentiableFlow
from solvers.learning.observations import Misfit
from vcnn import Closure

HILL = "alpha_10_9000_3036"


def costs(iterations: int = 200) -> str:
    """Seconds and memory of gradients by a prescribed eddy viscosity."""
    case = flow_to_learn(HILL)
    mesh, data = read_hill(hill_file(HILL))
    vertices = {tuple(p): i for i, p in enumerate(mesh.points.tolist())}
    thinned = [vertices[tuple(p)] for p in case.problem.mesh.points.tolist()]
    nu_t = at_vertices(mesh, data, "sst_nut")[thinned]
    flow = DifferentiableFlow(replace(case.problem, closure=nu_t))
    misfit = Misfit(case.observations, flow.domain.mesh, flow.space)
    values, forward, backward, memory = torch.tensor(nu_t, requires_grad=True), [], [], []
    for step in range(iterations):
        begin = time.perf_counter()
        J = misfit(flow(values * (1 + 0.02 * (step % 3)))[0])
        middle = time.perf_counter()
        J.backward()
        forward.append(middle - begin)
        backward.append(time.perf_counter() - middle)
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    warm, back = np.median(forward[1:]), np.median(backward[1:])
    return (
        f"{len(case.problem.mesh.cells_dict['quad'])} cells: forward {warm:.2f} s, backward "
        f"{back:.2f} s, ratio {back / warm:.2f}; peak memory {memory[20]:.0f} MiB after 20 "
        f"iterations, {memory[-1]:.0f} MiB after {iterations}"
    )


def gradients(path: Path) -> str:
    """Gradients by a closure's weights with ever more steps for the fixed point."""
    closure, case = Closure.load(path), flow_to_learn(HILL)
    closure = replace(closure, network=closure.network.double())
    coupled = DifferentiableCoupling(
        replace(case.problem, closure=closure), tolerance=1e-8, adjoint_tolerance=1e-12
    )
    misfit = Misfit(case.observations, coupled.solver.domain.mesh, coupled.solver.space)
    weights, lines, exact = list(closure.network.parameters()), [], None
    for steps in (30, 0, 1, 2, 3, 4, 6, 8):
        coupled.adjoint_steps = steps
        J = misfit(coupled()[0])
        begin = time.perf_counter()
        slope = torch.cat([g.ravel() for g in torch.autograd.grad(J, weights)])
        seconds = time.perf_counter() - begin
        exact = slope if exact is None else exact
        cosine = float(slope @ exact / (slope.norm() * exact.norm()))
        error = float((slope - exact).norm() / exact.norm())
        lines.append(
            f"{steps} steps: cosine {cosine:.6f}, relative error {error:.1e}, {seconds:.1f} s"
        )
    return "\n".join(lines)


def main():
    command = parser(__doc__)
    command.add_argument("closure", nargs="?", metavar="CLOSURE.safetensors", type=Path)
    closure = command.parse_args().closure
    HILLS.require([HILL])
    print(costs(), flush=True)
    if closure is not None:
        print(gradients(closure))


if __name__ == "__main__":
    run(main)
