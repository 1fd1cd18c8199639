"""What follows from a mesh alone, derived and checked once and handed along."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import meshio
import numpy as np

from vcnn.errors import InputError
from vcnn.flow.mesh import (
    boundary_facets,
    cell_dimension,
    check_plane,
    keep_points,
    plane_normal,
)

log = logging.getLogger("vcnn.solvers")

CELLS = {  # of meshio -> of basix
    "triangle": "triangle",
    "quad": "quadrilateral",
    "tetra": "tetrahedron",
    "hexahedron": "hexahedron",
}


@dataclass(frozen=True, eq=False)
class MeshFacts:
    """A mesh that can be solved on, with what follows from it; made by :func:`mesh_facts`.

    Parameters
    ----------
    source : meshio.Mesh
        The mesh, without points that belong to no cell; it must not be changed any more.
    kind : str
        The type of its cells, a key of `CELLS`.
    cells : (N, k) int
        Their vertices.
    boundaries : mapping name -> [(facet type, (k, vertices) int), ...]
    normal : (3,) or None
        A unit vector of either sign across a plane mesh in space.
    """

    source: meshio.Mesh
    kind: str
    cells: np.ndarray
    boundaries: Mapping[str, list[tuple[str, np.ndarray]]]
    normal: np.ndarray | None

    def __repr__(self) -> str:
        names = ", ".join(self.boundaries) or "none"
        return (
            f"MeshFacts({len(self.cells):,} cells ({self.kind}) in {self.dimension}-D, "
            f"boundaries: {names})"
        )

    @property
    def dimension(self) -> int:
        """d, of the points and of vectors."""
        return self.source.points.shape[1]

    def boundary_vertices(self, name: str) -> np.ndarray:
        """(k,) int, ascending, the vertices of a boundary."""
        return np.unique(np.concatenate([facets.ravel() for _, facets in self.boundaries[name]]))

    def is_same_mesh(self, other: MeshFacts) -> bool:
        """Whether both have the same points, cells and named facets, in the same order."""
        ours, theirs = self._arrays(), other._arrays()
        return ours.keys() == theirs.keys() and all(
            np.array_equal(array, theirs[name]) for name, array in ours.items()
        )

    def _arrays(self) -> dict[tuple, np.ndarray]:
        """Everything that makes up the mesh."""
        arrays = {("points",): self.source.points, (self.kind,): self.cells}
        for name, blocks in self.boundaries.items():
            arrays |= {(name, number): facets for number, (_, facets) in enumerate(blocks)}
        return arrays


def mesh_facts(mesh: meshio.Mesh) -> MeshFacts:
    """What follows from a mesh; points that belong to no cell are left out, and the log says so.

    Raises
    ------
    InputError
        If the mesh is something else, its points are not finite, its cells have several types or
        are plane and do not lie in one plane, or cells or boundaries name points that do not exist
        or, boundaries, that belong to no cell.
    """
    if not isinstance(mesh, meshio.Mesh):
        raise InputError(
            "mesh: expected a meshio.Mesh, as meshio.read and the package meshes give, "
            f"got {mesh!r}"
        )
    kind, cells = _cells(mesh)
    boundaries = boundary_facets(mesh)
    _check_vertices(cells, boundaries, len(mesh.points))
    if len(used := np.unique(cells)) < len(mesh.points):
        log.warning(
            "mesh: %d points belong to no cell and are left out", len(mesh.points) - len(used)
        )
        mesh = keep_points(mesh, used)
        kind, cells = _cells(mesh)
        boundaries = boundary_facets(mesh)
    points = np.asarray(mesh.points)
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(bad):
        raise InputError(f"mesh: {len(bad)} points are NaN or infinite, first is number {bad[0]}")
    normal = plane_normal(mesh)
    check_plane(points, normal)
    return MeshFacts(mesh, kind, cells, boundaries, normal)


def _cells(mesh) -> tuple[str, np.ndarray]:
    """The type of the cells that make up the domain, and their vertices."""
    d = cell_dimension(mesh)
    blocks = [block for block in mesh.cells if block.dim == d]
    kinds = sorted({block.type for block in blocks})
    if len(kinds) != 1 or kinds[0] not in CELLS:
        listed = ", ".join(kinds) or f"none of dimension {d}, that of its points"
        way_on = "" if not kinds else "; meshes.split (split = true in a case) makes them such"
        raise InputError(
            f"mesh: expected cells of one type, {', '.join(CELLS)}; it has {listed}{way_on}"
        )
    return kinds[0], np.concatenate([block.data for block in blocks]).astype(np.int64)


def _check_vertices(cells, boundaries, count) -> None:
    """Cells and boundaries must name points that exist, boundaries those of cells."""
    named = [("mesh", cells)]
    for name, blocks in boundaries.items():
        named += [(f"boundary {name!r}", facets) for _, facets in blocks]
    for name, vertices in named:
        if len(vertices) and not 0 <= vertices.min() <= vertices.max() < count:
            raise InputError(
                f"{name}: expected vertices between 0 and {count - 1}, the numbers of the mesh's "
                f"points, got {vertices.min()} to {vertices.max()}"
            )
    for name, facets in named[1:]:
        if len(stray := np.setdiff1d(facets, cells)):
            raise InputError(f"{name}: has point {stray[0]}, which belongs to no cell")
