"""A closure applied to a case, and taken out again."""

import re
from pathlib import Path

import pytest

from meshes.readers.openfoam.dictionary import read_dictionary
from openfoam.case import originals
from openfoam.case.apply import ClosureInCase, apply_closure, undo
from tests.support.foam_dictionaries import (
    CONTROL,
    FILES,
    SCHEMES,
    SETTINGS,
    SOLUTION,
    TURBULENCE,
    closure_of,
    contents,
    write_run,
)
from vcnn import InputError

EDDY = closure_of("eddy_viscosity")


def entries(case, name):
    return read_dictionary(case / name, case)


def lines(difference, sign):
    return re.findall(rf"^\{sign}(?!\{sign})(.*)$", difference, re.MULTILINE)


def test_what_a_solver_needs_is_written_and_all_else_stays(tmp_path):
    case = write_run(tmp_path)
    applied = apply_closure(case, EDDY, SETTINGS)
    model = entries(case, "constant/turbulenceProperties")["RAS"]
    assert model["RASModel"] == ["vcnn"] and model["turbulence"] == ["on"]
    assert model["vcnnCoeffs"] == {
        "model": ["/m/a.safetensors"],
        "python": ["/v/python"],
        "length": ["1"],
        "velocity": ["1"],
        "every": ["20"],
        "relaxation": ["0.5"],
        "share": ["no"],
    }
    assert entries(case, "system/controlDict")["libs"] == [["/l/1912/libvcnnFoam.so"]]
    assert "div(nonlinearStress) Gauss linear;" in (case / "system/fvSchemes").read_text()
    control = entries(case, "system/fvSolution")["SIMPLE"]["residualControl"]
    assert control == {"U": ["1e-6"], "p": ["1e-5"], "nut": ["1e-6"]}
    assert applied.notes == () and applied.application == "simpleFoam"
    removed = lines(applied.difference, "-")
    assert removed == [
        "    RASModel        kOmegaSST;  // of Menter",
        "    residualControl { U 1e-6; p 1e-5; }",
    ]
    assert "    RASModel        vcnn;  // of Menter" in lines(applied.difference, "+")
    assert f"--- {case}/constant/turbulenceProperties" in applied.difference


def test_undo_restores_every_bit(tmp_path):
    case = write_run(tmp_path)
    (case / "system/fvSchemes").chmod(0o640)
    before = contents(case)
    modes = {name: (case / name).stat().st_mode for name in before}
    times = {name: (case / name).stat().st_mtime_ns for name in before}
    apply_closure(case, EDDY, SETTINGS)
    assert {n: (case / n).stat().st_mode for n in before} == modes
    assert set(contents(case)) > set(before)
    apply_closure(case, closure_of("correction"), SETTINGS)
    assert undo(case) == list(FILES)
    assert contents(case) == before
    assert {n: (case / n).stat().st_mode for n in before} == modes
    assert {n: (case / n).stat().st_mtime_ns for n in before} == times
    assert not (case / "vcnn.orig").exists()
    with pytest.raises(InputError, match="no closure was applied to it"):
        undo(case)


def test_applied_again_it_changes_nothing_or_what_is_new(tmp_path):
    case = write_run(tmp_path)
    apply_closure(case, EDDY, SETTINGS)
    first = contents(case)
    assert apply_closure(case, EDDY, SETTINGS).difference == ""
    assert contents(case) == first
    path = case / "constant/turbulenceProperties"
    path.write_text(path.read_text().replace("every           20;", "every           7; // mine"))
    newer = ClosureInCase("hill-stress", Path("/l/2206/libvcnnFoam.so"), Path("/v"), 0.5, 2.0)
    difference = apply_closure(case, EDDY, newer).difference
    assert " ".join(lines(difference, "+")).split() == (
        'model "hill-stress"; python "/v"; length 0.5; velocity 2; '
        'libs ("/l/2206/libvcnnFoam.so");'.split()
    )
    assert "every           7; // mine" in path.read_text()
    with pytest.raises(InputError, match="turbulenceProperties changed since"):
        undo(case)  # which is still somebody's
    undo(case, force=True)
    assert (case / "system/controlDict").read_text() == CONTROL


def test_undo_keeps_what_was_changed_since(tmp_path):
    case = write_run(tmp_path)
    apply_closure(case, EDDY, SETTINGS)
    path = case / "system/controlDict"
    path.write_text(path.read_text().replace("500", "900"))
    edited = contents(case)
    with pytest.raises(InputError, match=r"system/controlDict changed since .* --force"):
        undo(case)
    assert contents(case) == edited
    undo(case, force=True)
    assert path.read_text() == CONTROL


@pytest.mark.parametrize("at", range(4))
def test_all_files_are_written_or_none(tmp_path, monkeypatch, at):
    case, count = write_run(tmp_path), iter(range(9))
    before, put = contents(case), originals.replacing

    def fail(path):
        if path.name != "vcnn.orig" and next(count) == at:
            raise OSError(28, "No space left on device", str(path))
        return put(path)

    monkeypatch.setattr(originals, "replacing", fail)
    with pytest.raises(OSError, match="No space"):
        apply_closure(case, EDDY, SETTINGS)
    assert contents(case) == before


def test_an_interruption_half_way_can_be_undone(tmp_path):
    """As if the process had been killed: some files are new, all originals are there."""
    case = write_run(tmp_path)
    before = contents(case)
    apply_closure(case, EDDY, SETTINGS)
    (case / "system/fvSchemes").write_text(SCHEMES)
    undo(case)
    assert contents(case) == before


def test_a_correction_goes_into_the_model_it_corrects(tmp_path):
    text = TURBULENCE.replace(
        "    printCoeffs", "    kOmegaSSTCoeffs { a1 0.3; F3 true; }\n    printCoeffs"
    )
    case = write_run(tmp_path, turbulenceProperties=text)
    apply_closure(case, closure_of("correction", "anisotropy"), SETTINGS)
    model = entries(case, "constant/turbulenceProperties")["RAS"]
    assert model["RASModel"] == ["vcnnKOmegaSST"]
    own = model["vcnnKOmegaSSTCoeffs"]
    assert own["baseline"] == ["frozen"] and own["every"] == ["20"]
    assert own["a1"] == ["0.3"] and own["F3"] == ["true"]
    again = apply_closure(case, closure_of("correction"), SETTINGS)
    assert again.difference == ""


@pytest.mark.parametrize("targets", [("eddy_viscosity", "anisotropy"), ("reynolds_stress",)])
def test_stresses_of_every_form(tmp_path, targets):
    case = write_run(tmp_path)
    apply_closure(case, closure_of(*targets), SETTINGS)
    assert entries(case, "constant/turbulenceProperties")["RAS"]["RASModel"] == ["vcnn"]


def test_the_foundation_has_other_names(tmp_path):
    case = write_run(tmp_path)
    text = TURBULENCE.replace("RASModel       ", "model          ")
    (case / "constant/turbulenceProperties").rename(case / "constant/momentumTransport")
    (case / "constant/momentumTransport").write_text(text)
    apply_closure(case, EDDY, SETTINGS)
    model = entries(case, "constant/momentumTransport")["RAS"]
    assert model["model"] == ["vcnn"] and "RASModel" not in model
    assert not (case / "constant/turbulenceProperties").exists()


def test_libraries_that_are_there_stay(tmp_path):
    text = CONTROL.replace("functions", 'libs ("libmine.so" "/l/old/libvcnnFoam.so");\nfunctions')
    case = write_run(tmp_path, controlDict=text)
    apply_closure(case, EDDY, SETTINGS)
    libs = entries(case, "system/controlDict")["libs"]
    assert libs == [["libmine.so", "/l/1912/libvcnnFoam.so"]]


@pytest.mark.parametrize(
    ("before", "added"),
    [
        ("default         none;", True),
        ("default         bounded Gauss upwind;", True),
        ("", True),
        ("default         Gauss linear;", False),
        ('default none; "div\\(nonlin.*" Gauss linear;', False),
        ("default none; div(nonlinearStress) Gauss midPoint;", False),
    ],
)
def test_a_scheme_is_added_where_there_is_none_for_stresses(tmp_path, before, added):
    text = SCHEMES.replace("default         none;", before)
    case = write_run(tmp_path, fvSchemes=text)
    apply_closure(case, EDDY, SETTINGS)
    new = (case / "system/fvSchemes").read_text()
    assert (new != text) == added
    assert ("div(nonlinearStress) Gauss linear;" in new) == added


@pytest.mark.parametrize(
    ("algorithm", "after"),
    [
        ("SIMPLE { }", {"U": ["1e-5"], "p": ["1e-5"], "nut": ["1e-5"]}),
        ('SIMPLE { residualControl { "(U|p)" 1e-4; } }', {"(U|p)": ["1e-4"], "nut": ["1e-4"]}),
        ('SIMPLE { residualControl { ".*" 1e-4; } }', {".*": ["1e-4"]}),
        ("SIMPLE { residualControl { } }", {"nut": ["1e-5"]}),
        (
            "PIMPLE { residualControl { p { tolerance 1e-3; relTol 0; } } }",
            {
                "p": {"tolerance": ["1e-3"], "relTol": ["0"]},
                "nut": {"tolerance": ["1e-3"], "relTol": ["0"]},
            },
        ),
    ],
)
def test_a_run_ends_when_the_closure_too_has_settled(tmp_path, algorithm, after):
    text = SOLUTION[: SOLUTION.index("SIMPLE")] + algorithm + "\n"
    case = write_run(tmp_path, fvSolution=text)
    apply_closure(case, EDDY, SETTINGS)
    control = entries(case, "system/fvSolution")
    assert control[algorithm[:6]]["residualControl"] == after


def test_a_transient_case_asks_at_every_step(tmp_path):
    text = SOLUTION[: SOLUTION.index("SIMPLE")] + "PIMPLE { nCorrectors 2; }\n"
    case = write_run(tmp_path, fvSchemes=SCHEMES.replace("steadyState", "Euler"), fvSolution=text)
    apply_closure(case, EDDY, SETTINGS)
    model = entries(case, "constant/turbulenceProperties")["RAS"]["vcnnCoeffs"]
    assert model["every"] == ["1"] and model["relaxation"] == ["1"]
    assert (case / "system/fvSolution").read_text() == text


def test_a_case_that_has_run_to_its_end_goes_on(tmp_path):
    case = write_run(tmp_path, time="500")
    (case / "0").mkdir()
    apply_closure(case, EDDY, SETTINGS)
    assert entries(case, "system/controlDict")["endTime"] == ["1000"]
    assert apply_closure(case, EDDY, SETTINGS).difference == ""


def test_wall_functions_and_wide_clouds_are_noted(tmp_path):
    case = write_run(tmp_path, wall="nutkWallFunction")
    (note,) = apply_closure(case, EDDY, SETTINGS).notes
    assert note == (
        "0/nut: (floor|lid): nutkWallFunction; closures resolve walls, there nut should be "
        "fixedValue uniform 0"
    )
    wide = closure_of("eddy_viscosity", radius=1.5)  # in a box of 2 by 1.5
    assert any(
        "clouds of radius 1.5 are wider" in n for n in apply_closure(case, wide, SETTINGS).notes
    )
    undo(case)
    case = write_run(tmp_path / "low", wall="nutLowReWallFunction")
    assert apply_closure(case, EDDY, SETTINGS).notes == ()
