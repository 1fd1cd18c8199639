"""Flows written as OpenFOAM cases come back, to the last bit."""

import re
import warnings

import meshio
import numpy as np
import pytest
import pyvista
from scipy.spatial import cKDTree

import meshes
from tests.support.flows_at_cells import flow_on
from tests.support.foam_cases import write_mixed_case
from vcnn.flow.mesh import boundary_facets, named_mesh

NAMES = {"pressure": "p", "eddy_viscosity": "nut", "velocity": "UMean"}


def bump_flow():
    mesh = meshes.bump_channel(0.6, 1.5, 30.0, cells=(5, 4, 3))
    length, _, width = np.ptp(mesh.points, axis=0)
    return flow_on(mesh, [[length, 0, 0], [0, 0, width]])


def mixed_plane():
    """Two quadrilaterals, one of them cut, with a boundary around."""
    points = np.array([[0, 0], [1, 0], [2.5, 0], [0, 1], [1, 1], [2, 1.5]])
    cells = [("triangle", np.array([[0, 1, 4], [0, 4, 3]])), ("quad", np.array([[1, 2, 5, 4]]))]
    edges = np.array([[0, 1], [1, 2], [2, 5], [5, 4], [4, 3], [3, 0]])
    return named_mesh(points, cells, {"bottom": [("line", edges)]})


CASES = {
    "quadrilaterals": lambda: flow_on(meshes.periodic_hill(1.0, cells=(7, 5)), [[9, 0]]),
    "triangles": lambda: flow_on(meshes.split(meshes.channel(2.0, 0.7, cells=(4, 3))), [[2.0, 0]]),
    "mixed": lambda: flow_on(mixed_plane(), walls=["bottom"]),
    "hexahedra": lambda: bump_flow(),
}


def same_facets(mesh, other):
    """Boundaries by the corners of their facets; those that OpenFOAM adds are left out."""
    sets = [
        {
            name: {frozenset(map(tuple, m.points[row])) for _, v in blocks for row in v}
            for name, blocks in boundary_facets(m).items()
        }
        for m in (mesh, other)
    ]
    return sets[0] == sets[1]


def outlines(mesh):
    return sorted(
        sorted(map(tuple, mesh.points[cell].tolist()))
        for block in mesh.cells
        if block.dim == mesh.points.shape[1]
        for cell in block.data
    )


@pytest.mark.parametrize("case", CASES)
def test_what_was_written_is_read_to_the_last_bit(tmp_path, case):
    flow = CASES[case]()
    folder = meshes.write_openfoam(flow, tmp_path / "case", NAMES, time=1000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = meshes.read_openfoam(folder, fields=NAMES)
    order = cKDTree(again.points).query(flow.points)[1]  # in a plane types of cells make blocks
    assert case == "mixed" or (np.diff(order) == 1).all()
    np.testing.assert_array_equal(again.velocity[order], flow.velocity)
    for kind in ("scalars", "vectors", "tensors"):
        for name, values in getattr(flow, kind).items():
            np.testing.assert_array_equal(getattr(again, kind)[name][order], values, name)
    np.testing.assert_array_equal(again.mesh.points, flow.mesh.points)
    np.testing.assert_allclose(again.points[order], flow.points, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(again.weights[order], flow.weights, rtol=1e-13)
    np.testing.assert_allclose(again.periods, flow.periods, rtol=1e-14)
    assert len(again.periods) == len(flow.periods)
    assert outlines(again.mesh) == outlines(flow.mesh)
    assert same_facets(again.mesh, flow.mesh)
    assert again.provenance["walls"] == flow.provenance["walls"]
    assert again.provenance["time"] == "1000"
    assert again.parameters == flow.parameters
    assert not again.provenance.get("notes")


def test_what_was_read_is_written_with_what_is_across_its_plane(tmp_path, box_case):
    flow = meshes.read_openfoam(box_case().write(tmp_path / "given"))
    assert "R_33" in flow.scalars and "G_3" in flow.vectors and "G_3_transposed" in flow.vectors
    tilted = flow.with_fields(scalars={"V_3": np.linspace(1, 2, len(flow))}, vectors={})
    tilted = tilted.with_fields(vectors={"V": flow.velocity})
    folder = meshes.write_openfoam(flow, tmp_path / "written")
    assert not [path for path in folder.rglob("*_3*")]
    again = meshes.read_openfoam(folder)
    for kind in ("scalars", "vectors", "tensors"):
        assert set(getattr(again, kind)) == set(getattr(flow, kind))
        for name, values in getattr(flow, kind).items():
            np.testing.assert_array_equal(getattr(again, kind)[name], values, name)
    names = {"velocity": "UMean"}
    again = meshes.read_openfoam(meshes.write_openfoam(tilted, tmp_path / "3", names), fields=names)
    np.testing.assert_array_equal(again.scalars["V_3"], tilted.scalars["V_3"])


def test_cells_of_every_kind(tmp_path):
    write_mixed_case(tmp_path / "given")
    flow = meshes.read_openfoam(tmp_path / "given")
    assert {block.type for block in flow.mesh.cells} >= {"hexahedron", "wedge", "pyramid", "tetra"}
    again = meshes.read_openfoam(meshes.write_openfoam(flow, tmp_path / "written"))
    np.testing.assert_array_equal(again.velocity, flow.velocity)
    np.testing.assert_allclose(again.points, flow.points, atol=1e-14)
    assert outlines(again.mesh) == outlines(flow.mesh)


def test_polyhedra(polyhedral_case, tmp_path):
    flow = meshes.read_openfoam(polyhedral_case)
    again = meshes.read_openfoam(meshes.write_openfoam(flow, tmp_path / "written"))
    np.testing.assert_allclose(again.points, flow.points, atol=1e-14)
    np.testing.assert_allclose(again.weights, flow.weights, rtol=1e-14)


@pytest.mark.parametrize("case", ["quadrilaterals", "triangles", "hexahedra"])
def test_vtk_reads_the_same(tmp_path, case):
    """A reader of somebody else."""
    flow = CASES[case]()
    folder = meshes.write_openfoam(flow, tmp_path / "case", {"pressure": "p"}, time=1000)
    (folder / "case.foam").touch()
    reader = pyvista.POpenFOAMReader(str(folder / "case.foam"))
    reader.set_active_time_value(1000.0)
    grid = reader.read()["internalMesh"]
    d = flow.dimension
    np.testing.assert_allclose(grid["U"][:, :d], flow.velocity, rtol=1e-6)
    np.testing.assert_allclose(grid["p"], flow.scalars["pressure"], rtol=1e-6)
    volumes = grid.compute_cell_sizes()["Volume"]
    np.testing.assert_allclose(
        volumes / volumes.sum(), flow.weights / flow.weights.sum(), rtol=1e-4
    )
    boundaries = {name.removeprefix("patch/") for name in reader.patch_array_names}
    assert boundaries >= set(boundary_facets(flow.mesh))


def read_list(path):
    text = path.read_text()
    return [
        re.split(r"[ ()]+", line.strip("()")) for line in text.split("\n(\n")[1].split("\n")[:-2]
    ]


@pytest.mark.parametrize("case", ["quadrilaterals", "triangles", "hexahedra"])
def test_faces_are_in_the_order_that_openfoam_demands(tmp_path, case):
    """Upper triangular; seen from the owner outward; cyclic ones vertex by vertex."""
    flow = CASES[case]()
    poly = meshes.write_openfoam(flow, tmp_path / "case") / "constant" / "polyMesh"
    points = np.array(read_list(poly / "points"), float)
    faces = [[int(v) for v in row[1:]] for row in read_list(poly / "faces")]
    owner = np.array(read_list(poly / "owner"), int)[:, 0]
    neighbour = np.array(read_list(poly / "neighbour"), int)[:, 0]
    inner = owner[: len(neighbour)]
    assert (inner < neighbour).all()
    assert (np.diff(inner * len(flow) + neighbour) > 0).all()
    centres = np.pad(flow.points, ((0, 0), (0, 3 - flow.dimension)))
    if flow.dimension == 2:
        centres[:, 2] = points[:, 2].max() / 2
    for face, cell in zip(faces, owner, strict=True):
        x = points[face]
        area = np.cross(x, np.roll(x, -1, axis=0)).sum(axis=0)
        assert area @ (x.mean(axis=0) - centres[cell]) > 0
    patches = dict(re.findall(r"    (\w+)\n    \{(.*?)\}", (poly / "boundary").read_text(), re.S))
    entries = {name: dict(re.findall(r"(\w+) +(\w+);", text)) for name, text in patches.items()}
    cyclic = [name for name in entries if entries[name]["type"] == "cyclic"]
    assert len(cyclic) == 2 * len(flow.periods)
    for name in cyclic:
        other = entries[name]["neighbourPatch"]
        assert entries[other]["neighbourPatch"] == name
        first, second = (int(entries[patch]["startFace"]) for patch in (name, other))
        for k in range(int(entries[name]["nFaces"])):
            a, b = points[faces[first + k]], points[faces[second + k]]
            step = np.roll(b[::-1], 1, axis=0) - a
            np.testing.assert_allclose(step, np.tile(step[0], (len(a), 1)), atol=1e-12)


def test_the_text_of_a_small_case(tmp_path):
    flow = CASES["quadrilaterals"]()
    folder = meshes.write_openfoam(flow, tmp_path / "case", {"pressure": "p"})
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    mesh = {f"constant/polyMesh/{n}" for n in ("points", "faces", "owner", "neighbour", "boundary")}
    fields = {f"0/{name}" for name in ("U", "p", "eddy_viscosity", "drift", "tau", "gradient")}
    assert files == {*mesh, *fields, "constant/transportProperties", "system/controlDict"}
    velocity, pressure = ((folder / "0" / name).read_text() for name in ("U", "p"))
    assert "class   volVectorField;" in velocity and "[0 1 -1 0 0 0 0]" in velocity
    assert "class   volScalarField;" in pressure and "[0 2 -2 0 0 0 0]" in pressure
    assert "class   volSymmTensorField;" in (folder / "0" / "tau").read_text()
    assert "class   volTensorField;" in (folder / "0" / "gradient").read_text()
    assert re.findall(r"(\w+) \{ type (\w+); \}", velocity) == [
        ("bottom", "noSlip"),
        ("top", "noSlip"),
        ("inlet", "cyclic"),
        ("outlet", "cyclic"),
        ("frontAndBack", "empty"),
    ]
    assert "noSlip" not in pressure


OTHER_NAMES = {  # -> dimensions and condition at walls, which are those of the flow's field
    "velocity": ("U_LES", "0 1 -1 0 0 0 0", "noSlip"),
    "pressure": ("p_rgh", "0 2 -2 0 0 0 0", "zeroGradient"),
    "eddy_viscosity": ("turbulence", "0 2 -1 0 0 0 0", "fixedValue; value uniform 0"),
    "drift": ("velocity", "0 0 0 0 0 0 0", "zeroGradient"),
    "tau": ("k", "0 0 0 0 0 0 0", "zeroGradient"),
    "gradient": ("nut", "0 0 0 0 0 0 0", "zeroGradient"),
}


def test_what_a_field_is_does_not_hang_on_its_name_in_the_case(tmp_path):
    flow, names = CASES["quadrilaterals"](), {own: row[0] for own, row in OTHER_NAMES.items()}
    folder = meshes.write_openfoam(flow, tmp_path / "case", names)
    for name, dimensions, condition in OTHER_NAMES.values():
        text = (folder / "0" / name).read_text()
        assert f"[{dimensions}]" in text
        assert f"bottom {{ type {condition}; }}" in text


def test_faces_without_a_name_make_a_patch_of_their_own(tmp_path):
    mesh = meshes.channel(1.0, 1.0, cells=(2, 2))
    bare = meshio.Mesh(mesh.points, [block for block in mesh.cells if block.dim == 2])
    again = meshes.read_openfoam(meshes.write_openfoam(flow_on(bare, walls=()), tmp_path / "case"))
    assert {n: sum(len(v) for _, v in b) for n, b in boundary_facets(again.mesh).items()} == {
        "defaultFaces": 8
    }
