"""Finite-element functions at any points, such as another code's cell centres."""

from __future__ import annotations

import numpy as np

from solvers.fenics import dolfinx
from vcnn.errors import InputError


def evaluate(function, points) -> np.ndarray:
    """Values of a dolfinx Function at points, whole on every rank of MPI.

    Points that miss the mesh by less than the size of its nearest cell get that cell's polynomial: two meshes
    of one curved wall do not cover the same points.

    Parameters
    ----------
    function : dolfinx Function
        Scalar or of shape (d,); its mesh may be a periodic one.
    points : (n, d)
        The same on every rank.

    Returns
    -------
    (n,) or (n, d)

    Raises
    ------
    InputError
        If a point is farther outside.
    """
    mesh = function.function_space.mesh
    points = np.asarray(points, dtype=float)
    d = mesh.geometry.dim
    if points.ndim != 2 or points.shape[1] != d or not np.isfinite(points).all():
        raise InputError(f"points: expected finite numbers of shape (n, {d}), got shape {points.shape}")
    x = np.pad(points, ((0, 0), (0, 3 - d)))
    cells, distance = _nearest_cells(mesh, x)
    best = mesh.comm.allgather(distance)
    if not (far := np.min(best, axis=0) < np.inf).all():
        first = np.argmin(far)
        raise InputError(f"points: number {first}, {points[first]}, is outside the mesh")
    mine = np.flatnonzero(np.argmin(best, axis=0) == mesh.comm.rank)
    values = np.empty((len(points), function.function_space.value_size))
    found = function.eval(x[mine], cells[mine]).reshape(len(mine), values.shape[1])
    for index, part in mesh.comm.allgather((mine, found)):
        values[index] = part
    return values.reshape(len(points), *function.ufl_shape)


def _nearest_cells(mesh, x):
    """For each point the nearest cell of this rank and its distance; infinite if beyond the cell's size."""
    tdim = mesh.topology.dim
    cells = np.arange(mesh.topology.index_map(tdim).size_local, dtype=np.int32)
    if len(cells) == 0:   # more ranks than cells
        return np.full(len(x), -1, dtype=np.int32), np.full(len(x), np.inf)
    tree = dolfinx.geometry.bb_tree(mesh, tdim, entities=cells)
    middles = dolfinx.geometry.create_midpoint_tree(mesh, tdim, cells)
    nearest = dolfinx.geometry.compute_closest_entity(tree, middles, mesh, x)
    distance = np.sqrt(dolfinx.geometry.squared_distance(mesh, tdim, nearest, x))
    size = mesh.h(tdim, cells)[nearest]
    return nearest, np.where(distance < size, distance, np.inf)
