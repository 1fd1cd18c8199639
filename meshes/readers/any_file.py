"""Any flow on disk -> FlowField."""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import meshio
import numpy as np

from meshes.geometry.cells import cell_centres, cell_volumes
from meshes.geometry.periods import flow_period
from meshes.geometry.wall_fields import with_wall_fields
from meshes.readers.npz import read_arrays
from meshes.readers.openfoam.case import read_openfoam
from vcnn.errors import InputError, naming
from vcnn.flow.field import FlowField
from vcnn.flow.file import read_grid
from vcnn.flow.mesh import cell_dimension, named_mesh
from vcnn.flow.quantities import QUANTITIES

_VELOCITY = QUANTITIES["velocity"].names


def read_flow(
    path: str | os.PathLike,
    time: float | str | None = None,
    fields: Mapping[str, str] | None = None,
) -> FlowField:
    """Read a flow from an OpenFOAM case folder or from a file.

    Flow files of this package (``.vtu``) come back as they were saved; ``.npz`` are plain arrays
    (:func:`meshes.read_arrays`); anything else is read with meshio (gmsh, VTU, XDMF, ...). In that
    case

    - the velocity is the point or cell field "velocity" or "U", and every numeric field of the same
      location becomes a scalar, vector or tensor by its shape (those of another shape are named in
      a warning);
    - a mesh in a plane z = const gives a plane flow;
    - named boundaries are gmsh's physical groups or meshio's cell sets; those called "bottom",
      "top" or anything with "wall" are walls; "inlet" and "outlet" are periodic if they are
      translates of each other;
    - weights are cell volumes, or these shared out equally among the cell's vertices.

    Parameters
    ----------
    path : path
    time : float or str, optional
        Time of an OpenFOAM case; default the latest.
    fields : mapping name -> name in the file, optional
        Names to be given to fields, e.g. ``{"velocity": "UDNS"}``.

    Raises
    ------
    InputError
        If there is no such file, it cannot be read, or holds no cells or no velocity.
    """
    path, fields = Path(path), dict(fields or {})
    if path.is_dir():
        return read_openfoam(path, time, fields)
    if not path.is_file():
        raise InputError(f"{path}: no such file or folder")
    if path.suffix == ".foam":
        return read_openfoam(path.parent, time, fields)
    if time is not None:
        raise InputError(f"{path}: a time can be chosen in OpenFOAM cases only")
    if path.suffix == ".npz":
        return read_arrays(path, fields)
    if path.suffix == ".vtu" and "vcnn" in read_grid(path).field_data:
        if fields:
            raise InputError(
                f"{path}: a flow file of this package already has its names, no field can be chosen"
            )
        return FlowField.load(path)
    return _from_meshio(path, fields)


def read_mesh(path: str | os.PathLike) -> meshio.Mesh:
    """Read a mesh with its named boundaries from whatever :func:`read_flow` reads.

    A velocity is not needed.

    Raises
    ------
    InputError
        If there is no such file, it cannot be read, or holds no cells.
    """
    path = Path(path)
    own = path.suffix == ".vtu" and path.is_file() and "vcnn" in read_grid(path).field_data
    if own or path.suffix in (".foam", ".npz") or not path.is_file():
        mesh = read_flow(path).mesh
        if mesh is None:
            raise InputError(f"{path}: holds points without a mesh")
        return mesh
    mesh = _read_mesh(path)
    d, cells = _cells(path, mesh)
    return named_mesh(
        mesh.points[:, :d], [(block.type, block.data) for block in cells], _boundaries(mesh, d)
    )


def _from_meshio(path, fields) -> FlowField:
    mesh = _read_mesh(path)
    d, cells = _cells(path, mesh)
    location, velocity, data = _located_fields(path, mesh, d, fields)
    kinds, skipped = _by_shape(data, d)
    if "velocity" not in kinds["vectors"]:
        raise InputError(f"{path}: field {velocity!r} is no vector, it cannot be the velocity")
    if skipped:
        warnings.warn(
            f"{path}: fields of unknown shape left out: {', '.join(skipped)}", stacklevel=3
        )
    boundaries = _boundaries(mesh, d)
    mesh = named_mesh(mesh.points[:, :d], [(block.type, block.data) for block in cells], boundaries)
    with naming(path):
        volumes = cell_volumes(mesh)
        flow = FlowField(
            points=mesh.points if location == "vertex" else cell_centres(mesh),
            weights=_lumped(mesh, volumes) if location == "vertex" else volumes,
            velocity=kinds["vectors"].pop("velocity"),
            **kinds,
            periods=flow_period(mesh),
            mesh=mesh,
            location=location,
            provenance={"source": str(path), "format": path.suffix, "skipped_fields": skipped},
        )
        walls = [name for name in boundaries if name in ("bottom", "top") or "wall" in name.lower()]
        return with_wall_fields(flow, walls)


def _located_fields(path, mesh, d, fields) -> tuple[str, str, dict[str, np.ndarray]]:
    """Where the velocity is, "vertex" or "cell", its name, and all fields there by new names."""
    of_cells = {}
    for name, blocks in mesh.cell_data.items():
        values = [a for a, block in zip(blocks, mesh.cells, strict=True) if block.dim == d]
        of_cells[name] = np.concatenate(values)
    wanted = [fields["velocity"]] if "velocity" in fields else _VELOCITY
    locations = {"vertex": mesh.point_data, "cell": of_cells}
    places = [place for place in product(locations, wanted) if place[1] in locations[place[0]]]
    if not places:
        listing = ", ".join([*mesh.point_data, *of_cells]) or "none"
        hint = "" if "velocity" in fields else "; name it: vcnn import --field velocity=NAME"
        raise InputError(
            f"{path}: no velocity field {' or '.join(map(repr, wanted))} (fields: {listing}){hint}"
        )
    location, velocity = places[0]
    data, names = locations[location], {**fields, "velocity": velocity}
    for name in names.values():
        if name not in data:
            raise InputError(f"{path}: no {location} field {name!r} (there are: {', '.join(data)})")
    chosen = {new: data[old] for new, old in names.items()}
    others = {
        name: values
        for name, values in data.items()
        if name not in names.values() and not name.startswith("gmsh:")
    }
    return location, velocity, {**others, **chosen}


def _read_mesh(path) -> meshio.Mesh:
    if path.suffix not in meshio.extension_to_filetypes:
        raise InputError(
            f"{path}: unknown kind of file {path.suffix!r}; expected an OpenFOAM case folder, "
            ".vtu, .npz, or a mesh that meshio reads (.msh, .xdmf, .vtk, ...)"
        )
    try:  # meshio prints its own message and may leave the program
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            return meshio.read(path)
    except (Exception, SystemExit) as error:
        reason = str(error).splitlines()[:1]
        raise InputError(
            f"{path}: cannot be read ({reason[0] if reason else type(error).__name__})"
        ) from None


def _cells(path, mesh):
    """Dimension of a mesh, and its blocks of cells of that dimension."""
    d = 2 if np.ptp(mesh.points[:, 2:]) == 0 else 3
    cells = [block for block in mesh.cells if block.dim == d]
    if not cells:
        kinds = ", ".join(sorted({block.type for block in mesh.cells})) or "none"
        raise InputError(f"{path}: the mesh has no cells of dimension {d} (cells: {kinds})")
    return d, cells


def _by_shape(data, d):
    """Scalars, vectors and tensors among the fields, cut to d dimensions; names of the others."""
    kinds, skipped = {"scalars": {}, "vectors": {}, "tensors": {}}, []
    for name, values in data.items():
        values, n = np.asarray(values), len(values)
        shape = values.shape[1:]
        if values.dtype.kind not in "fiu":
            skipped.append(name)
        elif shape in ((), (1,)):
            kinds["scalars"][name] = values.reshape(n)
        elif shape in ((d,), (3,)):
            kinds["vectors"][name] = values[:, :d]
        elif shape in ((9,), (3, 3), (d, d), (d * d,)):
            side = 3 if shape in ((9,), (3, 3)) else d
            kinds["tensors"][name] = values.reshape(n, side, side)[:, :d, :d]
        else:
            skipped.append(name)
    return kinds, skipped


def _boundaries(mesh, d):
    """Named boundary facets: gmsh's physical groups where there are any, else the cell sets."""
    groups = {name: tag for name, (tag, dim) in mesh.field_data.items() if dim == d - 1}
    physical = mesh.cell_data.get("gmsh:physical")
    boundaries = {}
    for name in groups if physical else mesh.cell_sets:
        if physical:
            members = [np.flatnonzero(np.asarray(tags) == groups[name]) for tags in physical]
        else:
            members = [np.asarray([] if m is None else m, int) for m in mesh.cell_sets[name]]
        facets = [
            (block.type, np.asarray(block.data)[m])
            for block, m in zip(mesh.cells, members, strict=True)
            if block.dim == d - 1 and len(m)
        ]
        if facets:
            boundaries[name] = facets
    return boundaries


def _lumped(mesh, volumes) -> np.ndarray:
    """(M,) the volumes of cells, shared out equally among their vertices."""
    weights, first = np.zeros(len(mesh.points)), 0
    for block in mesh.cells:
        if block.dim == cell_dimension(mesh):
            share = volumes[first : first + len(block.data)] / block.data.shape[1]
            np.add.at(weights, block.data, share[:, None])
            first += len(block.data)
    if not (weights > 0).all():
        raise InputError(f"mesh: point {np.argmin(weights)} belongs to no cell")
    return weights
