"""Fluxes, Reynolds numbers and wall units of flows that are known exactly."""

import numpy as np
import pytest

import meshes
from solvers import (
    Developed,
    Force,
    Inlet,
    LaminarFlow,
    Outlet,
    Periodic,
    Symmetry,
    Wall,
    boundary_fluxes,
    reynolds_number,
)
from solvers.diagnostics.wall_units import wall_units
from tests.support.boxes import box
from tests.support.channels import turned
from vcnn.flow.mesh import boundary_facets, named_mesh

WALLS = {"bottom": Wall(), "top": Wall()}


@pytest.mark.parametrize("kind", ["triangle", "quadrilateral"])
def test_a_channel_in_any_frame(kind):
    """Bulk velocity 0.7 between walls 0.5 apart: flux 0.35, shear stress 6 ν U/h, cells 0.05."""
    mesh, _ = turned(meshes.channel(2.0, 0.5, cells=(8, 10), kind=kind), 0.6)
    flow = LaminarFlow(mesh, 0.05, 0.7).solve()
    fluxes = boundary_fluxes(flow)
    assert set(fluxes) == {"bottom", "top", "inlet", "outlet"}
    assert fluxes["outlet"] == pytest.approx(0.35, rel=1e-10)
    assert fluxes["inlet"] == pytest.approx(-0.35, rel=1e-10)
    assert abs(fluxes["bottom"]) < 1e-14
    number = reynolds_number(flow)
    assert number.number == pytest.approx(7, rel=1e-9)
    assert (number.velocity, number.length) == pytest.approx((0.7, 0.5), rel=1e-9)
    assert number.meaning == "bulk velocity and mean height of the section"
    units = 0.05 * np.sqrt(0.05 * 6 * 0.7 / 0.5) / 0.05
    for wall in WALLS:
        assert wall_units(flow, wall).largest == pytest.approx(units, rel=1e-8)
        assert wall_units(flow, wall).mean == pytest.approx(units, rel=1e-8)


def test_cells_of_different_heights():
    """Graded cells: what counts is the first one, and the wall below where it is higher."""
    mesh = meshes.channel(2.0, 1.0, cells=(8, 10), grading=5.0)
    height = np.diff(np.unique(mesh.points[:, 1].round(12)))[0]
    flow = LaminarFlow(mesh, 0.1, 1.0).solve()
    assert wall_units(flow, "top").largest == pytest.approx(height * np.sqrt(0.6) / 0.1, rel=1e-6)
    x, y = mesh.points.T
    mesh.points = np.stack([x, y * (1 - 0.2 * np.sin(np.pi * x))], axis=-1)
    units = wall_units(LaminarFlow(mesh, 0.1, 1.0).solve(), "bottom")
    assert units.largest > 1.05 * units.mean


@pytest.mark.parametrize("kind", ["tetra", "hexahedron"])
def test_flows_in_space(kind):
    conditions = {"wall": Wall(), "inlet": Periodic("outlet", bulk_velocity=2.0)}
    flow = LaminarFlow(box(4, kind), 0.1, conditions=conditions).solve()
    assert boundary_fluxes(flow)["outlet"] == pytest.approx(2, rel=1e-3)
    number = reynolds_number(flow)
    assert number.number == pytest.approx(20, rel=1e-9)
    assert number.meaning == "bulk velocity and hydraulic diameter"
    # the stress, f V = τ A on the whole, is 1.6 times its mean in the middle of a side
    units, mean = wall_units(flow, "wall"), 0.25 * np.sqrt(flow.pressure_gradient / 4) / 0.1
    assert 0.7 * mean < units.mean < mean < units.largest < 1.6**0.5 * mean


def test_cells_in_corners_are_as_high_as_others():
    """Whether their two facets belong to one wall or to two."""
    mesh = box(4, "hexahedron")
    named = boundary_facets(mesh)
    ((kind, facets),) = named.pop("wall")
    middles = mesh.points[facets].mean(axis=1)
    sides = {f"{axis} {at}": middles[:, axis] == at for axis in (1, 2) for at in (0, 1)}
    walls = {name: [(kind, facets[on])] for name, on in sides.items()}
    parts = named_mesh(mesh.points, [("hexahedron", mesh.cells[0].data)], {**named, **walls})
    ends = {"inlet": Periodic("outlet", bulk_velocity=2.0)}
    one = LaminarFlow(mesh, 0.1, conditions={"wall": Wall(), **ends}).solve()
    four = LaminarFlow(parts, 0.1, conditions={**dict.fromkeys(walls, Wall()), **ends}).solve()
    whole, each = wall_units(one, "wall"), [wall_units(four, wall) for wall in walls]
    assert whole.largest == pytest.approx(max(units.largest for units in each), rel=1e-6)
    assert whole.mean == pytest.approx(np.mean([units.mean for units in each]), rel=1e-6)


def test_inlets_in_space_and_speeds_of_walls():
    conditions = {"wall": Wall(), "inlet": Inlet((3.0, 0.0, 0.0)), "outlet": Outlet()}
    number = reynolds_number(LaminarFlow(box(2, "tetra"), 1.5, conditions=conditions).solve())
    assert number.number == pytest.approx(2, rel=1e-10)
    assert number.meaning == "mean velocity and root of the area of the inlet"
    sides = {name: Wall() for name in ("bottom", "inlet", "outlet")}
    cavity = meshes.channel(2.0, 1.0, cells=(6, 4))
    flow = LaminarFlow(cavity, 0.1, conditions={**sides, "top": Wall((-0.5, 0.0))}).solve()
    number = reynolds_number(flow)
    assert (number.velocity, number.length) == (0.5, 2.0)
    assert abs(sum(boundary_fluxes(flow).values())) < 1e-12


def test_forces_and_sections():
    """A film on a plane of symmetry, and a quarter of a duct: 4 A over the wetted perimeter."""
    film = LaminarFlow(
        meshes.channel(1.0, 1.0, cells=(4, 4)),
        0.5,
        conditions={"bottom": Wall(), "top": Symmetry(), "inlet": Periodic("outlet")},
        drive=Force(3.0),
    ).solve()
    assert reynolds_number(film).velocity == pytest.approx(3.0 / (3 * 0.5), rel=1e-9)
    duct = meshes.duct(1.0, 2.0, cells=(6, 8), quarter=True)
    conditions = {
        "left": Wall(),
        "bottom": Wall(),
        "symmetry_y": Symmetry(),
        "symmetry_z": Symmetry(),
        "along": Developed((1, 0, 0), bulk_velocity=1.0),
    }
    flow = LaminarFlow(duct, 0.1, conditions=conditions).solve()
    assert reynolds_number(flow).length == pytest.approx(4 * 2.0 / 6.0, rel=1e-12)
    assert reynolds_number(flow).number == pytest.approx(40 / 3, rel=1e-9)
