"""The bytes of a file of an OpenFOAM case, plain or compressed."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

from vcnn.errors import InputError

_LARGEST = 2**31  # bytes of a file unpacked: a small damaged one must not fill the memory


def is_there(path: Path) -> bool:
    """Whether there is a file of this name or, compressed, of this name with ``.gz``."""
    return os.path.isfile(path) or os.path.isfile(_packed(path))


def read_content(path: Path, size: int = _LARGEST) -> bytes:
    """The first bytes of a file, or of the one of the same name with ``.gz`` in its place.

    Raises
    ------
    InputError
        If there is no such file or it cannot be read or unpacked.
    """
    try:
        if os.path.isfile(path) and path.suffix != ".gz":
            with open(path, "rb") as file:
                return file.read(size if size < _LARGEST else -1)
        if not is_there(path):
            raise InputError(f"{path}: no such file")
        with gzip.open(path if path.suffix == ".gz" else _packed(path)) as file:
            content = file.read(size)
    except (OSError, EOFError, zlib.error) as error:
        reason = str(error) if isinstance(error, EOFError | zlib.error) else error.strerror
        raise InputError(f"{path}: cannot be read ({reason or error})") from None
    if len(content) == _LARGEST:
        raise InputError(f"{path}: larger than {_LARGEST >> 30} GiB when unpacked")
    return content


def lies_inside(path: Path, folder: Path) -> bool:
    """Whether a path, by its name, is one of a folder's files."""
    path, folder = (os.path.normpath(os.path.abspath(p)) for p in (path, folder))
    return path.startswith(folder.rstrip(os.sep) + os.sep)


def _packed(path):
    return path.with_name(path.name + ".gz")
