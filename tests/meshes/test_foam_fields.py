"""Fields of OpenFOAM cases: every way to state values, of any time, by name where that fails."""

import numpy as np
import pytest

from meshes import read_openfoam
from meshes.readers.openfoam.case import read_case
from tests.support.foam_cases import _put
from vcnn import InputError

HEAD = "FoamFile {{ format ascii; class {}; object x; }}\n"


@pytest.fixture
def folder(tmp_path, box_case):
    return box_case().write(tmp_path / "case")


def put(folder, name, body, kind="volVectorField", time="3"):
    (folder / time).mkdir(exist_ok=True)
    (folder / time / name).write_text((HEAD.format(kind) if kind else "") + body)


@pytest.mark.parametrize(
    "kind, values, expected",
    [
        ("volScalarField", "uniform 0.0414", 0.0414),
        ("volScalarField", "nonuniform List<scalar> 12{0.1}", 0.1),
        ("volScalarField::Internal", "uniform 0.3", 0.3),
        ("volVectorField", "uniform (0.1 0.2 0)", [0.1, 0.2]),
        ("volVectorField", "nonuniform List<vector> 12{(0.1 0.2 0)}", [0.1, 0.2]),
        ("volVectorField", "nonuniform List<vector> (" + "(0.1 0.2 0)" * 12 + ")", [0.1, 0.2]),
        ("volSymmTensorField", "uniform (1 2 3 4 5 6)", [[1, 2], [2, 4]]),
        ("volTensorField", "uniform (1 2 3 4 5 6 7 8 9)", [[1, 2], [4, 5]]),
        ("volSphericalTensorField", "uniform (2.5)", [[2.5, 0], [0, 2.5]]),
        (
            "volSphericalTensorField",
            "nonuniform List<sphericalTensor> 12((2.5)" + " (2.5)" * 11 + ")",
            [[2.5, 0], [0, 2.5]],
        ),
    ],
)
def test_values_of_every_class(folder, kind, values, expected):
    key = "value" if "Internal" in kind else "internalField"
    put(folder, "x", f"dimensions [0 0 0 0 0 0 0];\n{key} {values};\n", kind)
    flow = read_openfoam(folder)
    values = {**flow.scalars, **flow.vectors, **flow.tensors}["x"]
    np.testing.assert_array_equal(values, np.broadcast_to(expected, values.shape))
    assert values.dtype == float


def test_includes_and_variables_of_the_case(folder):
    (folder / "caseDef").write_text("speed 1.5; sub { w 0; }")
    put(folder, "U", '#include "../caseDef"\ninternalField uniform ($speed 0. $sub.w);')
    (folder / "3" / "initialConditions").write_text("k0 0.7;")
    put(folder, "k", '#include "initialConditions"\ninternalField uniform $k0;', "volScalarField")
    put(
        folder,
        "e",
        'internalField uniform 3;\nboundaryField { #include "walls"\n'
        'x { type codedFixedValue; code #{ system("x"); #}; v #calc "1"; } }',
        "volScalarField",
    )
    (folder / "3" / "walls").write_text("floor { type zeroGradient; }")
    flow = read_openfoam(folder)
    np.testing.assert_array_equal(flow.velocity, np.tile([1.5, 0], (12, 1)))
    assert set(flow.scalars["k"]) == {0.7} and set(flow.scalars["e"]) == {3.0}
    assert flow.provenance["skipped_fields"] == [] and "notes" not in flow.provenance


@pytest.mark.parametrize(
    "text, reason",
    [
        ('x #calc "3"; internalField uniform $x;', "#calc is not evaluated"),
        ("internalField #codeStream { code #{ #}; };", "#codeStream is not evaluated"),
        ('internalField #eval "3";', "#eval is not evaluated"),
        ("internalField uniform $x;", r"\$x is not defined"),
        (
            '#include "none"\ninternalField uniform $x;',
            'not defined; #include "none": no such file',
        ),
        ('#include "none"', "no such file"),
        ("dimensions [];", "no internalField"),
        ("internalField uniform (1 2 3);", "expected 1 number"),
        ("internalField uniform one;", "expected 1 number"),
        ("internalField nonuniform List<scalar> 3(1 2 3);", "3 values, the mesh has 12 cells"),
        ("internalField nonuniform List<scalar> 999999999999{1};", "the mesh has 12 cells"),
        ("internalField nonuniform List<vector> 12{(1 2 3)};", "not the components of its class"),
        ("internalField nonuniform 12(1 2 3);", "a list behind 'nonuniform'"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_reason(folder, text, reason):
    put(folder, "k", text, "volScalarField")
    with pytest.warns(UserWarning, match=f"cannot be read: k .*case/3/k: .*{reason}"):
        flow = read_openfoam(folder)
    assert flow.provenance["skipped_fields"] == ["k"] and "k" not in flow.scalars
    with pytest.raises(InputError, match=f"field 'k' cannot be read; .*{reason}"):
        read_openfoam(folder, fields={"kinetic": "k"})


def test_velocity_that_cannot_be_read(folder):
    put(folder, "U", 'internalField uniform (#calc "1" 0 0);')
    with pytest.raises(InputError, match=r"'U' cannot be read; .*case/3/U: .*#calc"):
        read_openfoam(folder)
    assert read_case(folder).provenance["skipped_fields"] == ["U"]


@pytest.mark.parametrize(
    "text, shape",
    [
        ("x nonuniform List<vector>\n12\n(\n" + "(1 0 0)\n" * 12 + ")\n;", (12, 3)),
        ("nameOfOthers nonuniform List<scalar> 12(" + "1 " * 12 + ");", (12,)),
        ("x nonuniform List<symmTensor> 12{(1 0 0 1 0 1)};", (12, 3, 3)),
        ("internalField uniform (1 2 3); boundaryField { }", (12, 3)),
        ("internalField uniform 1;", (12,)),
    ],
)
def test_files_without_header(folder, text, shape):
    put(folder, "x", text, kind=None)
    with pytest.warns(UserWarning, match=r"without a FoamFile header.*: x"):
        flow = read_openfoam(folder)
    assert read_case(folder).cell_fields["x"].shape == shape
    assert flow.provenance["skipped_fields"] == []


def test_files_that_are_no_fields_are_named(folder):
    put(folder, "README", "Results of the second run.\n", kind=None)
    put(folder, "phi", "internalField nonuniform List<scalar> 0();", "surfaceScalarField")
    (folder / "3" / ".hidden").write_text("x")
    with pytest.warns(UserWarning, match="cannot be read: README"):
        flow = read_openfoam(folder)
    assert flow.provenance["skipped_fields"] == ["README"]


def test_fields_of_another_time(folder):
    put(folder, "U_LES", "internalField uniform (4 5 0);", time="0")
    put(folder, "tau", "internalField uniform (1 2 0 3 0 0);", "volSymmTensorField", time="0.50")
    flow = read_openfoam(folder, fields={"les_velocity": "0/U_LES", "tau": "0.5/tau"})
    assert flow.provenance["time"] == "3"
    np.testing.assert_array_equal(flow.vectors["les_velocity"], np.tile([4, 5], (12, 1)))
    np.testing.assert_array_equal(flow.tensors["tau"][0], [[1, 2], [2, 3]])
    with pytest.raises(InputError, match=r"no field '0/x' \(at time 0 there are: U_LES\)"):
        read_openfoam(folder, fields={"les_velocity": "0/x"})
    with pytest.raises(InputError, match="no time 7 "):
        read_openfoam(folder, fields={"les_velocity": "7/U_LES"})
    (folder / "constant" / "polyMesh").rename(folder / "3" / "polyMesh")
    put(folder, "U_LES", "internalField uniform (4 5 0);", time="4")
    with pytest.raises(InputError, match="'3/U': time 3 has another mesh than time 4"):
        (folder / "4" / "polyMesh").mkdir()
        for path in (folder / "3" / "polyMesh").iterdir():
            (folder / "4" / "polyMesh" / path.name).write_bytes(path.read_bytes())
        read_openfoam(folder, fields={"velocity": "3/U"})


def test_velocity_of_another_time(folder):
    put(folder, "U_LES", "internalField uniform (4 5 0);", time="0")
    flow = read_openfoam(folder, fields={"velocity": "0/U_LES"})
    np.testing.assert_array_equal(flow.velocity, np.tile([4, 5], (12, 1)))
    assert "U" in flow.vectors


def test_a_velocity_that_does_not_vary_beside_one_that_does(folder):
    (folder / "3" / "U").rename(folder / "3" / "UDNS")
    put(folder, "U", "internalField uniform (0.028 0 0);")
    put(folder, "C", (folder / "3" / "UDNS").read_text(), kind=None)
    with pytest.warns(UserWarning, match=r"velocity U is the same everywhere.*: UDNS$"):
        read_openfoam(folder)


@pytest.mark.parametrize(
    "name, text, value",
    [
        ("transportProperties", "nu 1e-5;", 1e-5),
        ("transportProperties", "nu nu [0 2 -1 0 0 0 0] 1e-5;", 1e-5),
        ("transportProperties", "nu [m^2/s] 1e-5;", 1e-5),
        ("transportProperties", "nu nu 1e-5;", 1e-5),
        ("transportProperties", "Re 100; n 0.02; nu $n;", 0.02),
        ("transportProperties", '#include "../caseDef"\nnu nu [0 2 -1 0 0 0 0] $nuCase;', 0.5),
        ("transportProperties", "transportModel Newtonian; NewtonianCoeffs { nu 2; }", 2.0),
        ("physicalProperties", "viscosityModel constant; nu 1e-05;", 1e-5),
        ("physicalProperties", "water { nu 1e-6; }", None),
    ],
)
def test_viscosity(folder, name, text, value):
    (folder / "constant" / "transportProperties").unlink()
    (folder / "caseDef").write_text("nuCase 0.5;")
    _put(folder / "constant" / name, "dictionary", text.encode())
    parameters = read_openfoam(folder).parameters
    assert parameters == ({} if value is None else {"viscosity": value})


@pytest.mark.parametrize("text", ['nu #calc "1/$Re";', "nu $nowhere;", "nu 1e-5", "nu (1 2);"])
def test_viscosity_that_cannot_be_read(folder, text):
    _put(folder / "constant" / "transportProperties", "dictionary", text.encode())
    with pytest.warns(UserWarning, match=r"viscosity cannot be read .*transportProperties"):
        assert read_openfoam(folder).parameters == {}
