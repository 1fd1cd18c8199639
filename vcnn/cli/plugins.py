"""What other packages and users bring along: entry points, and modules that register networks."""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from vcnn.errors import InputError


def load_entry_point(group: str, name: str, otherwise: str) -> object:
    """The object that an entry point names.

    Parameters
    ----------
    group, name : of the entry point
    otherwise : what to say where no package brings it

    Raises
    ------
    InputError
        If no package brings it, or several bring different ones.
    """
    entries = {entry.value: entry for entry in entry_points(group=group, name=name)}
    if not entries:
        raise InputError(otherwise)
    if len(entries) > 1:
        raise InputError(
            f"entry point {name!r} of {group}: expected one, got {', '.join(sorted(entries))}"
        )
    (entry,) = entries.values()
    return entry.load()


def entry_point_names(group: str) -> list[str]:
    """Names of all entry points of a group, in alphabetical order."""
    return sorted({entry.name for entry in entry_points(group=group)})


def import_users_module(text: str) -> None:
    """Import what ``--import`` names, a file or a module, so that its networks are registered.

    A file is imported by its bare name, its folder at the end of ``sys.path``: processes that are
    started later import it the same way, as pickled networks need.

    Raises
    ------
    InputError
        If there is none, or another module has the name of the file.
    """
    if text.endswith(".py") or os.sep in text:
        text = _make_importable(Path(text))
    try:
        import_module(text)
    except ModuleNotFoundError as error:
        if error.name is None or not text.startswith(error.name):
            raise  # by the module itself, of another one
        raise InputError(f"--import: expected a Python file or a module, got {text!r}") from None


def _make_importable(path: Path) -> str:
    """The name by which a file can be imported from now on."""
    path = path.resolve()
    if not path.is_file():
        raise InputError(f"--import: {path}: no such file")
    if path.suffix != ".py" or "." in path.stem:
        raise InputError(f"--import: {path}: expected a file NAME.py, without further dots")
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    spec = importlib.util.find_spec(path.stem)
    if spec is None or spec.origin is None or Path(spec.origin).resolve() != path:
        other = "a package" if spec is None else spec.origin
        raise InputError(
            f"--import: {path}: another module, {other}, has its name; rename the file"
        )
    return path.stem
