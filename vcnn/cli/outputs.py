"""What `-o` names: never overwritten unless the user says so."""

from __future__ import annotations

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
