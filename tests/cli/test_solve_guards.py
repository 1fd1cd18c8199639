"""vcnn solve with closures that cannot be trusted: flagged or refused, and a run goes on with its
own closure only.
"""

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import meshes
from solvers import LaminarFlow, SpalartAllmaras
from tests.support.command_line import listing, refused, run
from tests.support.killing import solve_and_kill
from tests.support.solve_cases import HILL, result, small_closure
from vcnn import FlowField, RegionOfInfluence, VectorCloudNetwork, fit
from vcnn.evaluation.report.text import percent_or_power
from vcnn.flow.mesh import boundary_facets, named_mesh
from vcnn.training.fitting import TrainingConfig

TURBULENT = HILL.replace("0.01", "0.00333333333")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with a case and a model."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hill.toml").write_text(HILL)
    small_closure().save("nut.safetensors")
    return tmp_path


def solved(model, *more, case="hill.toml"):
    return "solve", case, "--closure", f"{model}.safetensors", "-o", model, *more


def amplified(gain, **options):
    """A closure of strain and wall distance, its last layer of ``gain`` times random weights."""
    closure = small_closure(scalars=("wall_distance", "strain_rate"), **options)
    with torch.no_grad():
        closure.network.fitting[-1].weight.mul_(gain)
    return closure


# -- flags


def test_where_a_closure_was_clipped_is_counted_and_mapped(folder, capsys):
    """ν_t of a random closure less its median: about half of it is negative."""
    closure = small_closure(output="scalar")
    flow = LaminarFlow(meshes.periodic_hill(cells=(20, 14)), 0.01, 0.72).solve().flow()
    values = closure.predict(flow)
    closure = replace(
        closure, scales=replace(closure.scales, targets=((-np.median(values), 0.01),))
    )
    closure.save("half.safetensors")
    assert run(*solved("half")) == 0
    found = result("half")
    assert found["flags"] == ["clipped"]
    assert found["clipped_below"] == pytest.approx(140, abs=30) and found["clipped_above"] == 0
    assert found["clipped"] == found["history"]["clipped"][-1] == found["clipped_below"] / 280
    assert (
        f"Beware: at {percent_or_power(found['clipped'])} of the points" in capsys.readouterr().out
    )
    page = (folder / "half/report.html").read_text()
    assert "Beware: " in page and "Where the closure was clipped." in page
    vertices = FlowField.load("half/flow.vtu")
    nu_t, clipped = vertices.scalars["eddy_viscosity"], vertices.scalars["clipped"]
    assert ((-1 <= clipped) & (clipped <= 0)).all()
    assert (nu_t[clipped == -1] < 1e-9).all() and (nu_t[clipped == 0] > 0).all()


def in_other_units(flow, length, velocity):
    """The flow with other units, at the cells of the mesh in these units."""
    units = {
        "wall_distance": length,
        "strain_rate": velocity / length,
        "eddy_viscosity": length * velocity,
    }
    cells = [(block.type, block.data) for block in flow.mesh.cells if block.dim == 2]
    mesh = named_mesh(length * flow.mesh.points, cells, boundary_facets(flow.mesh))
    return FlowField(
        length * flow.points,
        velocity * flow.velocity,
        length**2 * flow.weights,
        scalars={name: size * flow.scalars[name] for name, size in units.items()},
        periods=[length * period for period in flow.periods],
        mesh=mesh,
        location="cell",
    )


def test_a_closure_trained_in_other_units_extrapolates_everywhere(folder, capsys):
    """In lengths of 1000 and velocities of 1/10; the same training in the units of the case is
    trusted.
    """
    (folder / "hill.toml").write_text(TURBULENT)
    flow = SpalartAllmaras(meshes.periodic_hill(cells=(20, 14)), 1 / 300, 0.72).solve().flow()
    for name, length, velocity in (("good", 1.0, 1.0), ("foreign", 1e-3, 10.0)):
        network = VectorCloudNetwork(
            ("wall_distance", "strain_rate"),
            output="positive_scalar",
            channels=4,
            fitting=(16,),
            seed=1,
        )
        fit(
            network,
            [in_other_units(flow, length, velocity)],
            "eddy_viscosity",
            RegionOfInfluence.ball(0.6 * length),
            TrainingConfig(epochs=60),
            progress=False,
        ).save(f"{name}.safetensors")
        assert run(*solved(name)) == 0
    good, foreign = result("good"), result("foreign")
    assert good["flags"] == [] and good["extrapolating"] < 0.05 and "Beware" not in good["answer"]
    assert foreign["flags"] == ["extrapolating"] and foreign["extrapolating"] > 0.99
    assert (
        "Beware: at 100 % of the points the closure extrapolates, this flow is unlike those"
        in foreign["answer"]
    )
    assert FlowField.load("good/flow.vtu").scalars["extrapolation"].max() < 2
    assert FlowField.load("foreign/flow.vtu").scalars["extrapolation"].min() > 1


def test_clouds_far_wider_than_the_mesh_are_of_other_units(folder, capsys):
    replace(small_closure(), region=RegionOfInfluence.ball(400.0)).save("wide.safetensors")
    assert refused(capsys, folder, *solved("wide")).startswith(
        "wide.safetensors: has clouds of radius 400, the mesh"
    )


# -- what cannot be solved


def test_weights_that_are_no_numbers(folder, capsys):
    amplified(np.nan).save("broken.safetensors")
    before = listing(folder)
    assert run(*solved("broken")) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and listing(folder) == before
    (line,) = captured.err.splitlines()
    assert line.startswith("error: broken.safetensors: damaged, weights 'fitting.")
    assert line.endswith("are not finite")


def test_a_closure_that_does_not_settle_leaves_a_state_to_go_on_from(folder, capsys):
    (folder / "hill.toml").write_text("max_rounds = 6\n" + TURBULENT)
    amplified(1000, output="reynolds_stress").save("wild.safetensors")
    assert run(*solved("wild")) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "do not settle, after 6 rounds" in line and "% of the points are clipped" in line
    assert listing(folder / "wild") == ["case.toml", "checkpoint.npz", "closure.json"]


# -- going on


def test_a_run_goes_on_with_its_own_closure_only(folder, capsys):
    (folder / "hill.toml").write_text("max_rounds = 3\n" + HILL)
    assert run(*solved("nut")) == 1
    capsys.readouterr()
    (folder / "nut.safetensors").rename(folder / "renamed.safetensors")
    amplified(2).save("other.safetensors")
    resumed = ("solve", "hill.toml", "-o", "nut", "--resume")
    line = refused(capsys, folder, *resumed, "--closure", "other.safetensors")
    assert line.startswith("nut: holds a run with nut.safetensors (sha256 ")
    assert ", not other.safetensors (sha256 " in line and line.endswith(
        "choose another -o or give --force"
    )
    assert ", not laminar; choose another" in refused(capsys, folder, *resumed)
    assert run(*resumed, "--closure", "renamed.safetensors") in (0, 1)
    while not Path("nut/result.json").exists():
        assert run(*resumed, "--closure", "renamed.safetensors") in (0, 1)
    capsys.readouterr()
    assert "holds a run with " in refused(
        capsys, folder, *resumed, "--closure", "other.safetensors"
    )


def test_killed_between_rounds(folder):
    """kill -9 as soon as there is a checkpoint, that of round 5; --resume ends as if nothing had
    happened.
    """
    (folder / "hill.toml").write_text(TURBULENT)
    amplified(30, output="reynolds_stress").save("stress.safetensors")
    arguments = solved("stress")
    solve_and_kill('Path("stress/checkpoint.npz").exists()', *arguments)
    left = {name for name in listing(folder / "stress") if ".part." not in name}
    assert left == {"case.toml", "closure.json", "checkpoint.npz"}
    assert run(*arguments, "--resume") == 0
    resumed, flow = result("stress"), FlowField.load("stress/flow.vtu")
    assert run(*arguments, "--force") == 0
    whole, expected = result("stress"), FlowField.load("stress/flow.vtu")
    assert resumed["resumed"] and not whole["resumed"]
    assert 2 < resumed["steps"] < whole["steps"]
    assert np.linalg.norm(flow.velocity - expected.velocity) <= 1e-8 * np.linalg.norm(
        expected.velocity
    )


def test_a_run_begun_anew_keeps_no_results_of_the_old_one(folder, capsys):
    assert run(*solved("nut")) == 0
    assert json.loads(Path("nut/closure.json").read_text())["name"] == "nut.safetensors"
    (folder / "hill.toml").write_text("max_rounds = 2\n" + HILL)
    assert run(*solved("nut", "--force")) == 1
    assert listing(folder / "nut") == ["case.toml", "checkpoint.npz", "closure.json"]


# -- meanwhile


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_every_round(folder, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert run(*solved("nut")) == 0
    lines = [line for line in terminal.getvalue().split("\r") if line.strip()]
    assert lines[0].startswith("the equations are set up")
    history = result("nut")["history"]
    for number, sizes in enumerate(
        zip(history["residual"], history["change"], strict=True), start=1
    ):
        told = "round {}, residual {:.2e}, change {:.2e}".format(number, *sizes)
        assert any(told in line for line in lines)
    assert terminal.getvalue().endswith("\n")
