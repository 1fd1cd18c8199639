"""OpenFOAM cases in every format: what was written comes back."""

import gzip
import warnings

import numpy as np
import pytest
from scipy.stats import special_ortho_group

from meshes import cell_volumes, read_flow, read_openfoam
from vcnn import FlowField, InputError
from vcnn.flow.mesh import boundary_facets

NORMALS = {
    "z": [0, 1, 2],
    "y": [0, 2, 1],
    "x": [1, 2, 0],
}  # which axes of the case the box's axes become


def listing(folder):
    return sorted((str(p), p.stat().st_mtime_ns) for p in folder.rglob("*"))


def compress(folder):
    for path in [p for p in folder.rglob("*") if p.is_file()]:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()


@pytest.mark.parametrize("form", ["ascii", "binary", "compressed"])
@pytest.mark.parametrize("normal", NORMALS)
def test_plane_case_in_any_orientation_and_format(tmp_path, box_case, form, normal):
    case = box_case(frame=np.eye(3)[NORMALS[normal]].T)
    folder = case.write(tmp_path, binary=form == "binary")
    if form == "compressed":
        compress(folder)
    before = listing(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        flow = read_openfoam(folder)
    assert listing(folder) == before
    assert flow.dimension == 2 and flow.location == "cell"
    np.testing.assert_allclose(flow.points, case.centres[:, :2], atol=1e-14)
    np.testing.assert_allclose(flow.weights, 0.25, rtol=1e-13)
    np.testing.assert_array_equal(flow.velocity, case.U[:, :2])
    np.testing.assert_array_equal(flow.scalars["p"], case.p)
    np.testing.assert_array_equal(flow.tensors["R"], case.R[:, :2, :2])
    np.testing.assert_array_equal(flow.scalars["R_33"], case.R[:, 2, 2])
    np.testing.assert_array_equal(flow.tensors["G"], case.G[:, :2, :2])
    np.testing.assert_allclose(flow.periods, [[2, 0]], atol=1e-14)
    y = case.centres[:, 1]
    np.testing.assert_allclose(flow.scalars["wall_distance"], np.minimum(y, 1.5 - y), atol=1e-14)
    np.testing.assert_array_equal(flow.scalars["boundary"], (np.abs(y - 0.75) > 0.4).astype(float))
    assert flow.parameters == {"viscosity": 5e-6}
    assert flow.provenance["walls"] == ["floor", "lid"] and flow.provenance["time"] == "3"
    facets = boundary_facets(flow.mesh)
    assert {name: sum(len(v) for _, v in blocks) for name, blocks in facets.items()} == {
        "inlet": 3,
        "outlet": 3,
        "floor": 4,
        "lid": 4,
    }
    np.testing.assert_allclose(flow.mesh.points[facets["lid"][0][1], 1], 1.5)


def test_inclined_plane_keeps_every_invariant(tmp_path, box_case):
    case = box_case(cells=(6, 5, 1), frame=special_ortho_group.rvs(3, random_state=2))
    flow = read_openfoam(case.write(tmp_path))
    np.testing.assert_allclose(flow.weights, 0.1, rtol=1e-12)
    np.testing.assert_allclose(
        np.linalg.norm(flow.velocity, axis=1), np.linalg.norm(case.U, axis=1), rtol=1e-6
    )
    np.testing.assert_allclose(flow.scalars["R_33"], case.R[:, 2, 2], rtol=1e-6)
    plane = case.R[:, :2, :2]
    np.testing.assert_allclose(
        np.linalg.det(flow.tensors["R"]), np.linalg.det(plane), rtol=1e-5, atol=1e-5
    )
    np.testing.assert_allclose(np.linalg.norm(flow.periods[0]), 2, rtol=1e-12)
    y = case.centres[:, 1]
    np.testing.assert_allclose(flow.scalars["wall_distance"], np.minimum(y, 1.5 - y), atol=1e-12)


def test_three_dimensional_case_has_all_its_periods(tmp_path, box_case):
    case = box_case(cells=(4, 3, 2), sides="cyclic")
    flow = read_openfoam(case.write(tmp_path / "case"))
    assert flow.dimension == 3
    np.testing.assert_allclose(np.abs(flow.periods), [[2, 0, 0], [0, 0, 0.1]], atol=1e-14)
    np.testing.assert_allclose(flow.points, case.centres, atol=1e-14)
    np.testing.assert_array_equal(flow.tensors["R"], case.R)
    np.testing.assert_allclose(flow.weights.sum(), 0.3)
    again = FlowField.load(flow.save(tmp_path / "flow.vtu"))
    np.testing.assert_array_equal(again.tensors["G"], flow.tensors["G"])


def test_polyhedra(tmp_path, polyhedral_case):
    flow = read_openfoam(polyhedral_case)
    np.testing.assert_allclose(flow.weights, [1, 0.5, 0.5])
    np.testing.assert_allclose(flow.points, [[0.5, 0.5, 0.5], [1.5, 0.25, 0.5], [1.5, 0.75, 0.5]])
    np.testing.assert_allclose(flow.scalars["wall_distance"], [0.5, 0.25, 0.25])
    again = FlowField.load(flow.save(tmp_path / "flow.vtu"))
    np.testing.assert_allclose(cell_volumes(again.mesh), flow.weights)


@pytest.mark.parametrize("cut", [0, 1])
def test_decomposed_case_equals_the_whole(tmp_path, box_case, cut):
    case = box_case()
    whole = read_openfoam(case.write(tmp_path / "whole"))
    part = (case.centres[:, cut] > case.centres[:, cut].mean() + 0.1).astype(int)
    flow = read_openfoam(case.write_decomposed(tmp_path / "parts", part))
    np.testing.assert_array_equal(flow.points, whole.points)
    np.testing.assert_array_equal(flow.velocity, whole.velocity)
    np.testing.assert_array_equal(flow.periods, whole.periods)
    np.testing.assert_array_equal(flow.tensors["R"], whole.tensors["R"])
    np.testing.assert_array_equal(flow.scalars["strain_rate"], whole.scalars["strain_rate"])


def test_times_and_fields_are_chosen_by_name(tmp_path, box_case):
    case = box_case()
    case.write(tmp_path, time="0.5")
    case.p = case.p + 1
    case.write(tmp_path, time="10")
    assert read_openfoam(tmp_path).provenance["time"] == "10"
    early = read_openfoam(tmp_path, 0.5, {"pressure": "p"})
    np.testing.assert_allclose(early.scalars["pressure"], case.p - 1, rtol=1e-6)
    assert "p" not in early.scalars
    with pytest.raises(InputError, match=r"no time 7 \(there are: 0\.5, 10\)"):
        read_openfoam(tmp_path, 7)
    with pytest.raises(InputError, match="time: expected a number, got 'last'"):
        read_openfoam(tmp_path, "last")
    with pytest.raises(InputError, match=r"no field 'UMean' \(there are: G, R, U, p\)"):
        read_openfoam(tmp_path, fields={"velocity": "UMean"})
    with pytest.raises(InputError, match="'p' is no vector"):
        read_openfoam(tmp_path, fields={"velocity": "p"})


def test_what_is_not_a_case_is_refused(tmp_path, box_case):
    with pytest.raises(InputError, match="not an OpenFOAM case"):
        read_flow(tmp_path)
    case = box_case()
    folder = case.write(tmp_path / "case")
    (folder / "3" / "U").unlink()
    with pytest.raises(InputError, match=r"no field 'U' \(there are: G, R, p\)"):
        read_flow(folder)
    for path in (folder / "3").iterdir():
        path.unlink()
    (folder / "3").rmdir()
    with pytest.raises(InputError, match="no time folders"):
        read_flow(folder)
    thick = box_case(cells=(4, 3, 2)).write(tmp_path / "thick")
    with pytest.raises(InputError, match="not one cell thick"):
        read_flow(thick)
    points = case.write(tmp_path / "short") / "constant" / "polyMesh" / "points"
    points.write_bytes(points.read_bytes()[:400])
    with pytest.raises(InputError, match="short/constant/polyMesh/points: damaged list"):
        read_flow(tmp_path / "short")
