"""vcnn generate: writes flows, goes on where it stopped, overwrites nothing foreign."""

import subprocess
import sys

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from solvers.cli.generate import generate
from vcnn import FlowField, InputError

app = typer.Typer()
app.command()(generate)


def run(*arguments):
    result = CliRunner().invoke(app, ["--cells", "12x8", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_writes_a_flow_for_each_slope_and_resumes(tmp_path):
    folder = tmp_path / "hills"
    assert run("--slope", 1.0, "-o", folder).exit_code == 0
    first = (folder / "hill_1.00.vtu").stat().st_mtime_ns
    assert run("--slope", 1.0, "--slope", 1.125, "-o", folder).exit_code == 0
    assert sorted(p.name for p in folder.iterdir()) == ["hill_1.00.vtu", "hill_1.125.vtu"]
    assert (folder / "hill_1.00.vtu").stat().st_mtime_ns == first
    flow = FlowField.load(folder / "hill_1.125.vtu")
    assert flow.parameters["slope"] == 1.125
    assert {"concentration", "strain_rate", "wall_distance", "boundary"} <= set(flow.scalars)
    assert (flow.location, len(flow)) == ("cell", 96)
    np.testing.assert_allclose(flow.periods, [[3.858 * 1.125 + 5.142, 0]], atol=1e-12)


def test_overwrites_other_settings_and_foreign_files_only_by_force(tmp_path):
    path = tmp_path / "hill_1.00.vtu"
    path.write_text("not a flow")
    with pytest.raises(InputError, match=r"hill_1\.00\.vtu: exists already.*--force"):
        run("--slope", 2.0, "--slope", 1.0, "-o", tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]  # refused before anything was solved
    assert run("-o", tmp_path, "--force").exit_code == 0
    with pytest.raises(InputError, match="exists already"):
        run("-o", tmp_path, "--location", "vertex")
    assert FlowField.load(path).location == "cell"


def test_bumps_in_three_dimensions(tmp_path):
    arguments = (
        "--bump",
        "0.6,1.5,30",
        "--bump",
        "0.4,1,-15.5",
        "--cells",
        "4x3x3",
        "-o",
        tmp_path,
    )
    assert run(*arguments).exit_code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "bump_0.4_1_-15.5.vtu",
        "bump_0.6_1.5_30.vtu",
    ]
    flow = FlowField.load(tmp_path / "bump_0.4_1_-15.5.vtu")
    assert (flow.dimension, len(flow)) == (3, 4 * 3 * 3 * 6)
    assert {"height": 0.4, "aspect": 1.0, "yaw": -15.5}.items() <= flow.parameters.items()
    written = [p.stat().st_mtime_ns for p in tmp_path.iterdir()]
    assert run(*arguments).exit_code == 0  # they are there
    assert [p.stat().st_mtime_ns for p in tmp_path.iterdir()] == written


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--bump", "0.6,1.5"],
            "--bump: expected height,aspect,yaw like 0.6,1.5,30, got '0.6,1.5'",
        ),
        (
            ["--bump", "0.6,1,0", "--bump", "2,1,0"],
            "height: the bump must be lower than the channel's ceiling",
        ),
        (
            ["--bump", "0.6,1,0", "--cells", "8x8"],
            "--cells: expected three numbers like 16x10x12, got '8x8'",
        ),
        (
            ["--bump", "0.6,1,0", "--slope", "1"],
            "--slope and --bump: expected one kind of flow, got both",
        ),
        (["--slope", "-1"], "slope"),
        (["--cells", "12"], "--cells: expected two numbers like 96x64, got '12'"),
        (["-o", __file__], "cannot be written"),
        (["--location", "edge"], "--location: expected cell or vertex, got 'edge'"),
    ],
)
def test_bad_input_names_the_option(tmp_path, arguments, message):
    with pytest.raises(InputError, match=message):
        run("-o", tmp_path, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_importing_the_command_does_not_import_fenics():
    code = "import sys, solvers.cli.generate; assert not {'dolfinx', 'petsc4py'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_without_fenics_the_error_says_how_to_get_it():
    code = "import sys; sys.modules['dolfinx'] = None; from solvers import LaminarFlow"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (
        "InputError: solvers: needs FEniCSx: pip install 'vcnn[fenics]' or conda install"
        in run.stderr
    )
