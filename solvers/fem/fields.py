"""Arrays in the numbering of the mesh that was given, as functions on a domain, and back.

Values have a location: the vertices of the mesh (``"vertex"``), its cells (``"cell"``), or the
nodes of quadratic elements, cell by cell (``"node"``). Arrays are whole on every rank of MPI,
functions are distributed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from meshes.geometry.wall_distance import wall_distance
from solvers.fem.arguments import call_at
from solvers.fem.domain import Domain
from solvers.fenics import basix, fem
from vcnn.errors import InputError
from vcnn.flow.arrays import float_array


def nodes_per_cell(domain: Domain) -> int:
    """k, how many nodes a cell of quadratic elements has."""
    return basix.ufl.element("Lagrange", domain.mesh.basix_cell(), 2).dim


def cell_vertices(domain: Domain) -> np.ndarray:
    """(n, k) int, vertices of this rank's cells, each cell's in dolfinx's order.

    They are numbered as in ``domain.source``; ghost cells come last.
    """
    return domain.parent.geometry.input_global_indices[domain.parent.geometry.dofmap]


def value_layout(domain: Domain, location: str) -> tuple[tuple[str, int], np.ndarray]:
    """The element of a location, and the numbers (n, k) of its values in each cell on this rank.

    Ghost cells are included.
    """
    if location == "vertex":
        return ("Lagrange", 1), cell_vertices(domain)
    if location == "cell":
        element, nodes = ("DG", 0), 1
    else:
        element, nodes = ("Lagrange", 2), nodes_per_cell(domain)
    cells = domain.mesh.topology.original_cell_index[:, None]
    return element, cells * nodes + np.arange(nodes)


def function_from(domain: Domain, values: np.ndarray, location: str, name: str) -> fem.Function:
    """Values at a location as a Function on ``domain.mesh``.

    Parameters
    ----------
    domain : Domain
    values : (M, ...), (N, ...) or (N k, ...)
        At the M vertices of ``domain.source``: the function is linear between them. At its N cells:
        it is constant in each. At the k nodes of each cell, in the order of its own nodes, which up
        to degree 2 depends on the cell's own vertices only: it is quadratic.
    location : {"vertex", "cell", "node"}
    name : str
        Of the function, and for messages.

    Raises
    ------
    InputError
        If they are no numbers, or the number of values is another one.
    """
    element, numbers = value_layout(domain, location)
    count = len(domain.source.points)
    if location != "vertex":
        count = domain.count_cells() * numbers.shape[1]
    expected = f"{count} values, one for each {location}"
    values = float_array(values, name, expected)
    if values.ndim == 0 or len(values) != count:
        raise InputError(
            f"{name}: expected {expected}, got {len(values) if values.ndim else values}"
        )
    function = fem.Function(fem.functionspace(domain.mesh, (*element, values.shape[1:])), name=name)
    dofs = function.function_space.dofmap.list
    function.x.array.reshape(-1, *values.shape[1:])[dofs] = values[numbers]
    return function


def values_of(domain: Domain, function: fem.Function, location: str) -> np.ndarray:
    """Inverse of :func:`function_from`."""
    dofs = function.function_space.dofmap.list[domain.cells]
    values = function.x.array.reshape(-1, *function.ufl_shape)[dofs]
    if location == "vertex":
        return gather_vertices(domain, values)
    return gather_cells(domain, values).reshape(-1, *function.ufl_shape)


def gather_cells(domain: Domain, values: np.ndarray) -> np.ndarray:
    """Values (n, ...) of the cells on this rank -> values (N, ...) of all cells of the source."""
    return _gather(domain, domain.mesh.topology.original_cell_index, values, domain.count_cells())


def gather_vertices(domain: Domain, values: np.ndarray) -> np.ndarray:
    """Values (n, k, ...) at the :func:`cell_vertices` -> values (M, ...) at the source's points."""
    values = values.reshape(-1, *values.shape[2:])
    return _gather(domain, cell_vertices(domain).ravel(), values, len(domain.source.points))


def wall_distance_function(domain: Domain) -> fem.Function:
    """Exact distance to the nearest wall, at the nodes of quadratic elements."""

    def distance(x):
        points = x[: domain.dimension].T
        return wall_distance(domain.source, points, domain.walls, domain.periods)

    function = fem.Function(fem.functionspace(domain.mesh, ("Lagrange", 2)))
    function.interpolate(distance)
    return function


def interpolate(
    domain: Domain, space: fem.FunctionSpace, value: Callable | np.ndarray | float, name: str
) -> fem.Function:
    """A Function of a space from a callable of positions (d, k), values at vertices, or a constant.

    Parameters
    ----------
    domain : Domain
    space : dolfinx FunctionSpace
    value : callable, (M, ...) array or constant
    name : str
        For messages.

    Raises
    ------
    InputError
        If the values are no numbers or have another shape than the space, or the callable fails.
    """
    function, shape, hint = fem.Function(space), tuple(space.value_shape), ""
    if callable(value):
        hint = f"; positions come as ({domain.dimension}, n), one column a point"
        some = domain.source.points[:3].T
        got, expected = call_at(value, some, name).shape, (*shape, some.shape[1])

        def values(x):
            return call_at(value, x[: domain.dimension], name)

    else:
        array = float_array(value, name, f"a callable or values of shape {shape}")
        got, expected = array.shape, shape

        def values(x):
            return np.broadcast_to(array.reshape(*shape, 1), (*shape, x.shape[1]))

        if got == (len(domain.source.points), *shape):
            expected, values = got, function_from(domain, array, "vertex", name)
    if got != expected:
        raise InputError(f"{name}: expected values of shape {expected}, got {got}{hint}")
    function.interpolate(values)
    return function


def interpolate_on_boundary(
    domain: Domain,
    space: fem.FunctionSpace,
    value: Callable | np.ndarray | float,
    *,
    boundary: str,
    name: str,
) -> fem.Function:
    """As :func:`interpolate`, for a boundary: only there the values must be finite.

    Raises
    ------
    InputError
        As :func:`interpolate`, or if there are NaN or infinite values on the boundary.
    """
    function = interpolate(domain, space, value, name)
    dofs = domain.boundary_dofs(space, boundary)
    finite = np.isfinite(function.x.array.reshape(-1, space.dofmap.bs)[dofs]).all()
    if domain.comm.allreduce(int(not finite)):
        raise InputError(f"{name}: holds NaN or infinite values")
    return function


def _gather(domain, numbers, values, count) -> np.ndarray:
    everything = np.empty((count, *values.shape[1:]))
    for index, part in domain.comm.allgather((numbers, values)):
        everything[index] = part
    return everything
