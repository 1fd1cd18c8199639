"""The closure that a case names."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from vcnn.closure.plain import as_closure
from vcnn.closure.protocol import ClosureLike
from vcnn.errors import InputError, naming, suggest


def read_closure(model: str, folder: Path) -> ClosureLike:
    """A closure by its name.

    Parameters
    ----------
    model : str
        A ``.safetensors`` file, ``FILE.safetensors:NUMBER`` of a member of an ensemble, from 1 on,
        the name of a model of the package, or ``FILE.py:NAME``: anything that
        :func:`vcnn.as_closure` takes, or a class of such objects, in a Python file.
    folder : path
        Where relative paths begin: the case.

    Raises
    ------
    InputError
        If there is none of that name, or it cannot be read.
    """
    file, colon, name = model.rpartition(":")
    if colon and name and file.endswith(".py"):
        with naming(model):
            return as_closure(_python_object(folder / file, name))
    if model.endswith((".py", ".py:")):
        raise InputError(f"{model}: expected FILE.py:NAME")
    if colon and file.endswith(".safetensors"):
        with naming(model):
            return _member(_read_file(file, folder), name)
    return _read_file(model, folder)


def _read_file(model, folder) -> ClosureLike:
    from vcnn.closure.file import model_file
    from vcnn.closure.loading import load_closure  # with torch, which is slow to import

    path = folder / model
    path = model_file(path if path.is_file() else Path(model))
    with naming(path):
        return load_closure(path).by_name()


def _member(ensemble, number) -> ClosureLike:
    from vcnn.closure.ensemble import Ensemble

    if not isinstance(ensemble, Ensemble):
        raise InputError(f"has no member {number}: it is a single closure")
    if not number.isdecimal() or not 1 <= int(number) <= len(ensemble.members):
        raise InputError(f"expected a member from 1 to {len(ensemble.members)}, got {number!r}")
    return ensemble.members[int(number) - 1].by_name()


def _python_object(path: Path, name: str) -> object:
    """What a Python file calls so; of a class an object."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    spec = importlib.util.spec_from_file_location(f"closures_of_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.append(str(path.parent.resolve()))  # last: for modules beside it
    try:
        spec.loader.exec_module(module)
        things = vars(module)
        if name in things:
            return things[name]() if isinstance(things[name], type) else things[name]
    except Exception as error:
        raise InputError(f"{type(error).__name__}: {error}") from error
    raise InputError(f"no {name!r} in it{suggest(name, things)}")
