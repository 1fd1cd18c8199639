"""vcnn rotate --coupled: flows solved in turned frames join the report; what cannot be solved ends
with one line.
"""

import json
from importlib import metadata

import pytest

import meshes
from tests.support.command_line import refused, run
from tests.support.solve_cases import BUMP, HILL, small_closure
from vcnn import Closure
from vcnn.baselines import GraphKernelNetwork
from vcnn.cli import plugins

COARSE = HILL.replace("[20, 14]", "[12, 8]")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with a flow, cases, and two models of an eddy viscosity."""
    from solvers import LaminarFlow

    monkeypatch.chdir(tmp_path)
    LaminarFlow(meshes.periodic_hill(1.0, cells=(12, 8)), 0.01, 0.72).solve().flow().save(
        "flow.vtu"
    )
    (tmp_path / "hill.toml").write_text(COARSE)
    (tmp_path / "bump.toml").write_text(BUMP)
    cloud = small_closure()
    cloud.save("cloud.safetensors")
    graph = GraphKernelNetwork(
        cloud.network.scalars, output="positive_scalar", width=4, kernel=(8, 8)
    )
    Closure(graph, cloud.region, cloud.target, 2, cloud.scales).save("graph.safetensors")
    return tmp_path


def rotating(*more, models=("cloud.safetensors",), case="hill.toml"):
    return "rotate", *models, "flow.vtu", "--coupled", case, *more, "-o", "out"


def test_the_report_has_the_flows_solved_in_turned_frames(folder, capsys):
    assert run(*rotating("--angle", "90", models=("cloud.safetensors", "graph.safetensors"))) == 0
    numbers = json.loads((folder / "out/report.json").read_text())
    found = numbers["coupled"]
    assert (
        found["case"] == "hill.toml" and found["angles"] == [0, 90] and found["tolerance"] == 1e-9
    )
    assert found["changes"]["vector-cloud"][0] == 0 and found["changes"]["vector-cloud"][1] < 1e-8
    assert found["changes"]["graph-kernel"][1] > 1e-4
    assert found["failures"] == {"vector-cloud": ["", ""], "graph-kernel": ["", ""]}
    forces = [of["pressure_gradient"] for of in found["parameters"]["vector-cloud"]]
    assert forces[1] == pytest.approx(forces[0], rel=1e-8)
    *_, table = numbers["sections"]
    assert table["heading"] == "Solved in turned frames" and len(table["rows"]) == 4
    page, told = (folder / "out/report.html").read_text(), capsys.readouterr().out
    assert "Solved anew in turned frames: vector-cloud finds the same flow" in told
    assert numbers["answer"] in told and "vector-cloud finds the same flow" in page
    assert "Streamlines on the speed" in page and "How far the flow, turned back, is from" in page


def test_the_default_angles(folder):
    assert run(*rotating()) == 0
    numbers = json.loads((folder / "out/report.json").read_text())
    assert numbers["angles"] == [0, 35, 70, 90, 180]
    assert numbers["coupled"]["angles"] == [0, 35, 90, 180]
    assert max(numbers["coupled"]["changes"]["vector-cloud"]) < 1e-8


def test_a_model_that_is_no_turbulence_closure(folder, capsys):
    small_closure(target="concentration").save("other.safetensors")
    line = refused(capsys, folder, *rotating(models=("other.safetensors",)))
    assert line.startswith(
        "other.safetensors: predicts concentration (positive scalar); RANS needs eddy_viscosity, or"
    )


def test_a_case_of_another_dimension(folder, capsys):
    line = refused(capsys, folder, *rotating(case="bump.toml"))
    assert line == "cloud.safetensors: was trained on 2-D flows, the mesh is 3-D"


def test_cases_that_cannot_be_read_or_solved(folder, capsys):
    assert refused(capsys, folder, *rotating(case="none.toml")) == "none.toml: no such file"
    (folder / "hill.toml").write_text(COARSE.replace(", bulk_velocity = 0.72", ""))
    assert refused(capsys, folder, *rotating()).startswith(
        "hill.toml: conditions: nothing moves the flow"
    )


def test_without_a_package_that_solves(folder, capsys, monkeypatch):
    def nothing_of(group, name):
        return [] if group == "vcnn.studies" else metadata.entry_points(group=group, name=name)

    monkeypatch.setattr(plugins, "entry_points", nothing_of)
    assert refused(capsys, folder, *rotating()).startswith(
        "--coupled: nothing installed solves flows; "
    )
