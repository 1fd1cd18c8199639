"""What `-o` names: never overwritten unless the user says so."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vcnn.errors import InputError


def claim(path, force: bool = False) -> Path:
    """The path that ``-o`` names, if a command may write there.

    Raises
    ------
    InputError
        If something is there already and ``force`` is not given, or a parent of it is a file.
    """
    path = Path(path)
    if path.exists() and not force:
        raise InputError(f"{path}: exists already; choose another -o or give --force to overwrite")
    blocked = next((parent for parent in path.parents if parent.is_file()), None)
    if blocked is not None:
        raise InputError(f"{path}: cannot be written, {blocked} is a file")
    return path


@contextmanager
def staged(directory) -> Iterator[Path]:
    """A folder to write files into; they appear in ``directory`` together, once the block ends
    without error.

    If the directory exists already, files of the same names are replaced and others stay.
    """
    directory = Path(directory).resolve()
    directory.parent.mkdir(parents=True, exist_ok=True)
    part = directory.with_name(f".{directory.name}.part-{os.getpid()}")
    part.mkdir()
    try:
        yield part
        if directory.exists():
            for file in part.iterdir():
                os.replace(file, directory / file.name)
        else:
            os.replace(part, directory)
    finally:
        shutil.rmtree(part, ignore_errors=True)
