"""vcnn solve: known flows come out, interrupted runs go on, and any number of ranks writes the
same.
"""

from importlib.util import find_spec

import numpy as np
import pytest

from tests.support.command_line import refused, run
from tests.support.killing import solve_and_kill
from tests.support.mpi import mpirun
from tests.support.paraview import read_bp
from tests.support.pictures import coloured_share, embedded
from tests.support.solve_cases import BUMP, CHANNEL, HILL, result, small_closure
from vcnn import Closure, FlowField, RegionOfInfluence, VectorCloudNetwork
from vcnn.closure.scales import Scales

if find_spec("dolfinx") is None:
    pytest.skip("FEniCSx is not installed", allow_module_level=True)

FILES = {
    "case.toml",
    "checkpoint.npz",
    "closure.json",
    "flow.bp",
    "flow.vtu",
    "report.html",
    "report.json",
    "result.json",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with cases and a model."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("channel", CHANNEL), ("hill", HILL), ("bump", BUMP)):
        (tmp_path / f"{name}.toml").write_text(text)
    small_closure().save("nut.safetensors")
    return tmp_path


def test_help_has_a_case(capsys):
    assert run("solve", "--help") == 0
    text = capsys.readouterr().out
    assert "Example:" in text and "\n    vcnn solve hill.toml" in text and "[conditions]" in text


def test_channel_is_the_parabola(folder, capsys):
    """Driving force 12 ν U / h², friction ± 6 ν U / h over U²/2, and u = 6 U y (h − y) / h²."""
    assert run("solve", "channel.toml", "-o", "runs/channel") == 0
    assert FILES <= {path.name for path in (folder / "runs/channel").iterdir()}
    found = result("runs/channel")
    assert found["pressure_gradient"] == pytest.approx(12 * 0.05 * 0.5 / 4, rel=1e-10)
    assert found["bulk_velocity"] == pytest.approx(0.5, rel=1e-10)
    for wall in ("bottom", "top"):
        np.testing.assert_allclose(
            found["walls"][wall]["skin_friction"], 6 * 0.05 * 0.5 / 2 / 0.125, rtol=1e-8
        )
        assert found["forces"][wall][0] == pytest.approx(6 * 0.05 * 0.5 / 2, rel=1e-8)
    flow = FlowField.load("runs/channel/flow.vtu")
    y = flow.points[:, 1]
    np.testing.assert_allclose(flow.velocity[:, 0], 6 * 0.5 * y * (2 - y) / 4, atol=1e-10)
    nodes, fields = read_bp("runs/channel/flow.bp")
    y = nodes[:, 1]
    np.testing.assert_allclose(fields["velocity"][:, 0], 6 * 0.5 * y * (2 - y) / 4, atol=1e-10)
    assert found["answer"] in capsys.readouterr().out
    assert "bulk velocity 0.5, driving force 0.075. The flow separates nowhere." in found["answer"]
    page = (folder / "runs/channel/report.html").read_text()
    shares = [coloured_share(picture) for picture in embedded(page)]
    assert len(shares) == 4 and shares[0] > 0.3 and min(shares[1:3]) > 0.003  # a map and curves
    assert found["answer"] in page and "Velocity profiles" in page and "eddies" not in page
    assert (folder / "runs/channel/case.toml").read_text() == CHANNEL


def test_hill_against_the_solver_and_against_itself(folder):
    import meshes
    from solvers import LaminarFlow, along_wall

    assert run("solve", "hill.toml", "-o", "first") == 0
    expected = LaminarFlow(meshes.periodic_hill(cells=(20, 14)), 0.01, 0.72).solve()
    wall, found = along_wall(expected, "bottom"), result("first")
    assert found["pressure_gradient"] == pytest.approx(expected.pressure_gradient, rel=1e-10)
    np.testing.assert_allclose(
        found["walls"]["bottom"]["reattachment"], wall.reattachment, atol=1e-9
    )
    np.testing.assert_allclose(
        found["walls"]["bottom"]["skin_friction"], wall.skin_friction, atol=1e-9
    )
    x, y = wall.separation[0, 0], wall.reattachment[0, 0]
    assert f"On bottom the flow separates from x = {x:.4g} to {y:.4g}." in found["answer"]
    assert [profile["x"] for profile in found["profiles"]] == [2.0, 6.0]

    (folder / "again.toml").write_text(HILL + '[reference]\nfile = "first/flow.vtu"\n')
    assert run("solve", "again.toml", "-o", "again") == 0
    assert result("again")["error"] < 1e-9
    page = (folder / "again/report.html").read_text()
    assert "<h1>Laminar flow, Re = " in page and "differs from flow.vtu by" in page
    assert "How far the velocity is from that of flow.vtu, over U." in page
    assert "Circles are read off the velocities of the reference" in page


def test_flow_in_space(folder):
    assert run("solve", "bump.toml", "-o", "bump") == 0
    found = result("bump")
    assert found["walls"] == {} and found["profiles"] == []
    drag = found["forces"]["bottom"][0] + found["forces"]["top"][0]
    volume = FlowField.load("bump/flow.vtu").weights.sum()
    assert drag == pytest.approx(
        found["pressure_gradient"] * volume, rel=1e-2
    )  # less ∫ (u·∇u)·e dx


def test_closure_stopped_and_resumed_ends_as_one_that_was_not(folder, capsys):
    assert run("solve", "hill.toml", "--closure", "nut.safetensors", "-o", "whole") == 0
    whole = result("whole")
    assert whole["closure"] == "nut.safetensors"
    assert whole["history"]["change"][-1] <= 1e-9 and whole["clipped"] == 0
    assert "eddy_viscosity" in FlowField.load("whole/flow.vtu").scalars

    (folder / "short.toml").write_text("max_rounds = 3\n" + HILL)
    arguments = ("solve", "short.toml", "--closure", "nut.safetensors", "-o", "parts")
    assert run(*arguments) == 1
    assert "the best state so far is in parts/checkpoint.npz" in capsys.readouterr().err
    assert {path.name for path in (folder / "parts").iterdir()} == {
        "case.toml",
        "checkpoint.npz",
        "closure.json",
    }
    assert refused(capsys, folder, *arguments).startswith(
        "parts: holds an interrupted run; give --resume"
    )
    codes = []
    while 0 not in codes:
        codes.append(run(*arguments, "--resume"))
        assert len(codes) < 6
    flows = [FlowField.load(f"{name}/flow.vtu") for name in ("whole", "parts")]
    np.testing.assert_allclose(flows[1].velocity, flows[0].velocity, atol=1e-8)
    np.testing.assert_allclose(
        flows[1].scalars["eddy_viscosity"], flows[0].scalars["eddy_viscosity"], rtol=1e-6
    )


def test_killed_while_it_solves(folder):
    """What is left is the case and perhaps a checkpoint, and --resume ends in the same flow."""
    solve_and_kill('"step 3" in record.getMessage()', "solve", "hill.toml", "-o", "run")
    assert {path.name for path in (folder / "run").iterdir()} <= {
        "case.toml",
        "checkpoint.npz",
        "closure.json",
    }
    assert run("solve", "hill.toml", "-o", "run", "--resume") == 0
    assert run("solve", "hill.toml", "-o", "whole") == 0
    assert result("run")["pressure_gradient"] == pytest.approx(
        result("whole")["pressure_gradient"], rel=1e-9
    )


def test_a_finished_run_is_kept(folder, capsys):
    assert run("solve", "channel.toml", "-o", "run") == 0
    capsys.readouterr()
    assert refused(capsys, folder, "solve", "channel.toml", "-o", "run").startswith(
        "run: exists already; "
    )
    assert run("solve", "channel.toml", "-o", "run", "--resume") == 0
    assert "was complete already" in capsys.readouterr().out
    line = refused(capsys, folder, "solve", "hill.toml", "-o", "run", "--resume")
    assert line.startswith("run: holds a run of another case, see run/case.toml")
    assert run("solve", "hill.toml", "-o", "run", "--force") == 0
    assert result("run")["cells"] == 280 and (folder / "run/case.toml").read_text() == HILL


def test_a_case_in_millimetres(folder):
    """The same hill in mm and mm/s: [units] tell the closure, and the flow is the same one."""
    import meshio

    import meshes

    mesh = meshes.periodic_hill(cells=(20, 14))
    tail = HILL[HILL.index("[conditions]") :]
    flow = FlowField(
        1e3 * mesh.points,
        1e3 * mesh.points,
        mesh=meshio.Mesh(1e3 * mesh.points, mesh.cells, cell_sets=mesh.cell_sets),
    )
    flow.save("mm.vtu")
    units = "[units]\nlength = 1e3\nvelocity = 1e3\n"
    head = 'viscosity = 1e4\nlocation = "vertex"\n[mesh]\nfile = "mm.vtu"\n'
    text = head + units + tail.replace("0.72", "720.0")
    (folder / "mm.toml").write_text(text)
    (folder / "here.toml").write_text('location = "vertex"\n' + HILL)
    for name in ("mm", "here"):
        assert run("solve", f"{name}.toml", "--closure", "nut.safetensors", "-o", name) == 0
    there, here = (FlowField.load(f"{name}/flow.vtu") for name in ("mm", "here"))
    np.testing.assert_allclose(there.velocity, 1e3 * here.velocity, atol=1e-5)
    viscosities = (flow.scalars["eddy_viscosity"] for flow in (there, here))
    np.testing.assert_allclose(next(viscosities), 1e6 * next(viscosities), rtol=1e-7)


def test_a_closure_that_splits_the_stress_itself(folder):
    network = VectorCloudNetwork(
        ("wall_distance",),
        output=("positive_scalar", "traceless_symmetric_tensor"),
        tensors=("velocity_gradient",),
        channels=4,
        fitting=(16,),
        seed=1,
    )
    scales = Scales(
        scalars={"wall_distance": (1.0, 1.0)},
        tensors={"velocity_gradient": 1.0},
        targets=((0.0, 0.01), (0.0, 0.01)),
    )
    targets = ("eddy_viscosity", "anisotropy")
    Closure(network, RegionOfInfluence.ball(0.8, 0.2), targets, 2, scales).save("both.safetensors")
    assert run("solve", "hill.toml", "--closure", "both.safetensors", "-o", "both") == 0
    assert result("both")["history"]["change"][-1] <= 1e-9
    assert run("solve", "hill.toml", "--closure", "nut.safetensors", "-o", "one") == 0
    flows = [FlowField.load(f"{name}/flow.vtu").velocity for name in ("both", "one")]
    assert np.abs(flows[0] - flows[1]).max() > 1e-3


def test_closures_that_are_no_turbulent_stress(folder, capsys):
    def line(**options):
        small_closure(**options).save("model.safetensors")
        return refused(
            capsys, folder, "solve", "hill.toml", "--closure", "model.safetensors", "-o", "run"
        )

    assert line(target="concentration").startswith(
        "model.safetensors: predicts concentration (positive scalar); RANS needs eddy_viscosity, or"
    )
    assert line(output="vector").startswith(
        "model.safetensors: predicts eddy_viscosity (vector); RANS needs eddy_viscosity, or"
    )
    assert line(dimension=3) == "model.safetensors: was trained on 3-D flows, the mesh is 2-D"
    assert line(scalars=("wall_distance", "k")) == (
        "model.safetensors: needs k; a flow that is being solved has: pressure, strain_rate, "
        "boundary, velocity_gradient, wall_distance"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.05", "-0.05", "channel.toml: viscosity: expected a positive number, got -0.05"),
        (
            "0.05",
            '0.05\nlocation = "edge"',
            "channel.toml: location: expected 'cell' or 'vertex', got 'edge'",
        ),
        (
            '"laminar"',
            '"k-omega"',
            "channel.toml: model: expected one of laminar, spalart-allmaras",
        ),
        (", bulk_velocity = 0.5", "", "channel.toml: conditions: nothing moves the flow"),
        (
            'top = { kind = "wall" }',
            'top = { kind = "wall", velocity = [0, 1] }',
            "channel.toml: boundary 'top': the",
        ),
    ],
)
def test_mistakes(folder, capsys, old, new, message):
    (folder / "channel.toml").write_text(CHANNEL.replace(old, new))
    assert refused(capsys, folder, "solve", "channel.toml", "-o", "run").startswith(message)


def test_two_ranks_write_the_same(folder):
    code = "import sys; from vcnn.cli import main; main(sys.argv[1:])"
    arguments = ("solve", "hill.toml", "--closure", "nut.safetensors", "-o")
    solved = mpirun(2, code, *arguments, "two")
    assert solved.returncode == 0, solved.stderr
    assert solved.stdout.count("Converged") == 1
    assert run(*arguments, "one") == 0
    one, two = result("one"), result("two")
    assert abs(two["steps"] - one["steps"]) <= 1  # a change may just meet the tolerance or not
    for name in ("pressure_gradient", "bulk_velocity"):
        assert two[name] == pytest.approx(one[name], rel=1e-9)
    for wall in ("bottom", "top"):
        np.testing.assert_allclose(two["forces"][wall], one["forces"][wall], rtol=1e-8)
        for name in ("skin_friction", "pressure_coefficient", "separation", "reattachment"):
            np.testing.assert_allclose(
                two["walls"][wall][name], one["walls"][wall][name], atol=1e-8
            )
    flows = [FlowField.load(f"{name}/flow.vtu") for name in ("one", "two")]
    np.testing.assert_allclose(flows[1].velocity, flows[0].velocity, atol=1e-9)
