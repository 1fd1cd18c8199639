"""Gradients of cell-centred fields on any mesh, by least squares over each cell's neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import meshio
import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from meshes.geometry.boundaries import named_facets
from meshes.geometry.cells import cell_centres
from meshes.geometry.facets import cells_at, shared_facets
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import cell_dimension

_SPAN = 1e-10  # least over largest eigenvalue of what a fit rests on; the sine of an angle, squared
_RINGS = 3  # of neighbours of neighbours that a cell may need


@dataclass(frozen=True, eq=False)
class GradientOperator:
    """What :func:`cell_gradient` does to any field on one mesh, found once.

    Parameters
    ----------
    shape : (int, int)
        N cells in d dimensions.
    start, end : (K,) int
        Cells between which differences are taken: from one to another that is near.
    at_walls : mapping boundary name -> (F,) int
        The cells at the facets of walls.
    matrix : (N d, K + all F) sparse
        Derivatives from these differences and, behind them, those to the walls.
    """

    shape: tuple[int, int]
    start: np.ndarray
    end: np.ndarray
    at_walls: Mapping[str, np.ndarray]
    matrix: csr_array

    @classmethod
    def of(
        cls, mesh: meshio.Mesh, periods: Sequence[ArrayLike] = (), walls: Iterable[str] = ()
    ) -> GradientOperator:
        """That of a mesh with ``periods`` (d,), of fields that are known at ``walls`` too.

        Raises
        ------
        InputError
            If there is no wall of one of the names, or a cell has too few neighbours to tell a
            gradient.
        """
        centres, walls = cell_centres(mesh), list(walls)
        facets = {name: named_facets(mesh, [name]) for name in walls}
        at_walls = {
            name: np.concatenate([cells_at(mesh, v) for v in blocks])
            for name, blocks in facets.items()
        }
        start, end, shift = _neighbours(mesh, periods)
        cells, steps = [start], [centres[end] + shift - centres[start]]
        for name, blocks in facets.items():
            middles = np.concatenate([mesh.points[v].mean(axis=1) for v in blocks])
            cells.append(at_walls[name])
            steps.append(middles - centres[at_walls[name]])
        normal = _normal_matrices(np.concatenate(cells), np.concatenate(steps), len(centres))
        own, other, farther = _farther_steps(mesh, centres, (start, end, shift), normal)
        cells, steps = np.concatenate([start, own, *cells[1:]]), [steps[0], farther, *steps[1:]]
        matrix = _solved(normal, cells, np.concatenate(steps))
        ends = np.append(end, other)
        return cls(centres.shape, np.append(start, own), ends, at_walls, matrix)

    def apply(
        self, values: ArrayLike, wall_values: Mapping[str, ArrayLike] | None = None
    ) -> np.ndarray:
        """(N, d, ...) the gradient of a field ``values`` (N, ...), as :func:`cell_gradient`.

        ``wall_values`` says what it is on walls, anything that broadcasts to (F, ...); by default
        it is 0 there.

        Raises
        ------
        InputError
            If there is not one value for each cell.
        """
        values, of_wall = np.asarray(values, dtype=float), wall_values or {}
        n, d = self.shape
        if len(values) != n:
            raise InputError(f"values: expected one for each of {n} cells, got {len(values)}")
        changes = [values[self.end] - values[self.start]]
        for name, cells in self.at_walls.items():
            at_wall = np.broadcast_to(of_wall.get(name, 0.0), (len(cells), *values.shape[1:]))
            changes.append(at_wall - values[cells])
        columns = np.concatenate(changes).reshape(self.matrix.shape[1], -1)
        return (self.matrix @ columns).reshape(n, d, *values.shape[1:])


def cell_gradient(
    mesh: meshio.Mesh,
    values: ArrayLike,
    periods: Sequence[ArrayLike] = (),
    wall_values: Mapping[str, ArrayLike] | None = None,
) -> np.ndarray:
    """Gradients of a field given at cell centres; exact for linear fields.

    Each cell fits a linear function to its face neighbours, weighted by the inverse square of their
    distance. Second-order accurate where neighbours lie symmetrically, first-order elsewhere. Where
    these neighbours and the walls do not span the space, as in a corner, theirs are added.
    In a section of space there is no derivative across it.

    Parameters
    ----------
    mesh : meshio.Mesh
    values : (N, ...)
        One value a cell.
    periods : sequence of (d,)
        Period vectors, length; outer facets that these map on one another make their cells
        neighbours.
    wall_values : mapping boundary name -> value, optional
        What the field is on walls, at their facets' middles; anything that broadcasts to (facets,
        ...).

    Returns
    -------
    (N, d, ...)
        ``gradient[n, i, ...]`` is the derivative of ``values[n, ...]`` along axis i.

    Raises
    ------
    InputError
        If there is not one value for each cell, no wall of one of the names, or a cell has too few
        neighbours to tell a gradient.
    """
    walls = wall_values or {}
    return GradientOperator.of(mesh, periods, walls).apply(values, walls)


def _normal_matrices(cells, dx, n) -> np.ndarray:
    """In each cell Σ w (dx·G − du)², w = 1/|dx|², is least: (Σ w dx⊗dx) G = Σ w dx du."""
    normal = np.zeros((n, dx.shape[1], dx.shape[1]))
    np.add.at(normal, cells, _weighted(dx)[:, :, None] * dx[:, None])
    return normal


def _solved(normal, cells, dx) -> csr_array:
    """What du of each step adds to G of its cell."""
    n, d = normal.shape[:2]
    # The pseudo-inverse leaves out the direction across a section.
    inverse = np.linalg.pinv(normal, hermitian=True)[cells]
    shares = np.einsum("kij,kj->ki", inverse, _weighted(dx))
    rows, columns = cells[:, None] * d + np.arange(d), np.repeat(np.arange(len(cells)), d)
    return csr_array((shares.ravel(), (rows.ravel(), columns)), shape=(n * d, len(cells)))


def _weighted(dx):
    return dx / np.sum(dx**2, axis=1, keepdims=True)


def _farther_steps(mesh, centres, steps, normal):
    """From cells whose neighbours and walls do not span the space, to neighbours of neighbours.

    Returns (from, to, dx); what they add is added to the normal matrices.
    """
    start, end, shift = steps
    lacking, rings = ~_spans(normal, mesh), [(start[:0], end[:0], centres[:0])]
    pairs = (start[lacking[start]], end[lacking[start]], shift[lacking[start]])
    for _ in range(_RINGS):
        if not lacking.any():
            break
        pairs = _next_ring(pairs, steps)
        own, other, step = (array[lacking[pairs[0]]] for array in pairs)
        dx = centres[other] + step - centres[own]
        apart = np.linalg.norm(dx, axis=1) > 0  # the way back leads to the cell itself
        rings.append((own[apart], other[apart], dx[apart]))
        normal += _normal_matrices(own[apart], dx[apart], len(centres))
        lacking = ~_spans(normal, mesh)
    if lacking.any():
        raise InputError(
            f"mesh: {lacking.sum()} of {len(centres)} cells have too few neighbours for a "
            f"gradient, first cell {np.argmax(lacking)}; they lie in one row or layer without "
            "walls or periods"
        )
    return map(np.concatenate, zip(*rings, strict=True))


def _spans(normal, mesh) -> np.ndarray:
    """(N,) whether the steps from a cell span the space or plane that the mesh lies in."""
    sizes = np.linalg.eigvalsh(normal)
    return sizes[:, -cell_dimension(mesh)] > _SPAN * sizes[:, -1]


def _next_ring(pairs, steps):
    """From each cell to the neighbours of those that it has got to; pairs are (from, to, shift)."""
    own, reached, moved = pairs
    start, end, shift = steps
    order = np.argsort(start, kind="stable")
    first = np.searchsorted(start[order], reached)
    count = np.searchsorted(start[order], reached, side="right") - first
    from_pair = np.repeat(np.arange(len(own)), count)
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    onward = order[np.repeat(first, count) + place]
    return own[from_pair], end[onward], moved[from_pair] + shift[onward]


def strain_rate(flow: FlowField, walls: Iterable[str] = ()) -> np.ndarray:
    """|S| = √2 |sym ∇u| of a cell-centred flow that sticks to the named walls.

    Parameters
    ----------
    flow : FlowField
        At the cells of its mesh.
    walls : sequence of str
        Names of the boundaries where the velocity is 0.

    Returns
    -------
    (N,)
        1/time.

    Raises
    ------
    InputError
        If the flow is not cell-centred, or a cell has too few neighbours to tell a gradient.
    """
    if flow.location != "cell":
        raise InputError("strain_rate: needs a flow at cell centres of a mesh")
    gradient = cell_gradient(flow.mesh, flow.velocity, flow.periods, dict.fromkeys(walls, 0.0))
    return strain_magnitude(gradient)


def strain_magnitude(gradient: np.ndarray) -> np.ndarray:
    """|S| = √2 |sym ∇u| (n,) of velocity gradients (n, d, d), 1/time."""
    symmetric = (gradient + gradient.swapaxes(1, 2)) / 2
    return np.sqrt(2) * np.linalg.norm(symmetric, axis=(1, 2))


def _neighbours(mesh, periods):
    """Each cell, one of its neighbours, and how that one must be moved to lie next to it."""
    inner, outer, corners = shared_facets(mesh)
    starts, ends = [inner[:, 0], inner[:, 1]], [inner[:, 1], inner[:, 0]]
    shift = [np.zeros((2 * len(inner), mesh.points.shape[1]))]
    middles = np.array([mesh.points[v].mean(axis=0) for v in corners])
    size = np.array(
        [np.linalg.norm(mesh.points[v[0]] - m) for v, m in zip(corners, middles, strict=True)]
    )
    for period in np.asarray(periods, dtype=float):
        gap, match = cKDTree(middles).query(middles + period)
        paired = gap < 0.1 * size
        start, end = outer[paired], outer[match[paired]]
        starts += [start, end]
        ends += [end, start]
        shift += [np.tile(-period, (len(start), 1)), np.tile(period, (len(start), 1))]
    return np.concatenate(starts), np.concatenate(ends), np.concatenate(shift)
