"""Flows on disk: one VTU file that ParaView opens and that keeps every item of a `FlowField`.

The cells of the mesh carry the fields as point or cell data (vectors padded to three components, as
VTK expects); what VTK has no place for travels in the file's field data: a JSON header named
``vcnn`` and the vertex indices of each named boundary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import meshio
import numpy as np

from vcnn.errors import InputError, naming
from vcnn.files import replacing
from vcnn.flow.grid import Grid, read_grid, seal
from vcnn.flow.mesh import boundary_facets, cell_dimension, named_mesh
from vcnn.headers import (
    check_entries,
    is_number,
    is_table,
    is_text,
    lists,
    maps_to,
    parse_json,
)

if TYPE_CHECKING:  # it is made of what is written here
    from vcnn.flow.field import FlowField

_FORMAT = 1
# What the keys of a header hold.
_HEADER = {
    "dimension": lambda value: value in (1, 2, 3),
    "location": lambda value: value in ("cell", "vertex", None),
    "scalars": lists(is_text),
    "vectors": lists(is_text),
    "tensors": lists(is_text),
    "periods": lists(lists(is_number)),
    "parameters": maps_to(is_number),
    "boundaries": maps_to(lists(is_text)),
    "provenance": is_table,
}


def write_flow(flow: FlowField, path: str | Path) -> Path:
    """Write ``flow`` to ``path`` (``.vtu``); nothing half-written is left if this fails."""
    import pyvista

    path = Path(path)
    if path.suffix != ".vtu":
        raise InputError(f"{path}: a flow is saved as .vtu, got {path.suffix or 'no suffix'!r}")
    names = ["velocity", "weight", "cell_centre", *flow.scalars, *flow.vectors, *flow.tensors]
    for name in {name for name in names if names.count(name) > 1}:
        raise InputError(f"{path}: two fields would be called {name!r}; rename one")
    d = flow.dimension
    boundaries = {} if flow.mesh is None else boundary_facets(flow.mesh)
    if flow.mesh is None:
        grid = pyvista.UnstructuredGrid(
            {pyvista.CellType.VERTEX: np.arange(len(flow))[:, None]}, _pad(flow.points)
        )
    else:
        dimension = cell_dimension(flow.mesh)
        volume = [block for block in flow.mesh.cells if block.dim == dimension]
        grid = pyvista.from_meshio(meshio.Mesh(_pad(flow.mesh.points), volume))
    data = grid.cell_data if flow.location == "cell" else grid.point_data
    if flow.location == "cell":
        data["cell_centre"] = _pad(flow.points)
    data["velocity"] = _pad(flow.velocity)
    data["weight"] = flow.weights
    for name, values in flow.scalars.items():
        data[name] = values
    for name, values in flow.vectors.items():
        data[name] = _pad(values)
    for name, values in flow.tensors.items():
        full = np.zeros((len(flow), 3, 3))
        full[:, :d, :d] = values
        data[name] = full.reshape(-1, 9)
    header = {
        "format": _FORMAT,
        "dimension": d,
        "location": flow.location,
        "scalars": list(flow.scalars),
        "vectors": list(flow.vectors),
        "tensors": list(flow.tensors),
        "periods": [list(p) for p in flow.periods],
        "parameters": dict(flow.parameters),
        "boundaries": {name: [kind for kind, _ in blocks] for name, blocks in boundaries.items()},
        "provenance": flow.provenance,
    }
    grid.field_data["vcnn"] = [json.dumps(header)]
    for name, blocks in boundaries.items():
        for kind, facets in blocks:
            grid.field_data[f"boundary:{name}:{kind}"] = facets
    with replacing(path) as part:
        grid.save(part)
        seal(part)
    return path


def read_items(path: str | Path) -> dict:
    """The arguments of the `FlowField` in a file written by :func:`write_flow`.

    Raises
    ------
    InputError
        If the file is missing, damaged, or was not written by this package.
    """
    path = Path(path)
    grid = read_grid(path)
    if "vcnn" not in grid.field_data:
        raise InputError(f"{path}: not a flow file of this package; convert it with 'vcnn import'")
    with naming(path):
        header = _header(grid.field_data["vcnn"])
        d, location = header["dimension"], header["location"]
        data = grid.cell_data if location == "cell" else grid.point_data

        def read(name, *shape):
            if name not in data:
                raise InputError(f"field {name!r} is missing from the file")
            try:
                return np.asarray(data[name], dtype=float).reshape(-1, *shape)
            except ValueError:
                raise InputError(
                    f"field {name!r}: expected numbers of shape {('n', *shape)}"
                ) from None

        return dict(
            points=read("cell_centre", 3)[:, :d] if location == "cell" else grid.points[:, :d],
            velocity=read("velocity", 3)[:, :d],
            weights=read("weight").ravel(),
            scalars={name: read(name).ravel() for name in header["scalars"]},
            vectors={name: read(name, 3)[:, :d] for name in header["vectors"]},
            tensors={name: read(name, 3, 3)[:, :d, :d] for name in header["tensors"]},
            periods=header["periods"],
            parameters=header["parameters"],
            mesh=None if location is None else _mesh(grid, header),
            location=location,
            provenance=header["provenance"],
        )


def _header(text: np.ndarray) -> dict:
    """The checked JSON header of a flow file."""
    header = parse_json(str(text[0]) if len(text) else "", "its header")
    if header.get("format") != _FORMAT:
        raise InputError(f"flow format {header.get('format')}, this version reads {_FORMAT}")
    check_entries(header, _HEADER, "its header")
    return header


def _mesh(grid: Grid, header: dict) -> meshio.Mesh:
    boundaries = {}
    for name, kinds in header["boundaries"].items():
        keys = [f"boundary:{name}:{kind}" for kind in kinds]
        for key in keys:
            if key not in grid.field_data or grid.field_data[key].dtype.kind not in "iu":
                raise InputError(f"the facets of boundary {name!r} are missing from the file")
        boundaries[name] = [
            (kind, _facets(kind, grid.field_data[key]))
            for kind, key in zip(kinds, keys, strict=True)
        ]
    for kind, vertices in (
        *grid.cells,
        *(block for facets in boundaries.values() for block in facets),
    ):
        if kind.startswith("polyhedron"):
            vertices = np.concatenate([face for cell in vertices for face in cell])
        if vertices.size and not 0 <= vertices.min() <= vertices.max() < len(grid.points):
            raise InputError(f"vertex numbers beyond its {len(grid.points)} points")
    return named_mesh(grid.points[:, : header["dimension"]], grid.cells, boundaries)


def _facets(kind, vertices) -> np.ndarray:
    """(k, vertices) of facets; VTK's arrays of one column, those of ends of lines, lose an axis."""
    return vertices.reshape(-1, 1) if kind == "vertex" else np.atleast_2d(vertices)


def _pad(vectors) -> np.ndarray:
    return np.pad(vectors, ((0, 0), (0, 3 - vectors.shape[1])))
