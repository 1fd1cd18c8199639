"""Files and folders that are written whole or not at all, and what tells their contents apart."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from vcnn.errors import InputError

# What an archive may unpack to, and what more for each of its bytes.
_UNPACKED, _UNPACKED_PER_BYTE = 4 << 30, 32


def claim(path: str | os.PathLike, force: bool = False) -> Path:
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
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """A hidden path to write a file or folder to, which takes the place of ``path`` at the end.

    It lies beside ``path`` and has its suffix, if any; the folder is made if it is missing.
    If the block ends with an error or is interrupted, what was at ``path`` stays as it was and
    nothing is left beside it; what a process that was killed leaves there goes with the next one.
    Several processes may do so at once: what is there in the end is of one of them.
    A file gets the permissions that ``open`` would give it, whatever its writer thinks of them.

    Raises
    ------
    OSError
        If the folder cannot be made or written to; it names ``path``. Raised before the block
        begins, and thus before what is to be written is computed in it.
    """
    path = Path(path)
    with _beside(path) as (part, permissions):
        yield part
        if part.is_file():
            part.chmod(permissions)
        _put(part, path)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Text in UTF-8, whole or not at all."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


@contextmanager
def staged(folder: str | os.PathLike) -> Iterator[Path]:
    """A hidden folder to write files into; they appear in ``folder`` once the block has ended.

    If it ends with an error, none does. If ``folder`` exists already, what has the name of a new
    file is replaced and the rest stays.
    """
    folder = Path(folder).resolve()
    with _beside(folder) as (part, _):
        part.mkdir()
        yield part
        if folder.exists():
            for file in part.iterdir():
                _put(file, folder / file.name)
        else:
            os.replace(part, folder)


def load_arrays(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """The arrays of an ``.npz`` file, without pickles.

    Raises
    ------
    InputError
        If it is missing, damaged, or holds something else than plain arrays.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    most = _UNPACKED + _UNPACKED_PER_BYTE * path.stat().st_size
    try:
        with np.load(path, allow_pickle=False) as file:
            if sum(member.file_size for member in file.zip.infolist()) > most:
                raise ValueError(f"unpacked larger than {most >> 20} MiB")
            return {name: file[name] for name in file.files}
    except Exception as error:  # zip, zlib and NumPy raise a dozen kinds on a damaged file
        words = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise InputError(f"{path}: cannot be read as plain NumPy arrays ({words})") from None


def fingerprint(settings: object, parts: Iterable[np.ndarray | str] = ()) -> str:
    """What tells inputs from others: SHA-256 of settings as JSON, then of arrays and texts.

    Parameters
    ----------
    settings : what :mod:`json` can write
    parts : arrays, whose values count in their order and dtype but not their shape, and texts

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256(json.dumps(settings).encode())
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else np.asarray(part).tobytes())
    return digest.hexdigest()


@contextmanager
def _beside(path: Path) -> Iterator[tuple[Path, int]]:
    """A free hidden path beside another, removed at the end, and the permissions of new files."""
    # of this process: another one may write to the same path
    part = path.with_name(_part_name(path, os.getpid()))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(part)
        _remove_abandoned(path)
        part.touch()
        permissions = part.stat().st_mode
        part.unlink()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    try:
        yield part, permissions
    finally:
        _remove(part)


def _part_name(path: Path, process: int | str) -> str:
    return f".{path.stem}.{socket.gethostname()}-{process}.part{path.suffix}"


def _remove_abandoned(path: Path) -> None:
    """What processes of this machine that are no more left beside a path."""
    for part in path.parent.glob(_part_name(Path(glob.escape(str(path))), "*")):
        process = part.name.removesuffix(f".part{path.suffix}").rpartition("-")[2]
        if process.isdigit() and not _is_alive(int(process)):
            _remove(part)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)  # no signal, only whether it could be sent
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is somebody else's
    return True


def _put(part: Path, path: Path) -> None:
    """Let a file or folder take the place of what is at ``path``, if anything is."""
    if part.is_dir() and path.is_dir():
        shutil.rmtree(path)  # a folder replaces none but an empty one
    try:
        os.replace(part, path)
    except OSError as error:  # a file replaces no folder
        raise OSError(error.errno, error.strerror, str(path)) from None


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
