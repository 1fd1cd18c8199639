"""Meshes of OpenFOAM cases: lists in every form, cells of every type, damage named by file."""

import gzip
import re

import numpy as np
import pytest

from meshes import read_openfoam
from meshes.geometry.facets import cell_facets
from meshes.readers.openfoam.case import read_case
from tests.support.foam_cases import write_case, write_mixed_case
from vcnn import InputError

FORMS = {
    "binary": ("<i4", "<f8", "LSB;label=32;scalar=64"),
    "labels of 64 bits": ("<i8", "<f8", "LSB;label=64;scalar=64"),
    "scalars of 32 bits": ("<i4", "<f4", "LSB;label=32;scalar=32"),
    "big end first": (">i4", ">f8", "MSB;label=32;scalar=64"),
    "64 bits, not told": ("<i8", "<f8", ""),
    "32 bits, not told": ("<i4", "<f4", ""),
}


@pytest.mark.parametrize("form", FORMS)
def test_binary_numbers_of_any_size(tmp_path, box_case, form):
    case = box_case()
    flow = read_openfoam(case.write(tmp_path, binary=FORMS[form]))
    dtype = FORMS[form][1]
    np.testing.assert_allclose(flow.points, case.centres[:, :2], atol=1e-6)
    np.testing.assert_array_equal(flow.velocity, case.U[:, :2].astype(dtype))
    np.testing.assert_array_equal(flow.tensors["G"], case.G[:, :2, :2].astype(dtype))


@pytest.mark.parametrize("binary", [False, True])
def test_cells_of_every_type(tmp_path, binary):
    middles = write_mixed_case(tmp_path, binary=binary)
    dataset = read_case(tmp_path)
    assert {kind for kind, _ in dataset.cells} == {"tetra", "pyramid", "wedge", "hexahedron"}
    assert sum(len(vertices) for _, vertices in dataset.cells) == len(middles)
    flow = read_openfoam(tmp_path)
    np.testing.assert_allclose(flow.weights.sum(), 2.0 * 1.0 * 0.6, rtol=1e-13)
    np.testing.assert_array_equal(flow.velocity, middles)
    cells = [dataset.points[v].mean(axis=1) for _, v in dataset.cells]
    np.testing.assert_allclose(np.concatenate(cells), middles, atol=1e-15)
    surface = sum(len(v) for blocks in dataset.boundaries.values() for _, v in blocks)
    facets = [np.sort(v, axis=1) for v, _ in cell_facets(flow.mesh)]
    count = np.concatenate([np.unique(v, axis=0, return_counts=True)[1] for v in facets])
    assert set(count) == {1, 2} and (count == 1).sum() == surface
    facets = np.concatenate(
        [np.sort(v, axis=1) for v, _ in cell_facets(flow.mesh) if len(v[0]) == 4]
    )
    _, count = np.unique(facets, axis=0, return_counts=True)
    triangles = np.concatenate(
        [np.sort(v, axis=1) for v, _ in cell_facets(flow.mesh) if len(v[0]) == 3]
    )
    _, of_three = np.unique(triangles, axis=0, return_counts=True)
    assert set(count) | set(of_three) == {1, 2}
    assert (count == 1).sum() + (of_three == 1).sum() == surface


def test_prisms_have_their_corners_over_each_other(tmp_path):
    write_mixed_case(tmp_path)
    dataset = read_case(tmp_path)
    for kind, vertices in dataset.cells:
        x = dataset.points[vertices]
        n = {"wedge": 3, "hexahedron": 4}.get(kind)
        if n:
            lengths = np.linalg.norm(x[:, n:] - x[:, :n], axis=2)
            assert lengths.max() < 0.55  # an edge, where diagonals are longer
        base = np.cross(x[:, 1] - x[:, 0], x[:, 2] - x[:, 0])
        up = np.einsum("ki,ki->k", base, x[:, -1] - x[:, 0])
        assert (up < 0).all() if kind == "wedge" else (up > 0).all()


def test_a_slab_of_polygons(tmp_path):
    plane = np.array([(0, 0), (1, 0), (1.5, 0.5), (1, 1), (0, 1), (2, 0), (2, 1)])
    outlines = [[0, 1, 2, 3, 4], [1, 5, 2], [5, 6, 3, 2]]
    points = np.vstack([np.c_[plane, np.full(7, z)] for z in (0, 0.3)])
    cells = []
    for v in outlines:
        around = [[a, b, b + 7, a + 7] for a, b in zip(v, v[1:] + v[:1], strict=True)]
        cells.append([v[::-1], [x + 7 for x in v], *around])
    surface = {f for cell in cells for f in map(frozenset, cell) if _count(cells, f) == 1}
    flat = {f for f in surface if np.ptp(points[list(f), 2]) == 0}
    sides = {"walls": surface - flat, "front": flat}
    entries = {"walls": {"type": "wall"}, "front": {"type": "empty"}}
    velocity = np.array([[1.0, 0, 0], [2, 0, 0], [3, 0, 0]])
    write_case(tmp_path, points, cells, sides, entries, {"U": velocity})
    flow = read_openfoam(tmp_path)
    area = dict(zip(flow.velocity[:, 0].tolist(), flow.weights, strict=True))
    np.testing.assert_allclose([area[1], area[2], area[3]], [1.25, 0.25, 0.5])
    assert {block.type for block in flow.mesh.cells} == {"polygon", "triangle", "quad", "line"}


def _count(cells, face):
    return sum(frozenset(other) == face for cell in cells for other in cell)


def test_older_ways_to_write_lists(tmp_path, box_case):
    """Neighbours of -1 on the surface, comments and no count in a list, no headers at all."""
    case = box_case()
    folder = case.write(tmp_path)
    expected = read_openfoam(folder)
    poly = folder / "constant" / "polyMesh"
    owners = int(re.search(r"\n(\d+)\n?\(", poly.joinpath("owner").read_text())[1])
    text = poly.joinpath("neighbour").read_text()
    count = int(re.search(r"\n(\d+)\n?\(", text)[1])
    text = text.replace(f"\n{count}\n", f"\n{owners}\n")
    text = text[: text.rindex(")")] + "\n-1" * (owners - count) + ")"
    poly.joinpath("neighbour").write_text(text)
    points = poly.joinpath("points").read_text()
    start = points.index("\n(") + 2
    poly.joinpath("points").write_text(f"(// {len(case.points)}\n/* (0 0 0) */ {points[start:]}")
    for name in ("faces", "owner", "boundary"):
        text = poly.joinpath(name).read_text()
        poly.joinpath(name).write_text(text[text.index("// * * * //") :])
    flow = read_openfoam(folder)
    np.testing.assert_array_equal(flow.points, expected.points)
    np.testing.assert_array_equal(flow.velocity, expected.velocity)


def test_binary_faces_one_by_one(tmp_path, box_case):
    """As before OpenFOAM 2.0, of class faceList and not faceCompactList."""
    expected = read_openfoam(box_case().write(tmp_path, binary=True))
    path = tmp_path / "constant" / "polyMesh" / "faces"
    content = path.read_bytes().replace(b"faceCompactList", b"faceList")
    head, at = content.index(b"// * * * //") + 12, content.index(b"(", content.index(b"// * *"))
    count = int(content[head:at])
    starts = np.frombuffer(content, "<i4", count, at + 1)
    at = content.index(b"(", at + 1 + 4 * count)
    vertices = np.frombuffer(content, "<i4", starts[-1], at + 1)
    faces = np.split(vertices, starts[1:-1])
    rows = b"".join(b"\n%d\n(%s)" % (len(f), f.tobytes()) for f in faces)
    path.write_bytes(content[:head] + b"%d\n(" % len(faces) + rows + b"\n)\n")
    np.testing.assert_array_equal(read_openfoam(tmp_path).points, expected.points)


def test_a_single_cell_has_one_owner_for_all(tmp_path, box_case):
    case = box_case(cells=(1, 1, 1))
    poly = case.write(tmp_path) / "constant" / "polyMesh"
    text = poly.joinpath("owner").read_text()
    poly.joinpath("owner").write_text(text[: text.index("6\n(")] + "6{0}")
    assert len(read_case(tmp_path).cells[0][1]) == 1
    poly.joinpath("owner").write_text(text[: text.index("6\n(")] + "999999999999{0}")
    with pytest.raises(InputError, match="polyMesh/owner: damaged list"):
        read_case(tmp_path)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "name, old, new, message",
    [
        ("neighbour", r"\n8\n", "\n99999999999\n", "there is no cell 99999999999"),
        ("neighbour", r"\n8\n", "\n-8\n", "there is no cell|closed|three faces"),
        ("owner", r"\n5\n", "\n2000000000\n", "there is no cell 2000000000"),
        ("owner", r"\n5\n", "\n\n", "54 found"),
        ("owner", r"\n55\n", "\n99999999999\n", "99999999999 numbers expected"),
        ("faces", r"4\((\d+) ", r"4(1000 ", "there is no point 1000"),
        ("faces", r"4\((\d+) ", r"99999999999(\1 ", "vertices that it claims"),
        ("faces", r"4\((\d+) (\d+)", r"4(\2 \2", "not closed"),
        ("points", r"\(0.0 ", "(nan ", "not finite"),
        ("points", r"\(0.0 ", "(1e300 ", "not finite or beyond"),
        ("points", r"\(0.0 ", "(", "numbers expected"),
        ("boundary", r"nFaces 3", "nFaces 3000000000", "the mesh has 55"),
        ("boundary", r"nFaces 3", "nFaces 2", "starts at face 20, 19 expected"),
        ("boundary", r"nFaces 12(?=; startFace 43)", "nFaces 11", "patches up to face 54"),
        ("boundary", r"nFaces 3", "nFaces x", "nFaces: expected a number"),
    ],
)
def test_damage_is_named_by_file(tmp_path, box_case, packed, name, old, new, message):
    path = box_case().write(tmp_path) / "constant" / "polyMesh" / name
    text, count = re.subn(old, new, path.read_text(), count=1)
    assert count == 1
    path.write_text(text)
    if packed:
        path.with_name(name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    with pytest.raises(InputError, match=message) as caught:
        read_openfoam(tmp_path)
    assert f"polyMesh/{name}" in str(caught.value) or "polyMesh: cell" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_vertex_exchanged_is_seen(tmp_path):
    write_mixed_case(tmp_path)
    path = tmp_path / "constant" / "polyMesh" / "faces"
    text = path.read_text()
    rng = np.random.default_rng(4)
    places = [
        m for m in re.finditer(r"(?<=[( ])\d+(?=[ )])", text) if m.start() > text.index("\n(")
    ]
    for place in rng.choice(places, 10, replace=False):
        other = (int(place[0]) + int(rng.integers(1, 40))) % 45
        path.write_text(text[: place.start()] + str(other) + text[place.end() :])
        with pytest.raises(InputError, match="polyMesh"):
            read_openfoam(tmp_path)


def test_packed_files_that_are_no_such_files(tmp_path, box_case):
    folder = box_case().write(tmp_path)
    path = folder / "constant" / "polyMesh" / "owner"
    packed = gzip.compress(path.read_bytes())
    path.unlink()
    for content in (packed[:-9], packed[:40] + b"xxxx" + packed[44:], b"no gzip"):
        path.with_name("owner.gz").write_bytes(content)
        with pytest.raises(InputError, match=r"owner\.gz: cannot be read"):
            read_openfoam(folder)
    path.with_name("owner.gz").unlink()
    with pytest.raises(InputError, match="owner: no such file"):
        read_openfoam(folder)
