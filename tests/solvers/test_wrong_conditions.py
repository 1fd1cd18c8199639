"""Conditions, numbers and starts that no flow can have."""

import numpy as np
import pytest

import meshes
from solvers import (
    BulkVelocity,
    Developed,
    Force,
    Inlet,
    MixingLength,
    OneEquationKL,
    Outlet,
    Periodic,
    SpalartAllmaras,
    Symmetry,
    Wall,
)
from tests.support.wrong_setups import (
    DRIVEN,
    ENDS,
    MESH,
    NO_WALLS,
    THROUGH,
    WALLS,
    Wrong,
    assert_refused,
    bounded,
    laminar,
)

AROUND = dict.fromkeys(("bottom", "top", "inlet", "outlet"), Wall())
ACROSS = Developed((1.0, 0.0, 0.0), bulk_velocity=1.0)

CONDITIONS = [
    Wrong(
        "boundary without a condition",
        lambda s: bounded({"bottom": Wall(), **DRIVEN}),
        "boundary 'top' must be given once, it has no conditions",
    ),
    Wrong(
        "unknown boundary",
        lambda s: laminar(walls=("bottom", "lid")),
        "boundary 'lid' is not in the mesh, which has: bottom, top, inlet, outlet",
    ),
    Wrong(
        "boundary given twice",
        lambda s: bounded({**WALLS, **DRIVEN, "outlet": Outlet()}),
        "boundary 'outlet' must be given once, it has 2 conditions",
    ),
    Wrong(
        "unknown periodic boundary",
        lambda s: bounded({**WALLS, "inlet": Periodic("exit", bulk_velocity=1.0)}),
        "boundary 'exit' is not in the mesh",
    ),
    Wrong(
        "wall that is periodic too",
        lambda s: laminar(periodic=("inlet", "top")),
        "boundary 'top' must be given once, it has 2 conditions",
    ),
    Wrong(
        "no period",
        lambda s: laminar(periodic=None),
        "LaminarFlow: needs walls and two periodic boundaries, or c",
    ),
    *(
        Wrong(
            f"{model.__name__} without walls",
            lambda s, model=model: model(MESH, 0.1, conditions={**NO_WALLS, **DRIVEN}).solve(),
            f"{model.__name__}: needs at least one wall",
        )
        for model in (SpalartAllmaras, OneEquationKL, MixingLength)
    ),
    Wrong(
        "inlet of one number",
        lambda s: bounded({**WALLS, **THROUGH, "inlet": Inlet(1.0)}),
        r"Inlet of boundary 'inlet': expected values of shape \(2,\), got \(\)",
    ),
    Wrong(
        "one periodic boundary",
        lambda s: laminar(periodic=("inlet",)),
        "periodic: expected the names of two bound",
    ),
    Wrong(
        "no walls",
        lambda s: laminar(walls=()),
        "LaminarFlow: needs walls and two periodic boundaries, or cond",
    ),
    Wrong(
        "no condition at all",
        lambda s: bounded({**WALLS, "inlet": "periodic"}),
        "boundary 'inlet': expected Wall",
    ),
    Wrong(
        "list of conditions",
        lambda s: bounded(["bottom", "top"]),
        "conditions: expected a mapping from boundary",
    ),
    Wrong(
        "inlet without outlet",
        lambda s: bounded({**WALLS, "inlet": Inlet((1.0, 0.0)), "outlet": Wall()}),
        "what enters by an Inlet must leave by an Outlet",
    ),
    Wrong(
        "inlet profile of one component",
        lambda s: bounded({**WALLS, **THROUGH, "inlet": Inlet(lambda x: x[1])}),
        r"expected values of shape \(2, 3\), got \(3,\); positions come as \(2, n\)",
    ),
    Wrong(
        "inlet profile with NaN",
        lambda s: bounded({**WALLS, **THROUGH, "inlet": Inlet((np.nan, 0.0))}),
        "Inlet of boundary 'inlet': holds NaN",
    ),
    Wrong(
        "outlet pressure of two components",
        lambda s: bounded({**WALLS, **THROUGH, "outlet": Outlet((1.0, 0.0))}),
        r"Outlet of boundary 'outlet': expected values of shape \(\), got \(2,\)",
    ),
    Wrong(
        "outlet pressure of NaN",
        lambda s: bounded({**WALLS, **THROUGH, "outlet": Outlet(np.nan)}),
        "Outlet of boundary 'outlet': holds NaN",
    ),
    Wrong(
        "wall that the fluid passes",
        lambda s: bounded({"bottom": Wall(), "top": Wall((1.0, 1.0)), **ENDS}),
        "boundary 'top': the velocity of a Wall must be along it",
    ),
    Wrong(
        "symmetry with corners",
        lambda s: bounded(
            {**WALLS, "bottom": Symmetry(), **DRIVEN}, meshes.periodic_hill(cells=(8, 4))
        ),
        "boundary 'bottom': a Symmetry must not turn by more than 30 degrees",
    ),
    Wrong(
        "nothing drives the flow",
        lambda s: bounded({**WALLS, **ENDS}),
        "conditions: nothing moves the flow",
    ),
    Wrong(
        "driven in two directions",
        lambda s: bounded({**DRIVEN, "bottom": Periodic("top", pressure_gradient=1.0)}),
        "conditions: the flow is driven in one direction at most, got two",
    ),
    Wrong(
        "bulk velocity and pressure gradient",
        lambda s: Periodic("outlet", bulk_velocity=1.0, pressure_gradient=1.0),
        "Periodic: expected bulk_velocity or pressure_gradient, got both",
    ),
    Wrong(
        "pressure gradient of 0",
        lambda s: Periodic("outlet", pressure_gradient=0),
        "pressure_gradient: expected a number other than 0, got 0",
    ),
    Wrong(
        "nothing drives the flow through a section",
        lambda s: bounded(AROUND, meshes.section(MESH)),
        "conditions: nothing moves the flow: no bulk velocity",
    ),
    Wrong(
        "a section that is driven and plane",
        lambda s: bounded({**AROUND, "section": ACROSS}),
        r"drive: expected a direction along a period or across a .* got \(1\.0, 0\.0, 0\.0\)",
    ),
    Wrong(
        "a section that is driven along itself",
        lambda s: bounded({**AROUND, "section": ACROSS}, meshes.section(MESH, np.eye(3)[:2])),
        r"drive: expected a direction .*, \(.*1\) or the opposite, got \(1\.0, 0\.0, 0\.0\)",
    ),
    Wrong(
        "a section that is driven in two directions",
        lambda s: bounded({**WALLS, **DRIVEN, "section": ACROSS}, meshes.section(MESH)),
        "conditions: the flow is driven in one direction at most, got two",
    ),
    Wrong(
        "a section under the name of a boundary",
        lambda s: bounded({**AROUND, "top": ACROSS}, meshes.section(MESH)),
        "boundary 'top' must be given once, it has no conditions",
    ),
    Wrong(
        "a section without a drive",
        lambda s: Developed((1, 0, 0)),
        "Developed: expected .*, got neither",
    ),
    Wrong(
        "a section with two drives",
        lambda s: Developed((1, 0, 0), 1.0, 1.0),
        "Developed: expected bulk_velocity or pressure_gradient, got both",
    ),
    *(
        Wrong(
            f"a section driven along {given}",
            lambda s, given=given: Developed(given, 1.0),
            "direction: expected",
        )
        for given in ("x", (0, 0, 0), (1.0, 0.0), (np.nan, 0, 0))
    ),
    Wrong(
        "a drive beside a bulk velocity",
        lambda s: laminar(drive=Force(1.0)),
        "drive: stands in place of bulk_velocity, got both",
    ),
    Wrong(
        "a drive beside a period that is driven",
        lambda s: bounded({**WALLS, **DRIVEN}, drive=Force(1.0)),
        "conditions: the flow is driven in one direction at most, got two",
    ),
    Wrong(
        "a drive of a number",
        lambda s: laminar(bulk_velocity=None, drive=1.0),
        "drive: expected BulkVelocity or Force, got 1.0",
    ),
    Wrong(
        "a drive across the channel",
        lambda s: bounded({**WALLS, **ENDS}, drive=Force(1.0, (0, 1))),
        r"drive: expected a direction .*, \(1, 0\) or the opposite, got \(0.0, 1.0\)",
    ),
    Wrong(
        "a drive in space of a plane flow",
        lambda s: bounded({**WALLS, **ENDS}, drive=BulkVelocity(1.0, (1, 0, 0))),
        r"drive: expected a direction .*, \(1, 0\) or the opposite, got \(1.0, 0.0, 0.0\)",
    ),
    Wrong(
        "a drive from an inlet to an outlet",
        lambda s: bounded({**WALLS, **THROUGH}, drive=Force(1.0)),
        "drive: expected a direction .*, this mesh has neither, got none",
    ),
    Wrong(
        "a drive through a section without a direction",
        lambda s: bounded(AROUND, meshes.section(MESH), drive=Force(1.0)),
        r"drive: expected a direction .*, \(-?1, 0, 0\) or the opposite, got none",
    ),
    Wrong(
        "a force of 0",
        lambda s: Force(0.0),
        "force: expected a number other than 0, got 0.0",
    ),
    Wrong(
        "a bulk velocity in no direction",
        lambda s: BulkVelocity(1.0, (0.0, 0.0)),
        r"direction: expected two or three numbers, not all 0, got \(0.0, 0.0\)",
    ),
]


@pytest.mark.parametrize("wrong", CONDITIONS, ids=lambda wrong: wrong.name)
def test_wrong_conditions_are_refused_before_any_solve(wrong, small_channel, tmp_path, caplog):
    assert_refused(wrong, small_channel, tmp_path, caplog)
