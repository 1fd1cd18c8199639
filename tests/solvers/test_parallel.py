"""The same flow on any number of ranks, and no rank left waiting when another fails."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import numpy as np
import pytest

import meshes
from solvers import LaminarFlow, ScalarTransport, evaluate
from vcnn import FlowField

SOLVE = """
import sys
import numpy as np
from solvers.fenics import MPI
from test_parallel import solved
*flows, values = solved()
if MPI.COMM_WORLD.rank == 0:
    for flow, name in zip(flows, ("cell", "vertex")):
        flow.save(f"{sys.argv[1]}/{name}.vtu")
    np.save(f"{sys.argv[1]}/values.npy", values)
"""


def solved(kind="quadrilateral"):
    """Flow and transport on a small hill, at cells, at vertices, and at other points."""
    mesh = meshes.periodic_hill(1.0, cells=(18, 10), kind=kind)
    flow = LaminarFlow(mesh, 0.02, 0.7).solve()
    result = ScalarTransport(mesh, flow).solve()
    points = np.stack([np.linspace(0, 9, 30), np.linspace(1, 3, 30)], axis=-1)
    return result.flow("cell"), result.flow("vertex"), evaluate(flow.velocity, points)


def mpirun(ranks, code, *arguments):
    beside = Path(sys.executable).with_name("mpirun")   # that of the environment, for its own MPI
    program = str(beside) if beside.exists() else which("mpirun")
    if program is None:
        pytest.skip("no mpirun")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PMI", "HYD", "MPI"))}
    environment["PYTHONPATH"] = str(Path(__file__).parent)
    command = [program, "-n", str(ranks), sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def test_two_ranks_give_the_flow_of_one(tmp_path):
    run = mpirun(2, SOLVE, tmp_path)
    assert run.returncode == 0, run.stderr
    *flows, values = solved()
    np.testing.assert_allclose(np.load(tmp_path / "values.npy"), values, atol=1e-10)
    for name, flow in zip(("cell", "vertex"), flows, strict=True):
        other = FlowField.load(tmp_path / f"{name}.vtu")
        for a, b in [
            (other.points, flow.points),
            (other.velocity, flow.velocity),
            (other.weights, flow.weights),
            *((other.scalars[key], flow.scalars[key]) for key in flow.scalars),
        ]:
            np.testing.assert_allclose(a, b, atol=1e-10 * np.abs(b).max(), rtol=0)


def test_conditions_on_three_ranks():
    """A flow from an inlet to an outlet below a symmetry plane, and a scalar without any boundary."""
    code = """
import numpy as np
import meshes
from solvers import Inlet, LaminarFlow, Outlet, Periodic, ScalarTransport, Symmetry, Wall, evaluate
from solvers.fenics import MPI
from vcnn import FlowField

profile = lambda x: np.stack([x[1] * (2 - x[1]), 0 * x[1]])
sides = {"bottom": Wall(), "top": Symmetry(), "inlet": Inlet(profile), "outlet": Outlet()}
mesh = meshes.channel(2.0, 1.0, cells=(8, 5))
result = LaminarFlow(mesh, 0.1, conditions=sides).solve()
flow = result.flow("vertex")
assert np.abs(flow.velocity.T - profile(mesh.points.T)).max() < 1e-10
assert abs(result.domain.boundary_integral(result.velocity[0], "outlet") - 2 / 3) < 1e-10

mesh = meshes.channel(cells=(6, 6))
still = FlowField(mesh.points, np.ones_like(mesh.points), mesh=mesh)
both = {"inlet": Periodic("outlet"), "bottom": Periodic("top")}
problem = dict(exponent=0.0, production=lambda x: np.sin(2 * np.pi * (x[0] + 2 * x[1])), conditions=both)
results = [ScalarTransport(mesh, still, **problem).solve(comm) for comm in (MPI.COMM_WORLD, MPI.COMM_SELF)]
every = np.zeros((41, 2)) + np.linspace(0.01, 0.99, 41)[:, None]
c, alone = (evaluate(result.concentration, every) for result in results)
assert np.abs(alone).max() > 1e-3
assert np.abs(c - alone).max() < 1e-12
"""
    run = mpirun(3, code)
    assert run.returncode == 0, run.stderr


def test_rank_without_any_of_the_points():
    code = """
import meshes
from solvers import LaminarFlow, evaluate
mesh = meshes.channel(1.0, 1.0, cells=(3, 2))
result = LaminarFlow(mesh, 0.1, 1.0).solve()
assert abs(result.pressure_gradient - 1.2) < 1e-10
assert abs(evaluate(result.velocity, [[0.3, 0.5]])[0, 0] - 1.5) < 1e-10
assert len(result.flow()) == 6
"""
    run = mpirun(3, code)
    assert run.returncode == 0, run.stderr


def test_an_error_on_one_rank_ends_all():
    run = mpirun(2, "from solvers.fenics import MPI\nif MPI.COMM_WORLD.rank: 1 / 0\nMPI.COMM_WORLD.barrier()")
    assert run.returncode != 0
    assert "ZeroDivisionError" in run.stderr
