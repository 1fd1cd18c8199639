"""The time and the mesh of an OpenFOAM case belong together, wherever in the case they are."""

import shutil

import numpy as np
import pytest

from meshes import read_mesh, read_openfoam
from vcnn import InputError
from vcnn.flow.mesh import count_cells


def move_mesh(folder, place, *names):
    """Files of the mesh from constant/polyMesh to another folder; all of them without names."""
    (folder / place / "polyMesh").mkdir(parents=True, exist_ok=True)
    poly = folder / "constant" / "polyMesh"
    for path in [poly / name for name in names] or list(poly.iterdir()):
        shutil.move(path, folder / place / "polyMesh" / path.name)


def write_points(path, points):
    rows = "\n".join(f"({x!r} {y!r} {z!r})" for x, y, z in points.tolist())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{len(points)}\n(\n{rows}\n)\n")


def halves(case):
    return (case.centres[:, 0] > 1.1).astype(int)


def test_the_mesh_of_the_newest_time_before_the_fields(tmp_path, box_case):
    """A coarse mesh in constant, another one in 2, the fields in 10."""
    case = box_case()
    case.write(tmp_path, time="10")
    move_mesh(tmp_path, "2")
    coarse = box_case(cells=(2, 2, 1))
    coarse.write(tmp_path, time="0")
    flow = read_openfoam(tmp_path)
    np.testing.assert_array_equal(flow.velocity, case.U[:, :2])
    np.testing.assert_allclose(flow.points, case.centres[:, :2], atol=1e-14)
    early = read_openfoam(tmp_path, 0)
    np.testing.assert_array_equal(early.velocity, coarse.U[:, :2])
    assert early.provenance["times"] == ["0", "2", "10"]
    assert count_cells(read_mesh(tmp_path)) == len(case.U)
    shutil.rmtree(tmp_path / "constant" / "polyMesh")
    np.testing.assert_array_equal(read_openfoam(tmp_path).velocity, case.U[:, :2])
    with pytest.raises(InputError, match="no mesh at or before time 0"):
        read_openfoam(tmp_path, 0)


def test_points_that_moved_since(tmp_path, box_case):
    """Also compressed, at several times, of which one is later than the fields."""
    case = box_case()
    case.write(tmp_path, time="3")
    for time, factor in (("1", 1.5), ("2.5", 2.0), ("4", 5.0)):
        write_points(tmp_path / time / "polyMesh" / "points", case.points * [factor, 1, 1])
    flow = read_openfoam(tmp_path, 3)
    np.testing.assert_allclose(flow.weights.sum(), 2 * 3.0)
    np.testing.assert_allclose(flow.periods, [[4, 0]])
    np.testing.assert_array_equal(flow.velocity, case.U[:, :2])


def test_a_later_boundary_names_the_patches(tmp_path, box_case):
    box_case().write(tmp_path)
    text = (tmp_path / "constant" / "polyMesh" / "boundary").read_text()
    (tmp_path / "1" / "polyMesh").mkdir(parents=True)
    (tmp_path / "1" / "polyMesh" / "boundary").write_text(text.replace("floor {", "ground {"))
    assert read_openfoam(tmp_path).provenance["walls"] == ["ground", "lid"]


@pytest.mark.parametrize("name", ["processors4", "processors4_0-1"])
def test_collated_results_are_named(tmp_path, box_case, name):
    box_case().write(tmp_path, time="0")
    (tmp_path / name / "10").mkdir(parents=True)
    (tmp_path / name / "0").mkdir()
    with pytest.raises(InputError, match=f"time 10 is in {name} in the collated.*reconstructPar"):
        read_openfoam(tmp_path)
    with pytest.raises(InputError, match="in the collated format"):
        read_openfoam(tmp_path, 10)
    assert read_openfoam(tmp_path, "0").provenance["times"] == ["0", "10"]
    box_case().write(tmp_path, time="10")  # reconstructed
    assert read_openfoam(tmp_path).provenance["time"] == "10"


def test_collated_results_beside_a_folder_that_only_holds_a_mesh(tmp_path, box_case):
    box_case().write(tmp_path, time="0")
    (tmp_path / "processors2" / "10").mkdir(parents=True)
    (tmp_path / "10" / "uniform").mkdir(parents=True)
    with pytest.raises(InputError, match="in the collated format"):
        read_openfoam(tmp_path)


def test_the_latest_time_may_be_that_of_the_processors(tmp_path, box_case):
    case = box_case()
    case.write_decomposed(tmp_path, halves(case))
    late, case.U = case.U, 2 * case.U
    case.write(tmp_path, time="0")
    flow = read_openfoam(tmp_path)
    assert flow.provenance["time"] == "3" and flow.provenance["times"] == ["0", "3"]
    np.testing.assert_array_equal(flow.velocity, late[:, :2])
    np.testing.assert_array_equal(read_openfoam(tmp_path, 0).velocity, case.U[:, :2])


def test_incomplete_decompositions_are_named_by_processor(tmp_path, box_case):
    case = box_case()
    part = np.digitize(case.centres[:, 0], [0.5, 1.1, 1.6])
    case.write_decomposed(tmp_path, part)
    np.testing.assert_array_equal(read_openfoam(tmp_path).velocity, case.U[:, :2])
    (tmp_path / "processor2" / "3" / "p").rename(tmp_path / "p")
    with pytest.warns(UserWarning, match=r"cannot be read: p .*processor2/3/p: no such file"):
        assert "p" not in read_openfoam(tmp_path).scalars
    with pytest.raises(InputError, match=r"'p' cannot be read; .*processor2/3/p: no such file"):
        read_openfoam(tmp_path, fields={"pressure": "p"})
    (tmp_path / "processor1" / "3").rename(tmp_path / "processor1" / "2")
    with pytest.raises(InputError, match=r"processor1: time 3 is missing, .*processor0 has it"):
        read_openfoam(tmp_path)
    (tmp_path / "processor1" / "2").rename(tmp_path / "processor1" / "3")
    (tmp_path / "p").rename(tmp_path / "processor2" / "3" / "p")
    (tmp_path / "processor3").rename(tmp_path / "last")
    with pytest.raises(InputError, match=r"processor2 have 9 of 12 cells.*processorN missing"):
        read_openfoam(tmp_path)
    (tmp_path / "processor1").rename(tmp_path / "one")
    with pytest.raises(InputError, match="no folder processor1"):
        read_openfoam(tmp_path)


def test_a_processor_without_cells(tmp_path, box_case):
    case = box_case()
    case.write_decomposed(tmp_path, halves(case))
    shutil.copytree(tmp_path / "processor1", tmp_path / "processor2")
    poly = tmp_path / "processor2" / "constant" / "polyMesh"
    poly.joinpath("cellProcAddressing").write_text("0()\n")
    for path in (tmp_path / "processor2" / "3").iterdir():
        text = path.read_text()
        start, end = text.index("nonuniform"), text.index(";\nboundaryField")
        path.write_text(f"{text[:start]}nonuniform 0(){text[end:]}")
    flow = read_openfoam(tmp_path)
    np.testing.assert_array_equal(flow.velocity, case.U[:, :2])
    np.testing.assert_array_equal(flow.tensors["R"], case.R[:, :2, :2])


def test_decomposed_cases_with_another_mesh_are_refused(tmp_path, box_case):
    case = box_case()
    case.write_decomposed(tmp_path, halves(case))
    address = tmp_path / "processor1" / "constant" / "polyMesh" / "cellProcAddressing"
    text = address.read_text()
    address.write_text(text.replace("(6\n", "(60\n"))
    with pytest.raises(InputError, match="processor1: has cells of another mesh"):
        read_openfoam(tmp_path)
    address.unlink()
    with pytest.raises(InputError, match=r"processor1/.*cellProcAddressing: no such file"):
        read_openfoam(tmp_path)
    address.write_text(text)
    shutil.rmtree(tmp_path / "constant" / "polyMesh")
    with pytest.raises(InputError, match="decomposed and has no mesh of its own: run reconstruct"):
        read_openfoam(tmp_path)


def test_points_that_moved_in_a_decomposed_case(tmp_path, box_case):
    """Each processor writes its own points at time 2; the numbers of these are in constant."""
    case = box_case()
    part = halves(case)
    case.write_decomposed(tmp_path, part)
    for number in (0, 1):
        used = np.unique(case.hexes[part == number])
        place = tmp_path / f"processor{number}"
        write_points(place / "2" / "polyMesh" / "points", case.points[used] * [3, 1, 1])
    flow = read_openfoam(tmp_path)
    np.testing.assert_allclose(flow.points, case.centres[:, :2] * [3, 1], atol=1e-14)
    np.testing.assert_array_equal(flow.velocity, case.U[:, :2])


def test_processors_with_a_mesh_of_a_later_time(tmp_path, box_case):
    """Which, renumbered, tells anew what its cells are in the whole mesh."""
    case = box_case()
    case.write_decomposed(tmp_path, halves(case))
    move_mesh(tmp_path / "processor0", "2")
    move_mesh(tmp_path / "processor1", "2")
    for number in (0, 1):
        stale = tmp_path / f"processor{number}" / "constant" / "polyMesh"
        stale.mkdir(exist_ok=True)
        (stale / "cellProcAddressing").write_text("6\n(\n0\n1\n2\n3\n4\n5\n)\n")
    np.testing.assert_array_equal(read_openfoam(tmp_path).velocity, case.U[:, :2])


def test_regions_are_named(tmp_path, box_case):
    case = box_case()
    for region in ("fluid", "heater"):
        case.write(tmp_path / region)
        (tmp_path / "case" / "constant" / region).mkdir(parents=True)
        poly = tmp_path / region / "constant" / "polyMesh"
        poly.rename(tmp_path / "case" / "constant" / region / "polyMesh")
    with pytest.raises(InputError, match="regions, which are not supported: fluid, heater"):
        read_openfoam(tmp_path / "case")
    case.write(tmp_path / "case")
    with pytest.warns(UserWarning, match="regions left out: fluid, heater"):
        read_openfoam(tmp_path / "case")
    (tmp_path / "case" / "3").rename(tmp_path / "case" / "fields")
    (tmp_path / "case" / "3").mkdir()
    (tmp_path / "case" / "fields").rename(tmp_path / "case" / "3" / "fluid")
    with pytest.raises(InputError, match=r"no fields but those of regions.*: fluid, heater"):
        read_openfoam(tmp_path / "case")


def test_regions_of_a_decomposed_case_are_named(tmp_path, box_case):
    case = box_case()
    case.write_decomposed(tmp_path, halves(case))
    (tmp_path / "constant" / "polyMesh").rename(tmp_path / "whole")
    (tmp_path / "processor0" / "constant" / "fluid").mkdir()
    poly = tmp_path / "processor0" / "constant" / "polyMesh"
    poly.rename(tmp_path / "processor0" / "constant" / "fluid" / "polyMesh")
    with pytest.raises(InputError, match="regions, which are not supported: fluid"):
        read_openfoam(tmp_path)


def test_what_is_no_time(tmp_path, box_case):
    case = box_case()
    case.write(tmp_path, time="1e-05")
    for name in ("0.orig", "inf", "nan", "1_0", "postProcessing", "processor"):
        (tmp_path / name).mkdir()
    assert read_openfoam(tmp_path).provenance["times"] == ["1e-05"]
    case.write(tmp_path, time="-180")
    assert read_openfoam(tmp_path).provenance["time"] == "1e-05"
    assert read_openfoam(tmp_path, -180).provenance["time"] == "-180"
