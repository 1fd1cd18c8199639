"""Flows that cannot be written as OpenFOAM cases are refused in one line, and nothing is left."""

import errno
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import meshio
import numpy as np
import pytest

import meshes
from tests.support.flows_at_cells import flow_on
from vcnn import FlowField, InputError
from vcnn.flow.mesh import boundary_facets, named_mesh


def renamed(mesh, old, new):
    sets = {new if name == old else name: rows for name, rows in mesh.cell_sets.items()}
    return meshio.Mesh(mesh.points, mesh.cells, cell_sets=sets)


def channel_flow(**changes):
    return flow_on(meshes.channel(2.0, 1.0, cells=(4, 3)), [[2.0, 0]], **changes)


def viscous(viscosity):
    return lambda: replace(channel_flow(), parameters={"viscosity": viscosity})


def with_inner_boundary():
    mesh = meshes.channel(1.0, 1.0, cells=(2, 2))
    inside = np.flatnonzero(np.isclose(mesh.points[:, 0], 0.5))[None, :2]
    cells = [(block.type, block.data) for block in mesh.cells if block.dim == 2]
    boundaries = {**boundary_facets(mesh), "baffle": [("line", inside)]}
    return named_mesh(mesh.points, cells, boundaries)


def seam_flow(**boundaries):
    """A channel of 4 x 3 cells with other boundaries, of its edges by name and place."""
    mesh = meshes.channel(2.0, 1.0, cells=(4, 3))
    edges = np.concatenate(
        [rows for blocks in boundary_facets(mesh).values() for _, rows in blocks]
    )
    x, y = mesh.points[edges].mean(axis=1).T
    sets = {name: [("line", edges[inside(x, y)])] for name, inside in boundaries.items()}
    cells = [(block.type, block.data) for block in mesh.cells if block.dim == 2]
    return lambda: flow_on(named_mesh(mesh.points, cells, sets), [[2.0, 0]], walls=())


def inlet(x, y):
    return x == 0


def outlet(x, y):
    return x == 2


def curved():
    points = np.array([[0, 0], [1, 0], [0, 1], [0.5, 0], [0.5, 0.5], [0, 0.5]])
    mesh = meshio.Mesh(points, [("triangle6", np.arange(6)[None])])
    return FlowField([[0.3, 0.3]], [[1.0, 0]], mesh=mesh, location="cell")


def vertex_flow():
    mesh = meshes.channel(1.0, 1.0, cells=(2, 2))
    return FlowField(mesh.points, mesh.points, mesh=mesh)


REFUSED = {
    "no mesh": (lambda: FlowField([[0, 0]], [[1, 0]]), {}, "has no mesh"),
    "vertices": (vertex_flow, {}, "known at vertices"),
    "section": (lambda: flow_on(meshes.duct(cells=(3, 3)), walls=()), {}, "a section of space"),
    "curved": (curved, {}, "'triangle6' are curved"),
    "field": (channel_flow, {"fields": {"k": "k"}}, "the flow has no 'k'"),
    "twice": (channel_flow, {"fields": {"pressure": "U"}}, "two of them would be called 'U'"),
    "velocity": (
        channel_flow,
        {"fields": {"velocity": "UMean", "drift": "U"}},
        "'drift' would be called 'U' and taken for the velocity",
    ),
    "foreign velocity": (
        lambda: channel_flow().with_fields(vectors={"U": np.ones((12, 2))}),
        {"fields": {"velocity": "UMean"}},
        "'U' would be called 'U' and taken for the velocity",
    ),
    "across": (
        lambda: channel_flow().with_fields(scalars={"velocity_3": np.ones(12)}),
        {},
        "scalars: 'velocity_3' would become a component of the velocity",
    ),
    "list of fields": (channel_flow, {"fields": ["U"]}, r"fields: expected a mapping.* \['U'\]"),
    "field is none": (channel_flow, {"fields": {"pressure": None}}, "for 'pressure', got None"),
    "time is nan": (channel_flow, {"time": np.nan}, "time: expected a finite number, got nan"),
    "time is infinite": (channel_flow, {"time": np.inf}, "time: expected a finite number, got inf"),
    "time is text": (channel_flow, {"time": "latest"}, "time: expected .*, got 'latest'"),
    "time is none": (channel_flow, {"time": None}, "time: expected a finite number, got None"),
    "no viscosity": (viscous(0), {}, "parameters: viscosity: expected a positive number, got 0.0"),
    "viscosity < 0": (viscous(-1), {}, "viscosity: expected a positive number, got -1.0"),
    "viscosity nan": (viscous(np.nan), {}, "viscosity: expected a positive number, got nan"),
    "viscosity inf": (viscous(np.inf), {}, "viscosity: expected a positive number, got inf"),
    "one wall": (channel_flow, {"walls": "bottom"}, "walls: expected a sequence .* got 'bottom'"),
    "wall number": (channel_flow, {"walls": [1]}, r"walls: expected a sequence .* got \[1\]"),
    "walls number": (channel_flow, {"walls": 1}, "walls: expected a sequence .* got 1"),
    "word": (channel_flow, {"fields": {"pressure": "p rgh"}}, "field 'p rgh': OpenFOAM allows no"),
    "sign": (channel_flow, {"fields": {"eddy_viscosity": "ν_t"}}, "field 'ν_t': OpenFOAM allows"),
    "wall": (channel_flow, {"walls": ["lid"]}, "wall 'lid': not a boundary"),
    "cyclic wall": (channel_flow, {"walls": ["inlet"]}, "'inlet': a wall cannot be joined"),
    "period": (
        lambda: flow_on(meshes.channel(2.0, 1.0, cells=(4, 3)), [[1.5, 0]]),
        {},
        r"period \(1.5, 0, 0\): joins no two boundaries",
    ),
    "half a seam without a name": (
        seam_flow(inlet=inlet, rest=lambda x, y: (x > 0) & (x < 2)),
        {},
        r"period \(2, 0, 0\): joins 3 of 3 faces of 'inlet' to 3 of 3 of 'defaultFaces'; both",
    ),
    "half a seam without a name and the walls": (
        seam_flow(outlet=outlet),
        {},
        "joins 3 of 11 faces of 'defaultFaces' to 3 of 3 of 'outlet'; both",
    ),
    "part of an end without a name": (
        seam_flow(inlet=inlet, outlet=lambda x, y: (x == 2) & (y < 0.6)),
        {},
        "joins .*2 of 3 faces of 'inlet' to 2 of 2 of 'outlet'",
    ),
    "an end in two": (
        seam_flow(
            inlet=inlet,
            low=lambda x, y: (x == 2) & (y < 0.6),
            high=lambda x, y: (x == 2) & (y > 0.6),
        ),
        {},
        "joins .*(1 of 3 .* of .inlet. to 1 of 1 of .high.|2 of 3 .* to 2 of 2 of .low.)",
    ),
    "an end with more": (
        seam_flow(inlet=lambda x, y: (x == 0) | (y == 0), outlet=outlet),
        {},
        "joins 3 of 7 faces of 'inlet' to 3 of 3 of 'outlet'",
    ),
    "both ends in one": (
        seam_flow(ends=lambda x, y: (x == 0) | (x == 2)),
        {},
        "joins 3 of 6 faces of 'ends' to 3 of 6 of 'ends'",
    ),
    "sides": (
        lambda: flow_on(renamed(meshes.channel(1, 1), "bottom", "frontAndBack"), walls=()),
        {},
        "'frontAndBack': the name of the sides",
    ),
    "patch": (
        lambda: flow_on(renamed(meshes.channel(1, 1), "bottom", "lower wall"), walls=()),
        {},
        "boundary 'lower wall': OpenFOAM allows no",
    ),
    "inside": (lambda: flow_on(with_inner_boundary()), {}, "'baffle': a facet of it lies inside"),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_what_cannot_be_written_is_refused_in_one_line(tmp_path, wrong):
    make, options, message = REFUSED[wrong]
    with pytest.raises(InputError, match=message) as error:
        meshes.write_openfoam(make(), tmp_path / "case", **options)
    assert str(error.value).startswith(f"{tmp_path / 'case'}: ")
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    with pytest.raises(InputError, match="exists already"):
        meshes.write_openfoam(channel_flow(), tmp_path)
    assert not list(tmp_path.iterdir())


def blocked_folder(tmp_path, obstacle):
    if obstacle == "file":
        (tmp_path / "obstacle").touch()
        return tmp_path / "obstacle" / "new" / "case"
    if obstacle == "link":
        (tmp_path / "obstacle").symlink_to(tmp_path / "nowhere")
        return tmp_path / "obstacle" / "case"
    return tmp_path / "new" / "er" / ("x" * 300)


@pytest.mark.parametrize(
    ("obstacle", "reason"),
    [
        ("file", "obstacle is no folder"),
        ("link", "obstacle is no folder"),
        ("name", "File name too long"),
    ],
)
def test_a_folder_that_cannot_be_made_is_refused_in_its_name(tmp_path, obstacle, reason):
    folder = blocked_folder(tmp_path, obstacle)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(
        InputError, match=rf"a case cannot be written there \(.*{reason}\)"
    ) as error:
        meshes.write_openfoam(channel_flow(), folder)
    assert str(error.value).startswith(f"{folder}: ") and "\n" not in str(error.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_to_nowhere_is_left_alone(tmp_path):
    (tmp_path / "case").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="case: exists already"):
        meshes.write_openfoam(channel_flow(), tmp_path / "case")
    assert [path.name for path in tmp_path.iterdir()] == ["case"]


def test_a_folder_that_nothing_may_be_written_to_is_refused():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        root, case = os.geteuid() == 0, Path(folder) / "case"
        try:
            if root:  # whom no permission stops
                os.seteuid(65534)
            with pytest.raises(InputError) as error:
                meshes.write_openfoam(channel_flow(), case)
        finally:
            if root:
                os.seteuid(0)
            Path(folder).chmod(0o755)
        assert str(error.value) == f"{case}: a case cannot be written there (Permission denied)"
        assert not list(Path(folder).iterdir())


def test_nothing_is_left_of_a_case_on_a_full_disk(tmp_path, monkeypatch):
    def fail(path, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(InputError, match=r"case: a case .* \(No space left on device\)$"):
        meshes.write_openfoam(channel_flow(), tmp_path / "new" / "case")
    assert not list(tmp_path.iterdir())
