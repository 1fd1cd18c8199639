"""The bytes of a file of an OpenFOAM case, plain or compressed."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

from vcnn.errors import InputError

_LARGEST = 2**32  # bytes of a file: unpacked, a small one must not fill the memory
_PIECE = 2**26  # bytes that are read at once


def list_folder(folder: Path) -> list[Path]:
    """What a folder holds, by name.

    Raises
    ------
    InputError
        If there is no such folder, or it cannot be read.
    """
    try:
        return [folder / name for name in sorted(os.listdir(folder))]
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror})") from None


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
    packed = path if path.suffix == ".gz" else _packed(path)
    if os.path.isfile(path) and path != packed:
        place, unpack = path, open
    elif os.path.isfile(packed):
        place, unpack = packed, gzip.open
    else:
        raise InputError(f"{path}: no such file")
    try:
        with unpack(place, "rb") as file:
            pieces, left = [], size
            while left and (piece := file.read(min(left, _PIECE))):
                pieces.append(piece)
                left -= len(piece)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{place}: cannot be read ({reason})") from None
    if size == _LARGEST and not left:
        raise InputError(f"{place}: larger than {_LARGEST >> 30} GiB")
    return b"".join(pieces)


def lies_inside(path: Path, folder: Path) -> bool:
    """Whether a path, by its name, is one of a folder's files."""
    path, folder = (os.path.normpath(os.path.abspath(p)) for p in (path, folder))
    return path.startswith(folder.rstrip(os.sep) + os.sep)


def _packed(path):
    return path.with_name(path.name + ".gz")
