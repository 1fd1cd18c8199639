"""Fields of an OpenFOAM case: the files of a time folder, the values in cells."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np

from meshes.readers.openfoam.content import list_folder, read_content
from meshes.readers.openfoam.dictionary import read_dictionary
from meshes.readers.openfoam.values import Unresolved, numbers
from vcnn.errors import InputError, naming

_CLASSES = {
    "volScalarField": (),
    "volVectorField": (3,),
    "volSphericalTensorField": (1,),
    "volSymmTensorField": (6,),
    "volTensorField": (9,),
}
_CLASS = re.compile(rb"FoamFile\s*\{[^}]*?\bclass\s+([\w:]+)\s*;")
_INCLUDED = re.compile(rb'#s?include(?:IfPresent)?\s+"([^"]*)"')
_HEAD = 2**14  # bytes: the banner and the header are far shorter
_SYMMETRIC = [[0, 1, 2], [1, 3, 4], [2, 4, 5]]  # of xx xy xz yy yz zz


def field_files(folder: Path) -> dict[str, str]:
    """Name -> class of the fields in a time folder; "" where a header is missing.

    Those of faces and points, dictionaries, and files that others include are left out.
    """
    kinds, included = {}, set()
    for path in list_folder(folder):
        if os.path.isfile(path) and not path.name.startswith("."):
            try:
                head = read_content(path, _HEAD)
            except InputError:  # which who reads the field is told again
                head = b""
            kind = _CLASS.search(head)
            kinds.setdefault(path.name.removesuffix(".gz"), kind[1].decode() if kind else "")
            included |= {
                Path(name.decode(errors="replace")).name for name in _INCLUDED.findall(head)
            }
    return {
        name: kind
        for name, kind in kinds.items()
        if kind.startswith("vol") or (not kind and name not in included)
    }


def read_field(path: Path, kind: str, cells: int, case: Path) -> np.ndarray:
    """The values of a field in the cells.

    Parameters
    ----------
    path : path
    kind : str
        Its class, "" if it has no header: what it is then shows in its values.
    cells : int
    case : path

    Returns
    -------
    (cells,), (cells, 3) or (cells, 3, 3)
        Read-only.

    Raises
    ------
    InputError
        If the file cannot be read, or holds no such values, by its name.
    """
    name, _, inner = kind.partition("::")
    shape = _CLASSES.get(name)
    key = "value" if inner else "internalField"
    entries = read_dictionary(path, case, until=(key,))
    with naming(path):
        if kind and shape is None:
            raise InputError(f"fields of class {kind} are not supported")
        values = entries.get(key)
        if not kind and values is None and len(entries) == 1:
            values = next(iter(entries.values()))  # "U nonuniform List<vector> 2 ( ... );"
        if not isinstance(values, list) or not values:
            missing = "" if kind else "no FoamFile header and "
            raise InputError(f"it has {missing}no {key}")
        return _full(_values(values, shape, cells, key))


def _values(values, shape, cells, key):
    """(n, ...) numbers of a field, of a shape if that is known."""
    how = values[0] if isinstance(values[0], str) else ""
    if how == "uniform":
        if shape is None:
            shape = (len(values[-1]),) if isinstance(values[-1], list) else ()
        with naming(key):
            value = numbers(values[1:], shape[0] if shape else 1)
        return np.broadcast_to(value.reshape(shape), (cells, *shape))
    for value in values:
        if isinstance(value, Unresolved):
            raise InputError(f"{key}: {value.reason}")
    if how and [str(value) for value in values] == ["nonuniform", "0", "[]"]:  # of no type
        values = ["nonuniform", np.empty((0, *(shape or ())))]
    if how != "nonuniform" or len(values) != 2 or not isinstance(values[1], np.ndarray):
        raise InputError(f"{key}: expected a value behind 'uniform' or a list behind 'nonuniform'")
    if shape is not None and values[1].shape[1:] != shape:
        raise InputError(f"{key}: its values have not the components of its class")
    if len(values[1]) != cells:
        raise InputError(f"{key}: {len(values[1])} values, the mesh has {cells} cells")
    return values[1].astype(float)


def _full(values):
    """Tensors as matrices."""
    width = values.shape[1:]
    if width == (1,):
        return values[..., None] * np.eye(3)
    if width == (6,):
        return values[:, _SYMMETRIC]
    if width not in ((), (3,), (9,)):
        raise InputError(f"values of {width[0]} components are not supported")
    return values.reshape(-1, 3, 3) if width == (9,) else values
