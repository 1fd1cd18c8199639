"""Compiled readers in a process of their own: a damaged file cannot take the caller's with it.

VTK, HDF5 and their like believe the counts in a file; where these are wrong they end the process,
fill the memory or never come back. :func:`read_apart` starts another interpreter for them, which
has a limit of memory and of processor time, and gets arrays back through a file without pickles."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import numpy as np

from vcnn.errors import InputError

# What a reader may use, and what more for each byte of the file: files may be compressed.
_MEMORY, _MEMORY_PER_BYTE = 4 << 30, 32
_SECONDS, _SECONDS_PER_BYTE = 8, 1e-5

# A process that mpirun did not start must not take itself for one of its ranks.
_OF_MPI = ("PMI", "HYD", "MPI", "OMPI", "PRTE")
# Threads bring little to reading, and each reserves memory that counts against the limit.
_ALONE = {
    **{"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "VTK_SMP_MAX_THREADS": "1"},
    "MALLOC_ARENA_MAX": "1",
}
_ARRAY = "__array__"
_START = (
    "import json, sys; request = json.loads(sys.argv[1]); sys.path[:] = request['sys_path']; "
    "from vcnn.reader_process import _answer; _answer(request)"
)


def read_apart(
    function: str, path: str | os.PathLike, *, beside: Iterable[Path] = (), **options: Any
) -> dict:
    """What a function makes of a file, called in a process of its own.

    Parameters
    ----------
    function : str
        ``"package.module:name"``, called as ``name(path, **options)``. What it returns is a dict of
        arrays, text, numbers, None, and lists and dicts of these; tuples come back as lists.
    path : path
        The file, or a folder whose files ``beside`` names.
    beside : paths, optional
        Further files that are read with it: limits grow with the size of all.
    **options
        What :mod:`json` can write.

    Raises
    ------
    InputError
        With the function's message if it raises something; or if it dies, needs more than 4 GiB and
        32 times the size of the files, or more than 8 s of processor time and 10 s for each MB;
        or if VTK reports an error, which means that something is missing from what it returns.
    """
    size = sum(Path(file).stat().st_size for file in (path, *beside))
    limits = {
        "memory": _MEMORY + _MEMORY_PER_BYTE * size,
        "seconds": _SECONDS + int(_SECONDS_PER_BYTE * size),
    }
    request = {
        "sys_path": [entry for entry in sys.path if isinstance(entry, str)],
        "function": function,
        "path": os.fspath(path),
        "options": options,
        **limits,
    }
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(_OF_MPI)
    }
    with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as log:
        status = subprocess.run(
            [sys.executable, "-P", "-c", _START, json.dumps(request)],
            stdin=subprocess.DEVNULL,
            stdout=answer,
            stderr=log,
            env=environment | _ALONE,
            check=False,
        ).returncode
        log.seek(0)
        said = log.read(1 << 16).decode(errors="replace")
        if status != 0:
            raise InputError(f"{path}: {_why_it_ended(status, limits, said)}")
        answer.seek(0)
        result = _load(answer)
    if "error" in result:
        raise InputError(result["error"])
    if complaint := re.search(r"\bERR\|", said):
        raise InputError(f"{path}: damaged: {_first_line(said[complaint.start() :])}")
    return result["value"]


def _why_it_ended(status: int, limits: dict, said: str) -> str:
    words = _first_line(said)
    if status > 0:
        return f"cannot be read ({words or f'its reader left with status {status}'})"
    if -status == signal.SIGXCPU:
        return f"damaged: its reader does not end within {limits['seconds']} s"
    death = signal.Signals(-status).name
    return f"damaged: its reader died ({f'{death}: {words}' if words else death})"


def _first_line(said: str) -> str:
    """The first line of a log, without colours, time, thread, place and address."""
    plain = re.sub(r"\x1b\[[\d;]*m", "", said)
    line = next((line.strip() for line in plain.splitlines() if line.strip()), "")
    return re.sub(r"^.*\b(?:ERR|WARN)\|\s*| \(0x[0-9a-f]+\)", "", line)[:200]


def _answer(request: dict) -> None:
    """What runs in the other process: its standard output is the file for the answer."""
    answer = os.fdopen(os.dup(1), "w+b")
    os.dup2(2, 1)  # what readers print joins their log
    for kind, limit in (
        (resource.RLIMIT_AS, request["memory"]),
        (resource.RLIMIT_CPU, request["seconds"]),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(kind, (limit, hard))
    module, name = request["function"].split(":")
    path = Path(request["path"])
    try:
        _save(answer, {"value": getattr(import_module(module), name)(path, **request["options"])})
    except SystemExit:  # some readers say why, then leave the program
        raise
    except BaseException as error:
        answer.seek(0)
        answer.truncate()
        _save(answer, {"error": _message(error, path, request["memory"])})
    answer.flush()
    os._exit(0)  # libraries that met a damaged file need not be able to clean up


def _message(error: BaseException, path: Path, memory: int) -> str:
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"{path}: damaged: it claims more than {memory >> 30} GiB"
    words = next(iter(str(error).splitlines()), "")
    return f"{path}: cannot be read ({words or type(error).__name__})"


def _save(file: IO[bytes], tree: object) -> None:
    """A tree of arrays and plain values: as JSON, then the arrays one after the other."""
    arrays: list[np.ndarray] = []

    def plain(value):
        if isinstance(value, np.ndarray):
            arrays.append(value)
            return {_ARRAY: len(arrays) - 1}
        if isinstance(value, dict):
            return {name: plain(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [plain(item) for item in value]
        return value.item() if isinstance(value, np.generic) else value

    text = json.dumps(plain(tree))
    for array in (np.frombuffer(text.encode(), np.uint8), *arrays):
        np.save(file, array, allow_pickle=False)


def _load(file: IO[bytes]) -> Any:
    """Inverse of :func:`_save`."""
    tree = json.loads(np.load(file, allow_pickle=False).tobytes())

    def full(value):
        if isinstance(value, dict):
            if _ARRAY in value:
                return np.load(file, allow_pickle=False)
            return {name: full(item) for name, item in value.items()}
        return [full(item) for item in value] if isinstance(value, list) else value

    return full(tree)
