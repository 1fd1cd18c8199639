"""The same flow on any number of ranks, and no rank left waiting when another fails."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from shutil import which

import numpy as np
import pytest
import torch
from test_adjoint import (
    flow_problem,
    flow_values,
    observing,
    orders,
    small_closure,
    transport_problem,
)
from test_coupling import LATTICE, cloud_closure
from test_developed import FRAME, Quadratic, vortices
from test_laminar import box

import meshes
from solvers import (
    RANS,
    ActiveScalar,
    DifferentiableCoupling,
    DifferentiableFlow,
    LaminarFlow,
    ScalarTransport,
    SpalartAllmaras,
    along_wall,
    evaluate,
    locate,
    station_profiles,
    wall_force,
)
from solvers.studies.rotated_problem import turned_problem

SOLVE = """
import sys
import numpy as np
from solvers.fenics import MPI
from test_parallel import solved
arrays = solved()
assert all((a == MPI.COMM_WORLD.bcast(a)).all() for a in arrays.values())
if MPI.COMM_WORLD.rank == 0:
    np.savez(sys.argv[1], **arrays)
"""


def fields(name, flow):
    """All arrays of a flow under its name."""
    arrays = {
        "points": flow.points,
        "velocity": flow.velocity,
        "weights": flow.weights,
        **flow.scalars,
    }
    return {f"{name}: {key}": values for key, values in arrays.items()}


def solved() -> dict[str, np.ndarray]:
    """What every solver finds on small meshes, and what is read off it."""
    mesh = meshes.periodic_hill(1.0, cells=(12, 8))
    hill = LaminarFlow(mesh, 0.02, 0.7).solve()
    scalar = ScalarTransport(mesh, hill).solve()
    rans = RANS(mesh, 0.002, 0.7, closure=0.02 + 0.01 * np.sin(np.arange(96))).solve()
    fine = meshes.periodic_hill(1.0, cells=(12, 16), grading=15.0, kind="triangle")
    turbulent = SpalartAllmaras(fine, 1 / 1000, 0.72).solve()
    coupled = RANS(mesh, 0.01, 0.7, closure=cloud_closure()).solve()
    lattice = cloud_closure("reynolds_stress", region=LATTICE)
    stressed = RANS(mesh, 0.01, 0.7, closure=lattice, location="vertex").solve()
    buoyant = ActiveScalar(
        mesh, lambda c: 0.05 + 0.02 * c, 0.7, scalar=ScalarTransport, buoyancy=(0.0, 0.1)
    ).solve()
    closed = ActiveScalar(
        mesh, 0.02, 0.7, scalar=cloud_closure(), buoyancy=(0.0, 1.0), location="vertex"
    ).solve()
    duct = LaminarFlow(box(3, "tetra"), 0.1, 0.5, walls=("wall",)).solve()
    section = turned_problem(vortices(), FRAME).solve()
    quadratic = replace(
        section.problem, viscosity=0.01, closure=Quadratic(), location="cell", anisotropy=None
    ).solve()

    points = np.stack([np.linspace(0, 9, 30), np.linspace(1, 3, 30)], axis=-1)
    located = locate(hill.domain.mesh, points)
    floor = along_wall(hill, "bottom")
    profiles = station_profiles(hill, [0.5, 4.0, 8.5], count=11)
    results = {
        "laminar": hill,
        "scalar": scalar,
        "rans": rans,
        "turbulent": turbulent,
        "coupled": coupled,
        "stressed": stressed,
        "buoyant": buoyant,
        "closed": closed,
        "duct": duct,
        "section": section,
        "quadratic": quadratic,
    }
    arrays = {}
    for name, result in results.items():
        for location in ("cell", "vertex"):
            arrays |= fields(f"{name}, {location}", result.flow(location))
    for profile in profiles:
        arrays |= fields(f"station {profile.parameters['station']}", profile)
    return (
        arrays
        | derivatives()
        | {
            "forces": np.array(
                [result.pressure_gradient for name, result in results.items() if name != "scalar"]
            ),
            "force on walls": np.stack(
                [wall_force(result, "bottom", "top") for result in (hill, rans, buoyant)]
            ),
            "skin friction": floor.skin_friction,
            "pressure coefficient": floor.pressure_coefficient,
            "separation": floor.separation,
            "reattachment": floor.reattachment,
            "values on a section": evaluate(section.velocity, section.flow("cell").points),
            "concentration at points": evaluate(scalar.concentration, points),
            "velocity gradient at points": located.gradients(hill.velocity.function_space)(
                hill.velocity
            ),
        }
    )


def derivatives() -> dict[str, np.ndarray]:
    """By closure values, whose Taylor remainders must be of second order on any number of ranks,
    and by weights.
    """
    found = {}
    for case in ("force, vertices", "bulk velocity, cells", "3-D"):
        problem, points = flow_problem(case)
        flow = DifferentiableFlow(problem)
        values = [v.requires_grad_() for v in flow_values(flow)]
        loss = observing(flow, points)
        slopes = torch.autograd.grad(loss(*values), values)
        found |= {f"{case}: slope {number}": slope.numpy() for number, slope in enumerate(slopes)}
        for number in range(3):
            np.testing.assert_allclose(orders(loss, values, number), 2, atol=0.05)
    _, loss, values = transport_problem(2)
    for number in range(2):
        np.testing.assert_allclose(orders(loss, values, number), 2, atol=0.05)
    mesh, closure = small_closure()
    coupled = DifferentiableCoupling(
        RANS(mesh, 0.01, 0.7, closure=closure, location="vertex"), tolerance=1e-11
    )
    loss = coupled.solver.at([[4.5, 2.0]])(coupled()[0]).square().sum()
    weights = torch.autograd.grad(loss, list(closure.network.parameters()))
    return found | {"coupled: slopes": torch.cat([slope.ravel() for slope in weights]).numpy()}


@pytest.fixture(scope="module")
def serial():
    return solved()


def mpirun(ranks, code, *arguments):
    beside = Path(sys.executable).with_name("mpirun")  # that of the environment, for its own MPI
    program = str(beside) if beside.exists() else which("mpirun")
    if program is None:
        pytest.skip("no mpirun")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PMI", "HYD", "MPI"))}
    environment["PYTHONPATH"] = str(Path(__file__).parent)
    command = [program, "-n", str(ranks), sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("ranks", [2, 3])
def test_any_number_of_ranks_finds_the_same(ranks, serial, tmp_path):
    """To 1e-10 of the largest value of each field, and the same on every rank."""
    run = mpirun(ranks, SOLVE, tmp_path / "parallel.npz")
    assert run.returncode == 0, run.stderr
    with np.load(tmp_path / "parallel.npz") as parallel:
        assert set(parallel) == set(serial)
        for name, expected in serial.items():
            tolerance = 1e-10 * np.abs(expected).max()
            np.testing.assert_allclose(
                parallel[name], expected, rtol=0, atol=tolerance, err_msg=name
            )


def test_a_closure_that_fails_on_one_rank_fails_on_all():
    """Each rank asks for its own points; those of one are out of a closure's reach."""
    code = """
import numpy as np
import meshes
from solvers import RANS
from vcnn import DivergenceError

class Sharing:
    def predict(self, flow, centres):
        assert len(centres) == 8
        return np.where(centres == 5, np.nan, 0.01)

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
    run = mpirun(
        2, "from solvers.fenics import MPI\nif MPI.COMM_WORLD.rank: 1 / 0\nMPI.COMM_WORLD.barrier()"
    )
    assert run.returncode != 0
    assert "ZeroDivisionError" in run.stderr
