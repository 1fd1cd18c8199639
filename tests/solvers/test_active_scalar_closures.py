"""A closure in place of a scalar's equation, files, and what breaks."""

import math

import numpy as np
import pytest

import meshes
from solvers import ActiveScalar, LaminarFlow, ScalarTransport
from tests.support.active_scalars import (
    ACROSS,
    FINER,
    FLOW,
    HEIGHT,
    HILL,
    PRODUCED,
    channel,
    relative_concentration,
)
from tests.support.closures import Predicting
from tests.support.hills import gap
from tests.support.paraview import assert_shows, values_at_vertices
from vcnn import Closure, DivergenceError, FlowField
from vcnn.flow.mesh import boundary_facets, named_mesh


@pytest.mark.parametrize(
    ("options", "allowed"),
    [({"buoyancy": ACROSS}, 0.005), ({"viscosity": lambda c: 0.01 * (1 + c)}, 0.002)],
)
def test_a_trained_closure_in_place_of_the_equation(options, allowed):
    """Its clouds follow the velocity and have a smooth edge: it settles as the equation does."""
    flows = [
        ActiveScalar(**{**FINER, **options}, scalar=scalar).solve(tolerance=1e-8)
        for scalar in (ScalarTransport, Closure.pretrained("hill-concentration"))
    ]
    assert gap(flows[0], LaminarFlow(**FINER).solve()) > 0.03
    assert gap(flows[1], flows[0]) < allowed
    assert relative_concentration(flows[1], flows[0]) < 0.04


@pytest.mark.parametrize("degrees", [35, 90])
def test_turned_mesh_and_gravity_give_the_turned_flow(degrees):
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    R, gravity = np.array([[c, -s], [s, c]]), np.array([0.0, 0.1])
    cells = [(block.type, block.data) for block in HILL.cells if block.dim == 2]
    turned = {**FLOW, "mesh": named_mesh(HILL.points @ R.T, cells, boundary_facets(HILL))}
    closure = Closure.pretrained("hill-concentration")
    here = ActiveScalar(**FLOW, scalar=closure, buoyancy=gravity).solve()
    there = ActiveScalar(**turned, scalar=closure, buoyancy=R @ gravity).solve()
    back = there.flow().rotated(R.T)
    assert np.linalg.norm(back.velocity - here.flow().velocity) < 1e-8 * np.linalg.norm(
        back.velocity
    )
    c = here.flow().scalars["concentration"]
    assert np.linalg.norm(back.scalars["concentration"] - c) < 1e-8 * np.linalg.norm(c)


@pytest.mark.parametrize("location", ["cell", "vertex"])
def test_the_scalar_of_a_closure_is_what_it_predicts(location):
    """c = 1 + y at the points: a buoyancy of a gradient, which the pressure takes up within h²."""
    mesh = meshes.channel(1.0, HEIGHT, cells=(4, 12))
    known = Predicting(lambda flow: 1 + flow.points[:, 1])
    result = ActiveScalar(
        mesh, 0.1, 1.0, scalar=known, buoyancy=(0.0, 0.2), location=location
    ).solve()
    flow = result.flow(location)
    np.testing.assert_allclose(flow.scalars["concentration"], 1 + flow.points[:, 1], atol=1e-9)
    assert gap(result, LaminarFlow(mesh, 0.1, 1.0).solve()) < 1e-6
    p, y = flow.scalars["pressure"], flow.points[:, 1]
    np.testing.assert_allclose(p, 0.2 * (y + y**2 / 2) - 0.2 * (1 + 4 / 6), atol=2e-3)


@pytest.mark.parametrize("scalar", [PRODUCED, Predicting(lambda flow: flow.scalars["strain_rate"])])
def test_files(scalar, tmp_path):
    mesh = meshes.channel(1.0, HEIGHT, cells=(4, 8))
    problem = ActiveScalar(mesh, lambda c: 0.1 * (1 + c), 1.0, scalar=scalar, buoyancy=(0.1, 0.0))
    result = problem.solve(checkpoint=tmp_path / "state.npz")
    again = problem.solve(start=tmp_path / "state.npz")
    assert len(again.history) <= 2 and gap(again, result) < 1e-9
    assert len(problem.solve(start=result).history) <= 2
    laminar = LaminarFlow(mesh, 0.1, 1.0)  # the flow alone is a start too
    assert gap(laminar.solve(start=tmp_path / "state.npz"), laminar.solve()) < 1e-9
    path = result.save(tmp_path / "flow.bp")
    fields = {"velocity": result.velocity, "pressure": result.pressure}
    assert_shows(path, mesh, **fields)
    c = values_at_vertices(path, mesh, "concentration")
    expected = result.flow("vertex").scalars["concentration"]
    np.testing.assert_allclose(c, expected, atol=1e-9 * expected.max())
    for location in ("cell", "vertex"):
        flow = FlowField.load(result.flow(location).save(tmp_path / "flow.vtu"))
        np.testing.assert_array_equal(
            flow.scalars["concentration"], result.flow(location).scalars["concentration"]
        )


def test_a_flow_on_another_mesh_is_a_start():
    coarse = ActiveScalar(
        **{**FLOW, "mesh": meshes.periodic_hill(1.325, cells=(16, 12))},
        scalar=ScalarTransport,
        buoyancy=ACROSS,
    ).solve()
    problem = ActiveScalar(**FLOW, scalar=ScalarTransport, buoyancy=ACROSS)
    assert gap(problem.solve(start=coarse), problem.solve()) < 1e-7


def test_the_best_state_is_kept_when_the_closure_breaks(tmp_path):
    rounds, path = [], tmp_path / "state.npz"

    def sheared(flow):
        rounds.append(flow)
        return flow.scalars["strain_rate"] * (np.nan if len(rounds) == 6 else 1)

    problem = ActiveScalar(**FLOW, scalar=Predicting(sheared), buoyancy=(0.0, 0.1))
    with pytest.raises(
        DivergenceError,
        match=r"active scalar: the closure predicts NaN.*; the best state so far is",
    ):
        problem.solve(checkpoint=path)
    resumed, whole = problem.solve(start=path), problem.solve()
    assert len(resumed.history) < len(whole.history) - 2
    assert gap(resumed, whole) < 1e-7


def test_a_viscosity_that_turns_negative_stops_the_run():
    message = r"the viscosity must be positive, it is -0\.\d+ where the concentration is \d"
    with pytest.raises(DivergenceError, match=message):
        channel(8, lambda c: 0.1 * (1 - c))


def test_a_flow_that_does_not_settle_says_so():
    signs = []

    def restless(flow):
        signs.append(-1 if signs and signs[-1] > 0 else 1)
        return signs[-1] * flow.points[:, 1]

    problem = ActiveScalar(**FLOW, scalar=Predicting(restless), buoyancy=(0.01, 0.0))
    with pytest.raises(
        DivergenceError, match="active scalar: flow and concentration do not settle, after 8 rounds"
    ):
        problem.solve(max_rounds=8)
