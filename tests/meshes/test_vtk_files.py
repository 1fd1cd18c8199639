"""Files of VTK's family: pieces, ghosts, series, grids of every kind, damaged ones."""

import re

import meshio
import numpy as np
import pytest
import pyvista

from meshes import cell_volumes, read_flow, read_mesh
from tests.support.shear import in_space, read_noting, shear, shear_mesh
from vcnn import InputError


def grid(location="vertex", kind="triangle"):
    mesh = pyvista.from_meshio(shear_mesh(location, kind))
    mesh.clear_field_data()
    return mesh


def check(flow, n=63):
    assert len(flow) == n and flow.dimension == 2
    np.testing.assert_allclose(flow.velocity[:, 0], 2 * flow.points[:, 1], atol=1e-5)
    np.testing.assert_allclose(flow.weights.sum(), 2, rtol=1e-5)


@pytest.mark.parametrize(
    "data",
    [{"TimeValue": [0.5]}, {"TIME": [0.5], "CYCLE": [10]}, {"path": ["/a/b"]}, {"m": np.eye(3)}],
)
@pytest.mark.parametrize("suffix", [".vtu", ".vtk"])
def test_field_data_is_no_obstacle(tmp_path, data, suffix):
    mesh = grid()
    for name, values in data.items():
        mesh.field_data[name] = values
    mesh.save(tmp_path / f"a{suffix}")
    flow, _ = read_noting(read_flow, tmp_path / f"a{suffix}")
    check(flow)
    assert flow.provenance.get("time") == (0.5 if {"TIME", "TimeValue"} & set(data) else None)


@pytest.mark.parametrize("compression", ["zlib", "lz4", "lzma", None])
def test_compressed_files(tmp_path, compression):
    grid().save(tmp_path / "a.vtu", compression=compression)
    check(read_noting(read_flow, tmp_path / "a.vtu")[0])


def test_versions_that_fenicsx_writes(tmp_path):
    grid().save(tmp_path / "a.vtu", binary=False)
    text = (tmp_path / "a.vtu").read_text()
    (tmp_path / "a.vtu").write_text(re.sub(r'version="[\d.]+"', 'version="2.2"', text))
    check(read_noting(read_flow, tmp_path / "a.vtu")[0])


def as_lagrange(path, kind, new):
    """The cells of an ASCII VTU as Lagrange cells of the same order."""
    text = path.read_text()
    head, tail = text.split('Name="types"', 1)
    body, rest = tail.split("</DataArray>", 1)
    start, numbers = body.split(">", 1)
    path.write_text(
        f'{head}Name="types"{start}>{numbers.replace(str(kind), str(new))}</DataArray>{rest}'
    )


@pytest.mark.parametrize(("kind", "vtk", "new"), [("triangle", 5, 69), ("quadrilateral", 9, 70)])
def test_cells_of_any_order_that_are_of_the_first(tmp_path, kind, vtk, new):
    grid("vertex", kind).save(tmp_path / "a.vtu", binary=False)
    as_lagrange(tmp_path / "a.vtu", vtk, new)
    assert set(pyvista.read(tmp_path / "a.vtu").celltypes) == {new}
    mesh, _ = read_noting(read_mesh, tmp_path / "a.vtu")
    assert mesh.cells[0].type == {"triangle": "triangle", "quadrilateral": "quad"}[kind]
    check(read_noting(read_flow, tmp_path / "a.vtu")[0])


def test_cells_of_second_order(tmp_path):
    points = np.array([[0, 0], [2, 0], [0, 1], [1, 0], [1, 0.5], [0, 0.5]])
    mesh = meshio.Mesh(in_space(points), [("triangle6", np.arange(6)[None])], {"U": shear(points)})
    meshio.write(tmp_path / "a.vtu", mesh)
    flow, _ = read_noting(read_flow, tmp_path / "a.vtu")
    np.testing.assert_array_equal(flow.points, points)
    np.testing.assert_allclose(flow.weights, 1 / 6)
    assert read_noting(read_mesh, tmp_path / "a.vtu")[0].cells[0].type == "triangle6"


def halves(location="vertex"):
    mesh = grid(location)
    left = mesh.cell_centers().points[:, 0] < 1
    return [mesh.extract_cells(np.flatnonzero(side)) for side in (left, ~left)]


def strip(mesh):
    for data in (mesh.point_data, mesh.cell_data):
        for name in [name for name in data if name.startswith("vtk")]:
            del data[name]
    return mesh


@pytest.mark.parametrize("location", ["vertex", "cell"])
def test_several_pieces_in_one_file(tmp_path, location):
    """Pieces with points of their own at the seam."""
    texts = []
    for part in halves(location):
        strip(part).save(tmp_path / "part.vtu", binary=False)
        text = (tmp_path / "part.vtu").read_text()
        texts.append(text)
    pieces = [re.search(r"<Piece.*</Piece>", text, re.S)[0] for text in texts]
    head, tail = texts[0].split(pieces[0])
    (tmp_path / "two.vtu").write_text(head + "\n".join(pieces) + tail)
    flow, note = read_noting(read_flow, tmp_path / "two.vtu")
    check(flow, 63 if location == "vertex" else 96)
    assert "7 of 70 points lie where others do" in note
    if location == "cell":
        np.testing.assert_allclose(flow.scalars["strain_rate"], 2, atol=1e-9)


PARALLEL = """<?xml version="1.0"?>
<VTKFile type="PUnstructuredGrid" version="1.0"><PUnstructuredGrid GhostLevel="1">
<PPointData><PDataArray type="Float64" Name="U" NumberOfComponents="3"/></PPointData>
<PCellData><PDataArray type="UInt8" Name="vtkGhostType"/></PCellData>
<PPoints><PDataArray type="Float64" NumberOfComponents="3"/></PPoints>
<Piece Source="p0.vtu"/><Piece Source="p1.vtu"/></PUnstructuredGrid></VTKFile>
"""


def parallel(folder):
    """Two files that overlap: cells of the other half are there as ghosts."""
    mesh = grid()
    x = mesh.cell_centers().points[:, 0]
    for k, own in enumerate((x < 1, x >= 1)):
        part = mesh.extract_cells(np.flatnonzero(own | (abs(x - 1) < 0.3)))
        strip(part)
        here = part.cell_centers().points[:, 0]
        part.cell_data["vtkGhostType"] = ((here >= 1) if k == 0 else (here < 1)).astype(np.uint8)
        part.points = part.points.astype(float)
        part.save(folder / f"p{k}.vtu")
    (folder / "a.pvtu").write_text(PARALLEL)


def test_files_in_parts_with_ghosts(tmp_path):
    parallel(tmp_path)
    flow, note = read_noting(read_flow, tmp_path / "a.pvtu")
    check(flow)
    assert sum(len(block.data) for block in flow.mesh.cells) == 96
    assert set(flow.scalars) == set() and "vtk" not in note and "belong to no cell" not in note
    (tmp_path / "p1.vtu").unlink()
    with pytest.raises(InputError, match=r"a\.pvtu: its piece .*p1\.vtu is missing"):
        read_flow(tmp_path / "a.pvtu")


def test_marks_of_cells_that_are_no_ghosts(tmp_path):
    """A cell at the outside, or joined to another than usual, is not one that others have."""
    mesh = strip(grid())
    marks = np.zeros(96, np.uint8)
    marks[:6] = 1, 2, 4, 8, 16, 32
    mesh.cell_data["vtkGhostType"] = marks
    mesh.save(tmp_path / "marks.vtu")
    mesh, _ = read_noting(read_mesh, tmp_path / "marks.vtu")
    assert len(mesh.cells[0].data) == 93


def series(folder):
    entries = []
    for k, t in enumerate((0.0, 0.5, 2.0)):
        for part, piece in enumerate(halves()):
            strip(piece)["U"] = piece["U"] * (1 + t)
            piece.points = piece.points.astype(float)
            piece.save(folder / f"a{k}_{part}.vtu")
            entries.append(f'<DataSet timestep="{t}" part="{part}" file="a{k}_{part}.vtu"/>')
    text = "\n".join(reversed(entries))
    (folder / "a.pvd").write_text(
        f'<VTKFile type="Collection"><Collection>{text}</Collection></VTKFile>'
    )


@pytest.mark.parametrize(("time", "factor"), [(None, 3.0), (0.5, 1.5), ("0", 1.0)])
def test_series_in_parts(tmp_path, time, factor):
    series(tmp_path)
    flow, _ = read_noting(read_flow, tmp_path / "a.pvd", time=time)
    assert len(flow) == 63
    np.testing.assert_allclose(flow.velocity[:, 0], 2 * factor * flow.points[:, 1], atol=1e-12)
    assert flow.provenance["times"] == [0, 0.5, 2] and flow.provenance["time"] == factor - 1
    with pytest.raises(InputError, match=r"no time 0.7 \(there are: 0, 0.5, 2\)"):
        read_flow(tmp_path / "a.pvd", time=0.7)


def test_series_whose_files_are_gone(tmp_path):
    series(tmp_path)
    (tmp_path / "a2_1.vtu").unlink()
    with pytest.raises(InputError, match=r"a\.pvd: its file .*a2_1\.vtu is missing"):
        read_flow(tmp_path / "a.pvd")
    (tmp_path / "a.pvd").write_text("<VTKFile><Collection>")
    with pytest.raises(InputError, match=r"a\.pvd: cannot be read"):
        read_flow(tmp_path / "a.pvd")


def structured(kind):
    x, y = np.linspace(0, 2, 9), np.linspace(0, 1, 7)
    if kind == "rectilinear":
        return pyvista.RectilinearGrid(x, y, np.zeros(1))
    if kind == "image":
        return pyvista.ImageData(dimensions=(9, 7, 1), spacing=(0.25, 1 / 6, 1))
    if kind == "structured":
        return pyvista.StructuredGrid(*np.meshgrid(x, y, [0.0], indexing="ij"))
    return pyvista.from_meshio(shear_mesh()).extract_surface(algorithm=None)


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        ("rectilinear", ".vtk"),
        ("rectilinear", ".vtr"),
        ("image", ".vtk"),
        ("image", ".vti"),
        ("structured", ".vtk"),
        ("structured", ".vts"),
        ("polydata", ".vtk"),
        ("polydata", ".vtp"),
    ],
)
def test_grids_of_every_kind(tmp_path, kind, suffix):
    mesh = structured(kind)
    mesh.clear_data()
    mesh.point_data["U"] = shear(np.asarray(mesh.points, dtype=float))
    mesh.point_data["p"] = mesh.points[:, 0]
    mesh.save(tmp_path / f"a{suffix}")
    flow, _ = read_noting(read_flow, tmp_path / f"a{suffix}")
    check(flow)
    np.testing.assert_allclose(flow.scalars["p"], flow.points[:, 0], atol=1e-6)
    assert {block.type for block in flow.mesh.cells} == {
        "triangle" if kind == "polydata" else "quad"
    }


def test_several_fields_of_a_legacy_file(tmp_path):
    mesh = grid("cell")
    rng = np.random.default_rng(0)
    fields = {
        "a": rng.random(96),
        "b": rng.random(96),
        "v": rng.random((96, 3)),
        "t": rng.random((96, 9)),
    }
    for name, values in fields.items():
        mesh.cell_data[name] = values
    mesh.save(tmp_path / "a.vtk", binary=False)
    flow, _ = read_noting(read_flow, tmp_path / "a.vtk")
    np.testing.assert_allclose(flow.scalars["a"], fields["a"])
    np.testing.assert_allclose(flow.scalars["b"], fields["b"])
    np.testing.assert_allclose(flow.vectors["v"], fields["v"][:, :2])
    np.testing.assert_allclose(flow.scalars["t_33"], fields["t"][:, 8])


def test_polyhedra(tmp_path):
    x = np.meshgrid([0.0, 1, 2], [0.0, 1], [0.0, 1], indexing="ij")
    boxes = pyvista.StructuredGrid(*x).cast_to_unstructured_grid()
    cells = []
    for k in range(2):
        faces = [boxes.get_cell(k).get_face(f).point_ids for f in range(6)]
        stream = [6, *(number for face in faces for number in (4, *face))]
        cells += [len(stream), *stream]
    mesh = pyvista.UnstructuredGrid(np.array(cells), np.full(2, 42), np.asarray(boxes.points))
    mesh.point_data["U"] = shear(mesh.points)
    mesh.save(tmp_path / "a.vtu")
    flow, _ = read_noting(read_flow, tmp_path / "a.vtu")
    assert flow.mesh.cells[0].type == "polyhedron8"
    np.testing.assert_allclose(cell_volumes(flow.mesh), [1, 1])
    ends = np.isin(flow.points[:, 0], (0, 2))
    np.testing.assert_allclose(flow.weights, np.where(ends, 1 / 8, 1 / 4))
    again = read_flow(flow.save(tmp_path / "own.vtu"))
    np.testing.assert_allclose(cell_volumes(again.mesh), [1, 1])


def test_kinds_of_cells_that_are_not_read_are_named(tmp_path):
    strip_of = pyvista.PolyData(np.array([[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]], float))
    strip_of.faces = np.zeros(0, int)
    strip_of.strips = [4, 0, 1, 2, 3]
    strip_of.point_data["U"] = shear(strip_of.points)
    strip_of.save(tmp_path / "a.vtp")
    with pytest.raises(
        InputError, match=r"a\.vtp: cells of VTK's kind 6 are not read; triangulate"
    ):
        read_flow(tmp_path / "a.vtp")
    pyvista.MultiBlock([grid()]).save(tmp_path / "a.vtm")
    with pytest.raises(InputError, match=r"a\.vtm: unknown kind of file"):
        read_flow(tmp_path / "a.vtm")


@pytest.mark.parametrize("count", ["99999999999999", "-3"])
def test_damaged_counts_end_no_process(tmp_path, count):
    grid().save(tmp_path / "a.vtu", binary=False)
    text = (tmp_path / "a.vtu").read_text()
    (tmp_path / "a.vtu").write_text(text.replace('NumberOfCells="96"', f'NumberOfCells="{count}"'))
    with pytest.raises(InputError, match=r"a\.vtu: "):
        read_flow(tmp_path / "a.vtu")
