"""vcnn solve on what users bring: steps, obstacles, ducts, mixed meshes, earlier runs."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.meshes.test_split import layered
from tests.support.command_line import refused, run
from tests.support.mpi import mpirun
from tests.support.obstacles import around_a_square
from tests.support.solve_cases import CHANNEL, HILL, result
from tests.support.steps import step
from vcnn import FlowField
from vcnn.flow.mesh import boundary_facets, named_mesh

if find_spec("dolfinx") is None:
    pytest.skip("FEniCSx is not installed", allow_module_level=True)

THROUGH = """
viscosity = {viscosity}
model = "laminar"
{keys}
[mesh]
file = "mesh.vtu"
[conditions]
inlet = {{ kind = "inlet", velocity = {velocity} }}
outlet = {{ kind = "outlet" }}
"""
WALL = '{name} = {{ kind = "wall" }}\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "channel.toml").write_text(CHANNEL)
    return tmp_path


def save(mesh, path="mesh.vtu"):
    FlowField(mesh.points, np.ones_like(mesh.points), mesh=mesh).save(path)


def write_case(mesh, viscosity=0.05, velocity="[1.0, 0.0]", keys="", walls=("bottom", "top")):
    save(mesh)
    text = THROUGH.format(viscosity=viscosity, velocity=velocity, keys=keys)
    Path("case.toml").write_text(text + "".join(WALL.format(name=name) for name in walls))


def flux_of(profile):
    return np.trapezoid(np.array(profile["velocity"])[:, 0], profile["y"])


def test_a_step_carries_what_its_inlet_lets_in(folder, capsys):
    write_case(step(5, 8.0, 40), 0.01, walls=("lower", "top"))
    assert run("solve", "case.toml", "-o", "run") == 0
    found = result("run")
    assert found["fluxes"]["inlet"] == pytest.approx(-0.5, rel=1e-10)
    assert found["fluxes"]["outlet"] == pytest.approx(0.5, rel=1e-10)
    assert abs(found["flux_sum"]) < 1e-12
    for profile in found["profiles"]:
        assert flux_of(profile) == pytest.approx(0.5, abs=1e-3)
    assert found["reynolds"]["number"] == pytest.approx(50) and found["flags"] == []
    assert found["reynolds"]["velocity"] == pytest.approx(1)
    assert found["reynolds"]["meaning"] == "mean velocity and height of the inlet"
    assert "Reynolds number 50 (U = 1 and L = 0.5, mean" in found["answer"]
    page = Path("run/report.html").read_text()
    assert "Through the boundaries" in page and "-0.5" in page and "+0.5" in page


@pytest.mark.parametrize("reynolds", [300, 600])
def test_a_step_at_a_reynolds_number_that_needs_a_ramp(folder, reynolds):
    """Of the height of the inlet and the mean velocity there."""
    velocity = '["24*(2*y-1)*(1-y)/2", 0]'
    write_case(step(5, 20.0, 50, grading=1.4), 0.5 / reynolds, velocity, walls=("lower", "top"))
    assert run("solve", "case.toml", "-o", "run") == 0
    found = result("run")
    assert found["reynolds"]["number"] == pytest.approx(reynolds)
    (note,) = found["notes"]
    assert note.startswith("Found by way of viscosities 0.0") and note in found["answer"]
    assert found["residuals"][-1] <= 1e-11
    assert found["fluxes"]["outlet"] == pytest.approx(0.5, rel=1e-9)


def test_what_cannot_be_solved_names_start(folder, capsys):
    hill = HILL.replace("0.01", "1e-6").replace("[20, 14]", "[8, 6]")
    Path("hill.toml").write_text(hill)
    assert run("solve", "hill.toml", "-o", "run") == 1
    assert "give a `start`" in capsys.readouterr().err


@pytest.mark.parametrize("size", [0.3, 0.02])
def test_profiles_have_gaps_at_obstacles(folder, size):
    """Larger than the cells, and smaller than any of them."""
    write_case(around_a_square(size), walls=("bottom", "top", "obstacle"), keys="stations = [1.0]")
    assert run("solve", "case.toml", "-o", "run") == 0
    (profile,) = result("run")["profiles"]
    y, u = np.array(profile["y"]), np.array(profile["velocity"])
    assert not (np.abs(y - 0.5) < size / 2 * (1 - 1e-9)).any()
    at_walls = np.isin(y.round(12), np.round([0, 0.5 - size / 2, 0.5 + size / 2, 1], 12))
    assert at_walls.sum() == 4 and np.abs(u[at_walls]).max() < 1e-12
    assert u[:, 0].min() > -0.3
    assert flux_of(profile) == pytest.approx(1, abs=0.03)
    np.testing.assert_allclose(u[:, 1], -u[::-1, 1], atol=1e-6)  # a symmetric flow
    forces = result("run")["forces"]["obstacle"]
    assert forces[0] > 0 and abs(forces[1]) < 1e-8


DUCT = """
viscosity = 0.02
model = "laminar"
[mesh]
generator = "duct"
cells = [8, 6]
quarter = true
grading = 2.0
[conditions]
bottom = { kind = "wall" }
left = { kind = "wall" }
symmetry_y = { kind = "symmetry" }
symmetry_z = { kind = "symmetry" }
section = { kind = "developed", bulk_velocity = 1.0 }
"""


def test_a_developed_flow_through_a_duct(folder, capsys):
    """Friction factor of a square duct: f Re = 56.908 (Shah & London 1978), f = 2 G D / U²."""
    Path("duct.toml").write_text(DUCT)
    assert run("solve", "duct.toml", "-o", "run") == 0
    found = result("run")
    assert found["reynolds"]["number"] == pytest.approx(50, rel=1e-9) and found["failures"] == {}
    page = json.loads(Path("run/report.json").read_text())
    assert page["failures"] == {}
    assert found["reynolds"]["meaning"] == "bulk velocity and hydraulic diameter"
    assert 2 * found["pressure_gradient"] / 0.02 == pytest.approx(56.908, rel=1e-3)
    assert FlowField.load("run/flow.vtu").velocity[:, 0].max() == pytest.approx(2.0962, rel=2e-3)
    Path("turned.toml").write_text(DUCT.replace("bulk", "direction = [-2, 0, 0], bulk"))
    assert run("solve", "turned.toml", "-o", "turned") == 0
    assert FlowField.load("turned/flow.vtu").velocity[:, 0].min() < -2
    Path("plane.toml").write_text(CHANNEL + 'along = { kind = "developed", bulk_velocity = 1.0 }')
    capsys.readouterr()
    line = refused(capsys, folder, "solve", "plane.toml", "-o", "plane")
    assert line == (
        'plane.toml: [conditions]: along: kind = "developed" needs a plane section of space, '
        "points (M, 3)"
    )


@pytest.mark.parametrize("second_order", [False, True])
def test_mixed_and_curved_meshes_are_split_if_asked_for(folder, capsys, second_order):
    import meshio

    mesh = layered((8, 6), second_order)
    names = {name: k for k, name in enumerate(boundary_facets(mesh), start=1)}
    named = [(b.type, b.data) for b in mesh.cells]
    numbers = [np.zeros(len(b.data), int) for b in mesh.cells]
    for name, sets in mesh.cell_sets.items():
        for tags, index in zip(numbers, sets, strict=True):
            tags[np.asarray(index, int)] = names[name]
    data = {"gmsh:physical": numbers, "gmsh:geometrical": numbers}
    fields = {name: np.array([k, 1]) for name, k in names.items()}
    points = np.pad(mesh.points, ((0, 0), (0, 1)))
    whole = meshio.Mesh(points, named, cell_data=data, field_data=fields)
    whole.write("mixed.msh", file_format="gmsh22", binary=False)
    text = CHANNEL[: CHANNEL.index("generator")] + 'file = "mixed.msh"\n'
    tail = CHANNEL[CHANNEL.index("[conditions]") :]
    Path("case.toml").write_text(text + tail)
    line = refused(capsys, folder, "solve", "case.toml", "-o", "run")
    assert "it has quad" in line and "split = true" in line
    Path("case.toml").write_text(text + "split = true\n" + tail)
    assert run("solve", "case.toml", "-o", "run") == 0
    flow = FlowField.load("run/flow.vtu")
    y = flow.points[:, 1]
    np.testing.assert_allclose(flow.velocity[:, 0], 3 * y * (1 - y), atol=1e-10)


def test_a_run_begins_from_an_earlier_one_or_a_flow(folder, capsys):
    Path("hill.toml").write_text(HILL)
    assert run("solve", "hill.toml", "-o", "first") == 0
    cold = len(result("first")["residuals"])
    for name in ("first/checkpoint.npz", "first", "first/flow.vtu"):
        Path("again.toml").write_text(f'start = "{name}"\n' + HILL.replace("0.01", "0.0095"))
        assert run("solve", "again.toml", "-o", "again", "--force") == 0
        found = result("again")
        assert len(found["residuals"]) < cold and not found["resumed"]
    finer = HILL.replace("[20, 14]", "[22, 15]").replace(
        "\n[mesh]", '\nstart = "first/flow.vtu"\n[mesh]'
    )
    Path("finer.toml").write_text(finer)
    assert run("solve", "finer.toml", "-o", "finer") == 0
    assert len(result("finer")["residuals"]) < cold
    capsys.readouterr()
    for name, message in (
        ("first/checkpoint.npz", "was written on another mesh"),
        ("none.npz", "start: none.npz: no such file"),
        ("hill.toml", "start: "),
    ):
        Path("wrong.toml").write_text(finer.replace("first/flow.vtu", name))
        assert message in refused(capsys, folder, "solve", "wrong.toml", "-o", "wrong")


def in_halves(mesh):
    """The channel with both ends in two halves, the upper one named otherwise."""
    named = boundary_facets(mesh)
    for end in ("inlet", "outlet"):
        facets = named.pop(end)[0][1]
        upper = mesh.points[facets][..., 1].mean(axis=1) > mesh.points[:, 1].max() / 2
        named[f"{end}_half0"] = [("line", facets[~upper])]
        named[f"{end}_half1"] = [("line", facets[upper])]
    cells = [(block.type, block.data) for block in mesh.cells if block.dim == 2]
    return named_mesh(mesh.points, cells, named)


@pytest.mark.parametrize("second", ["", ", bulk_velocity = 0.5"])
def test_a_seam_in_two_parts_is_one_period(folder, second):
    import meshes

    save(in_halves(meshes.channel(1.0, 2.0, cells=(4, 4))))
    head, tail = CHANNEL.split("[mesh]")[0], CHANNEL[CHANNEL.index("[conditions]") :]
    half = 'inlet_half1 = { kind = "periodic", to = "outlet_half1"' + second + " }\n"
    tail = tail.replace("inlet =", "inlet_half0 =").replace('"outlet"', '"outlet_half0"') + half
    Path("halves.toml").write_text(f'{head}[mesh]\nfile = "mesh.vtu"\n{tail}')
    for name in ("channel", "halves"):
        assert run("solve", f"{name}.toml", "-o", name) == 0
    whole, halves = (FlowField.load(f"{name}/flow.vtu") for name in ("channel", "halves"))
    np.testing.assert_allclose(halves.velocity, whole.velocity, atol=1e-11)
    assert len(halves.periods) == 1
    fluxes = result("halves")["fluxes"]
    assert fluxes["outlet_half0"] == pytest.approx(0.5, rel=1e-9)
    assert fluxes["inlet_half1"] == pytest.approx(-0.5, rel=1e-9)


def test_first_cells_too_high_for_the_model_raise_a_flag(folder):
    hill = HILL.replace("laminar", "spalart-allmaras").replace("0.01", "1e-4")
    Path("hill.toml").write_text(hill.replace("[20, 14]", "[30, 20]\ngrading = 8.0"))
    assert run("solve", "hill.toml", "-o", "run") == 0
    found = result("run")
    assert found["flags"] == ["coarse at walls"] and found["wall_units_needed"] == 2
    assert found["wall_units"]["bottom"]["largest"] > found["wall_units"]["bottom"]["mean"] > 2
    assert "Beware: the first cells on bottom" in found["answer"]


def test_ranks_write_the_same(folder):
    write_case(step(4, 4.0, 16), 0.02, walls=("lower", "top"))
    code = "import sys; from vcnn.cli import main; main(sys.argv[1:])"
    solved = mpirun(3, code, "solve", "case.toml", "-o", "three")
    assert solved.returncode == 0, solved.stderr
    assert run("solve", "case.toml", "-o", "one") == 0
    one, three = result("one"), result("three")
    assert three["fluxes"]["inlet"] == pytest.approx(-0.5, rel=1e-10)
    for wall in ("lower", "top"):
        assert three["wall_units"][wall] == pytest.approx(one["wall_units"][wall], rel=1e-8)
    for ours, theirs in zip(three["profiles"], one["profiles"], strict=True):
        np.testing.assert_allclose(ours["y"], theirs["y"], atol=1e-12)
        np.testing.assert_allclose(ours["velocity"], theirs["velocity"], atol=1e-9)
