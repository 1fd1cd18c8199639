"""Numbers, names and starts that no flow can have."""

import numpy as np
import pytest

import meshes
from solvers import Inlet, LaminarFlow, Periodic, SpalartAllmaras, Wall
from solvers.fem.build import build_domain
from tests.support.wrong_setups import (
    DRIVEN,
    ENDS,
    MESH,
    THROUGH,
    WALLS,
    Wrong,
    assert_refused,
    bounded,
    laminar,
)

NUMBERS = [
    Wrong(
        "bulk velocity beside conditions",
        lambda s: laminar(conditions={**WALLS, **ENDS}),
        "bulk_velocity: with conditions, give it as Periodic",
    ),
    Wrong(
        "bulk velocity missing",
        lambda s: laminar(bulk_velocity=None),
        "bulk_velocity: missing; give it, or cond",
    ),
    Wrong(
        "bulk velocity of 0",
        lambda s: SpalartAllmaras(MESH, 0.1, 0.0),
        "bulk_velocity: expected a number other",
    ),
    Wrong(
        "viscosity of 0",
        lambda s: laminar(viscosity=0.0),
        "viscosity: expected a positive number, got 0.0",
    ),
    Wrong(
        "negative viscosity",
        lambda s: laminar(viscosity=-0.1),
        "viscosity: expected a positive number, got -0.1",
    ),
    Wrong(
        "viscosity of NaN",
        lambda s: laminar(viscosity=np.nan),
        "viscosity: expected a positive number, got nan",
    ),
    Wrong(
        "viscosity as text",
        lambda s: laminar(viscosity="0.1"),
        "viscosity: expected a positive number, got '0.1'",
    ),
    Wrong(
        "no viscosity",
        lambda s: laminar(viscosity=None),
        "viscosity: expected a positive number, got None",
    ),
    Wrong(
        "bulk velocity as text",
        lambda s: laminar(bulk_velocity="fast"),
        "bulk_velocity: expected a number other than 0, got 'fast'",
    ),
    Wrong(
        "pressure gradient as text",
        lambda s: Periodic("outlet", pressure_gradient="1"),
        "pressure_gradient: expected a number other than 0, got '1'",
    ),
    Wrong(
        "walls in one word",
        lambda s: laminar(walls="bottom"),
        "walls: expected a sequence of names of boundaries, got 'bottom'",
    ),
    Wrong(
        "periodic in one word",
        lambda s: laminar(periodic="io"),
        "periodic: expected a sequence of names of bound",
    ),
    Wrong(
        "domain with walls in one word",
        lambda s: build_domain(MESH, "bottom"),
        "walls: expected a sequence of names of boundaries, got 'bottom'",
    ),
    Wrong(
        "inlet in words",
        lambda s: bounded({**WALLS, **THROUGH, "inlet": Inlet("fast")}),
        r"Inlet of boundary 'inlet': expected a callable or values of shape \(2,\), got 'fast'",
    ),
    Wrong(
        "wall velocity in words",
        lambda s: bounded({**WALLS, **DRIVEN, "top": Wall("x")}),
        r"Wall velocity of boundary 'top': expected a callable or values of shape \(2,\), got 'x'",
    ),
    Wrong(
        "inlet profile that raises",
        lambda s: bounded({**WALLS, **THROUGH, "inlet": Inlet(lambda x: x[7])}),
        "Inlet of boundary 'inlet': the callable given fails .* with IndexError: index 7 is out of",
    ),
    Wrong(
        "start on a smaller domain",
        lambda s: LaminarFlow(meshes.channel(9.0, cells=(4, 4)), 0.1, 1.0).solve(start=s.flow),
        "start: does not cover the mesh: points: .* outside the mesh",
    ),
    Wrong(
        "start that is no result",
        lambda s: LaminarFlow(MESH, 0.1, 1.0).solve(start=s.flow.velocity.x.array),
        "start: expected .*, got ndarray",
    ),
]


@pytest.mark.parametrize("wrong", NUMBERS, ids=lambda wrong: wrong.name)
def test_wrong_numbers_are_refused_before_any_solve(wrong, small_channel, tmp_path, caplog):
    assert_refused(wrong, small_channel, tmp_path, caplog)
