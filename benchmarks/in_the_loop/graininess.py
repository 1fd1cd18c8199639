"""How grainy an eddy viscosity is along a wall, beside a model's own on the same mesh."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
from scipy.spatial import cKDTree

from benchmarks.data.hills import VALIDATION, hill_file, hill_words, read_hill
from vcnn import FlowField

LAYERS = ((0.0, 0.1), (0.1, 0.3), (0.3, 1.0))  # of wall distance, in hill heights
_SAME = 1e-6  # distance within which a vertex of the mesh is a point of the flow


def wall_lines(flow: FlowField, name: str) -> np.ndarray:
    """(rows, columns) numbers of the flow's points along the grid lines of a hill's mesh.

    Rows go along the walls.
    """
    points = read_hill(hill_file(name))[0].points[:, :2]
    distances, numbers = cKDTree(flow.points).query(points)
    if distances.max() > _SAME:
        raise ValueError(f"{name}: its mesh has vertices that the flow has not")
    columns = np.argmax(np.diff(points[:, 0]) < 0) + 1  # x grows along a line
    return numbers.reshape(-1, columns)


def deviations(flow: FlowField, values: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """(rows, columns - 2) of values (n,) from the straight line between their neighbours in a row.

    Half the second difference where points are evenly spaced.
    """
    rows, length = values[lines], np.linalg.norm(np.diff(flow.points[lines], axis=1), axis=2)
    before, after = length[:, :-1], length[:, 1:]
    between = (after * rows[:, :-2] + before * rows[:, 2:]) / (before + after)
    return rows[:, 1:-1] - between


def graininess(ours: FlowField, theirs: FlowField, name: str) -> dict:
    """Root mean square deviations of ν_t along the wall in layers, of both flows over one hill."""
    lines = wall_lines(theirs, name)
    distance = theirs.scalars["wall_distance"][lines][:, 1:-1]
    row = {}
    for kind, flow in (("closure", ours), ("model", theirs)):
        squares = deviations(flow, flow.scalars["eddy_viscosity"], lines) ** 2
        row[kind] = [
            float(np.sqrt(squares[(low <= distance) & (distance < high)].mean()))
            for low, high in LAYERS
        ]
    return row


def graininess_rows(results: Mapping[str, dict], kinds: Mapping[str, str]) -> list[list[str]]:
    """Of a table: hill, then closure, model and ratio for each layer.

    Parameters
    ----------
    results : name of a measurement -> numbers
    kinds : what such names begin with -> words for these closures
    """
    rows = []
    for name, (kind, words) in product(VALIDATION, kinds.items()):
        row = results[f"{kind}, {name}"].get("graininess")
        if row is not None:
            pairs = zip(row["closure"], row["model"], strict=True)
            cells = [f"{a:.1e}, {b:.1e}: {a / b:.2f}" for a, b in pairs]
            rows.append([hill_words(name), words, *cells])
    return rows
