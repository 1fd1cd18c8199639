"""Where the cells of a dataset lie: in space, or in a plane of any orientation."""

from __future__ import annotations

from dataclasses import dataclass

import meshio
import numpy as np

from meshes.geometry.plane import plane_axes, plane_mesh
from meshes.readers.dataset import Dataset
from vcnn.errors import InputError
from vcnn.flow.mesh import named_mesh

_FLAT = 1e-6  # of the size: how far points may be off their plane, in single precision too


@dataclass(frozen=True, eq=False)
class Domain:
    """A mesh in the coordinates of the space or plane it lies in.

    Parameters
    ----------
    mesh : meshio.Mesh or None
        Points (M, d) with cells of dimension d; None for loose points.
    points : (M, d)
    axes : (d, 3)
        Orthonormal: a point x of the file has the coordinates axes @ x.
    origin : (3,)
        Of the plane: coordinates p belong to the point p @ axes + origin.
    order : (N,), optional
        Which cell of the dataset each is, where it is not the same.
    """

    mesh: meshio.Mesh | None
    points: np.ndarray
    axes: np.ndarray
    origin: np.ndarray
    order: np.ndarray | None = None

    @property
    def normal(self) -> np.ndarray | None:
        """(3,) across the plane, None in space and on a line."""
        return np.cross(*self.axes) if len(self.axes) == 2 else None

    def in_space(self) -> Domain:
        """The same with three coordinates: a section of space."""
        points = self.points @ self.axes + self.origin
        mesh = self.mesh
        if mesh is not None:
            mesh = meshio.Mesh(points, mesh.cells, cell_sets=mesh.cell_sets)
        return Domain(mesh, points, np.eye(3), np.zeros(3), self.order)


def find_domain(dataset: Dataset) -> Domain:
    """The domain of a dataset, with its cells and named boundaries.

    Raises
    ------
    InputError
        If there are no cells of dimension 2 or 3 among its cells, or those of dimension 2 lie in no
        plane.
    """
    points = np.asarray(dataset.points, dtype=float)
    if points.shape[1] == 1:  # a file of one coordinate: a plane would have room for more
        return Domain(None, points, np.eye(3)[:1], np.zeros(3))
    if not dataset.cells:
        axes, origin = _plane(points, oblique=False) or (np.eye(3), np.zeros(3))
        return Domain(None, along(points, axes), axes, origin)
    cells = [meshio.CellBlock(kind, vertices) for kind, vertices in dataset.cells]
    kinds = ", ".join(sorted({block.type for block in cells}))
    dimension = max(block.dim for block in cells)
    empty = [name for name in dataset.boundaries if dataset.patch_types.get(name) == "empty"]
    if dimension == 3:
        mesh = named_mesh(points, dataset.cells, dataset.boundaries)
        if not empty:
            return Domain(mesh, points, np.eye(3), np.zeros(3))
        mesh, order, axes = plane_mesh(mesh, empty)
        normal = np.cross(*axes)
        return Domain(mesh, mesh.points, axes, normal * (points @ normal).mean(), order)
    plane = _plane(points)
    wanted = 3 if plane is None else 2  # cells of dimension 2 that lie in no plane bound something
    if dimension < 2 or plane is None:
        raise InputError(f"the mesh has no cells of dimension {wanted} (cells: {kinds})")
    axes, origin = plane
    points = along(points, axes)
    return Domain(named_mesh(points, dataset.cells, dataset.boundaries), points, axes, origin)


def _plane(points, oblique=True):
    """The axes and the origin of the plane that all points lie in, if they do."""
    low, high = points.min(axis=0), points.max(axis=0)
    reach = _FLAT * (high - low).max() + 1e-7 * np.abs(points).max()
    # z = const first: its coordinates are x and y, digit by digit
    for across in (2, 1, 0):
        if high[across] - low[across] <= reach:
            axes = np.delete(np.eye(3), across, axis=0)
            return axes, np.eye(3)[across] * (low[across] + high[across]) / 2
    if not oblique:
        return None
    middle = points.mean(axis=0)
    normal = np.linalg.svd(points - middle, full_matrices=False)[2][-1]
    if np.abs((points - middle) @ normal).max() > reach:
        return None
    axes = plane_axes(np.where(np.abs(normal) < _FLAT, 0.0, normal))
    normal = np.cross(*axes)
    return axes, normal * (middle @ normal)


def along(vectors: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """(n, d) components along axes (d, 3), without round-off where these are axes of the space."""
    unit = np.abs(axes).argmax(axis=1)
    return vectors[:, unit] if np.array_equal(axes, np.eye(3)[unit]) else vectors @ axes.T
