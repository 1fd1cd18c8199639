"""Readers in a process of their own: what they return, and that whatever they do is one line."""

import numpy as np
import pytest

from vcnn import InputError, reader_process
from vcnn.reader_process import read_apart

READERS = "tests.support.readers_that_fail"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file.vtu"
    path.write_text("<VTKFile>", encoding="utf-8")
    return path


def test_arrays_and_plain_values_come_back_as_they_were(file):
    result = read_apart(f"{READERS}:everything", file, count=4)
    assert result["array"].dtype == np.int32
    np.testing.assert_array_equal(result["array"], [0, 1, 2, 3])
    assert result["list"][:4] == [1.5, None, "x", 2.0]
    np.testing.assert_array_equal(result["list"][4][0], np.ones((2, 3)))
    assert result["nested"]["text"].tolist() == ["é", "b"]
    assert result["nested"]["empty"].shape == (0, 3)
    assert result["size"] == 9


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        ("aborts", "damaged: its reader died (SIGABRT: a count)"),
        ("crashes", "damaged: its reader died (SIGSEGV)"),
        ("fills_memory", "damaged: it claims more than 4 GiB"),
        ("leaves", "cannot be read (Error: no such cell)"),
        ("raises", "cannot be read ('cells\\nand more')"),
        ("names_itself", "field 'U' is missing"),
        ("pickles", "cannot be read (Object arrays cannot be saved when allow_pickle=False)"),
    ],
)
def test_what_a_reader_does_is_one_line_that_names_the_file(file, reader, message):
    with pytest.raises(InputError) as error:
        read_apart(f"{READERS}:{reader}", file)
    assert str(error.value) == f"{file}: {message}"


def test_a_reader_without_end_is_ended(file, monkeypatch):
    monkeypatch.setattr(reader_process, "_SECONDS", 1)
    with pytest.raises(InputError, match=r"file\.vtu: damaged: its reader does not end within 1 s"):
        read_apart(f"{READERS}:never_ends", file)


def test_limits_grow_with_all_files(file, monkeypatch):
    """Beside a file of 2 GiB (a hole) there are 2 GiB more."""
    with pytest.raises(InputError, match="claims more than 4 GiB"):
        read_apart(f"{READERS}:fills_memory", file)
    large = file.with_suffix(".h5")
    with large.open("wb") as stream:
        stream.truncate(1 << 31)
    monkeypatch.setattr(reader_process, "_MEMORY_PER_BYTE", 1)
    with pytest.raises(InputError, match="claims more than 6 GiB"):
        read_apart(f"{READERS}:fills_memory", file, beside=[large])


def test_what_vtk_reports_is_the_reason(file):
    """It returns an empty grid and writes a coloured line, with the time and an address."""
    with pytest.raises(InputError) as error:
        read_apart(f"{READERS}:through_vtk", file)
    start = f"{file}: damaged: vtkXMLDataParser: Error parsing XML in stream at line 1"
    assert str(error.value).startswith(start)
    assert "\x1b" not in str(error.value)


def test_it_is_no_rank_of_mpirun_and_works_from_any_folder(file, tmp_path, monkeypatch):
    for name in ("PMI_RANK", "PMI_FD", "HYDI_CONTROL_FD", "MPI_LOCALNRANKS"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("SOMETHING_ELSE", "kept")
    (tmp_path / "json.py").write_text("raise RuntimeError('not this one')", encoding="utf-8")
    (tmp_path / "vcnn").mkdir()
    monkeypatch.chdir(tmp_path)
    result = read_apart(f"{READERS}:environment", file)
    assert result["folder"] == str(tmp_path)
    assert not [name for name in result["environment"] if name.startswith(("PMI", "HYD", "MPI"))]
    assert result["environment"]["SOMETHING_ELSE"] == "kept"
