"""Formats that meshio reads, groups with and without names."""

import meshio
import numpy as np
import pytest

from meshes import channel, read_flow, read_mesh
from tests.support.shear import named_lines, read_noting, shear_mesh
from vcnn import InputError
from vcnn.flow.mesh import boundary_facets


def check(flow, n=63):
    assert len(flow) == n and flow.dimension == 2
    np.testing.assert_allclose(flow.velocity[:, 0], 2 * flow.points[:, 1], atol=1e-9)
    np.testing.assert_allclose(flow.weights.sum(), 2)


def flat():
    """Points and velocity with two columns."""
    mesh = shear_mesh()
    return meshio.Mesh(
        mesh.points[:, :2], mesh.cells, point_data={"U": mesh.point_data["U"][:, :2].copy()}
    )


@pytest.mark.parametrize("data_format", ["XML", "HDF"])
def test_xdmf_with_two_coordinates(tmp_path, data_format):
    meshio.write(tmp_path / "a.xdmf", flat(), data_format=data_format)
    assert "XY" in (tmp_path / "a.xdmf").read_text()
    check(read_noting(read_flow, tmp_path / "a.xdmf")[0])
    assert read_noting(read_mesh, tmp_path / "a.xdmf")[0].points.shape == (63, 2)


def write_series(path, times=(0.0, 1.0, 2.5)):
    mesh = shear_mesh()
    with meshio.xdmf.TimeSeriesWriter(path) as writer:
        writer.write_points_cells(mesh.points, mesh.cells)
        for t in times:
            u = mesh.point_data["U"] * (1 + t)
            writer.write_data(t, point_data={"U": u}, cell_data={"c": [np.full(96, t)]})


@pytest.mark.parametrize(("time", "factor"), [(None, 3.5), (0, 1.0), ("1.0", 2.0)])
def test_series_in_xdmf(tmp_path, monkeypatch, time, factor):
    monkeypatch.chdir(tmp_path)  # meshio writes its .h5 there
    write_series("a.xdmf")
    flow, note = read_noting(read_flow, tmp_path / "a.xdmf", time=time)
    np.testing.assert_allclose(flow.velocity[:, 0], 2 * factor * flow.points[:, 1], atol=1e-12)
    assert flow.provenance["time"] == factor - 1 and flow.provenance["times"] == [0, 1, 2.5]
    assert "fields at cells left out" in note
    with pytest.raises(InputError, match=r"a\.xdmf: no time 3 \(there are: 0, 1, 2\.5\)"):
        read_flow(tmp_path / "a.xdmf", time=3)


FUNCTIONS = """<?xml version="1.0"?>
<Xdmf Version="3.0" xmlns:xi="https://www.w3.org/2001/XInclude"><Domain>
<Grid Name="mesh" GridType="Uniform">
<Topology TopologyType="Triangle" NumberOfElements="2" NodesPerElement="3">
<DataItem Dimensions="2 3" NumberType="Int" Format="XML">0 1 2 0 2 3</DataItem></Topology>
<Geometry GeometryType="XY">
<DataItem Dimensions="4 2" Format="XML">0 0 1 0 1 1 0 1</DataItem></Geometry></Grid>
{}</Domain></Xdmf>
"""
FUNCTION = """<Grid Name="{name}" GridType="Collection" CollectionType="Temporal">
<Grid Name="{name}" GridType="Uniform">
<xi:include xpointer="xpointer(/Xdmf/Domain/Grid[1]/*[self::Topology or self::Geometry])"/>
<Time Value="{time}"/><Attribute Name="{name}" AttributeType="{kind}" Center="Node">
<DataItem Dimensions="{shape}" Format="XML">{values}</DataItem></Attribute></Grid></Grid>
"""


def test_two_functions_as_fenicsx_writes_them(tmp_path):
    u = dict(name="U", kind="Vector", shape="4 3", values="0 0 0 0 0 0 2 0 0 2 0 0")
    p = dict(name="p", kind="Scalar", shape="4 1", values="4 5 6 7")
    grids = [FUNCTION.format(time=0.5, **function) for function in (u, p)]
    (tmp_path / "a.xdmf").write_text(FUNCTIONS.format("".join(grids)))
    flow, _ = read_noting(read_flow, tmp_path / "a.xdmf")
    np.testing.assert_array_equal(flow.velocity, [[0, 0], [0, 0], [2, 0], [2, 0]])
    np.testing.assert_array_equal(flow.scalars["p"], [4, 5, 6, 7])


def test_reasons_of_meshio_are_told(tmp_path):
    (tmp_path / "a.xdmf").write_text('<Xdmf Version="7.0"><Domain/></Xdmf>')
    with pytest.raises(InputError, match=r"a\.xdmf: cannot be read \(.*[Vv]ersion.*7\.0"):
        read_flow(tmp_path / "a.xdmf")
    (tmp_path / "a.msh").write_text("$MeshFormat\n9.9 0 8\n$EndMeshFormat\n")
    with pytest.raises(InputError, match=r"a\.msh: cannot be read \(.*9\.9"):
        read_flow(tmp_path / "a.msh")


def test_med(tmp_path):
    pytest.importorskip("h5py")
    meshio.write(tmp_path / "a.med", shear_mesh())
    check(read_noting(read_flow, tmp_path / "a.med")[0])


def test_names_of_su2(tmp_path):
    mesh, lines = channel(2.0, 1.0, (8, 6), kind="triangle"), named_lines()
    rows = ["NDIME= 2", f"NELEM= {len(mesh.cells[0].data)}"]
    rows += [f"5 {a} {b} {c} {k}" for k, (a, b, c) in enumerate(mesh.cells[0].data)]
    rows += ["NPOIN= 63", *(f"{x!r} {y!r} {k}" for k, (x, y) in enumerate(mesh.points.tolist()))]
    rows += [f"NMARK= {len(lines)}"]
    for name, pairs in lines.items():
        tag = {"top": "7"}.get(name, name)
        rows += [f"MARKER_TAG= {tag}", f"MARKER_ELEMS= {len(pairs)}"]
        rows += [f"3 {a} {b}" for a, b in pairs]
    (tmp_path / "a.su2").write_text("\n".join(rows))
    read, _ = read_noting(read_mesh, tmp_path / "a.su2")
    facets = boundary_facets(read)
    assert set(facets) == {"bottom", "inlet", "outlet", "7"}
    np.testing.assert_allclose(read.points[facets["7"][0][1]][..., 1], 1)
    np.testing.assert_allclose(read.points[facets["outlet"][0][1]][..., 0], 2)


def test_plane_tecplot_whose_velocity_is_two_variables(tmp_path):
    mesh = shear_mesh()
    rows = [f"{x!r} {y!r} {2 * y!r} 0 {x!r}" for x, y, _ in mesh.points.tolist()]
    rows += [" ".join(map(str, cell + 1)) for cell in mesh.cells[0].data]
    head = 'VARIABLES = "X", "Y", "U", "V", "P"\n'
    head += "ZONE N=63, E=96, DATAPACKING=POINT, ZONETYPE=FETRIANGLE\n"
    (tmp_path / "a.dat").write_text(head + "\n".join(rows) + "\n")
    flow, _ = read_noting(read_flow, tmp_path / "a.dat")
    check(flow)
    np.testing.assert_allclose(flow.scalars["P"], flow.points[:, 0])
    assert "U" not in flow.scalars


def test_lines_are_no_domain(tmp_path):
    mesh = shear_mesh()
    edges = np.concatenate([mesh.cells[0].data[:, [0, 1]], mesh.cells[0].data[:, [1, 2]]])
    meshio.write(tmp_path / "a.vtk", meshio.Mesh(mesh.points, [("line", edges)]))
    for read in (read_flow, read_mesh):
        with pytest.raises(
            InputError, match=r"a\.vtk: the mesh has no cells of dimension 2 \(cells: line\)"
        ):
            read(tmp_path / "a.vtk")


def numbered(names=None, tags=(11, 12, 13, 14)):
    """A mesh as meshio holds gmsh's groups, with names or without."""
    mesh, lines = shear_mesh(), named_lines()
    blocks = [*mesh.cells, *(("line", lines[k]) for k in ("bottom", "outlet", "top", "inlet"))]
    groups = [
        np.full(96, 5),
        *(np.full(len(b[1]), t) for b, t in zip(blocks[1:], tags, strict=True)),
    ]
    return meshio.Mesh(
        mesh.points,
        blocks,
        point_data=mesh.point_data,
        cell_data={"gmsh:physical": groups, "gmsh:geometrical": groups},
        field_data=names or {},
    )


def test_groups_with_a_number_only(tmp_path):
    meshio.write(tmp_path / "a.msh", numbered(), file_format="gmsh22")
    mesh, _ = read_noting(read_mesh, tmp_path / "a.msh")
    facets = boundary_facets(mesh)
    assert set(facets) == {"11", "12", "13", "14"}
    np.testing.assert_allclose(mesh.points[facets["13"][0][1]][..., 1], 1)
    flow, note = read_noting(read_flow, tmp_path / "a.msh", walls=["11", "13"])
    y = flow.points[:, 1]
    np.testing.assert_allclose(flow.scalars["wall_distance"], np.minimum(y, 1 - y), atol=1e-12)
    _, note = read_noting(read_flow, tmp_path / "a.msh")
    assert "no walls are known (boundaries: 11, 12, 13, 14)" in note


def test_some_groups_have_names(tmp_path):
    names = {"wall": np.array([11, 1]), "fluid": np.array([5, 2]), "ghost": np.array([99, 1])}
    meshio.write(tmp_path / "a.msh", numbered(names, (11, 12, 11, 0)), file_format="gmsh22")
    mesh, note = read_noting(read_mesh, tmp_path / "a.msh")
    facets = boundary_facets(mesh)
    assert {name: sum(len(v) for _, v in b) for name, b in facets.items()} == {"wall": 16, "12": 6}
    assert "no facet belongs to the groups ghost" in note


def test_gmsh_file_of_which_a_part_is_in_groups(tmp_path):
    """With Mesh.SaveAll; gmsh's older format forgets the groups then, newer ones keep them."""
    gmsh = pytest.importorskip("gmsh", exc_type=OSError)
    gmsh.initialize(interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("Mesh.SaveAll", 1)
        gmsh.model.occ.addRectangle(0, 0, 0, 2, 1)
        gmsh.model.occ.synchronize()
        gmsh.model.addPhysicalGroup(1, [1, 3], name="walls")
        gmsh.model.mesh.generate(2)
        for version in (4.1, 2.2):
            gmsh.option.setNumber("Mesh.MshFileVersion", version)
            gmsh.write(str(tmp_path / f"{version}.msh"))
    finally:
        gmsh.finalize()
    mesh, _ = read_noting(read_mesh, tmp_path / "4.1.msh")
    ((_, facets),) = boundary_facets(mesh)["walls"]
    assert set(boundary_facets(mesh)) == {"walls"}
    np.testing.assert_allclose(abs(mesh.points[facets][..., 1] - 0.5), 0.5)
    mesh, note = read_noting(read_mesh, tmp_path / "2.2.msh")
    assert set(boundary_facets(mesh)) == {"1", "2", "3", "4"} and "groups walls" in note


def test_what_is_refused_by_name(tmp_path):
    (tmp_path / "a.bp").mkdir()
    with pytest.raises(InputError, match=r"a\.bp: ADIOS2's \.bp is not read; in FEniCSx write"):
        read_flow(tmp_path / "a.bp")
    meshio.write(tmp_path / "a.vtk", shear_mesh())
    with pytest.raises(InputError, match="a time can be chosen in OpenFOAM cases only, and series"):
        read_flow(tmp_path / "a.vtk", time=1)
