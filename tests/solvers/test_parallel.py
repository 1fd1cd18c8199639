"""The same flow on any number of ranks, and no rank left waiting when another fails."""

import numpy as np
import pytest

from tests.support.everything_solved import solved
from tests.support.mpi import mpirun

SOLVE = """
import sys
import numpy as np
from solvers.fenics import MPI
from tests.support.everything_solved import solved
arrays = solved()
assert all((a == MPI.COMM_WORLD.bcast(a)).all() for a in arrays.values())
if MPI.COMM_WORLD.rank == 0:
    np.savez(sys.argv[1], **arrays)
"""


@pytest.fixture(scope="module")
def serial():
    return solved()


# What flow and closure settle at, and forces, of which some are.
IN_ROUNDS = (
    "coupled",
    "tangent",
    "stressed",
    "buoyant",
    "closed",
    "quadratic",
    "forces",
    "force on walls",
)


def scale_of(name, arrays):
    """The largest value of a field, of a pressure at least that of the speed squared: it may be
    nearly zero where what drives the flow is taken out of it, as in a duct.
    """
    size = np.abs(arrays[name]).max()
    flow, _, field = name.rpartition(": ")
    if field == "pressure":
        size = max(size, np.square(arrays[f"{flow}: velocity"]).sum(axis=1).max())
    return size


def test_three_ranks_find_the_same(serial, tmp_path):
    """And the same on every rank. Tolerances are ten times what iterations leave: 1e-11 of a
    residual by Newton's method, 1e-9 of a change by rounds, of the scale of each field.
    """
    run = mpirun(3, SOLVE, tmp_path / "parallel.npz")
    assert run.returncode == 0, run.stderr
    with np.load(tmp_path / "parallel.npz") as parallel:
        assert set(parallel) == set(serial)
        for name, expected in serial.items():
            share = 1e-8 if name.startswith(IN_ROUNDS) else 1e-10
            atol = share * scale_of(name, serial)
            np.testing.assert_allclose(parallel[name], expected, rtol=0, atol=atol, err_msg=name)


def test_a_closure_that_fails_on_one_rank_fails_on_all():
    """Each rank asks for its own points; those of one are out of a closure's reach."""
    code = """
import numpy as np
import meshes
from solvers import RANS
from vcnn import DivergenceError

class Sharing:
    targets = {"eddy_viscosity": "scalar"}

    def predict(self, flow, centres=None, dtype=None):
        assert len(centres) == 8
        return {"eddy_viscosity": np.where(centres == 5, np.nan, 0.01)}

try:
    RANS(meshes.channel(cells=(4, 4)), 0.1, 1.0, closure=Sharing()).solve()
except DivergenceError as error:
    assert "the closure predicts NaN" in str(error)
else:
    raise AssertionError
"""
    run = mpirun(2, code)
    assert run.returncode == 0, run.stderr


def test_only_rank_0_reports_its_steps():
    code = """
import logging
import meshes
from solvers import LaminarFlow
logging.basicConfig(level="INFO", format="%(name)s: %(message)s")
LaminarFlow(meshes.channel(cells=(4, 4)), 0.1, 1.0).solve()
"""
    reported = [mpirun(ranks, code).stderr.count("laminar flow: step 1,") for ranks in (1, 3)]
    assert reported == [1, 1]


def test_conditions_on_three_ranks():
    """A flow from an inlet to an outlet below a symmetry plane, a scalar without any boundary."""
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
wave = lambda x: np.sin(2 * np.pi * (x[0] + 2 * x[1]))
problem = ScalarTransport(mesh, still, exponent=0.0, production=wave, conditions=both)
results = [problem.solve(comm) for comm in (MPI.COMM_WORLD, MPI.COMM_SELF)]
every = np.zeros((41, 2)) + np.linspace(0.01, 0.99, 41)[:, None]
c, alone = (evaluate(result.concentration, every) for result in results)
assert np.abs(alone).max() > 1e-3
assert np.abs(c - alone).max() < 1e-12
"""
    run = mpirun(3, code)
    assert run.returncode == 0, run.stderr


def test_flows_of_their_own_on_parts_of_the_ranks():
    """Twice on two ranks of three, which share a communicator that outlives both; once on one."""
    code = """
import meshes
from solvers import LaminarFlow
from solvers.fenics import MPI
part = MPI.COMM_WORLD.Split(MPI.COMM_WORLD.rank // 2)
problem = LaminarFlow(meshes.channel(1.0, 1.0, cells=(3, 4)), 0.1, 1.0)
first, second = problem.solve(comm=part), problem.solve(comm=part)
assert first.domain.comm is second.domain.comm
assert first.domain.comm.size == part.size
assert (first.domain.comm is MPI.COMM_SELF) == (part.size == 1)
assert abs(second.pressure_gradient - 1.2) < 1e-10
assert len(second.flow()) == 12
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
    run = mpirun(
        2, "from solvers.fenics import MPI\nif MPI.COMM_WORLD.rank: 1 / 0\nMPI.COMM_WORLD.barrier()"
    )
    assert run.returncode != 0
    assert "ZeroDivisionError" in run.stderr
