"""Cyclic patches of OpenFOAM cases: periods are checked, split pairs merged, the rest refused."""

import numpy as np
import pytest

from meshes import read_openfoam
from tests.support.foam_cases import write_case
from vcnn import InputError
from vcnn.flow.mesh import boundary_facets


def rename(folder, **replacements):
    """Entries of the file boundary, patch: its new entries."""
    path = folder / "constant" / "polyMesh" / "boundary"
    text = path.read_text()
    for patch, entries in replacements.items():
        start = text.index(f"{patch} {{") + len(patch) + 2
        text = text[:start] + entries + text[text.index(" nFaces", start) :]
    path.write_text(text)
    return folder


def split(case, patch, along, value):
    """The faces of a patch of a box as two patches, by a coordinate of their middles."""
    faces = {True: set(), False: set()}
    for face in case.sides[patch]:
        faces[bool(case.points[list(face), along].mean() > value)].add(face)
    return faces[False], faces[True]


def sector(folder, angle=np.pi / 3, entries="", cells=3, thickness=0.2):
    """Part of an annulus, cyclic by a rotation about z."""
    r, a = np.meshgrid(np.linspace(1, 2, cells + 1), np.linspace(0, angle, 5), indexing="ij")
    plane = np.stack([r * np.cos(a), r * np.sin(a)], axis=-1).reshape(-1, 2)
    points = np.vstack([np.c_[plane, np.full(len(plane), z)] for z in (0, thickness)])
    n, cells_there, sides = len(plane), [], {"cycA": set(), "cycB": set(), "wall": set()}
    sides["front"] = set()
    for i in range(cells):
        for j in range(4):
            v = [5 * i + j, 5 * (i + 1) + j, 5 * (i + 1) + j + 1, 5 * i + j + 1]
            w = [x + n for x in v]
            around = [[v[k], v[(k + 1) % 4], w[(k + 1) % 4], w[k]] for k in range(4)]
            cells_there.append([v[::-1], w, *around])
            sides["front"] |= {frozenset(v), frozenset(w)}
            for name, there, k in (("cycA", j == 0, 0), ("cycB", j == 3, 2)):
                if there:
                    sides[name].add(frozenset(around[k]))
    flat = {frozenset(f) for c in cells_there for f in c}
    inner = {f for f in flat if sum(f == frozenset(g) for c in cells_there for g in c) == 2}
    sides["wall"] = flat - inner - sides["front"] - sides["cycA"] - sides["cycB"]
    kinds = {
        "cycA": {"type": "cyclic", "neighbourPatch": f"cycB{entries}"},
        "cycB": {"type": "cyclic", "neighbourPatch": f"cycA{entries}"},
        "wall": {"type": "wall"},
        "front": {"type": "empty"},
    }
    velocity = np.zeros((len(cells_there), 3))
    write_case(folder, points, cells_there, sides, kinds, {"U": velocity})
    return folder


@pytest.mark.parametrize(
    "entries",
    ["", "; transform rotational", "; transformType rotational; rotationAxis (0 0 1)"],
    ids=["none", "transform", "transformType"],
)
def test_rotation_is_refused_in_any_spelling(tmp_path, entries):
    with pytest.raises(InputError, match=r"patch 'cycA'.*rotation"):
        read_openfoam(sector(tmp_path, entries=entries))


@pytest.mark.parametrize("thickness", [0.2, 1e-4])
def test_rotation_of_a_single_face_is_seen_by_its_normal(tmp_path, thickness):
    with pytest.raises(InputError, match=r"patch 'cycA'.*rotation"):
        read_openfoam(sector(tmp_path, cells=1, thickness=thickness))


def test_faces_in_another_order_are_no_translates(tmp_path, box_case):
    """By half a turn about x, the middles of both patches are a translation apart too."""
    case = box_case(cells=(4, 3, 2), sides="cyclic")
    folder = case.write(tmp_path)
    poly = folder / "constant" / "polyMesh"
    entries = poly.joinpath("boundary").read_text()
    start = int(entries.split("outlet {")[1].split("startFace ")[1].split(";")[0])
    for name in ("faces", "owner"):
        lines = poly.joinpath(name).read_text().split("\n")
        first = lines.index("(") + 1 if "(" in lines else None
        if first is None:  # the list starts on the line of its parenthesis
            first = next(i for i, line in enumerate(lines) if line.startswith("("))
            lines[first : first + 1] = ["(", lines[first][1:]]
            first += 1
        part = slice(first + start, first + start + 6)
        lines[part] = lines[part][::-1]
        poly.joinpath(name).write_text("\n".join(lines))
    with pytest.raises(InputError, match="patch 'inlet'"):
        read_openfoam(folder)


def test_split_pairs_of_one_period_are_one_pair(tmp_path, box_case):
    case = box_case()
    for patch, other in (("inlet", "outlet"), ("outlet", "inlet")):
        for number, faces in enumerate(split(case, patch, 1, 0.9)):
            case.sides[f"{patch}_half{number}"] = faces
            case.entries[f"{patch}_half{number}"] = {
                "type": "cyclic",
                "neighbourPatch": f"{other}_half{number}",
            }
    for patch in ("inlet", "outlet"):
        del case.sides[patch], case.entries[patch]
    with pytest.warns(UserWarning, match="inlet_half0, inlet_half1 of one period are one"):
        flow = read_openfoam(case.write(tmp_path))
    np.testing.assert_allclose(flow.periods, [[2, 0]], atol=1e-14)
    facets = boundary_facets(flow.mesh)
    assert {name: sum(len(v) for _, v in blocks) for name, blocks in facets.items()} == {
        "inlet": 3,
        "outlet": 3,
        "floor": 4,
        "lid": 4,
    }


def test_names_without_a_stem_keep_the_first(tmp_path, box_case):
    case = box_case()
    low, high = split(case, "inlet", 1, 0.9), split(case, "outlet", 1, 0.9)
    # the second pair the other way round
    pairs = {("side1", "side2"): (low[0], high[0]), ("side3", "side4"): (high[1], low[1])}
    for (first, second), (a, b) in pairs.items():
        case.sides |= {first: a, second: b}
        case.entries[first] = {"type": "cyclic", "neighbourPatch": second}
        case.entries[second] = {"type": "cyclic", "neighbourPatch": first}
    for patch in ("inlet", "outlet"):
        del case.sides[patch], case.entries[patch]
    with pytest.warns(UserWarning, match="side1, side4 of one period are one boundary, 'side1'"):
        flow = read_openfoam(case.write(tmp_path))
    assert len(flow.periods) == 1
    assert {"side1", "side2"} <= set(boundary_facets(flow.mesh))


def test_ami_patches_may_be_cut_in_another_way(tmp_path, box_case):
    """The upper half of the outlet is one face, that of the inlet two."""
    case = box_case(cells=(4, 4, 1))
    ami = {"type": "cyclicAMI", "neighbourPatch": "outlet"}
    case.entries |= {"inlet": ami, "outlet": {**ami, "neighbourPatch": "inlet"}}
    flow = read_openfoam(case.write(tmp_path / "same"))
    np.testing.assert_allclose(flow.periods, [[2, 0]], atol=1e-14)
    folder = tmp_path / "same" / "constant" / "polyMesh"
    points = np.array(case.points)
    shifted = np.isclose(points[:, 0], 2) & np.isclose(points[:, 1], 0.75)
    points[shifted, 1] += 0.2  # the faces of the outlet cover the same in other parts
    text = folder.joinpath("points").read_text()
    folder.joinpath("points").write_text(
        text[: text.index(f"{len(points)}\n(")]
        + f"{len(points)}\n("
        + "\n".join(f"({x!r} {y!r} {z!r})" for x, y, z in points.tolist())
        + ")\n"
    )
    np.testing.assert_allclose(read_openfoam(tmp_path / "same").periods, [[2, 0]], atol=1e-14)
    rename(tmp_path / "same", inlet=" type cyclic; neighbourPatch outlet;")
    rename(tmp_path / "same", outlet=" type cyclic; neighbourPatch inlet;")
    with pytest.raises(InputError, match="patch 'inlet'"):
        read_openfoam(tmp_path / "same")


def test_rotation_is_refused_even_if_faces_are_translates(tmp_path, box_case):
    """As those of a box are by half a turn."""
    entries = "type cyclic; transform rotational; neighbourPatch outlet;"
    with pytest.raises(InputError, match="patch 'inlet': it is cyclic by a rotation"):
        read_openfoam(rename(box_case().write(tmp_path), inlet=f" {entries}"))


@pytest.mark.parametrize("height", [0.375, 0.002])
def test_ami_patches_that_cover_each_other_in_part_are_refused(tmp_path, box_case, height):
    case = box_case(cells=(4, 4, 1))
    case.placed[np.isclose(case.points[:, 1], 0.375), 1] = height
    lower, upper = split(case, "outlet", 1, 0.375)
    case.sides |= {"outlet": upper, "rest": lower}
    ami = {"type": "cyclicAMI", "neighbourPatch": "outlet"}
    case.entries |= {"inlet": ami, "outlet": {**ami, "neighbourPatch": "inlet"}}
    case.entries["rest"] = {"type": "wall"}
    with pytest.raises(InputError, match=r"patch 'inlet'.*cover each other in part"):
        read_openfoam(case.write(tmp_path))


def test_interfaces_inside_the_mesh_are_refused(tmp_path, box_case):
    """Two boxes side by side, each with its own points, that slide along each other."""
    case = box_case(cells=(2, 3, 1))
    faces = case.hexes[:, [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6],
                           [3, 0, 4, 7]]]  # fmt: skip
    n = len(case.points)
    points = np.vstack([case.points, case.points + np.array([2, 0, 0])])
    moved = {name: {frozenset(v + n for v in f) for f in side} for name, side in case.sides.items()}
    sides = {"left": case.sides["outlet"], "right": moved["inlet"]}
    sides |= {name: case.sides[name] | moved[name] for name in ("floor", "lid", "back", "front")}
    sides["ends"] = case.sides["inlet"] | moved["outlet"]
    entries = {**case.entries, "ends": {"type": "patch"}}
    entries["left"] = {"type": "cyclicAMI", "neighbourPatch": "right"}
    entries["right"] = {"type": "cyclicAMI", "neighbourPatch": "left"}
    fields = {"U": np.zeros((12, 3))}
    write_case(tmp_path, points, [*faces, *(faces + n)], sides, entries, fields)
    with pytest.raises(InputError, match="patch 'left': it coincides with its neighbourPatch"):
        read_openfoam(tmp_path)


@pytest.mark.parametrize(
    "entries", ["type cyclic;", "type cyclic; neighbourPatch nowhere;", "type nonConformalCyclic;"]
)
def test_cyclic_patches_without_a_neighbour_are_refused(tmp_path, box_case, entries):
    with pytest.raises(InputError, match="patch 'inlet': only cyclic patches with a neighbour"):
        read_openfoam(rename(box_case().write(tmp_path), inlet=f" {entries}"))


def test_wedges_are_refused(tmp_path, box_case):
    with pytest.raises(InputError, match="patch 'back' is a wedge: axisymmetric"):
        read_openfoam(rename(box_case().write(tmp_path), back=" type wedge;"))
