"""What a file or case holds, before it becomes a flow or a mesh: the one way in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from vcnn.flow.mesh import Blocks


@dataclass(frozen=True, eq=False)
class Dataset:
    """Points, cells, fields and boundaries as they were read, in space.

    Every reader makes one, and `meshes.readers.flow` makes flows and meshes of it: which cells are
    the domain, whether it is plane, what is a vector, what is computed and what is left out is
    decided there, once for all formats.

    Parameters
    ----------
    points : (M, 3) float64
        Of files with two coordinates the third is 0. Of files with one (M, 1): loose points of a
        flow on a line.
    cells : sequence of (type, (k, m) int)
        The domain, meshio's names and numbering of vertices; empty for loose points.
    point_fields, cell_fields : mappings name -> (M, ...) or (N, ...)
        Numbers in double precision, one for each point or for each cell, block after block.
        Vectors have 2 or 3 columns, tensors the shape (3, 3) or (2, 2), or 9 or 4 columns. On a
        line a vector has 1 column and a tensor the shape (1, 1).
    boundaries : mapping name -> sequence of (type, (k, m) int)
        Facets, one dimension less than the cells.
    patch_types : mapping name -> str
        Of boundaries whose kind the file tells, e.g. "wall", "patch", "symmetryPlane"; "empty" are
        the two sides of a slab one cell thick, which stands for a plane.
    periods : sequence of (3,)
        That the file tells, checked facet by facet.
    parameters : mapping name -> float
    centres, volumes : (N, 3), (N,), optional
        Of the cells, where the file tells them; of loose points the volumes are their weights.
    notes : sequence of str
        What was left out, merged or assumed, a sentence each; readers do not warn themselves.
    provenance : mapping name -> str, float, list of str
        At least "source" and "format"; of a case also "time" and "times", all that it has;
        "skipped_fields" are those that could not be read.
    """

    points: np.ndarray
    cells: Blocks = ()
    point_fields: Mapping[str, np.ndarray] = field(default_factory=dict)
    cell_fields: Mapping[str, np.ndarray] = field(default_factory=dict)
    boundaries: Mapping[str, Blocks] = field(default_factory=dict)
    patch_types: Mapping[str, str] = field(default_factory=dict)
    periods: tuple[np.ndarray, ...] = ()
    parameters: Mapping[str, float] = field(default_factory=dict)
    centres: np.ndarray | None = None
    volumes: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, object] = field(default_factory=dict)
