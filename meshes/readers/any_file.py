"""Any flow on disk -> FlowField."""

from __future__ import annotations

import mmap
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import meshio

from meshes.readers.dataset import Dataset
from meshes.readers.flow import dataset_flow, dataset_mesh
from meshes.readers.meshio_file import read_meshio
from meshes.readers.npz import read_npz
from meshes.readers.openfoam.case import read_case, read_openfoam
from meshes.readers.table import read_table
from meshes.readers.times import refuse_time
from meshes.readers.vtk_file import SUFFIXES, read_vtk
from vcnn.errors import InputError
from vcnn.flow.field import FlowField

_KINDS = (".csv", ".foam", ".npz")
_OF_CASES = ("constant/polyMesh", "processor*", "system/controlDict", "constant/*/polyMesh")


def read_flow(
    path: str | os.PathLike,
    time: float | str | None = None,
    fields: Mapping[str, str] | None = None,
    walls: Sequence[str] | None = None,
    period: Sequence | None = None,
    location: str | None = None,
) -> FlowField:
    """Read a flow from an OpenFOAM case folder or from a file.

    Flow files of this package (``.vtu``) come back as they were saved. Of all others coincident
    points are merged and points of no cell left out; cells in a plane of any orientation make a
    plane flow, with a velocity across it a section of space with three components. Weights are cell
    volumes, or these shared out equally among the cell's vertices. The scalars "boundary",
    "wall_distance" and, at cells, "strain_rate" are added where they are missing and walls are
    known; without walls "strain_rate" alone. One warning names everything that was left out, merged
    or assumed.

    Parameters
    ----------
    path : path
        A file or the folder of a case.
    time : float or str, optional
        Time of an OpenFOAM case or of a series (``.pvd``, ``.xdmf``); default the latest.
    fields : mapping name -> str, optional
        Names to be given to fields, e.g. ``{"velocity": "UMean"}``. Others keep theirs.
    walls : sequence of str, optional
        Names of boundaries that are walls; "outer" is every facet of the mesh's surface that no
        period joins. Default: those that the file calls walls; where it tells no types "bottom",
        "top", and any name with "wall" in it.
    period : (d,) or sequence of (d,), optional
        Period vectors, length. Default: those that the file tells; where it tells no types of
        boundaries, that from "inlet" to "outlet" if these are translates of each other.
    location : {"vertex", "cell"}, optional
        Where the fields are to be taken; default where the velocity is, vertices first.

    Returns
    -------
    FlowField

    Raises
    ------
    InputError
        If there is no such file, it cannot be read, or holds no cells or no velocity.
    """
    path, fields = Path(path), dict(fields or {})
    if is_case(path):
        return read_openfoam(_folder(path), time, fields, walls, period, location)
    if is_own(path):
        refuse_time(time, path)
        if fields or walls or period is not None or location:
            raise InputError(
                f"{path}: a flow file of this package already has its names, no field can be chosen"
            )
        return FlowField.load(path)
    dataset = read_dataset(path, time, fields)
    if path.suffix.lower() == ".npz":  # its arrays have these names already, geometry too
        fields = {}
    return dataset_flow(dataset, fields, walls, period, location)


def read_mesh(path: str | os.PathLike) -> meshio.Mesh:
    """Read a mesh with its named boundaries from whatever :func:`read_flow` reads.

    A velocity is not needed.

    Parameters
    ----------
    path : path
        As in :func:`read_flow`.

    Returns
    -------
    meshio.Mesh

    Raises
    ------
    InputError
        If there is no such file, it cannot be read, or holds no cells.
    """
    path = Path(path)
    if is_own(path):
        mesh = read_flow(path).mesh
        if mesh is None:
            raise InputError(f"{path}: holds points without a mesh")
        return mesh
    return dataset_mesh(read_dataset(path))


def read_dataset(
    path: Path, time: float | str | None = None, fields: Mapping[str, str] | None = None
) -> Dataset:
    """What a file or case holds.

    Parameters
    ----------
    path : path
    time : float or str, optional
        As in :func:`read_flow`.
    fields : mapping name -> name in the file, optional
        As in :func:`read_flow`; ``.npz`` needs to know them.

    Raises
    ------
    InputError
        If it is missing, cannot be read, or its kind is not known.
    """
    suffix = path.suffix.lower()
    if is_case(path):
        return read_case(_folder(path), time, fields)
    if not path.is_file():
        raise InputError(f"{path}: no such file or folder")
    if suffix in SUFFIXES:
        return read_vtk(path, time)
    if suffix in meshio.extension_to_filetypes:
        return read_meshio(path, time)
    refuse_time(time, path)
    if suffix == ".npz":
        return read_npz(path, fields or {})
    if suffix == ".csv":
        return read_table(path)
    raise InputError(
        f"{path}: unknown kind of file {path.suffix!r}; expected an OpenFOAM case folder, .vtu, "
        ".pvd, .xdmf, .npz, .csv, or a mesh that meshio reads (.msh, .med, .su2, ...)"
    )


def is_flow(path: Path) -> bool:
    """Whether a path looks like a flow: a file of a kind that is read, or the folder of a case.

    Whether it can be read is told by reading it.
    """
    if path.is_dir():
        return any(next(path.glob(name), None) is not None for name in _OF_CASES)
    suffix = path.suffix.lower()
    return suffix in _KINDS or suffix in SUFFIXES or suffix in meshio.extension_to_filetypes


def is_case(path: Path) -> bool:
    """Whether this is a folder, or the empty file in it that stands for an OpenFOAM case.

    Raises
    ------
    InputError
        If it is a folder (or file) of ADIOS2.
    """
    if path.suffix.lower() == ".bp" and path.exists():
        raise InputError(
            f"{path}: ADIOS2's .bp is not read; in FEniCSx write the flow with VTKFile (.pvd) or "
            "XDMFFile (.xdmf)"
        )
    return path.is_dir() or (path.suffix == ".foam" and path.is_file())


def _folder(path) -> Path:
    return path if path.is_dir() else path.parent


def is_own(path: Path) -> bool:
    """Whether a file is a flow file of this package, by its field data."""
    if path.suffix != ".vtu" or not path.is_file() or path.stat().st_size == 0:
        return False
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return text.find(b'Name="vcnn"') >= 0
