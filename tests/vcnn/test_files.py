"""Files and folders that are written whole or not at all."""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from vcnn.files import fingerprint, replacing, staged, write_text


def listing(folder):
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*"))


@pytest.mark.parametrize("name", ["history.json", "flow.vtu", "run.v1.npz", "Makefile"])
def test_a_file_appears_when_the_block_ends_in_folders_that_are_made(tmp_path, name):
    path = tmp_path / "a" / "b" / name
    with replacing(path) as part:
        assert part.parent == path.parent and part.suffix == (path.suffix or ".part")
        part.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert listing(path.parent) == [name]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("old", ["old", None])
def test_a_file_stays_as_it_was_when_the_block_fails(tmp_path, failure, old):
    path = tmp_path / "flow.vtu"
    if old is not None:
        path.write_text(old)
    with pytest.raises(failure), replacing(path) as part:
        part.write_text("half of")
        raise failure
    assert listing(tmp_path) == ([] if old is None else ["flow.vtu"])
    assert old is None or path.read_text() == old


def test_a_writer_that_writes_nothing_leaves_the_file_as_it_was(tmp_path):
    write_text(tmp_path / "kept.txt", "old")
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "kept.txt"):
        pass
    assert (tmp_path / "kept.txt").read_text() == "old" and listing(tmp_path) == ["kept.txt"]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_process_left_does_not_stand_in_the_way(tmp_path, kind):
    path = tmp_path / "history.json"
    code = (
        "import os, sys, vcnn.files\n"
        "with vcnn.files.replacing(sys.argv[1]) as part:\n"
        f"    {'part.touch()' if kind == 'file' else 'part.mkdir(); (part / str(1)).touch()'}\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, path]).returncode == -9
    assert len(listing(tmp_path)) >= 1 and not path.exists()
    write_text(path, "new")
    assert listing(tmp_path) == ["history.json"] and path.read_text() == "new"


def test_processes_that_write_to_one_path_at_once_do_not_disturb_each_other(tmp_path):
    path = tmp_path / "model.v1[a].safetensors"
    code = (
        "import sys, vcnn.files\n"
        "for number in range(300):\n"
        "    with vcnn.files.replacing(sys.argv[1]) as part:\n"
        "        part.write_text(sys.argv[2] * 1000)\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    writers = [subprocess.Popen([*command, text], stderr=subprocess.PIPE) for text in "abc"]
    assert [writer.communicate()[1] for writer in writers] == [b""] * 3
    assert path.read_text() in {text * 1000 for text in "abc"}
    assert listing(tmp_path) == [path.name]


def test_a_file_has_the_permissions_of_any_other_whatever_its_writer_gives(tmp_path):
    (tmp_path / "usual").touch()
    with replacing(tmp_path / "private") as part:
        part.touch(mode=0o600)
    assert (tmp_path / "private").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_folder_takes_the_place_of_another_whole(tmp_path):
    path = tmp_path / "fields.bp"
    for number in "12":
        with replacing(path) as part:
            part.mkdir()
            (part / number).write_text(number)
    assert listing(tmp_path) == ["fields.bp", "fields.bp/2"]


def test_a_folder_that_cannot_be_written_to_is_named_before_the_block_begins():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        Path(folder).chmod(0o555)
        root = os.geteuid() == 0
        try:
            if root:  # whom no permission stops
                os.seteuid(65534)
            with pytest.raises(PermissionError) as refused, replacing(path):
                pytest.fail("the block must not begin")
        finally:
            if root:
                os.seteuid(0)
            Path(folder).chmod(0o755)
        assert refused.value.filename == str(path) and listing(folder) == []


def test_a_parent_that_is_a_file_is_refused_in_the_name_of_the_path(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError) as refused, replacing(tmp_path / "file" / "flow.vtu"):
        pytest.fail("the block must not begin")
    assert refused.value.filename == str(tmp_path / "file" / "flow.vtu")


def test_staged_files_appear_together_beside_what_is_in_the_folder(tmp_path):
    folder = tmp_path / "report"
    with staged(folder) as part:
        (part / "a").write_text("1")
        assert not folder.exists()
    with staged(folder) as part:
        (part / "b").mkdir()
        (part / "b" / "c").touch()
        (part / "a").write_text("2")
        assert listing(folder) == ["a"] and (folder / "a").read_text() == "1"
    assert listing(tmp_path) == ["report", "report/a", "report/b", "report/b/c"]
    assert (folder / "a").read_text() == "2"


@pytest.mark.parametrize("there", [True, False])
def test_of_staged_files_none_appears_when_the_block_fails(tmp_path, there):
    folder = tmp_path / "report"
    if there:
        folder.mkdir()
    with pytest.raises(RuntimeError), staged(folder) as part:
        (part / "a").touch()
        raise RuntimeError
    assert listing(tmp_path) == (["report"] if there else [])


def test_a_fingerprint_is_of_settings_text_and_values_in_order():
    array = np.arange(6.0).reshape(2, 3).T
    of_bytes = hashlib.sha256(b'[1, "a"]' + np.ascontiguousarray(array).tobytes() + "ν".encode())
    assert fingerprint([1, "a"], [array, "ν"]) == of_bytes.hexdigest()
    others = (fingerprint([1, "b"], [array, "ν"]), fingerprint([1, "a"], ["ν", array]))
    others += (fingerprint([1, "a"], [array.T, "ν"]), fingerprint([1, "a"], [array + 1e-15, "ν"]))
    assert fingerprint([1, "a"], [array, "ν"]) not in others
