"""Points that a file holds twice or for no cell."""

import meshio
import numpy as np
import pytest

from meshes import bump_channel, cell_centres, read_flow, read_mesh
from meshes.readers.dataset import Dataset
from meshes.readers.flow import dataset_flow, dataset_mesh
from tests.support.shear import explode, in_space, named_lines, read_noting, shear, shear_mesh
from vcnn import InputError
from vcnn.flow.mesh import boundary_facets


@pytest.mark.parametrize("kind", ["triangle", "quadrilateral"])
def test_cells_that_do_not_share_their_points(tmp_path, kind):
    meshio.write(tmp_path / "apart.vtu", explode(shear_mesh("cell", kind)))
    flow, note = read_noting(read_flow, tmp_path / "apart.vtu")
    np.testing.assert_allclose(flow.scalars["strain_rate"], 2, atol=1e-9)
    assert len(flow.mesh.points) == 63
    assert "points lie where others do, they were merged" in note
    assert flow.provenance["notes"] and flow.provenance["notes"][0] in note


def test_tetrahedra_that_do_not_share_their_points(tmp_path):
    mesh = bump_channel(cells=(4, 3, 3), kind="tetrahedron")
    u = shear(cell_centres(mesh))
    clean = meshio.Mesh(mesh.points, mesh.cells[:1], cell_data={"U": [u]})
    meshio.write(tmp_path / "apart.vtk", explode(clean))
    flow, _ = read_noting(read_flow, tmp_path / "apart.vtk")
    np.testing.assert_allclose(flow.scalars["strain_rate"], 2, atol=1e-9)
    assert len(flow.mesh.points) == len(mesh.points)


def test_discontinuous_fields_become_means_and_are_named(tmp_path):
    mesh = explode(shear_mesh(kind="quadrilateral"))
    owner = np.repeat(np.arange(48.0), 4)
    mesh.point_data |= {"cell": owner, "p": mesh.points[:, 0].copy()}
    meshio.write(tmp_path / "dg.vtu", mesh)
    flow, note = read_noting(read_flow, tmp_path / "dg.vtu")
    assert len(flow) == 63
    np.testing.assert_array_equal(flow.velocity[:, 0], 2 * flow.points[:, 1])
    np.testing.assert_array_equal(flow.scalars["p"], flow.points[:, 0])
    inner = np.flatnonzero(np.isclose(flow.points, [0.25, 1 / 6]).all(axis=1))[0]
    # the cells around the first inner point, eight in a row
    np.testing.assert_allclose(flow.scalars["cell"][inner], np.mean([0, 1, 8, 9]))
    assert "discontinuous, means were taken: cell" in note


def test_cells_however_thin_keep_their_points():
    y = np.array([0, 1e-7, 1e-3, 1])
    points = np.array([[x, b, 0] for b in y for x in (0, 1e-3)])
    quads = np.array([[0, 1, 3, 2], [2, 3, 5, 4], [4, 5, 7, 6]])
    mesh, note = read_noting(
        dataset_mesh, Dataset(points, [("quad", quads)], provenance={"source": "thin"})
    )
    assert len(mesh.points) == 8 and "merged" not in note


def test_a_quadrilateral_of_which_two_corners_coincide():
    """As meshers write triangles and wedges: its points are two, or its edge would be a point."""
    points = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 0], [2, 0, 0]], float)
    cells = [("quad", np.array([[0, 1, 2, 3]])), ("triangle", np.array([[1, 4, 2]]))]
    dataset = Dataset(points, cells, {"U": shear(points)}, provenance={"source": "f"})
    flow, note = read_noting(dataset_flow, dataset)
    assert len(flow) == 5 and "merged" not in note
    np.testing.assert_allclose(flow.weights.sum(), 1)


def test_a_wall_without_thickness_stays_a_wall():
    """Two cells side by side, the facets between them in two boundaries: their points coincide."""
    points = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [1, 0], [2, 0], [2, 1], [1, 1]])
    names = {"left": [[1, 2]], "right": [[4, 7]]}
    dataset = Dataset(
        in_space(points.astype(float)),
        [("quad", np.array([[0, 1, 2, 3], [4, 5, 6, 7]]))],
        boundaries={name: [("line", np.array(v))] for name, v in names.items()},
        provenance={"source": "baffle"},
    )
    assert len(dataset_mesh(dataset).points) == 8
    merged, _ = read_noting(
        dataset_mesh, Dataset(dataset.points, dataset.cells, provenance={"source": "one"})
    )
    assert len(merged.points) == 6


def with_unused(mesh):
    """A point in front of all others that belongs to no cell."""
    (block,) = mesh.cells
    return meshio.Mesh(
        np.concatenate([[[5.0, 5.0, 0.0]], mesh.points]),
        [(block.type, block.data + 1)],
        point_data={k: np.concatenate([v[:1] * 0 + 7, v]) for k, v in mesh.point_data.items()},
        cell_data=mesh.cell_data,
    )


@pytest.mark.parametrize("location", ["vertex", "cell"])
def test_unused_points_are_left_out(tmp_path, location):
    meshio.write(tmp_path / "orphan.vtk", with_unused(shear_mesh(location)))
    flow, note = read_noting(read_flow, tmp_path / "orphan.vtk")
    assert len(flow.mesh.points) == 63 and len(flow) == (63 if location == "vertex" else 96)
    np.testing.assert_allclose(flow.velocity[:, 0], 2 * flow.points[:, 1], atol=1e-15)
    assert "1 of 64 points belong to no cell" in note


def test_facets_keep_their_places_when_points_go(tmp_path):
    """In a gmsh file, whose centres of arcs are such points."""
    mesh = with_unused(shear_mesh())
    lines = named_lines()
    blocks = [*mesh.cells, *(("line", v + 1) for v in lines.values())]
    tags = [np.full(len(b[1] if isinstance(b, tuple) else b.data), 0) for b in blocks]
    tags = [tag + k for k, tag in enumerate(tags)]
    grouped = meshio.Mesh(
        mesh.points,
        blocks,
        cell_data={"gmsh:physical": tags, "gmsh:geometrical": tags},
        field_data={name: np.array([k, 1]) for k, name in enumerate(lines, 1)},
    )
    meshio.write(tmp_path / "arc.msh", grouped, file_format="gmsh22")
    mesh, _ = read_noting(read_mesh, tmp_path / "arc.msh")
    assert len(mesh.points) == 63
    for name, place in {"bottom": (1, 0), "top": (1, 1), "inlet": (0, 0), "outlet": (0, 2)}.items():
        ((_, facets),) = boundary_facets(mesh)[name]
        np.testing.assert_allclose(mesh.points[facets][..., place[0]], place[1], atol=1e-12)


def repeated(mesh, some):
    """Some cells again at the end, their corners in another order."""
    (block,) = mesh.cells
    again = np.roll(block.data[some], 1, axis=1)
    data = {name: [np.concatenate([a, a[some]])] for name, (a,) in mesh.cell_data.items()}
    cells = [(block.type, np.concatenate([block.data, again]))]
    return meshio.Mesh(mesh.points, cells, point_data=mesh.point_data, cell_data=data)


@pytest.mark.parametrize("location", ["vertex", "cell"])
@pytest.mark.parametrize("shared", [True, False])
def test_cells_that_are_there_twice_count_once(tmp_path, location, shared):
    """As of pieces that overlap without ghosts, or of elements in two groups of gmsh's."""
    mesh = repeated(shear_mesh(location, "quadrilateral"), np.arange(5, 12))
    meshio.write(tmp_path / "twice.vtu", mesh if shared else explode(mesh))
    flow, note = read_noting(read_flow, tmp_path / "twice.vtu")
    np.testing.assert_allclose(flow.weights.sum(), 2)
    np.testing.assert_allclose(flow.velocity[:, 0], 2 * flow.points[:, 1], atol=1e-12)
    assert [len(b.data) for b in flow.mesh.cells] == [48]
    assert "7 of 55 cells are there again, they were left out" in note and "differ" not in note
    if location == "cell":
        np.testing.assert_allclose(flow.scalars["strain_rate"], 2, atol=1e-9)


def test_fields_that_differ_where_cells_are_there_twice_are_named():
    mesh = repeated(shear_mesh("cell"), np.arange(3))
    fields = {"U": mesh.cell_data["U"][0], "number": np.arange(99.0)}
    dataset = Dataset(
        mesh.points,
        [(b.type, b.data) for b in mesh.cells],
        cell_fields=fields,
        volumes=np.arange(1.0, 100),
        provenance={"source": "f"},
    )
    flow, note = read_noting(dataset_flow, dataset)
    assert "the first was taken: number;" in note
    np.testing.assert_array_equal(flow.scalars["number"], np.arange(96))
    np.testing.assert_array_equal(flow.weights, np.arange(1, 97))


def test_polyhedra_that_are_there_twice_count_once():
    corners = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1, 2)], float)
    faces = [[0, 1, 4, 3], [6, 7, 10, 9], [0, 1, 7, 6], [1, 4, 10, 7], [4, 3, 9, 10], [3, 0, 6, 9]]
    cube = [np.array(face) for face in faces]
    cells = [("polyhedron8", [cube, [f + 1 for f in cube], cube[::-1]])]
    mesh, note = read_noting(dataset_mesh, Dataset(corners, cells, provenance={"source": "f"}))
    assert "1 of 3 cells" in note and len(mesh.cells[0].data) == 2


def test_vertices_that_are_no_points_are_refused():
    dataset = Dataset(
        np.zeros((3, 3)), [("triangle", np.array([[0, 1, 3]]))], provenance={"source": "f"}
    )
    with pytest.raises(InputError, match="f: cells: vertex numbers beyond the 3 points"):
        dataset_flow(dataset)
