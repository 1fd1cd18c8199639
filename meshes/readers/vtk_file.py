"""Files of VTK and ParaView: .vtu, .vtk and their kin, in pieces and in series."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import meshio
import numpy as np

from meshes.readers.dataset import Dataset
from meshes.readers.meshio_file import mesh_dataset
from meshes.readers.times import choose_time, refuse_time
from vcnn.errors import InputError, naming
from vcnn.reader_process import read_apart

SUFFIXES = (
    *(".vtu", ".pvtu", ".vtk", ".vtp", ".pvtp", ".vts", ".pvts", ".vtr", ".pvtr", ".vti", ".pvti"),
    ".pvd",
)
# VTK's kinds of cells by meshio's names; "pixel" and "voxel" are made quads and hexahedra.
_KINDS = {
    **{1: "vertex", 3: "line", 5: "triangle", 7: "polygon", 8: "pixel", 9: "quad", 10: "tetra"},
    **{11: "voxel", 12: "hexahedron", 13: "wedge", 14: "pyramid", 21: "line3", 22: "triangle6"},
    **{23: "quad8", 24: "tetra10", 25: "hexahedron20", 26: "wedge15", 27: "pyramid13"},
    **{28: "quad9", 29: "hexahedron27", 30: "quad6", 31: "wedge12", 32: "wedge18"},
    **{33: "hexahedron24", 34: "triangle7", 35: "line4", 42: "polyhedron"},
    **{68: "VTK_LAGRANGE_CURVE", 69: "VTK_LAGRANGE_TRIANGLE", 70: "VTK_LAGRANGE_QUADRILATERAL"},
    **{71: "VTK_LAGRANGE_TETRAHEDRON", 72: "VTK_LAGRANGE_HEXAHEDRON", 73: "VTK_LAGRANGE_WEDGE"},
    74: "VTK_LAGRANGE_PYRAMID",
}
# Cells of any order that are of the first or second: these have names of their own.
_USUAL = {
    ("pixel", 4): "quad",
    ("voxel", 8): "hexahedron",
    **{("VTK_LAGRANGE_TRIANGLE", 3): "triangle", ("VTK_LAGRANGE_TRIANGLE", 6): "triangle6"},
    **{("VTK_LAGRANGE_QUADRILATERAL", 4): "quad", ("VTK_LAGRANGE_QUADRILATERAL", 9): "quad9"},
    **{("VTK_LAGRANGE_TETRAHEDRON", 4): "tetra", ("VTK_LAGRANGE_TETRAHEDRON", 10): "tetra10"},
    **{("VTK_LAGRANGE_HEXAHEDRON", 8): "hexahedron", ("VTK_LAGRANGE_WEDGE", 6): "wedge"},
}
_ORDER = {"pixel": [0, 1, 3, 2], "voxel": [0, 1, 3, 2, 4, 5, 7, 6]}
_SETS = (0, 2, 4)  # of nothing, of several points, of several lines: never part of a domain
_GHOST = 1 | 8 | 32  # of VTK's marks: another piece has it, finer cells cover it, it is hidden
_TIMES = ("TimeValue", "TIME", "Time", "time")  # field data in which programs keep the time


def read_vtk(path: Path, time: float | str | None = None) -> Dataset:
    """The dataset in a file of VTK's family, whatever its pieces are.

    Pieces are put together; cells that they hold for each other ("ghosts") are left out. Field data
    is ignored but for the time.

    Parameters
    ----------
    path : path
    time : float or str, optional
        Of a series (``.pvd``); default the last.

    Raises
    ------
    InputError
        If it or one of its files is missing or cannot be read, has cells of another kind than those
        of `meshio`, or there is no such time.
    """
    files, about = [path], {}
    if path.suffix.lower() == ".pvd":
        files, about = _files_at(path, time)
    else:
        refuse_time(time, path)
    grids = []
    for file in files:
        if not file.is_file():
            raise InputError(f"{path}: its file {file} is missing")
        grids.append(read_apart("meshes.readers.vtk_file:arrays", file, beside=_pieces(file)))
    with naming(path):
        for grid in grids:
            if (moment := grid.pop("time")) is not None:
                about.setdefault("time", moment)
        joined, lost = _join([_without_ghosts(grid) for grid in grids])
        return mesh_dataset(_mesh(joined), path, about=about, notes=lost)


def arrays(path: Path) -> dict[str, Any]:
    """What VTK reads, as plain arrays, for :func:`vcnn.reader_process.read_apart`.

    Raises
    ------
    InputError
        If it is not one dataset.
    """
    import pyvista

    data = pyvista.read(path)
    if not isinstance(data, pyvista.DataSet):
        raise InputError(f"{path}: {type(data).__name__} is not read; save one dataset as .vtu")
    grid = data.cast_to_unstructured_grid()
    time = next((grid.field_data[name] for name in _TIMES if name in grid.field_data), None)
    parts = {
        "points": np.asarray(grid.points, dtype=float),
        "types": np.asarray(grid.celltypes, dtype=int),
        "offsets": np.asarray(grid.cell_offsets, dtype=int),
        "vertices": np.asarray(grid.cell_connectivity, dtype=int),
        "faces": np.asarray(grid.polyhedron_faces, dtype=int),
        "face_numbers": np.asarray(grid.polyhedron_face_locations, dtype=int),
        "point_data": {name: np.asarray(grid.point_data[name]) for name in grid.point_data},
        "cell_data": {name: np.asarray(grid.cell_data[name]) for name in grid.cell_data},
        "time": float(np.ravel(time)[0]) if time is not None and np.size(time) == 1 else None,
    }
    if not _is_whole(parts):
        raise InputError(f"{path}: damaged, its cells and fields do not fit together")
    return parts


def _is_whole(grid: dict[str, Any]) -> bool:
    """Whether every cell has its vertices and every field its values; VTK does not look."""
    n, offsets, vertices = len(grid["types"]), grid["offsets"], grid["vertices"]
    faces, cells = _lists(grid["faces"]), _lists(grid["face_numbers"])
    numbers = np.concatenate([np.zeros(0, int), *cells])
    return bool(
        len(offsets) == n + 1
        and offsets[0] == 0
        and (np.diff(offsets) >= 0).all()
        and offsets[-1] <= len(vertices)
        and ((vertices >= 0) & (vertices < len(grid["points"]))).all()
        and (len(cells) in (0, n) and ((numbers >= 0) & (numbers < len(faces))).all())
        and all(len(values) == n for values in grid["cell_data"].values())
        and all(len(values) == len(grid["points"]) for values in grid["point_data"].values())
    )


def _files_at(path, time) -> tuple[list[Path], dict[str, Any]]:
    """The files of one time of a series, and which times there are."""
    try:
        entries = [entry.attrib for entry in ElementTree.parse(path).getroot().iter("DataSet")]
        times = [float(entry.get("timestep", 0)) for entry in entries]
        if not np.isfinite(times).all():
            raise ValueError("a time that is no finite number")
    except (ElementTree.ParseError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None
    wanted = choose_time(sorted(set(times)), time, path)
    names = [entry.get("file", "") for entry, t in zip(entries, times, strict=True) if t == wanted]
    return [path.parent / name for name in names], {"time": wanted, "times": sorted(set(times))}


def _pieces(path) -> list[Path]:
    """The files that a file in pieces names."""
    if not path.suffix.lower().startswith(".pv"):
        return []
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise InputError(f"{path}: cannot be read ({error})") from None
    files = [path.parent / piece.get("Source", "") for piece in root.iter("Piece")]
    for file in files:
        if not file.is_file():
            raise InputError(f"{path}: its piece {file} is missing")
    return files


def _without_ghosts(grid: dict) -> dict:
    """A grid without the cells that another piece has, and without the points of these alone."""
    marks = grid["cell_data"].get("vtkGhostType", np.zeros(len(grid["types"])))
    ghost = marks.astype(int) & _GHOST != 0
    if not ghost.any():
        return grid
    if len(grid["faces"]):
        raise InputError("polyhedra with ghost cells are not read; merge the pieces in ParaView")
    sizes, n = np.diff(grid["offsets"]), len(grid["points"])
    of_ghosts = np.repeat(ghost, sizes)
    kept = grid["vertices"][~of_ghosts]
    lost = np.isin(np.arange(n), grid["vertices"][of_ghosts]) & ~np.isin(np.arange(n), kept)
    return {
        **grid,
        "points": grid["points"][~lost],
        "types": grid["types"][~ghost],
        "offsets": np.append(0, np.cumsum(sizes[~ghost])),
        "vertices": (np.cumsum(~lost) - 1)[kept],
        "point_data": {name: a[~lost] for name, a in grid["point_data"].items()},
        "cell_data": {name: a[~ghost] for name, a in grid["cell_data"].items()},
    }


def _join(grids: Sequence[dict]) -> tuple[dict, list[str]]:
    """Grids one after the other, with the fields that all of them have; a note on the others."""
    if len(grids) == 1:
        return grids[0], []
    joined = {name: np.concatenate([grid[name] for grid in grids]) for name in ("points", "types")}
    first_points = np.cumsum([0, *(len(grid["points"]) for grid in grids)])
    first_places = np.cumsum([0, *(len(grid["vertices"]) for grid in grids)])
    shifted = list(zip(grids, first_points, first_places, strict=False))
    joined["vertices"] = np.concatenate([grid["vertices"] + p for grid, p, _ in shifted])
    joined["offsets"] = np.concatenate(
        [[0], *(g["offsets"][1:] + place for g, _, place in shifted)]
    )
    if any(len(grid["faces"]) for grid in grids):
        raise InputError("polyhedra in several files are not read; merge them in ParaView")
    joined["faces"] = joined["face_numbers"] = np.zeros(0, int)
    lost = set()
    for kind in ("point_data", "cell_data"):
        shapes = [{name: a.shape[1:] for name, a in grid[kind].items()} for grid in grids]
        common = [name for name in shapes[0] if all(s.get(name) == shapes[0][name] for s in shapes)]
        joined[kind] = {name: np.concatenate([g[kind][name] for g in grids]) for name in common}
        lost |= {name for row in shapes for name in row} - set(common)
    return joined, [f"fields that not all pieces have: {', '.join(sorted(lost))}"] if lost else []


def _mesh(grid) -> meshio.Mesh:
    """A grid as a mesh, its cells in runs of one kind and size."""
    keep = ~np.isin(grid["types"], _SETS)
    types, sizes = grid["types"][keep], np.diff(grid["offsets"])[keep]
    changes = np.flatnonzero((np.diff(types) != 0) | (np.diff(sizes) != 0)) + 1
    runs = list(pairwise([0, *changes, len(types)])) if len(types) else []
    numbers = np.flatnonzero(keep)
    cells = [_block(grid, _KINDS.get(int(types[a])), numbers[a:b], sizes[a]) for a, b in runs]
    cell_data = {
        name: [values[keep][a:b] for a, b in runs] for name, values in grid["cell_data"].items()
    }
    return meshio.Mesh(grid["points"], cells, point_data=grid["point_data"], cell_data=cell_data)


def _block(grid, kind, numbers, size):
    """The cells of these numbers, of one kind and size."""
    if kind is None:
        number = grid["types"][numbers[0]]
        raise InputError(f"cells of VTK's kind {number} are not read; triangulate the mesh")
    if kind == "polyhedron":
        faces = _lists(grid["faces"])
        cells = _lists(grid["face_numbers"])
        return f"polyhedron{size}", [[faces[face] for face in cells[k]] for k in numbers]
    vertices = grid["vertices"][grid["offsets"][numbers][:, None] + np.arange(size)]
    if kind in _ORDER:
        vertices = vertices[:, _ORDER[kind]]
    return _USUAL.get((kind, int(size)), kind), vertices


def _lists(flat) -> list[np.ndarray]:
    """Arrays that follow one another, each after its length."""
    arrays, place = [], 0
    while place < len(flat):
        end = place + 1 + max(flat[place], 0)
        arrays.append(flat[place + 1 : end])
        place = end
    return arrays
