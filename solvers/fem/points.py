"""Finite-element functions at any points, such as another code's cell centres or sensors.

Points are located once; values and gradients there are then sparse matrices applied to the
coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from solvers.fem.communicator import communicator
from solvers.fem.point_search import find_cells, inverse_jacobian, map_to_space
from solvers.fenics import MPI, dolfinx, fem
from vcnn.errors import InputError
from vcnn.flow.arrays import float_array

if TYPE_CHECKING:  # slow to import
    import torch


_ROUND_OFF = 1e-13  # of values of basis functions at their nodes, 0 or 1
_ON_BOUNDARY = 1e-6  # of a cell's diameter: how far outside a point may be to lie on the boundary


@dataclass(frozen=True, eq=False)
class PointOperator:
    """A linear map from the coefficients of a function space to fields at n points.

    Calling it with a Function of that space, or with the array of its coefficients on this rank,
    gives the field (n, ...) whole on every rank of MPI.

    Parameters
    ----------
    matrix : scipy CSR array (rows, coefficients on this rank)
        One row for each component of each point, points outermost; rows of points on other ranks
        are empty.
    shape : tuple of int
        Of the field, (n, ...).
    comm : MPI communicator
    """

    matrix: csr_array
    shape: tuple[int, ...]
    comm: MPI.Comm

    def __repr__(self) -> str:
        return f"PointOperator({self.matrix.shape[1]:,} coefficients -> fields {self.shape})"

    def __call__(self, coefficients: fem.Function | np.ndarray) -> np.ndarray:
        """The field of coefficients.

        Raises
        ------
        InputError
            If there are not as many as the space has on this rank.
        """
        if isinstance(coefficients, fem.Function):
            coefficients = coefficients.x.array
        if np.shape(coefficients) != self.matrix.shape[1:]:
            raise InputError(
                f"coefficients: expected {self.matrix.shape[1]} numbers, "
                f"got shape {np.shape(coefficients)}"
            )
        values = self.matrix @ coefficients
        self.comm.Allreduce(MPI.IN_PLACE, values)
        return values.reshape(self.shape)

    def transposed(self, fields: np.ndarray) -> np.ndarray:
        """Derivatives (n, ...) by ``fields`` -> this rank's part of those by coefficients."""
        return self.matrix.T @ np.ravel(fields)

    def tensor(self) -> torch.Tensor:
        """The matrix (rows, coefficients) as a torch sparse CSR tensor.

        ``tensor @ coefficients`` is differentiable.
        """
        import torch

        parts = (self.matrix.indptr, self.matrix.indices, self.matrix.data)
        return torch.sparse_csr_tensor(
            *map(torch.from_numpy, parts), self.matrix.shape, check_invariants=True
        )


@dataclass(frozen=True, eq=False)
class LocatedPoints:
    """Points whose cells are known, made by :func:`locate`.

    Parameters
    ----------
    mesh : dolfinx.mesh.Mesh
        Where they are.
    count : int
        n, the number of points on all ranks.
    local : (k,) int
        The points that lie on this rank, ascending.
    cells : (k,) int
        Their cells.
    reference : (k, topological dimension)
        Their positions in the reference cell.
    """

    mesh: dolfinx.mesh.Mesh
    count: int
    local: np.ndarray
    cells: np.ndarray
    reference: np.ndarray

    def __repr__(self) -> str:
        return f"LocatedPoints({self.count:,} points, {len(self.local):,} of them on this rank)"

    def values(self, space: fem.FunctionSpace) -> PointOperator:
        """Functions of ``space`` -> their values, (n,) or (n, components).

        Raises
        ------
        InputError
            If the space lives on another mesh or is not one of scalar or vector Lagrange elements.
        """
        self._check(space)
        basis = space.ufl_element().basix_element.tabulate(0, self.reference)[0, :, :, 0]
        basis[np.abs(basis) < _ROUND_OFF] = 0  # a node's value is its own coefficient alone
        return self._operator(space, basis[:, None], ())

    def gradients(self, space: fem.FunctionSpace) -> PointOperator:
        """Functions of ``space`` -> their gradients, (n, d) or (n, components, d).

        The last index is that of ∂/∂x. On the border of two cells, where a gradient jumps, it is
        that of one of them.

        Raises
        ------
        InputError
            As :meth:`values`.
        """
        self._check(space)
        slopes = space.ufl_element().basix_element.tabulate(1, self.reference)[1:, :, :, 0]
        _, jacobian = map_to_space(self.mesh, self.cells, self.reference)
        basis = np.einsum("jkn,kji->kin", slopes, inverse_jacobian(jacobian))
        return self._operator(space, basis, (self.mesh.geometry.dim,))

    def _check(self, space):
        element = space.ufl_element()
        if space.mesh.geometry is not self.mesh.geometry:
            raise InputError("space: lives on another mesh than the points")
        if (
            space.num_sub_spaces not in (0, space.dofmap.bs)
            or len(element.reference_value_shape) > 1
            or (element.basix_element.family.name not in ("P", "DPC"))
        ):
            raise InputError(f"space: expected scalar or vector Lagrange elements, got {element}")

    def _operator(self, space, basis, tail):
        """From (k, m, dofs of a cell) values of the basis: m numbers for each component."""
        k, m, n = basis.shape
        bs = space.dofmap.bs
        index_map = space.dofmap.index_map
        dofs = space.dofmap.list[self.cells]
        component = np.arange(bs)[:, None, None]
        columns = np.broadcast_to(bs * dofs[:, None, None, :] + component, (k, bs, m, n))
        data = np.broadcast_to(basis[:, None], (k, bs, m, n))
        lengths = np.zeros((self.count, bs * m), dtype=np.int64)
        lengths[self.local] = n
        rows = np.append(0, np.cumsum(lengths))
        parts = data.flatten(), columns.flatten(), rows
        size = bs * (index_map.size_local + index_map.num_ghosts)
        components = (bs,) if space.num_sub_spaces else ()
        matrix = csr_array(parts, shape=(len(rows) - 1, size))
        matrix.sort_indices()  # torch wants them so
        return PointOperator(matrix, (self.count, *components, *tail), communicator(self.mesh))


def locate(mesh: dolfinx.mesh.Mesh, points: np.ndarray, tolerance: float = 1.0) -> LocatedPoints:
    """Find the cells of points, once for all functions on ``mesh``.

    Points that miss the mesh belong to its nearest cell, whose polynomials are continued to them:
    two meshes of one curved wall do not cover the same points.

    Parameters
    ----------
    mesh : dolfinx.mesh.Mesh
        May be a periodic one: its cells lie where those of the mesh it was made from do.
    points : (n, d)
        Positions, length. The same on every rank.
    tolerance : float
        How far outside a point may be, in diameters of the nearest cell.

    Returns
    -------
    LocatedPoints

    Raises
    ------
    InputError
        If they are no such points, or one is farther outside.
    """
    d = mesh.geometry.dim
    expected = f"finite numbers of shape (n, {d})"
    points = float_array(points, "points", expected)
    if points.ndim != 2 or points.shape[1] != d or not np.isfinite(points).all():
        raise InputError(f"points: expected {expected}, got shape {points.shape}")
    cells, reference, distance = find_cells(mesh, points)
    best = np.array(communicator(mesh).allgather(distance))
    outside = np.flatnonzero(best.min(axis=0) > tolerance)
    if len(outside):
        first = ", ".join(f"{x:.6g}" for x in points[outside[0]])
        raise InputError(
            f"points: {len(outside)} of {len(points)} are outside the mesh by more than "
            f"{tolerance:g} cells, first is number {outside[0]}, ({first})"
        )
    local = np.flatnonzero(np.argmin(best, axis=0) == mesh.comm.rank)
    return LocatedPoints(mesh, len(points), local, cells[local], reference[local])


def are_inside(mesh: dolfinx.mesh.Mesh, points: np.ndarray) -> np.ndarray:
    """(n,) bool, which points lie in a cell of a mesh, or on its boundary but for round-off.

    Parameters
    ----------
    mesh : dolfinx.mesh.Mesh
    points : (n, d)
        The same on every rank.
    """
    _, _, distance = find_cells(mesh, points)
    return np.min(communicator(mesh).allgather(distance), axis=0) <= _ON_BOUNDARY


def evaluate(function: fem.Function, points: np.ndarray) -> np.ndarray:
    """Values of a dolfinx Function at points, whole on every rank of MPI.

    For many functions or gradients at the same points, :func:`locate` them once.

    Parameters
    ----------
    function : dolfinx Function
        Scalar or of shape (d,); its mesh may be a periodic one.
    points : (n, d)
        Positions, length. The same on every rank; outside the mesh by at most the diameter of the
        nearest cell.

    Returns
    -------
    (n,) or (n, d)

    Raises
    ------
    InputError
        If a point is farther outside.
    """
    space = function.function_space
    return locate(space.mesh, points).values(space)(function)
