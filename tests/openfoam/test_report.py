"""The page on a case of OpenFOAM: the walls balance what drives the flow, distances are right."""

import json
import re

import meshio
import numpy as np
import pytest

import meshes
from meshes.geometry.surface import box_sides
from meshes.report.verdict import flow_verdict
from openfoam.report.page import write_report
from openfoam.report.solved_case import read_solved
from openfoam.report.summarise import summarise
from tests.support.foam_cases import box
from tests.support.solved_foam_cases import (
    FORCE,
    HEIGHT,
    LENGTH,
    NU,
    channel_flow,
    write_solved,
)
from vcnn import FlowField, InputError
from vcnn.flow.mesh import named_mesh

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def box_mesh():
    """2 x 1 x 1, with the boundaries "inlet" to "front"."""
    points, hexes = box((3, 2, 4), (2.0, 1.0, 1.0))
    mesh = meshio.Mesh(points, [("hexahedron", hexes)])
    return named_mesh(points, [("hexahedron", hexes)], box_sides(mesh))


@pytest.fixture
def case(tmp_path):
    return write_solved(channel_flow(), tmp_path / "channel")


def test_walls_balance_the_driving_force(case):
    """Of the discrete flow exactly: friction is what the solver's equations have at walls."""
    run = summarise(read_solved(case))
    total = run.forces["bottom"] + run.forces["top"]
    np.testing.assert_allclose(total, [FORCE * LENGTH * HEIGHT, 0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(run.forces["bottom"], [FORCE * LENGTH, -LENGTH], rtol=1e-12)
    bulk, shear = run.flow.parameters["bulk_velocity"], FORCE * HEIGHT / 2
    assert run.speed == pytest.approx(bulk) and run.failures == {}
    wall = run.walls["top"]
    np.testing.assert_allclose(wall.skin_friction, shear / (bulk**2 / 2), rtol=1e-12)
    np.testing.assert_allclose(wall.pressure_coefficient, 0, atol=1e-12)
    assert (len(wall.separation), len(wall.reattachment)) == (0, 0)
    np.testing.assert_allclose(wall.period, [LENGTH, 0])
    units = run.first_cells.units["bottom"]
    assert units.largest == pytest.approx(HEIGHT / 24 * np.sqrt(shear) / NU, rel=1e-12)
    assert units.mean == pytest.approx(units.largest)
    assert run.reynolds.number == pytest.approx(bulk * HEIGHT / NU)
    assert "The flow separates nowhere." in flow_verdict(run)


def test_forces_do_not_depend_on_the_frame(tmp_path):
    """The same channel turned by 0.6 has the same forces, turned, and curves."""
    c, s = np.cos(0.6), np.sin(0.6)
    R = np.array([[c, -s], [s, c]])
    plain, turned = (
        summarise(read_solved(write_solved(flow, tmp_path / name)))
        for name, flow in (("a", channel_flow()), ("b", channel_flow().rotated(R)))
    )
    for wall, force in plain.forces.items():
        np.testing.assert_allclose(turned.forces[wall], R @ force, atol=1e-12)
        np.testing.assert_allclose(
            turned.walls[wall].skin_friction, plain.walls[wall].skin_friction, rtol=1e-10
        )
    assert turned.reynolds.number == pytest.approx(plain.reynolds.number)


def test_shear_and_forces_in_space(tmp_path):
    """u = (γ z, 0, w) between two walls: exactly ν γ on each, whatever w is."""
    mesh = box_mesh()
    points = meshes.cell_centres(mesh)
    flow = FlowField(
        points,
        points[:, [2, 2, 2]] * [3.0, 0.0, 0.0] + [0.0, 0.0, 0.1],
        weights=meshes.cell_volumes(mesh),
        scalars={"pressure": 2 + 0 * points[:, 0]},
        parameters={"viscosity": NU},
        mesh=mesh,
        location="cell",
        provenance={"walls": ["back", "front"]},
    )
    case = write_solved(flow, tmp_path / "box")
    text = (case / "40" / "U").read_text()
    moving = "front { type fixedValue; value uniform (3 0 0); }"
    (case / "40" / "U").write_text(re.sub(r"front\s*\{[^}]*\}", moving, text))
    run = summarise(read_solved(case))
    np.testing.assert_allclose(run.forces["back"], [NU * 3 * 2.0, 0, -2 * 2.0], atol=1e-12)
    np.testing.assert_allclose(run.forces["front"], [-NU * 3 * 2.0, 0, 2 * 2.0], atol=1e-12)
    assert run.speed == pytest.approx(3.0) and run.profiles == () and run.walls == {}
    assert run.failures == {}
    on_lid = np.isclose(run.vertices.points[:, 2], 1)
    np.testing.assert_allclose(run.vertices.velocity[on_lid, 0], 3, rtol=1e-12)
    np.testing.assert_allclose(
        run.vertices.velocity[:, 0], 3 * run.vertices.points[:, 2], atol=1e-9
    )


def test_distance_to_a_field_of_the_case(tmp_path):
    flow = channel_flow()
    x, y = flow.points.T
    les = flow.velocity + 0.1 * np.stack([y * (HEIGHT - y), 0.2 * np.sin(x)], axis=-1)
    case = write_solved(flow.with_fields(vectors={"U_LES": les}), tmp_path / "channel")
    run = summarise(read_solved(case, ("les_velocity", "U_LES")), [1.0])
    areas = flow.weights
    error = np.sqrt(areas @ np.sum((les - flow.velocity) ** 2, axis=1))
    error /= np.sqrt(areas @ np.sum(les**2, axis=1))
    assert run.error == pytest.approx(error, rel=1e-12)
    first = les[np.isclose(y, y.min()) & np.isclose(x, x.min()), 0]
    friction = NU * first / y.min() / (run.speed**2 / 2)
    assert run.comparison.friction["bottom"][0] == pytest.approx(float(friction[0]))
    assert "The velocity differs from les_velocity by" in flow_verdict(run)
    assert "eddy_viscosity" not in run.reference.flow.scalars
    with pytest.raises(InputError, match="no field 'U_DNS' to compare with"):
        read_solved(case, ("dns", "U_DNS"))
    with pytest.raises(InputError, match="field 'nut': expected vectors"):
        read_solved(case, ("dns", "nut"))


def test_profiles_and_distance_to_another_flow(tmp_path):
    """Of a linear shear, which cells and vertices hold exactly, on another mesh."""
    flow = channel_flow()
    linear = np.stack([0.5 * flow.points[:, 1], 0 * flow.points[:, 1]], axis=-1)
    flow = FlowField(
        flow.points,
        linear,
        weights=flow.weights,
        mesh=flow.mesh,
        location="cell",
        parameters={"viscosity": NU},
        periods=flow.periods,
        provenance={"walls": ["bottom"]},
    )
    case = write_solved(flow, tmp_path / "shear")
    mesh = meshes.channel(length=LENGTH, height=HEIGHT, cells=(5, 7))
    other = FlowField(mesh.points, mesh.points * [0, 0] + [0.3, 0.4], mesh=mesh)
    other.save(tmp_path / "other.vtu")
    write_report(case, tmp_path / "page", reference=str(tmp_path / "other.vtu"), at=[0.7])
    numbers = json.loads((tmp_path / "page" / "report.json").read_text())
    y = mesh.points[:, 1]
    error = np.sqrt(np.sum((0.5 * y - 0.3) ** 2 + 0.16)) / np.sqrt(len(y) * 0.25)
    assert numbers["error"] == pytest.approx(error, rel=1e-9)
    (profile,) = numbers["profiles"]
    assert profile["x"] == 0.7 and len(profile["y"]) == 101 and profile["pressure"] is None
    np.testing.assert_allclose(
        np.array(profile["velocity"])[:, 0], 0.5 * np.array(profile["y"]), atol=1e-9
    )
