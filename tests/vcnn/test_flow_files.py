"""Flow files: whole ones are read in this process, all others where they can do no harm."""

import json

import numpy as np
import pytest
import pyvista

from tests.support.command_line import plane_flow
from vcnn import FlowField, InputError
from vcnn.flow import grid


@pytest.fixture
def path(tmp_path):
    return plane_flow().save(tmp_path / "flow.vtu")


@pytest.fixture
def apart(monkeypatch):
    """The files that another process was asked for."""
    asked, read_apart = [], grid.read_apart
    monkeypatch.setattr(
        grid, "read_apart", lambda function, path: asked.append(path) or read_apart(function, path)
    )
    return asked


def assert_is_the_flow(flow):
    expected = plane_flow()
    np.testing.assert_array_equal(flow.points, expected.points)
    np.testing.assert_array_equal(flow.velocity, expected.velocity)
    np.testing.assert_array_equal(flow.scalars["c"], expected.scalars["c"])
    (block,), (expected_block,) = flow.mesh.cells, expected.mesh.cells
    np.testing.assert_array_equal(block.data, expected_block.data)
    assert flow.parameters == {"shear": 1.0}


def test_a_file_that_was_written_here_is_read_here(path, apart):
    assert_is_the_flow(FlowField.load(path))
    assert apart == []


def test_it_stays_what_paraview_reads(path):
    read = pyvista.read(path)
    np.testing.assert_array_equal(read["c"], plane_flow().scalars["c"])
    assert path.read_bytes().endswith(b" -->\n</VTKFile>\n")


def test_a_file_of_an_older_version_has_no_digest(path, apart):
    pyvista.read(path).save(path)
    assert_is_the_flow(FlowField.load(path))
    assert apart == [path]


@pytest.mark.parametrize("place", [0.02, 0.3, 0.7, 0.97, 1.0])
def test_one_changed_byte_is_no_file_of_ours_any_more(path, apart, place):
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 1))] ^= 1
    path.write_bytes(content)
    try:
        assert_is_the_flow(FlowField.load(path))  # it may have been a space
    except InputError as error:
        assert str(error).startswith(str(path)) and "\n" not in str(error)
    assert apart == [path]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('NumberOfPoints="42"', 'NumberOfPoints="1000000000000"', "its reader died (SIGABRT"),
        ('NumberOfCells="30"', 'NumberOfCells="1000000000000000"', "its reader died (SIGABRT"),
        ('NumberOfComponents="3"', 'NumberOfComponents="-1"', "its reader died (SIGABRT"),
        ("</Cells>", "</Cell>", "damaged: vtkXMLDataParser: Error parsing XML"),
    ],
)
def test_what_would_end_the_interpreter_is_one_line(path, old, new, message):
    text = path.read_text()
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError) as error:
        FlowField.load(path)
    assert str(error.value).startswith(f"{path}: damaged") and message in str(error.value)


def test_vertices_that_are_not_there(path):
    written = pyvista.read(path)
    written.cell_connectivity[7] = 42
    written.save(path)
    grid.seal(path)
    with pytest.raises(InputError, match=r"flow\.vtu: vertex numbers beyond its 42 points"):
        FlowField.load(path)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format", 2, "flow format 2, this version reads 1"),
        ("dimension", 4, "its header: damaged, 'dimension' is 4"),
        ("dimension", None, "its header: damaged, 'dimension' is None"),
        ("location", ["cell"], "its header: damaged, 'location' is"),
        ("scalars", "kc", "its header: damaged, 'scalars' is 'kc'"),
        ("scalars", ["k", "missing"], "field 'missing' is missing"),
        ("vectors", ["k"], "vectors['k']: expected shape (42, 2), got (14, 2)"),
        ("tensors", [["k"]], "its header: damaged, 'tensors'"),
        ("periods", [2, 0], "its header: damaged, 'periods'"),
        ("periods", [[2]], "period vector"),
        ("parameters", {"shear": "1"}, "its header: damaged, 'parameters'"),
        ("boundaries", {"wall": ["line"]}, "the facets of boundary 'wall' are missing"),
        ("provenance", 1, "its header: damaged, 'provenance'"),
    ],
)
def test_a_header_that_does_not_fit(path, key, value, message):
    written = pyvista.read(path)
    header = json.loads(str(written.field_data["vcnn"][0]))
    written.field_data["vcnn"] = [json.dumps({**header, key: value})]
    written.save(path)
    grid.seal(path)  # a digest does not replace the check
    with pytest.raises(InputError) as error:
        FlowField.load(path)
    assert str(error.value).startswith(f"{path}: ") and message in str(error.value)


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", "[" * 100_000])
def test_a_header_that_is_no_header(path, text):
    written = pyvista.read(path)
    written.field_data["vcnn"] = [text]
    written.save(path)
    grid.seal(path)
    with pytest.raises(InputError, match=r"flow\.vtu: its header: damaged, (not JSON|expected)"):
        FlowField.load(path)
