"""Predictions written into cases, as fields that OpenFOAM reads."""

import os
import re
import shutil
import subprocess

import numpy as np
import pytest

import meshes
from openfoam.case.fields import claim_fields
from tests.support.command_line import run
from tests.support.foam_cases import BoxCase
from tests.support.foam_dictionaries import closure_of, contents, write_run
from vcnn import InputError

TURNED = np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])  # the plane of the flow is that of y and z
STRESS = closure_of("eddy_viscosity", "anisotropy")
NAMES = ["vcnn_eddy_viscosity", "vcnn_anisotropy"]


def predict_into(case, closure=STRESS, force=False, **options):
    flow = meshes.read_flow(case, **options)
    place = claim_fields(case, options.get("time"), closure.targets, force)
    predicted = closure.predict(flow)
    assert place.write(flow, predicted) == [f"vcnn_{name}" for name in closure.targets]
    return flow, predicted


@pytest.mark.parametrize("frame", [None, TURNED], ids=["x-y", "y-z"])
def test_what_is_written_is_read_back(tmp_path, frame):
    case = BoxCase(frame=frame).write(tmp_path)
    flow, predicted = predict_into(case)
    again = meshes.read_flow(case)
    np.testing.assert_array_equal(again.scalars["vcnn_eddy_viscosity"], predicted["eddy_viscosity"])
    np.testing.assert_allclose(
        again.tensors["vcnn_anisotropy"], predicted["anisotropy"], rtol=0, atol=1e-9
    )
    assert not again.scalars["vcnn_anisotropy_33"].any()
    np.testing.assert_array_equal(again.velocity, flow.velocity)


def test_values_are_those_of_the_cells_of_the_case(tmp_path):
    """The file, not what our reader makes of it: cells in another order than those of the plane."""
    box = BoxCase(frame=TURNED)
    _, order = np.unique(np.random.default_rng(0).random(len(box.hexes)), return_index=True)
    box.hexes, box.U, box.p, box.R, box.G = (
        values[order] for values in (box.hexes, box.U, box.p, box.R, box.G)
    )
    case = box.write(tmp_path)
    flow = meshes.read_flow(case)
    x, y = flow.points.T
    place = claim_fields(case, None, ["eddy_viscosity", "direction", "anisotropy"])
    tensors = np.stack([[x, y], [y, -x]]).transpose(2, 0, 1)
    place.write(
        flow, {"eddy_viscosity": x + 9 * y, "direction": flow.points, "anisotropy": tensors}
    )
    first, second = (box.points[box.hexes].mean(axis=1) @ box.frame.T)[:, 1:].T
    np.testing.assert_allclose(values_in(case / "3/vcnn_eddy_viscosity"), first + 9 * second)
    rows = values_in(case / "3/vcnn_direction")
    np.testing.assert_allclose(rows, np.column_stack([0 * first, first, second]), atol=1e-15)
    zero = 0 * first
    np.testing.assert_allclose(  # xx xy xz yy yz zz
        values_in(case / "3/vcnn_anisotropy"),
        np.column_stack([zero, zero, zero, first, second, -first]),
        atol=1e-15,
    )


def values_in(path):
    text = path.read_text()
    body = text[text.index("List<") : text.index("boundaryField")]
    rows = body[body.index("\n(") + 2 : body.rindex(")")].strip().splitlines()
    return np.array([row.strip("()").split() for row in rows], float).squeeze()


def test_headers_dimensions_and_conditions(tmp_path):
    case = BoxCase().write(tmp_path)
    predict_into(case)
    scalar, tensor = ((case / "3" / name).read_text() for name in NAMES)
    assert "class   volScalarField;" in scalar and "[0 2 -1 0 0 0 0]" in scalar
    assert "class   volSymmTensorField;" in tensor and "[0 2 -2 0 0 0 0]" in tensor
    assert "List<symmTensor>\n12\n(" in tensor
    for patch, scalars, tensors in (
        (
            "floor",
            "type fixedValue; value uniform 0;",
            "type fixedValue; value uniform (0 0 0 0 0 0);",
        ),
        ("inlet", "type cyclic;", "type cyclic;"),
        ("front", "type empty;", "type empty;"),
    ):
        assert f"{patch} {{ {scalars} }}" in scalar and f"{patch} {{ {tensors} }}" in tensor


def test_flows_in_space(tmp_path):
    case = BoxCase(cells=(4, 3, 2), sides="cyclic").write(tmp_path)
    closure = closure_of("eddy_viscosity", "anisotropy", dimension=3)
    _, predicted = predict_into(case, closure)
    again = meshes.read_flow(case)
    written = again.tensors["vcnn_anisotropy"]
    np.testing.assert_allclose(written, predicted["anisotropy"], rtol=0, atol=1e-9)


def test_decomposed_cases(tmp_path):
    part = np.array([0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0])
    case = BoxCase().write_decomposed(tmp_path / "parts", part)
    _, predicted = predict_into(case)
    again = meshes.read_flow(case)
    np.testing.assert_array_equal(again.scalars["vcnn_eddy_viscosity"], predicted["eddy_viscosity"])
    assert not (case / "3").exists()
    for number in range(2):
        text = (case / f"processor{number}/3/vcnn_anisotropy").read_text()
        assert "toOther { type processor; }" in text and "List<symmTensor>\n6\n" in text


def test_nothing_is_overwritten_without_force(tmp_path):
    case = BoxCase().write(tmp_path)
    predict_into(case)
    before = contents(case)
    with pytest.raises(InputError, match=r"3/vcnn_eddy_viscosity: exists already; give --force"):
        claim_fields(case, None, STRESS.targets)
    assert contents(case) == before
    predict_into(case, force=True)
    assert contents(case) == before
    (case / "3" / NAMES[0]).rename(case / "3" / f"{NAMES[0]}.gz")
    with pytest.raises(InputError, match="exists already"):
        claim_fields(case, None, STRESS.targets)


def test_another_time(tmp_path):
    case = BoxCase().write(tmp_path)
    BoxCase().write(tmp_path, time="1")
    predict_into(case, time="1")
    assert (case / "1" / NAMES[0]).exists() and not (case / "3" / NAMES[0]).exists()
    with pytest.raises(InputError, match="no time 2"):
        claim_fields(case, "2", STRESS.targets)


def test_the_command(tmp_path, monkeypatch, capsys):
    from tests.support.command_line import refused

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("vcnn.cli.predict.load_entry_point", lambda *names: claim_fields)
    STRESS.save("model.safetensors")
    for name in ("a", "b"):
        BoxCase().write(tmp_path / "cases" / name)
    assert run("predict", "model.safetensors", "cases/a", "cases/b", "--foam") == 0
    assert "written to cases/a, cases/b" in capsys.readouterr().out
    assert all((tmp_path / "cases" / n / "3" / field).exists() for n in "ab" for field in NAMES)
    line = refused(capsys, tmp_path, "predict", "model.safetensors", "cases/a", "--foam")
    assert line == "cases/a/3/vcnn_eddy_viscosity: exists already; give --force to overwrite it"
    for wrong in ((), ("--foam", "-o", "out")):
        line = refused(capsys, tmp_path, "predict", "model.safetensors", "cases/a", *wrong)
        assert line == "expected one of -o FOLDER and --foam"
    meshes.read_flow("cases/a").save("a.vtu")
    line = refused(capsys, tmp_path, "predict", "model.safetensors", "a.vtu", "--foam")
    assert line == "a.vtu: expected the folder of an OpenFOAM case, as --foam writes there"
    assert run("predict", "model.safetensors", "cases/a", "--foam", "--time", "3", "--force") == 0


@pytest.mark.skipif(
    shutil.which("postProcess") is None and "CI" not in os.environ, reason="no OpenFOAM here"
)
@pytest.mark.parametrize("decomposed", [False, True])
def test_openfoam_reads_them(tmp_path, decomposed):
    """It takes the mean of ν_t over the volume, and the magnitude of the anisotropy."""
    case = write_run(tmp_path, time="3")
    (case / "system/decomposeParDict").write_text(
        "FoamFile { version 2.0; format ascii; class dictionary; object decomposeParDict; }\n"
        "numberOfSubdomains 2;\nmethod simple;\nsimpleCoeffs { n (1 2 1); delta 0.001; }\n"
    )
    if decomposed:
        foam(case, "decomposePar", "-latestTime")
        shutil.rmtree(case / "3")
    flow, predicted = predict_into(case)
    (case / "system/controlDict").write_text(CONTROL_OF_MEANS)
    command = ("postProcess", "-latestTime", "-fields", f"({' '.join(NAMES)})")
    said = foam(case, *command, ranks=2 if decomposed else 1)
    (mean,) = re.findall(r"volAverage\(.*?\) of vcnn_eddy_viscosity = (\S+)", said)
    expected = np.average(predicted["eddy_viscosity"], weights=flow.weights)
    assert float(mean) == pytest.approx(expected, rel=1e-5)
    if decomposed:
        foam(case, "reconstructPar", "-latestTime")
    size = meshes.read_flow(case).scalars["mag(vcnn_anisotropy)"]
    np.testing.assert_allclose(
        size, np.linalg.norm(predicted["anisotropy"], axis=(1, 2)), rtol=1e-5
    )


CONTROL_OF_MEANS = """FoamFile { version 2.0; format ascii; class dictionary; object controlDict; }
deltaT 1; writeInterval 1; startTime 0; endTime 9; startFrom startTime;
functions
{
    mean
    {
        type volFieldValue;
        libs ("libfieldFunctionObjects.so");
        log true;
        fields (vcnn_eddy_viscosity);
        operation volAverage;
        regionType all;
        writeFields false;
    }
    size
    {
        type mag;
        libs ("libfieldFunctionObjects.so");
        field vcnn_anisotropy;
    }
}
"""


def foam(case, *command, ranks=1):
    """What a program of OpenFOAM says that ends well."""
    environment = {"WM_PROJECT_DIR": "/usr/share/openfoam", **os.environ}
    if ranks > 1:
        launcher = ["/usr/bin/mpirun", "--allow-run-as-root", "--oversubscribe", "-n", str(ranks)]
        command = [*launcher, *command, "-parallel"]
    done = subprocess.run(command, cwd=case, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout
