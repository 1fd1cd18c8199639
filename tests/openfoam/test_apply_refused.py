"""Cases that cannot ask a closure: one line says why, and nothing is written."""

import re

import pytest

from openfoam.case.apply import ClosureInCase, apply_closure
from tests.support.foam_cases import BoxCase
from tests.support.foam_dictionaries import (
    CONTROL,
    SCHEMES,
    SETTINGS,
    TURBULENCE,
    closure_of,
    contents,
    write_run,
)
from vcnn import InputError

EDDY = closure_of("eddy_viscosity")


def refusal(case, closure=EDDY, settings=SETTINGS):
    before = contents(case)
    with pytest.raises(InputError) as error:
        apply_closure(case, closure, settings)
    assert contents(case) == before
    (line,) = str(error.value).splitlines()
    return line


@pytest.mark.parametrize(
    ("name", "old", "new", "line"),
    [
        (
            "turbulenceProperties",
            " RAS;",
            " laminar;",
            "expected RAS, which closures are for, got laminar",
        ),
        ("turbulenceProperties", " RAS;", " LES;", "expected RAS, which closures are for, got LES"),
        ("turbulenceProperties", " RAS;", " $kind;", "simulationType: $kind is not evaluated"),
        (
            "turbulenceProperties",
            "\nRAS\n",
            '\n#include "ras"\nRAS\n',
            '#include "ras" may bring simulationType',
        ),
        ("turbulenceProperties", "\nRAS\n", "\nLES\n", "RAS: missing"),
        ("turbulenceProperties", "printCoeffs", "$more; printCoeffs", "$more may bring RAS model"),
        (
            "controlDict",
            "startTime ",
            '#include "x"\nstartTime ',
            '#include "x" may bring startFrom',
        ),
        ("controlDict", "functions", "libs $libs;\nfunctions", "libs: expected a list"),
        (
            "controlDict",
            "latestTime",
            "whenever",
            "expected firstTime, startTime or latestTime, got 'whenever'",
        ),
        (
            "controlDict",
            "endTime         500",
            "endTime         late",
            "endTime: expected a number, got 'late'",
        ),
        ("fvSchemes", "divSchemes", '#include "div"\ndivSchemes', "may bring ddtSchemes"),
        ("fvSchemes", "divSchemes", "diffSchemes", "divSchemes: missing"),
        (
            "fvSolution",
            "residualControl {",
            "residualControl { $all;",
            "$all may bring SIMPLE residualControl nut",
        ),
        ("fvSolution", "SIMPLE\n{", "SIMPLE\n{{", "unexpected '{'"),
    ],
)
def test_dictionaries(tmp_path, name, old, new, line):
    case = write_run(tmp_path)
    (path,) = case.glob(f"*/{name}")
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    refused = refusal(case)
    assert line in refused and name in refused


def test_files_that_are_missing_compressed_or_links(tmp_path):
    case = write_run(tmp_path / "case")
    path = case / "system/fvSolution"
    text = path.read_bytes()
    path.unlink()
    assert refusal(case) == f"{path}: no such file"
    path.with_name("fvSolution.gz").write_bytes(b"")
    assert "compressed: run gunzip" in refusal(case)
    (tmp_path / "common").write_bytes(text)
    path.symlink_to(tmp_path / "common")
    assert "a link to" in refusal(case)
    assert (tmp_path / "common").read_bytes() == text


def test_folders_that_are_links(tmp_path):
    """What is changed in them would be changed in another case."""
    case = write_run(tmp_path / "case")
    (case / "system").rename(tmp_path / "common")
    (case / "system").symlink_to(tmp_path / "common")
    before = contents(tmp_path / "common")
    assert f"{case}/system: a link to {tmp_path}/common" in refusal(case)
    assert contents(tmp_path / "common") == before


def test_no_case(tmp_path):
    assert (
        refusal(tmp_path / "nowhere")
        == f"{tmp_path}/nowhere: not an OpenFOAM case (no such folder)"
    )
    assert "no folder constant/polyMesh" in refusal(tmp_path)


@pytest.mark.parametrize("name", ["nut", "U"])
def test_fields_that_a_model_starts_from(tmp_path, name):
    case = write_run(tmp_path)
    (case / "0" / name).unlink()
    assert refusal(case) == f"{case}: 0/{name} is missing"


def test_a_correction_needs_what_it_corrects(tmp_path):
    correction = closure_of("correction")
    case = write_run(tmp_path, turbulenceProperties=TURBULENCE.replace("SST", ""))
    assert "corrects kOmegaSST, expected it there, got kOmega" in refusal(case, correction)
    (case / "constant/turbulenceProperties").write_text(TURBULENCE)
    (case / "0/omega").unlink()
    assert refusal(case, correction) == f"{case}: 0/omega is missing"


@pytest.mark.parametrize(
    ("closure", "line"),
    [
        (closure_of("pressure"), "closure: predicts pressure (scalar); the RASModel vcnn needs"),
        (closure_of("correction", "eddy_viscosity"), "the RASModel vcnnKOmegaSST needs correction"),
        (
            closure_of("eddy_viscosity", scalars=("production",)),
            "closure: needs production; a flow that is being solved has",
        ),
        (
            closure_of("eddy_viscosity", scalars=("k",)),
            "closure: needs k; a flow that is being solved has",
        ),
        (closure_of("eddy_viscosity", dimension=3), "trained on 3-D flows, the mesh is 2-D"),
    ],
)
def test_closures(tmp_path, closure, line):
    assert line in refusal(write_run(tmp_path), closure)


def test_what_a_corrected_model_has_may_be_seen(tmp_path):
    closure = closure_of("correction", scalars=("k", "omega", "wall_distance"))
    apply_closure(write_run(tmp_path), closure, SETTINGS)


def test_a_case_in_space(tmp_path):
    case = write_run(tmp_path, BoxCase(cells=(4, 3, 2), sides="cyclic"))
    assert "trained on 2-D flows, the mesh is 3-D" in refusal(case)
    apply_closure(case, closure_of("eddy_viscosity", dimension=3), SETTINGS)


def test_units_and_paths(tmp_path):
    case = write_run(tmp_path)
    for length, velocity in ((0.0, 1.0), (1.0, -1.0), (float("nan"), 1.0)):
        settings = ClosureInCase("m", SETTINGS.library, SETTINGS.python, length, velocity)
        assert refusal(case, settings=settings).startswith("--length, --velocity: ")
    settings = ClosureInCase("/a$b/m.safetensors", SETTINGS.library, SETTINGS.python)
    assert "OpenFOAM cannot read such a path" in refusal(case, settings=settings)


def test_compressible_cases(tmp_path):
    case = write_run(tmp_path)
    (case / "constant/thermophysicalProperties").write_text("")
    assert "incompressible" in refusal(case)


def test_originals_that_are_none(tmp_path):
    case = write_run(tmp_path)
    (case / "vcnn.orig").mkdir()
    (case / "vcnn.orig/notes").write_text("mine")
    assert re.search("vcnn.orig: damaged: expected the originals", refusal(case))


def test_a_case_without_times(tmp_path):
    case = write_run(tmp_path)
    (case / "0").rename(case / "0.orig")
    assert refusal(case) == f"{case}: the case has no time folders"
    case = write_run(
        tmp_path / "b", controlDict=CONTROL.replace("latestTime", "startTime"), time="3"
    )
    assert "no time 0" in refusal(case)
    assert "default         none" in SCHEMES
