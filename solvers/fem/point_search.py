"""The cells of points, and their positions in the reference cell."""

from __future__ import annotations

import numpy as np

from solvers.fenics import basix, dolfinx

_INSIDE = 1e-9  # of a reference cell: how far outside a point counts as inside
_IN_PLANE = 1e-6  # of a cell's diameter: how far off a section's plane a point may be
_CONVERGED = 1e-9  # of a reference cell: where Newton's method has converged


def find_cells(
    mesh: dolfinx.mesh.Mesh, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cells of this rank, reference positions in them, and distances from them in cell diameters.

    A point is sought in the cells whose bounding boxes hold it; only those that lie in none of
    these need the slower search for the nearest cell.
    """
    tdim = mesh.topology.dim
    everywhere = np.arange(mesh.topology.index_map(tdim).size_local, dtype=np.int32)
    cells, distance = np.full(len(points), -1, dtype=np.int32), np.full(len(points), np.inf)
    reference = np.zeros((len(points), tdim))
    if len(everywhere) == 0:  # more ranks than cells
        return cells, reference, distance
    x = np.pad(points, ((0, 0), (0, 3 - points.shape[1])))
    tree = dolfinx.geometry.bb_tree(mesh, tdim, entities=everywhere)
    boxes = dolfinx.geometry.compute_collisions_points(tree, x)
    point = np.repeat(np.arange(len(points)), np.diff(boxes.offsets))
    position, off = _pull_back(mesh, boxes.array, points[point])
    inside = _excess(mesh, position) < _INSIDE
    inside &= off < _IN_PLANE * mesh.h(tdim, boxes.array)
    cells[point[inside]] = boxes.array[inside]
    reference[point[inside]] = position[inside]
    distance[point[inside]] = 0

    rest = np.flatnonzero(distance > 0)
    middles = dolfinx.geometry.create_midpoint_tree(mesh, tdim, everywhere)
    cells[rest] = dolfinx.geometry.compute_closest_entity(tree, middles, mesh, x[rest])
    reference[rest], _ = _pull_back(mesh, cells[rest], points[rest])
    gap = np.sqrt(dolfinx.geometry.squared_distance(mesh, tdim, cells[rest], x[rest]))
    reached = np.isfinite(reference[rest]).all(axis=1)
    distance[rest] = np.where(reached, gap / mesh.h(tdim, cells[rest]), np.inf)
    return cells, reference, distance


def _excess(mesh, reference) -> np.ndarray:
    """How far reference positions are outside the reference cell."""
    beyond = np.concatenate([-reference, reference - 1], axis=1).max(axis=1)
    simplex = mesh.basix_cell() in (basix.CellType.triangle, basix.CellType.tetrahedron)
    return np.maximum(beyond, reference.sum(axis=1) - 1) if simplex else beyond


def map_to_space(
    mesh: dolfinx.mesh.Mesh, cells: np.ndarray, reference: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Positions (k, d) of reference positions in cells, and Jacobians of the map.

    These are (k, d, topological dimension).
    """
    element = mesh.ufl_domain().ufl_coordinate_element().basix_element
    corners = mesh.geometry.x[mesh.geometry.dofmap[cells], : mesh.geometry.dim]
    basis, *slopes = element.tabulate(1, reference)[..., 0]
    return np.einsum("kn,knd->kd", basis, corners), np.einsum("jkn,knd->kdj", slopes, corners)


def inverse_jacobian(jacobian: np.ndarray) -> np.ndarray:
    """Inverses of Jacobians (k, d, topological dimension); of a section along its plane."""
    square = jacobian.shape[1] == jacobian.shape[2]
    return np.linalg.inv(jacobian) if square else np.linalg.pinv(jacobian)


def _pull_back(mesh, cells, points) -> tuple[np.ndarray, np.ndarray]:
    """Reference positions of points in cells by Newton's method, and what is left of the distance.

    The former are infinite where it does not converge. What is left, (k,), is the distance to its
    plane in a section, else nothing.
    """
    tdim = mesh.topology.dim
    reference = np.full((len(points), tdim), 1 / (1 + tdim))
    for _ in range(12):
        positions, jacobian = map_to_space(mesh, cells, reference)
        step = (inverse_jacobian(jacobian) @ (points - positions)[..., None])[..., 0]
        reference += step
        if np.abs(step).max(initial=0) < _CONVERGED:
            break
    converged = (np.abs(step) < _CONVERGED).all(axis=1, keepdims=True)
    left = points - map_to_space(mesh, cells, reference)[0]
    return np.where(converged, reference, np.inf), np.linalg.norm(left, axis=1)
