"""A flow is the same however its conditions and its drive are said."""

import dataclasses

import meshio
import numpy as np
import pytest

import meshes
from solvers import (
    RANS,
    ActiveScalar,
    BulkVelocity,
    Developed,
    FlowProblem,
    Force,
    LaminarFlow,
    MixingLength,
    OneEquationKL,
    Periodic,
    ScalarTransport,
    SpalartAllmaras,
    Wall,
    along_wall,
    wall_force,
)

WALLS = {"bottom": Wall(), "top": Wall()}
ENDS = {"inlet": Periodic("outlet")}
AROUND = dict.fromkeys(("bottom", "top", "inlet", "outlet"), Wall())
HILL = meshes.periodic_hill(1.2, cells=(12, 8))
DUCT = meshes.section(meshes.channel(1.0, 1.5, cells=(4, 5)), np.eye(3)[1:])


def same(*flows):
    first, *rest = (flow.flow("vertex") for flow in flows)
    for flow in rest:
        np.testing.assert_array_equal(flow.velocity, first.velocity)
        assert flow.parameters == first.parameters


@pytest.mark.parametrize("value", [0.7, -0.7])
def test_a_bulk_velocity_may_be_said_in_four_ways(value):
    ways = [
        {"bulk_velocity": value},
        {"drive": BulkVelocity(value)},
        {"conditions": {**WALLS, "inlet": Periodic("outlet", bulk_velocity=value)}},
        {"conditions": {**WALLS, **ENDS}, "drive": BulkVelocity(value)},
    ]
    flows = [LaminarFlow(HILL, 0.02, **way).solve() for way in ways]
    same(*flows)
    assert flows[0].flow().parameters["bulk_velocity"] == pytest.approx(value, rel=1e-12)
    friction = [along_wall(flow, "bottom").skin_friction for flow in flows]
    np.testing.assert_array_equal(friction, friction[:1] * 4)  # over U²/2 of the drive


def test_a_force_may_be_said_in_two_ways():
    conditions = {**WALLS, "inlet": Periodic("outlet", pressure_gradient=0.05)}
    said = LaminarFlow(HILL, 0.02, conditions=conditions).solve()
    same(said, LaminarFlow(HILL, 0.02, drive=Force(0.05)).solve())
    assert said.pressure_gradient == 0.05


@pytest.mark.parametrize("drive", [BulkVelocity(0.7, (2.0, 0, 0)), Force(0.3, (2.0, 0, 0))])
def test_across_a_section_a_drive_does_what_developed_does(drive):
    """Also with a mesh whose normal is opposite: the direction alone says to which side."""
    name = "bulk_velocity" if isinstance(drive, BulkVelocity) else "pressure_gradient"
    section = Developed((1.0, 0, 0), **{name: drive.value})
    flow = LaminarFlow(DUCT, 0.1, conditions=AROUND, drive=drive).solve()
    same(flow, LaminarFlow(DUCT, 0.1, conditions={**AROUND, "section": section}).solve())
    assert flow.flow().velocity[:, 0].min() > 0
    back = dataclasses.replace(drive, direction=(-1.0, 0, 0))
    reverse = LaminarFlow(DUCT, 0.1, conditions=AROUND, drive=back).solve()
    np.testing.assert_array_equal(reverse.flow().velocity, -flow.flow().velocity)
    force = wall_force(flow, *AROUND)
    np.testing.assert_allclose(force, [1.5 * flow.pressure_gradient, 0, 0], atol=1e-12)


def test_a_drive_may_be_along_any_of_two_periods():
    """Without a direction it is along the first one that is named."""
    mesh = meshes.bump_channel(0.3, 1.5, 30.0, cells=(4, 4, 4))
    across, along = {"back": Periodic("front")}, {"inlet": Periodic("outlet")}
    said, first, driven = (
        LaminarFlow(mesh, 0.1, conditions={**WALLS, **ends}, drive=drive).solve()
        for ends, drive in (
            ({**across, **along}, BulkVelocity(0.7, (3.0, 0, 0))),
            ({**along, **across}, BulkVelocity(0.7)),
            ({**across, "inlet": Periodic("outlet", bulk_velocity=0.7)}, None),
        )
    )
    same(first, driven)
    assert said.flow().parameters["bulk_velocity"] == pytest.approx(0.7, rel=1e-12)
    # the same equations, numbered otherwise: to round-off of a system with a condition of some 1e4
    assert said.pressure_gradient == pytest.approx(first.pressure_gradient, rel=1e-10)
    sideways = LaminarFlow(
        mesh, 0.1, conditions={**WALLS, **across, **along}, drive=BulkVelocity(0.7)
    ).solve()
    domain, u = sideways.domain, sideways.velocity
    assert domain.integral(u[2]) / domain.volume == pytest.approx(0.7, rel=1e-12)
    assert abs(domain.integral(u[0])) < 0.1 * domain.volume


def test_one_flow_is_solved_with_several_models():
    flow = FlowProblem(HILL, 1 / 300, drive=BulkVelocity(0.72))
    nu_t = np.full(len(HILL.points), 0.01)
    options = {"closure": nu_t, "location": "vertex"}
    same(RANS.from_problem(flow, **options).solve(), RANS(HILL, 1 / 300, 0.72, **options).solve())
    same(MixingLength.from_problem(flow).solve(), RANS(HILL, 1 / 300, 0.72, MixingLength).solve())
    with pytest.raises(TypeError):
        LaminarFlow.from_problem(flow, closure=nu_t)


@pytest.mark.parametrize(
    "model", [FlowProblem, LaminarFlow, RANS, MixingLength, OneEquationKL, SpalartAllmaras]
)
def test_problems_are_shown_in_one_line(model):
    expected = "(96 cells (quad), viscosity=0.01, drive=BulkVelocity(value=0.7, direction=None))"
    assert repr(model(HILL, 0.01, 0.7)) == model.__name__ + expected


def test_an_active_scalar_is_shown_in_one_line():
    shown = repr(ActiveScalar(HILL, lambda c: 0.01 * (1 + c), 0.7, scalar=ScalarTransport))
    assert (
        shown.startswith("ActiveScalar(96 cells (quad), viscosity=<function ")
        and len(shown.splitlines()) == 1
    )


def test_a_replaced_part_keeps_the_others():
    problem = RANS(HILL, 0.02, 0.7, location="vertex")
    slower = dataclasses.replace(problem, bulk_velocity=0.5)
    assert slower.boundary_conditions.drive == BulkVelocity(0.5)
    assert slower.location == "vertex" and slower.boundary_conditions.walls == ("bottom", "top")


def test_a_start_with_the_same_points_may_be_on_another_mesh():
    """Triangles have the vertices of quadrilaterals; names may have changed places."""
    lid = {"bottom": Wall(), "top": Wall((1.0, 0.0)), **ENDS}
    quads, triangles = (
        LaminarFlow(meshes.channel(1.0, 1.0, cells=(4, 4), kind=kind), 0.1, conditions=lid)
        for kind in ("quadrilateral", "triangle")
    )
    result = triangles.solve(start=quads.solve())
    assert result.domain.facts.kind == "triangle" and len(result.flow().points) == 32
    facets = dict(zip(("bottom", "top"), ("top", "bottom"), strict=True))
    sets = {facets.get(name, name): blocks for name, blocks in quads.mesh.cell_sets.items()}
    mesh = meshio.Mesh(quads.mesh.points, quads.mesh.cells, cell_sets=sets)
    swapped = LaminarFlow(mesh, 0.1, conditions=lid).solve(start=quads.solve()).flow("vertex")
    np.testing.assert_allclose(swapped.velocity[:, 0], 1 - mesh.points[:, 1], atol=1e-12)
