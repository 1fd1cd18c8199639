"""Named boundaries of a mesh: looking them up, and which points touch them."""

from __future__ import annotations

from collections.abc import Iterable

import meshio
import numpy as np

from meshes.geometry.facets import cells_at
from vcnn.errors import InputError, suggest
from vcnn.flow.mesh import boundary_facets, count_cells


def named_facets(mesh: meshio.Mesh, names: Iterable[str]) -> list[np.ndarray]:
    """Vertices (k, m) of the facets of named boundaries, an array for each name and facet type.

    Facets of curved elements are reduced to their corners.

    Raises
    ------
    InputError
        If the mesh has no boundary of that name.
    """
    names, boundaries = list(names), boundary_facets(mesh)
    for name in names:
        if name not in boundaries:
            listing = ", ".join(boundaries) or "none"
            raise InputError(
                f"boundary {name!r}: not in the mesh (its boundaries: {listing})"
                f"{suggest(name, boundaries)}"
            )
    return [_corners(kind, vertices) for name in names for kind, vertices in boundaries[name]]


def _corners(kind, vertices):
    corners = {"line": 2, "triangle": 3, "quad": 4}.get(
        kind.rstrip("0123456789"), vertices.shape[1]
    )
    return vertices[:, :corners]


def wall_flag(mesh: meshio.Mesh, walls: Iterable[str], location: str = "cell") -> np.ndarray:
    """1.0 where a cell has a facet on a named wall, or a vertex lies on it, 0.0 elsewhere.

    Parameters
    ----------
    mesh : meshio.Mesh
    walls : sequence of str
        Names of boundaries.
    location : {"cell", "vertex"}

    Returns
    -------
    (N,) or (M,)

    Raises
    ------
    InputError
        If the mesh has no boundary of one of the names.
    """
    flag = np.zeros(count_cells(mesh) if location == "cell" else len(mesh.points))
    for vertices in named_facets(mesh, walls):
        flag[cells_at(mesh, vertices) if location == "cell" else vertices] = 1.0
    return flag
