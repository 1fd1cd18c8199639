"""Cases of OpenFOAM, as they are published, become the files that the benchmarks read."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.common.command import run
from benchmarks.data import __main__ as command
from benchmarks.data.conversion import challenge_arrays
from benchmarks.data.hill_runs import hill_arrays
from meshes import read_arrays, read_flow
from tests.support.foam_cases import BoxCase
from vcnn import InputError
from vcnn.flow.mesh import boundary_facets

ROOT = Path(__file__).parents[1]
# of a raw case: what its file lacks, and what is not the same in the two
NOT_READ = {"face_points", "face_owner", "face_neighbour", "kind", "split", "source", "meta"} | {
    "patch_neighbours",
    "u_ref",
    "wall_distance_openfoam",
    "rans_nut",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["alpha_10_9000_3036", "AR_1_Ret_180", "pehill_case_1p0"])
def test_a_published_case_becomes_the_file_that_is_read(raw, shared_data, name):
    """The files were made from the cases by other means; fields agree to the last bit."""
    nu = 1.5e-5 if name.startswith("AR") else None  # its caseDef was not kept
    made = challenge_arrays(raw / name, viscosity=nu)
    with np.load(shared_data / "closure_challenge" / "train" / f"{name}.npz") as file:
        given = dict(file)
    assert set(given) - set(made) <= NOT_READ and set(made) <= set(given)
    # a quadrilateral may begin with another vertex, and two patches of one period are one
    assert (np.sort(made.pop("cells")) == np.sort(given["cells"])).all()
    names, halves = (
        np.array([n.split("_")[0] for n in a["patch_names"]])[a["bfacet_patch"]]
        for a in (made, given)
    )
    assert (names == halves).all()
    types = [dict(zip(a["patch_names"], a["patch_types"], strict=True)) for a in (made, given)]
    assert {n.split("_")[0]: kind for n, kind in types[1].items()} == types[0]
    for key in ("patch_names", "patch_types", "bfacet_patch"):
        del made[key]
    # the log of this run was not kept: the force of its wall friction, and the mean velocity
    loose = {"ubar": 1e-7, "sst_pressure_gradient": 6e-4} if name.startswith("AR") else {}
    for key, values in made.items():
        assert values.dtype == given[key].dtype and values.shape == given[key].shape, key
        if values.dtype.kind == "f":
            size = np.nanmax(np.abs(given[key]))
            gap = np.abs(values.astype(float) - given[key]).max(initial=0, where=values == values)
            assert gap <= loose.get(key, 2e-14) * size, key
            np.testing.assert_array_equal(np.isnan(values), np.isnan(given[key]))
        else:
            np.testing.assert_array_equal(values, given[key])


@pytest.mark.filterwarnings("ignore")
def test_the_force_that_a_log_says(raw, tmp_path):
    (tmp_path / "AR_1_Ret_180").symlink_to(raw / "AR_1_Ret_180")
    log = raw / "AR_1_Ret_180" / "log.simpleFoam"
    lines = [f"uncorrected Ubar = 37.5, pressure gradient = {f}\n" for f in ("14000", "13335.2")]
    log.write_text("Time = 1\n".join(lines))
    made = challenge_arrays(tmp_path / "AR_1_Ret_180", viscosity=1.5e-5)
    log.unlink()
    assert made["sst_pressure_gradient"] == 13335.2


def opened(folder, name="CBFS"):
    """A box with an inlet and an outlet, by k-ω SST, whose truth must not be read."""
    box = BoxCase()
    box.entries |= {"inlet": {"type": "patch"}, "outlet": {"type": "patch"}}
    fields = box.fields
    box.fields = lambda: (
        fields()
        | {
            "omega": 1 + box.p,
            "k": box.p,
            "nut": 0.1 * box.p,
            "U_LES": 2 * box.U,
        }
    )
    box.write(folder / name)
    for field, patch, value in (
        ("U", "inlet", "nonuniform List<vector> 3((1 0 0)(2 0 0)(3 0.5 0))"),
        ("k", "inlet", "uniform 0.25"),
        ("omega", "inlet", "uniform 4"),
        ("p", "outlet", "nonuniform List<scalar> 3(7 8 9)"),
    ):
        path = folder / name / "3" / field
        text = path.read_text()
        assert f"{patch} {{ type zeroGradient; }}" in text
        path.write_text(
            text.replace(f"{patch} {{ type zeroGradient; }}", f"{patch} {{ value {value}; }}")
        )
    return box, folder / name


def test_a_flow_with_inlet_and_outlet(tmp_path, monkeypatch, capsys):
    box, case = opened(tmp_path)
    (tmp_path / "points.csv").write_text("x,y,z\n0.25,0.25,0.05\n1.75,1.25,0.05\n")
    known = BoxCase().write(tmp_path / "alpha_075")  # has no fields of k-ω SST
    cases, arguments = [str(known), str(case)], ["-o", str(tmp_path / "data")]
    monkeypatch.setattr(sys, "argv", ["data", "convert", *cases, *arguments])
    with pytest.raises(SystemExit) as ended:
        command.main()
    first, second = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert first.startswith(f"error: {known}: neither fields of k-omega SST (U, omega) nor")
    assert second == "error: CBFS13700: a test flow needs its points of evaluation, --points FILE"
    points = ["--points", str(tmp_path / "points.csv")]
    monkeypatch.setattr(sys, "argv", ["data", "convert", str(case), *arguments, *points])
    command.main()
    path = tmp_path / "data" / "closure_challenge" / "test_inputs" / "CBFS13700.npz"
    assert capsys.readouterr().out == f"{path}\n"
    with np.load(path) as file:
        made = dict(file)
    assert made["case"] == "CBFS13700"
    assert not [name for name in made if name.startswith("les")]
    np.testing.assert_array_equal(made["inlet_velocity"], [[1, 0, 0], [2, 0, 0], [3, 0.5, 0]])
    np.testing.assert_array_equal(made["inlet_k"], [0.25] * 3)
    np.testing.assert_array_equal(made["outlet_pressure"], [7, 8, 9])
    np.testing.assert_allclose(
        made["cell_centres"][made["eval_cells"]], [[0.25, 0.25], [1.75, 1.25]]
    )
    np.testing.assert_allclose(made["sst_velocity"], box.U, rtol=1e-6)
    assert "ubar" not in made and made["nu"] == 5e-6
    # the domain lies left of each facet, in the cell that owns it
    ends = made["points"][made["bfacet_points"]]
    across = np.stack([-(ends[:, 1] - ends[:, 0])[:, 1], (ends[:, 1] - ends[:, 0])[:, 0]], axis=1)
    inward = made["cell_centres"][made["bfacet_owner"]] - ends.mean(axis=1)
    assert (np.einsum("ij,ij->i", across, inward) > 0).all()


def periodic(case, lacks=None):
    """A case of k-ω SST with its truth, between cyclic patches, but for one field."""
    box = BoxCase()
    fields = box.fields
    more = {"omega": 1 + box.p, "k": box.p, "nut": 0.1 * box.p, "U_LES": 2 * box.U}
    more.pop(lacks, None)
    box.fields = lambda: fields() | more
    return box.write(case)


def refused(capsys, monkeypatch, *arguments):
    """The one line that a conversion ends with."""
    monkeypatch.setattr(sys, "argv", ["data", "convert", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        run(command.main)
    (line,) = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2 and line.startswith("error: ")
    return line.removeprefix("error: ")


def test_options_that_are_refused(tmp_path, monkeypatch, capsys):
    """With one line, and without a file."""
    _, case = opened(tmp_path)
    start = (capsys, monkeypatch, case, "-o", tmp_path / "data")
    for given, shown in (("-1", "-1"), ("nan", "nan"), ("0", "0"), ("inf", "inf")):
        line = refused(*start, f"--viscosity={given}")
        assert line == f"--viscosity: expected a positive number, got {shown}"
    points = tmp_path / "points.csv"
    for number in ("nan", "inf"):
        points.write_text(f"x,y,z\n0.25,0.25,0.05\n{number},1.25,0.05\n")
        line = refused(*start, "--points", points)
        assert line == f"{points}: holds NaN or infinite values"
    assert not (tmp_path / "data").exists()
    (tmp_path / "data").write_text("a file")
    points.write_text("0.25,0.25,0.05\n")
    file = tmp_path / "data" / "closure_challenge" / "test_inputs" / "CBFS13700.npz"
    line = refused(*start, "--points", points)
    assert line == f"{file}: cannot be written, {tmp_path / 'data'} is a file"
    assert (tmp_path / "data").read_text() == "a file"


@pytest.mark.parametrize(
    ("lacks", "missing"),
    [
        ("omega", "sst_velocity, sst_k, sst_omega, sst_nut, sst_pressure"),
        ("nut", "sst_nut"),
        ("U_LES", "les_velocity"),
    ],
)
def test_what_a_case_lacks_is_said(tmp_path, monkeypatch, capsys, lacks, missing):
    case = periodic(tmp_path / "alpha_075", lacks)
    monkeypatch.setattr(sys, "argv", ["data", "convert", str(case), "-o", str(tmp_path / "data")])
    command.main()
    assert capsys.readouterr().err == f"note: {case}: has no fields for {missing}\n"
    with np.load(tmp_path / "data" / "closure_challenge" / "train" / "alpha_075.npz") as file:
        assert not set(missing.split(", ")) & set(file)


def test_a_name_that_no_benchmark_reads_is_said(tmp_path, monkeypatch, capsys):
    case = periodic(tmp_path / "hill_9")
    monkeypatch.setattr(sys, "argv", ["data", "convert", str(case), "-o", str(tmp_path / "data")])
    command.main()
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'data' / 'closure_challenge' / 'train' / 'hill_9.npz'}\n"
    assert said.err == (
        f"note: {case}: no benchmark reads a file hill_9; --name says which one it is\n"
    )


def test_points_that_are_no_centres_and_profiles_that_are_missing(tmp_path):
    _, case = opened(tmp_path)
    with pytest.raises(InputError, match="point 1 of evaluation is not the centre of a cell"):
        challenge_arrays(case, points=[[0.25, 0.25, 0], [0.3, 0.25, 0]])
    path = case / "3" / "U"
    path.write_text(path.read_text().replace("3((1 0 0)(2 0 0)", "2((1 0 0)"))
    with pytest.raises(InputError, match=r"3/U: inlet: expected 3 values"):
        challenge_arrays(case)


def test_cases_that_are_no_slabs_or_without_a_viscosity(tmp_path):
    thick = BoxCase(cells=(2, 2, 2)).write(tmp_path / "thick")
    with pytest.raises(InputError, match="thick: the mesh is not one cell thick"):
        challenge_arrays(thick)
    _, case = opened(tmp_path)
    (case / "constant" / "transportProperties").unlink()
    with pytest.raises(InputError, match=r"CBFS: states no viscosity .*; give --viscosity"):
        challenge_arrays(case)
    (case / "caseDef").write_text('nu 2e-5; U_b #calc "$nu";\n')
    assert challenge_arrays(case)["nu"] == 2e-5


@pytest.mark.filterwarnings("ignore:.*no walls are known")
def test_a_run_over_a_hill_is_read_as_its_case(tmp_path, monkeypatch):
    """Converted and read again, a case is the flow that it is when it is read at once."""
    box = BoxCase()
    fields = box.fields
    box.fields = lambda: fields() | {"T": box.p}
    case = box.write(tmp_path / "transport_1")
    monkeypatch.setattr(sys, "argv", ["data", "convert", str(case), "-o", str(tmp_path / "data")])
    command.main()
    flow = read_arrays(tmp_path / "data" / "published" / "alpha_1.00.npz")
    direct = read_flow(case)
    for name in ("points", "weights", "velocity"):
        np.testing.assert_allclose(getattr(flow, name), getattr(direct, name), atol=1e-15)
    np.testing.assert_array_equal(flow.scalars["concentration"], direct.scalars["T"])
    np.testing.assert_allclose(flow.periods, direct.periods)
    assert flow.parameters["viscosity"] == direct.parameters["viscosity"]
    assert set(boundary_facets(flow.mesh)) == {"inlet", "outlet", "floor", "lid"}
    arrays = hill_arrays(case)
    assert (arrays["Lx"], arrays["Ly"], arrays["ny"]) == (2.0, 1.5, 3)
    np.testing.assert_allclose(arrays["Ubar"], box.U[:, 0].mean(), rtol=1e-14)


def test_names_of_cases_say_which_file_they_become(tmp_path):
    found = {
        name: (data.folder, stem)
        for name in ("alpha_05_4071_3036", "PH_Breuer", "CBFS", "transport_1", "pehill_case_1p0")
        for data, stem in [command.find_data(tmp_path / name, None)]
    }
    assert found == {
        "alpha_05_4071_3036": ("closure_challenge/train", "alpha_05_4071_3036"),
        "PH_Breuer": ("closure_challenge/test_inputs", "PHLL10595"),
        "CBFS": ("closure_challenge/test_inputs", "CBFS13700"),
        "transport_1": ("published", "alpha_1.00"),
        "pehill_case_1p0": ("closure_challenge/train", "pehill_case_1p0"),
    }
    data, stem = command.find_data(tmp_path / "sst", "rans_kOmegaSST_alpha1.00")
    assert (data.folder, stem) == ("openfoam", "rans_kOmegaSST_alpha1.00")
    with pytest.raises(InputError, match="--name: no benchmark reads 'x'"):
        command.find_data(tmp_path / "sst", "x")


def test_the_page_says_what_each_array_is(tmp_path):
    text = (ROOT / "docs" / "how-to" / "benchmarks.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (.*?) \|", text, re.MULTILINE))))
    _, case = opened(tmp_path, "alpha_x")
    made = set(challenge_arrays(case, points=[[0.25, 0.25, 0]]))
    periodic = {"ubar", "ubar_dns", "sst_pressure_gradient", "sst_wall_shear_stress"}
    assert listed == made | periodic | {"les_k", "les_reynolds_stress"}
