"""What the page says of the iteration: of logs and the closure's table, and of what is missing."""

import json
import os
import re

import numpy as np
import pytest

from meshes.report.verdict import flow_verdict
from openfoam.report.closure_history import read_history
from openfoam.report.logs import read_logs
from openfoam.report.page import write_report
from openfoam.report.progress import NO_HISTORY, NO_LOG
from openfoam.report.solved_case import read_solved
from openfoam.report.summarise import summarise
from tests.docs.test_formats import keys
from tests.support.solve_cases import small_closure
from tests.support.solved_foam_cases import (
    channel_flow,
    log_text,
    write_history,
    write_solved,
    write_turbulence,
)
from vcnn import Closure, InputError

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
ROWS = [(1, 1.0, 0.3, 0.5), (21, 0.1, 0.1, -1), (40, 2e-4, 0.0, -1)]


@pytest.fixture
def case(tmp_path):
    return write_solved(channel_flow(), tmp_path / "channel")


def age(path, seconds):
    """Make a file older than it is."""
    os.utime(path, ns=(10**18 - seconds * 10**9,) * 2)


def test_the_page_has_all_its_parts(case, tmp_path):
    write_turbulence(case, "hill-stress")
    (case / "log.simpleFoam").write_text(log_text(range(1, 41)))
    write_history(case, "0", ROWS)
    path = write_report(case, tmp_path / "page", at=[0.5, 2.5])
    html, numbers = path.read_text(), json.loads((path.parent / "report.json").read_text())
    headings = ["The flow", "Velocity profiles", "Along the walls", "Through the boundaries"]
    headings += ["The first cells", "Forces", "Convergence"]
    places = [html.find(f"<h2>{heading}</h2>") for heading in headings]
    assert min(places) > 0 and places == sorted(places)
    assert "What could not be made" not in html
    assert numbers["title"].startswith("Flow with hill-stress, Re = ")
    assert numbers["answer"].startswith(
        "Converged in 40 iterations (in its last call the prediction of the closure changed by "
        "2.0e-04): bulk velocity"
    )
    captions = ["Streamlines on the speed.", "Eddy viscosity over the molecular one, one value"]
    captions += ["Distance of the clouds to those of training", "How the iteration went."]
    assert all(caption in html.replace("&#x27;", "'") for caption in captions)
    assert numbers["history"]["change"] == [1.0, 0.1, 2e-4]
    assert numbers["history"]["extrapolating"] == [0.5, None, None]
    assert numbers["residuals"]["p"][:2] == [0.7, 0.49]  # not its corrector's
    named = keys("result-json") | keys("report-json") | keys("foam-report-json")
    assert set(numbers) == named
    assert numbers["steps"] == 40 and numbers["time"] == 40 and not numbers["resumed"]
    with pytest.raises(InputError, match="exists already"):
        write_report(case, tmp_path / "page")
    assert write_report(case, tmp_path / "page", force=True) == path


def test_extrapolation_is_that_of_the_final_flow(case):
    """Asked anew, with the units of the dictionary; the table tells the share where it cannot."""
    write_turbulence(case, "hill-stress", length=0.5, velocity=2)
    write_history(case, "0", ROWS)
    solved = read_solved(case)
    closure = Closure.pretrained("hill-stress").in_units(0.5, 2.0)
    expected = closure.extrapolation(solved.flow)
    run = summarise(solved)
    np.testing.assert_allclose(run.extrapolation, expected)
    assert run.extrapolating == np.mean(expected > 1)
    write_turbulence(case, "/nowhere/lost.safetensors")
    run = summarise(read_solved(case))
    assert run.closure == "lost.safetensors" and run.extrapolating == 0.5
    assert "lost.safetensors" in run.failures["extrapolation"]
    assert "Beware: at 50.0 % of the points the closure extrapolates" in flow_verdict(run)


def test_closures_that_know_no_training(case, tmp_path):
    """A network that does not say, and a function of a Python file."""
    small_closure().save(tmp_path / "small.safetensors")
    (tmp_path / "own.py").write_text(
        "def constant(flow):\n    return {'eddy_viscosity': 0.01 + 0 * flow.points[:, 0]}\n"
    )
    for model in ("small.safetensors", "own.py:constant"):
        write_turbulence(case, tmp_path / model)
        run = summarise(read_solved(case))
        assert run.closure == model and run.failures == {} and run.extrapolating is None
        assert "The model does not say what it was trained on" in flow_verdict(run)


def test_what_to_beware_of(case):
    """Clipping in the last call, too few iterations, an error, cells too high for their slope."""
    write_turbulence(case, "hill-stress")
    write_history(case, "0", [(40, 0.5, 0.25, 0.5)])
    (case / "log").write_text(log_text(range(1, 41), settled=False))
    run = summarise(read_solved(case))
    answer = flow_verdict(run)
    assert answer.startswith("Beware: not converged after 40 iterations, the last residuals are Ux")
    assert "Beware: at 25.0 % of the points what the closure predicts is out of bounds" in answer
    assert {"not converged", "clipped"} <= set(run.flags)
    (case / "log").write_text(log_text(range(1, 13), settled=False, fatal="closure: ValueError: x"))
    run = summarise(read_solved(case))
    assert flow_verdict(run).startswith(
        "Beware: the solver ended with an error at time 12, the flow is that of time 40"
    )
    assert "It ended with: closure: ValueError: x" in run.progress.text
    properties = case / "constant" / "transportProperties"
    properties.write_text(properties.read_text().replace("0.02", "2e-4"))
    run = summarise(read_solved(case))
    assert "coarse at walls" in run.flags
    largest = run.first_cells.units["top"].largest
    assert (
        f"Beware: the first cells on bottom and top reach to y⁺ = {largest:.3g}; the shear stress "
        "on walls needs 5 at most."
    ) in flow_verdict(run)


def test_what_is_missing_is_said(case):
    run = summarise(read_solved(case))
    assert run.closure == "an unknown model" and run.record is None
    assert run.progress.text == NO_LOG and run.flags == []
    assert "of which no log says whether it converged" in flow_verdict(run)
    assert any("no field phi" in note for note in run.notes)
    write_turbulence(case, "hill-stress")
    assert summarise(read_solved(case)).progress.text == f"{NO_LOG} {NO_HISTORY}"
    nut = case / "40" / "nut"
    wall = "top { type nutkWallFunction; value uniform 0; }"
    nut.write_text(re.sub(r"top\s*\{[^}]*\}", wall, nut.read_text()))
    assert "Beware: top has a wall function (nutkWallFunction)" in flow_verdict(
        summarise(read_solved(case))
    )
    (case / "constant" / "transportProperties").unlink()
    with pytest.raises(InputError, match="transportProperties states no positive nu"):
        read_solved(case)


def test_several_runs_are_one_history(case):
    """A run from time 20 takes the place of what came after 20; a row still written is left out."""
    (case / "log.1").write_text(log_text(range(1, 31), settled=False))
    (case / "log.2").write_text(log_text(range(21, 26)))
    (case / "log.checkMesh").write_text("Mesh OK.\n")
    for name, seconds in (("log.1", 20), ("log.2", 10), ("log.checkMesh", 0)):
        age(case / name, seconds)
    log = read_logs(case)
    assert log.files == ("log.1", "log.2") and log.settled
    np.testing.assert_array_equal(log.times, np.arange(1, 26))
    np.testing.assert_allclose(log.residuals["Ux"], 0.5 ** np.arange(1, 26), rtol=1e-5)
    write_history(case, "0", [(1, 1.0, 0, -1), (11, 0.5, 0, -1), (31, 0.2, 0, -1)])
    write_history(case, "20", [(21, 0.3, 0.1, 0.2)])
    table = case / "postProcessing" / "vcnn" / "20" / "closure.dat"
    table.write_text(table.read_text() + "41 2 0.0")
    history = read_history(case)
    np.testing.assert_array_equal(history.times, [1, 11, 21])
    np.testing.assert_array_equal(history.change, [1.0, 0.5, 0.3])
    assert history.told_extrapolating == 0.2
    assert summarise(read_solved(case)).progress.resumed


def banner(program):
    return f"Build  : 1912\nExec   : {program}\n"


def test_a_run_that_failed_before_it_solved_anything(case):
    """The last run counts, not the last with residuals; programs that solve nothing do not."""
    (case / "log.1").write_text(banner("simpleFoam") + log_text(range(1, 41)))
    (case / "log.2").write_text(
        f"{banner('simpleFoam -parallel')}[0] \n[1] --> FOAM FATAL IO ERROR: \n[1] \n"
        "[1] Unknown type nonesuch\n[1] \n"
    )
    (case / "log.mesh").write_text(f"{banner('blockMesh')}--> FOAM FATAL ERROR: no mesh\n")
    for name, seconds in (("log.1", 20), ("log.2", 10), ("log.mesh", 0)):
        age(case / name, seconds)
    log = read_logs(case)
    assert log.failure == "Unknown type nonesuch" and log.files == ("log.1", "log.2")
    assert len(log.times) == 40 and log.last["Ux"] == pytest.approx(0.5**40, rel=1e-5)
    answer = flow_verdict(summarise(read_solved(case)))
    assert answer.startswith("Beware: the solver ended with an error")
    (case / "log.1").unlink()
    run = summarise(read_solved(case))
    assert flow_verdict(run).startswith(
        "Beware: the solver ended with an error, the flow is that of time 40"
    )
    assert "It ended with: Unknown type nonesuch" in run.progress.text


def test_runs_appended_to_one_log(case):
    """A failure is forgotten, and so are times that were computed anew."""
    failed = banner("simpleFoam") + log_text(range(1, 31), settled=False, fatal="x: y")
    (case / "log").write_text(failed + banner("simpleFoam") + log_text(range(21, 26)))
    log = read_logs(case)
    assert log.settled and not log.failure and log.files == ("log",)
    np.testing.assert_array_equal(log.times, np.arange(1, 26))


def test_calls_after_the_last_time_are_of_a_run_that_was_begun_anew(case):
    write_history(case, "0", [(1, 1.0, 0, 0.5), (21, 0.5, 0, -1)])
    write_history(case, "60", [(61, 0.3, 0.1, 0.2)])
    assert read_history(case).starts == 2
    run = summarise(read_solved(case))
    assert run.progress.numbers["history"]["change"] == [1.0, 0.5] and not run.progress.resumed
    (case / "log").write_text(log_text(range(1, 71), settled=False))
    assert summarise(read_solved(case)).progress.resumed  # what its solver has not written


@pytest.mark.parametrize("line", ["1 2 3 4 5\n", "1 2 x 0 0 0\n"])
def test_damaged_tables_are_refused(case, line):
    write_history(case, "0", ROWS)
    table = case / "postProcessing" / "vcnn" / "0" / "closure.dat"
    table.write_text(table.read_text() + line)
    with pytest.raises(InputError, match=r"closure\.dat: line 5: expected numbers for Time, call"):
        read_history(case)


def test_nothing_is_written_where_the_question_is_wrong(case, tmp_path):
    for options, words in (
        ({"reference": "les=0/U_LES"}, "no time 0"),
        ({"reference": "nowhere.vtu"}, "nowhere.vtu: no such file"),
        ({"reference": "=U"}, "expected a file, or NAME=FIELD"),
        ({"at": [7.0]}, "--at: x = 7 is outside the mesh, 0 to 3"),
    ):
        with pytest.raises(InputError, match=words):
            write_report(case, tmp_path / "page", **options)
    assert not (tmp_path / "page").exists()
