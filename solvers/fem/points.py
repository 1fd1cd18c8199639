"""Finite-element functions at any points, such as another code's cell centres or sensors.

Points are located once; values and gradients there are then sparse matrices applied to the
coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from solvers.fem.arguments import float_array
from solvers.fenics import MPI, basix, dolfinx, fem
from vcnn.errors import InputError


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

    def __call__(self, coefficients) -> np.ndarray:
        if isinstance(coefficients, fem.Function):
            coefficients = coefficients.x.array
        if np.shape(coefficients) != self.matrix.shape[1:]:
            raise InputError(
                f"coefficients: expected {self.matrix.shape[1]} numbers, got shape {np.shape(coefficients)}"
            )
        values = self.matrix @ coefficients
        self.comm.Allreduce(MPI.IN_PLACE, values)
        return values.reshape(self.shape)

    def transposed(self, fields) -> np.ndarray:
        """This rank's part of the transposed map: (n, ...) derivatives by the field -> those by
        coefficients.
        """
        return self.matrix.T @ np.ravel(fields)

    def tensor(self):
        """The matrix as a torch sparse CSR tensor: ``tensor @ coefficients`` can be differentiated."""
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
    count : int
        n, the number of points on all ranks.
    here : (k,) int
        The points that lie on this rank, ascending.
    cells : (k,) int
        Their cells.
    reference : (k, topological dimension)
        Their positions in the reference cell.
    """

    mesh: dolfinx.mesh.Mesh
    count: int
    here: np.ndarray
    cells: np.ndarray
    reference: np.ndarray

    def values(self, space) -> PointOperator:
        """Functions of ``space`` -> their values, (n,) or (n, components).

        Raises
        ------
        InputError
            If the space lives on another mesh or is not one of scalar or vector Lagrange elements.
        """
        self._check(space)
        basis = space.ufl_element().basix_element.tabulate(0, self.reference)[0, :, :, 0]
        return self._operator(space, basis[:, None], ())

    def gradients(self, space) -> PointOperator:
        """Functions of ``space`` -> their gradients, (n, d) or (n, components, d), last index that
        of ∂/∂x.

        On the border of two cells, where a gradient jumps, it is that of one of them.
        """
        self._check(space)
        slopes = space.ufl_element().basix_element.tabulate(1, self.reference)[1:, :, :, 0]
        _, jacobian = _mapped(self.mesh, self.cells, self.reference)
        basis = np.einsum("jkn,kji->kin", slopes, _inverse(jacobian))
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
        lengths[self.here] = n
        rows = np.append(0, np.cumsum(lengths))
        parts = data.flatten(), columns.flatten(), rows
        size = bs * (index_map.size_local + index_map.num_ghosts)
        components = (bs,) if space.num_sub_spaces else ()
        matrix = csr_array(parts, shape=(len(rows) - 1, size))
        matrix.sort_indices()  # torch wants them so
        return PointOperator(matrix, (self.count, *components, *tail), self.mesh.comm)


def locate(mesh, points, tolerance=1.0) -> LocatedPoints:
    """Find the cells of points, once for all functions on ``mesh``.

    Points that miss the mesh belong to its nearest cell, whose polynomials are continued to them:
    two meshes of one curved wall do not cover the same points.

    Parameters
    ----------
    mesh : dolfinx.mesh.Mesh
        May be a periodic one: its cells lie where those of the mesh it was made from do.
    points : (n, d)
        The same on every rank.
    tolerance : float
        How far outside a point may be, in diameters of the nearest cell.

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
    cells, reference, distance = _found(mesh, points)
    best = np.array(mesh.comm.allgather(distance))
    outside = np.flatnonzero(best.min(axis=0) > tolerance)
    if len(outside):
        first = ", ".join(f"{x:.6g}" for x in points[outside[0]])
        raise InputError(
            f"points: {len(outside)} of {len(points)} are outside the mesh by more than {tolerance:g} cells, "
            f"first is number {outside[0]}, ({first})"
        )
    here = np.flatnonzero(np.argmin(best, axis=0) == mesh.comm.rank)
    return LocatedPoints(mesh, len(points), here, cells[here], reference[here])


def evaluate(function, points) -> np.ndarray:
    """Values of a dolfinx Function at points, whole on every rank of MPI.

    For many functions or gradients at the same points, :func:`locate` them once.

    Parameters
    ----------
    function : dolfinx Function
        Scalar or of shape (d,); its mesh may be a periodic one.
    points : (n, d)
        The same on every rank; outside the mesh by at most the diameter of the nearest cell.

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


def _found(mesh, points):
    """Cells of this rank, reference positions in them, and how far points are outside them, in cell
    diameters.

    A point is sought in the cells whose bounding boxes hold it; only those that lie in none of
    these need the slower search for the nearest cell."""
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
    position, off = _pulled_back(mesh, boxes.array, points[point])
    inside = (_excess(mesh, position) < 1e-9) & (off < 1e-6 * mesh.h(tdim, boxes.array))
    cells[point[inside]] = boxes.array[inside]
    reference[point[inside]] = position[inside]
    distance[point[inside]] = 0

    rest = np.flatnonzero(distance > 0)
    middles = dolfinx.geometry.create_midpoint_tree(mesh, tdim, everywhere)
    cells[rest] = dolfinx.geometry.compute_closest_entity(tree, middles, mesh, x[rest])
    reference[rest], _ = _pulled_back(mesh, cells[rest], points[rest])
    gap = np.sqrt(dolfinx.geometry.squared_distance(mesh, tdim, cells[rest], x[rest]))
    reached = np.isfinite(reference[rest]).all(axis=1)
    distance[rest] = np.where(reached, gap / mesh.h(tdim, cells[rest]), np.inf)
    return cells, reference, distance


def _excess(mesh, reference):
    """How far reference positions are outside the reference cell."""
    beyond = np.concatenate([-reference, reference - 1], axis=1).max(axis=1)
    simplex = mesh.basix_cell() in (basix.CellType.triangle, basix.CellType.tetrahedron)
    return np.maximum(beyond, reference.sum(axis=1) - 1) if simplex else beyond


def _mapped(mesh, cells, reference):
    """Positions (k, d) of reference positions in cells, and the Jacobians (k, d, topological
    dimension) of the map.
    """
    element = mesh.ufl_domain().ufl_coordinate_element().basix_element
    corners = mesh.geometry.x[mesh.geometry.dofmap[cells], : mesh.geometry.dim]
    basis, *slopes = element.tabulate(1, reference)[..., 0]
    return np.einsum("kn,knd->kd", basis, corners), np.einsum("jkn,knd->kdj", slopes, corners)


def _inverse(jacobian):
    square = jacobian.shape[1] == jacobian.shape[2]
    return (
        np.linalg.inv(jacobian) if square else np.linalg.pinv(jacobian)
    )  # of a section: along its plane


def _pulled_back(mesh, cells, points):
    """Reference positions of points in cells by Newton's method, infinite where it does not
    converge; what is left.

    Of a section that is the distance to its plane, (k,).
    """
    tdim = mesh.topology.dim
    reference = np.full((len(points), tdim), 1 / (1 + tdim))
    for _ in range(12):
        positions, jacobian = _mapped(mesh, cells, reference)
        step = (_inverse(jacobian) @ (points - positions)[..., None])[..., 0]
        reference += step
        if np.abs(step).max(initial=0) < 1e-9:
            break
    settled = (np.abs(step) < 1e-9).all(axis=1, keepdims=True)
    left = points - _mapped(mesh, cells, reference)[0]
    return np.where(settled, reference, np.inf), np.linalg.norm(left, axis=1)
