"""From a plane mesh to one that is one cell thick, and what a solid mesh is beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import meshio
import numpy as np

from meshes.geometry.boundaries import named_facets
from meshes.geometry.cells import cell_centres
from meshes.geometry.facets import cell_facets
from vcnn.errors import InputError
from vcnn.flow.mesh import boundary_facets

SIDES = "frontAndBack"  # the name that OpenFOAM's tutorials give to both sides of a slab
_THICKNESS = 0.1  # of the largest extent of the plane
_STRAIGHT = {"triangle", "quad", "polygon", "tetra", "hexahedron", "wedge", "pyramid"}


@dataclass(frozen=True, eq=False)
class Solid:
    """A mesh in space by the faces of its cells.

    Parameters
    ----------
    points : (M, 3)
    centres : (N, 3)
        Of its cells.
    faces : sequence of (vertices (F, k), cells (F,))
        Of all cells; a face between two cells appears once for each.
    patches : mapping name -> sequence of (k, m) vertices
        Its named faces.
    """

    points: np.ndarray
    centres: np.ndarray
    faces: Sequence[tuple[np.ndarray, np.ndarray]]
    patches: dict[str, list[np.ndarray]]


def solid_of(mesh: meshio.Mesh) -> Solid:
    """A mesh in space as it is, a plane one between two planes, of which the patch "frontAndBack".

    The points of a plane mesh come first, at z = 0, then those on the other side.

    Raises
    ------
    InputError
        If a cell is curved, or a boundary of a plane mesh is called "frontAndBack".
    """
    _check_straight(mesh)
    boundaries = {name: named_facets(mesh, [name]) for name in boundary_facets(mesh)}
    boundaries = {name: facets for name, facets in boundaries.items() if facets}
    centres = cell_centres(mesh)
    if mesh.points.shape[1] == 3:
        return Solid(np.asarray(mesh.points), centres, cell_facets(mesh), boundaries)
    if SIDES in boundaries:
        raise InputError(f"boundary {SIDES!r}: the name of the sides of a plane flow; rename it")
    thickness = _THICKNESS * np.ptp(mesh.points, axis=0).max()
    count = len(mesh.points)
    points = np.concatenate([np.pad(mesh.points, ((0, 0), (0, 1)))] * 2)
    points[count:, 2] = thickness
    faces = [(_raised(edges, count), cells) for edges, cells in cell_facets(mesh)]
    first, sides = 0, []
    for block in mesh.cells:
        if block.dim == 2:
            corners, cells = np.asarray(block.data), first + np.arange(len(block.data))
            sides += [corners, corners + count]
            faces += [(corners, cells), (corners + count, cells)]
            first += len(corners)
    patches = {
        name: [_raised(edges, count) for edges in facets] for name, facets in boundaries.items()
    }
    centres = np.pad(centres, ((0, 0), (0, 1)), constant_values=thickness / 2)
    return Solid(points, centres, faces, {**patches, SIDES: sides})


def _check_straight(mesh) -> None:
    for block in mesh.cells:
        if block.dim == mesh.points.shape[1] and not (
            block.type in _STRAIGHT or block.type.startswith("polyhedron")
        ):
            raise InputError(
                f"mesh: cells of type {block.type!r} are curved, OpenFOAM has straight ones; "
                "meshes.split(mesh) makes them so"
            )


def _raised(edges, count):
    """Faces over edges (F, 2)."""
    return np.concatenate([edges, edges[:, ::-1] + count], axis=1)
