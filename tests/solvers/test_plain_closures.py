"""Closures of one's own in the loop: on any number of ranks, in double precision, or refused."""

from types import SimpleNamespace

import numpy as np
import pytest

import meshes
from solvers import (
    RANS,
    ActiveScalar,
    LaminarFlow,
    ScalarEquation,
    ScalarTransport,
    SpalartAllmaras,
)
from tests.support.closures import mixing_length
from tests.support.mpi import mpirun
from vcnn import InputError

MESH = meshes.channel(1.0, 2.0, cells=(4, 12), grading=4.0)

# A plain object around a trained closure, and the same by name; both keep what they were asked for.
CLOSURES = """
import sys
import numpy as np
import torch
import meshes
from mpi4py import MPI
from solvers import RANS
from vcnn import Closure

HILL = Closure.pretrained("hill-eddy-viscosity").in_units(length=1.0, velocity=1.0)

class Plain:
    calls = 0
    def predict(self, flow):
        Plain.calls += 1
        values = 0.5 * HILL.predict(flow)
        Plain.last = flow, values
        return values

class ByName:
    targets = {"eddy_viscosity": "positive_scalar"}
    asked = []
    def predict(self, flow, centres=None, dtype=None):
        ByName.asked.append((centres, dtype))
        return {"eddy_viscosity": 0.5 * HILL.predict(flow, centres, dtype)}

def solve(closure):
    mesh = meshes.periodic_hill(1.2, cells=(16, 10), grading=10.0)
    problem = RANS(mesh, 1 / 200, 0.72, closure=closure, location="vertex")
    return problem.solve(tolerance=1e-10).flow("vertex")
"""


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """Number of ranks -> name of the closure -> velocity and eddy viscosity."""
    folder = tmp_path_factory.mktemp("solved")
    code = (
        CLOSURES
        + """
for make in (Plain, ByName):
    flow = solve(make())
    expected = 0.5 * HILL.predict(flow, dtype=torch.float64)
    change = flow.scalars["eddy_viscosity"] - expected  # each value at its own point
    assert np.linalg.norm(change) <= 1e-8 * np.linalg.norm(expected)
    if MPI.COMM_WORLD.rank == 0:
        np.savez(f"{sys.argv[1]}/{make.__name__}_{MPI.COMM_WORLD.size}.npz",
                 velocity=flow.velocity, eddy_viscosity=flow.scalars["eddy_viscosity"])
rank, size = MPI.COMM_WORLD.rank, MPI.COMM_WORLD.size
assert (Plain.calls > 0) == (rank == 0)  # asked once a round, by the first rank alone
if rank == 0:  # and in double precision, though it does not ask for it
    flow, values = Plain.last
    assert np.array_equal(values, 0.5 * HILL.predict(flow, dtype=torch.float64))
    assert not np.array_equal(values, 0.5 * HILL.predict(flow))
for centres, dtype in ByName.asked:
    assert dtype is torch.float64
    if size > 1:  # each rank its share
        assert np.array_equal(centres, np.arange(17 * 11)[rank::size])
"""
    )
    fields = {}
    for ranks in (1, 2):
        run = mpirun(ranks, code, folder)
        assert run.returncode == 0, run.stderr
        fields[ranks] = {
            name: dict(np.load(folder / f"{name}_{ranks}.npz")) for name in ("Plain", "ByName")
        }
    return fields


@pytest.mark.parametrize("name", ["velocity", "eddy_viscosity"])
def test_a_plain_closure_leads_to_the_same_flow_on_two_ranks(solved, name):
    one, two = (solved[ranks]["Plain"][name] for ranks in (1, 2))
    assert np.linalg.norm(two - one) <= 1e-12 * np.linalg.norm(one)


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_closure_by_name_is_shared_out_and_predicts_the_same(solved, ranks):
    """But for the sums of a network over other blocks of clouds."""
    plain, by_name = (solved[ranks][name]["velocity"] for name in ("Plain", "ByName"))
    assert np.linalg.norm(plain - by_name) <= 1e-12 * np.linalg.norm(plain)


def test_a_callable_is_a_closure():
    by_object = RANS(MESH, 0.01, 1.0, closure=SimpleNamespace(predict=mixing_length)).solve()
    by_callable = RANS(MESH, 0.01, 1.0, closure=mixing_length).solve()
    np.testing.assert_array_equal(by_callable.flow().velocity, by_object.flow().velocity)


@pytest.mark.parametrize(
    ("closure", "message"),
    [
        (42, "closure: expected a vcnn.Closure, .* got 42"),
        (1.5, "closure: .*got 1.5"),
        ("hill-stress", "closure: .*got 'hill-stress'"),
        (dict, "closure: expected an object, got the class dict"),
        (["a"], "closure: expected numbers, got a list"),
    ],
)
def test_what_is_no_closure_is_refused_at_once(closure, message):
    with pytest.raises(InputError, match=message) as refusal:
        RANS(MESH, 0.01, 1.0, closure=closure)
    assert "\n" not in str(refusal.value)
    with pytest.raises(InputError, match="scalar: expected a ScalarEquation, ScalarTransport or a"):
        ActiveScalar(MESH, 0.01, 1.0, scalar=closure)


def test_a_closure_with_targets_must_predict_by_name():
    class Bare:
        targets = {"eddy_viscosity": "scalar"}  # noqa: RUF012

        def predict(self, flow, centres=None, dtype=None):
            return mixing_length(flow)

    with pytest.raises(InputError, match="expected predict to give a dict of arrays by name"):
        RANS(MESH, 0.01, 1.0, closure=Bare()).solve()


def test_an_equation_as_data_is_the_transport_that_it_describes():
    """c = c₀ of a closure that says what the equation has, and the equation with its keywords."""
    flow = {"mesh": MESH, "viscosity": 0.05, "bulk_velocity": 1.0, "buoyancy": (0.02, 0.0)}
    equation = ScalarEquation(diffusivity=0.3, decay=0.5, production=2.0)
    result = ActiveScalar(**flow, scalar=equation).solve()
    carried = ScalarTransport(
        result.domain, result, diffusivity=0.3, decay=0.5, production=2.0
    ).solve()
    c, expected = result.flow().scalars["concentration"], carried.flow().scalars["concentration"]
    assert np.linalg.norm(c - expected) <= 1e-8 * np.linalg.norm(expected)
    assert np.linalg.norm(c) > 0.1


def test_turbulence_models_are_still_closures():
    by_class = RANS(MESH, 0.001, 1.0, closure=SpalartAllmaras).solve()
    model = SpalartAllmaras(MESH, 0.001, 1.0).solve()
    np.testing.assert_array_equal(by_class.flow().velocity, model.flow().velocity)
    laminar = LaminarFlow(MESH, 0.001, 1.0).solve()
    assert np.linalg.norm(laminar.flow().velocity - model.flow().velocity) > 0.1
