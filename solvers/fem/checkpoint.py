"""Solutions on disk that do not depend on how many ranks wrote them, to restart from.

Values are kept cell by cell in the numbering of the mesh that was given, each cell's in the order
of its reference element. Up to degree 2 that order depends on the cell's own vertices only, not on
its neighbours or on the partition.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from solvers.fem.domain import Domain
from solvers.fem.fields import gather_cells
from solvers.fenics import fem
from vcnn.errors import InputError
from vcnn.files import fingerprint, load_arrays, replacing
from vcnn.headers import parse_json

_FORMAT = 1


def save_checkpoint(
    path: str | Path,
    domain: Domain,
    functions: Mapping[str, fem.Function],
    numbers: Mapping[str, float] | None = None,
) -> Path:
    """Write functions to one ``.npz`` file; call it on all ranks.

    Parameters
    ----------
    path : path
        Ending in ``.npz``; replaced once the new file is complete.
    domain : Domain
    functions : mapping name -> dolfinx Function
        On ``domain.mesh``, of degree 1 or 2.
    numbers : mapping name -> float, optional
        Kept beside them, such as a driving force.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    InputError
        If the path has another suffix or a function another degree.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise InputError(
            f"{path}: a checkpoint is saved as .npz, got {path.suffix or 'no suffix'!r}"
        )
    arrays = {name: gather_cells(domain, _cell_values(name, f)) for name, f in functions.items()}
    header = {"format": _FORMAT, "mesh": _fingerprint(domain), "numbers": dict(numbers or {})}
    if domain.comm.rank == 0:
        with replacing(path) as part:
            np.savez_compressed(
                part, header=json.dumps(header), **{f"function_{k}": v for k, v in arrays.items()}
            )
    domain.comm.barrier()
    return path


def load_checkpoint(
    path: str | Path, domain: Domain, functions: Mapping[str, fem.Function]
) -> dict[str, float]:
    """Fill functions with the values of a checkpoint, on any number of ranks; return its numbers.

    Parameters
    ----------
    path : path
        The ``.npz`` file.
    domain : Domain
        On the same mesh, distributed in any way.
    functions : mapping name -> dolfinx Function
        What is filled.

    Returns
    -------
    dict
        Name -> float, what was kept beside the functions.

    Raises
    ------
    InputError
        If the file is missing, damaged or foreign, was written on another mesh, or lacks a
        function.
    """
    mesh, numbers, arrays = _contents(path)
    if mesh != _fingerprint(domain):
        raise InputError(f"{path}: was written on another mesh, or with other periodic boundaries")
    topology = domain.mesh.topology
    cells = topology.original_cell_index[domain.cells]
    count = topology.index_map(topology.dim).size_global
    for name, function in functions.items():
        if name not in arrays:
            raise InputError(f"{path}: holds no function {name!r}")
        shape = _cell_values(name, function).shape[1:]
        if arrays[name].shape[1:] != shape:
            raise InputError(
                f"{path}: {name!r} has {arrays[name].shape[1:]} values a cell, the function {shape}"
            )
        if len(arrays[name]) != count:
            raise InputError(
                f"{path}: {name!r} has values in {len(arrays[name])} cells, the mesh has {count}"
            )
        space = function.function_space
        values = function.x.array.reshape(-1, space.dofmap.index_map_bs)
        values[space.dofmap.list[domain.cells]] = arrays[name][cells]
        function.x.scatter_forward()
    return numbers


def check_suffix(checkpoint: str | Path | None) -> None:
    """Refuse a path, if one is given, that no checkpoint can have.

    Raises
    ------
    InputError
        If it does not end in ``.npz``.
    """
    if checkpoint is not None and Path(checkpoint).suffix != ".npz":
        raise InputError(f"checkpoint: expected a path that ends in .npz, got {str(checkpoint)!r}")


def functions_in(path: str | Path) -> tuple[str, ...]:
    """Names of the functions that a checkpoint holds.

    Raises
    ------
    InputError
        If the file is missing, damaged or foreign.
    """
    return tuple(_contents(path)[2])


def _contents(path) -> tuple[str, dict[str, float], dict[str, np.ndarray]]:
    """Fingerprint of the mesh, numbers, and values of the functions by name."""
    arrays = load_arrays(path)
    try:
        header = parse_json(str(arrays.pop("header")), path)
        version, mesh, numbers = (header[key] for key in ("format", "mesh", "numbers"))
        numbers = {name: float(number) for name, number in numbers.items()}
        functions = {key.removeprefix("function_"): values for key, values in arrays.items()}
        whole = all(np.isfinite(values).all() and values.ndim == 3 for values in functions.values())
    except (InputError, KeyError, AttributeError, TypeError, ValueError, OverflowError):
        raise InputError(f"{path}: damaged or not a checkpoint") from None
    if version != _FORMAT:
        raise InputError(f"{path}: checkpoint format {version}, this version reads {_FORMAT}")
    if not whole:
        raise InputError(f"{path}: damaged, its values are no finite numbers of each cell and node")
    return mesh, numbers, functions


def _cell_values(name, function) -> np.ndarray:
    """(cells on this rank, nodes, components) values of a function."""
    space = function.function_space
    if space.element.basix_element.degree > 2:
        raise InputError(f"{name}: only functions of degree 1 and 2 can be kept in a checkpoint")
    count = space.mesh.topology.index_map(space.mesh.topology.dim).size_local
    return function.x.array.reshape(-1, space.dofmap.index_map_bs)[space.dofmap.list[:count]]


def _fingerprint(domain) -> str:
    parts = [np.asarray(domain.source.points, float)]
    for block in domain.source.cells:
        parts += [block.type, np.asarray(block.data, np.int64)]
    return fingerprint(domain.periodic, parts)
