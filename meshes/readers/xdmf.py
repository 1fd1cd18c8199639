"""Time series in XDMF, of which meshio reads one step at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import meshio
import numpy as np

from meshes.readers.times import choose_time


def is_series(path: Path) -> bool:
    """Whether a file is XDMF with a temporal collection."""
    if path.suffix.lower() not in (".xdmf", ".xmf"):
        return False
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError:
        return False
    return any(grid.get("CollectionType") == "Temporal" for grid in root.iter("Grid"))


def read_series(path: Path, time: float | str | None) -> tuple[meshio.Mesh, dict[str, Any]]:
    """The mesh and the fields of one time of a series, and which times there are.

    A field of each collection is taken; FEniCSx writes one for each function.

    Raises
    ------
    InputError
        If there is no such time.
    """
    with meshio.xdmf.TimeSeriesReader(path) as reader:
        collections = [
            list(grid) for grid in reader.domain if grid.get("CollectionType") == "Temporal"
        ]
        times = [list(map(_time, steps, range(len(steps)))) for steps in collections]
        wanted = choose_time(sorted({t for row in times for t in row}), time, path)
        point_data, cell_data = {}, {}
        for steps, row in zip(collections, times, strict=True):
            if wanted in row:
                step = row.index(wanted)
                own = steps[step]
                if own.find("Topology") is not None and own.find("Geometry") is not None:
                    reader.mesh_grid = own
                reader.collection = steps
                if reader.cells is None or reader.mesh_grid is own:
                    points, cells = reader.read_points_cells()
                _, at_points, at_cells = reader.read_data(step)
                point_data |= at_points
                cell_data |= at_cells
    mesh = meshio.Mesh(np.asarray(points), cells, point_data=point_data, cell_data=cell_data)
    return mesh, {"time": wanted, "times": sorted({t for row in times for t in row})}


def _time(grid, number) -> float:
    element = grid.find("Time")
    return float(number if element is None else element.get("Value"))
