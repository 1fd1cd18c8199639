"""The domain of a problem: a meshio mesh turned into dolfinx meshes, and the way back to its
numbering.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import meshio
import numpy as np

from meshes.geometry.wall_distance import wall_distance
from solvers.fem.arguments import called, float_array, names_of
from solvers.fem.mesh_checks import CELLS, cells_of, check_cells, check_connected, check_names
from solvers.fem.periodicity import periodic_topology, periodic_vertices
from solvers.fenics import MPI, basix, dolfinx, fem, ufl
from vcnn.errors import InputError
from vcnn.flow.mesh import boundary_facets, plane_normal


@dataclass(frozen=True, eq=False)
class Domain:
    """A mesh to solve on, distributed over the ranks of MPI, with its boundaries and periods.

    Cells have straight sides. Along a curved boundary their edges are chords, and so are the nodes
    in their middles: quadratic elements then converge with order 2, on straight boundaries with
    order 3.

    Parameters
    ----------
    source : meshio.Mesh
        The mesh as it was given, whole on every rank; its numbering is that of all results.
    parent : dolfinx.mesh.Mesh
        The same mesh, for output.
    mesh : dolfinx.mesh.Mesh
        The mesh to solve on: periodic if there are ``periods``, else ``parent``. Cells as in
        ``parent``.
    facets : mapping boundary name -> (k,) int
        Facets of ``mesh`` on this rank that lie on each boundary; together they are all its
        exterior facets.
    walls : tuple of str
        Which of these boundaries are walls.
    periodic : tuple of (str, str)
        Pairs of boundaries that were merged.
    periods : tuple of (d,)
        For each pair the vector from the first to the second.
    """

    source: meshio.Mesh
    parent: dolfinx.mesh.Mesh
    mesh: dolfinx.mesh.Mesh
    facets: Mapping[str, np.ndarray]
    walls: tuple[str, ...]
    periodic: tuple[tuple[str, str], ...]
    periods: tuple[np.ndarray, ...]

    def count_cells(self) -> int:
        """Of the whole mesh, on all ranks."""
        return self.mesh.topology.index_map(self.mesh.topology.dim).size_global

    @property
    def period(self) -> np.ndarray | None:
        """(d,), the first period, or None."""
        return self.periods[0] if self.periods else None

    @property
    def dimension(self) -> int:
        return self.mesh.geometry.dim

    @cached_property
    def normal(self) -> np.ndarray | None:
        """(3,), a unit vector of either sign across a plane mesh in space, or None."""
        return plane_normal(self.source)

    @property
    def wall_facets(self) -> np.ndarray:
        """(k,) int, facets of ``mesh`` on this rank that lie on any wall."""
        return np.unique(
            np.concatenate(
                [np.empty(0, dtype=np.int32), *(self.facets[name] for name in self.walls)]
            )
        )

    @property
    def cells(self) -> np.ndarray:
        """(n,) int, the cells on this rank."""
        return np.arange(
            self.mesh.topology.index_map(self.mesh.topology.dim).size_local, dtype=np.int32
        )

    @property
    def nodes(self) -> int:
        """k, how many nodes a cell of quadratic elements has."""
        return basix.ufl.element("Lagrange", self.mesh.basix_cell(), 2).dim

    @property
    def vertices(self) -> np.ndarray:
        """(n, k) int, vertices of this rank's cells, numbered as in ``source``, each cell in
        dolfinx's order.
        """
        return _vertices(self.parent)

    @cached_property
    def places(self) -> dict:
        """Of each location that was asked for: what :mod:`solvers.fem.sampling` knows of points,
        which do not move.
        """
        return {}

    def wall_dofs(self, space) -> np.ndarray:
        """Degrees of freedom of ``space`` (or of a pair of spaces) on the walls."""
        return fem.locate_dofs_topological(space, self.mesh.topology.dim - 1, self.wall_facets)

    def boundary_dofs(self, space, name) -> np.ndarray:
        """Degrees of freedom of ``space`` (or of a pair of spaces) on one boundary."""
        return fem.locate_dofs_topological(space, self.mesh.topology.dim - 1, self.facets[name])

    def ds(self, names) -> ufl.Measure:
        """The UFL measure of the named boundaries together; measures of others may be in the same
        form.
        """
        numbers = dict(zip(self.facets, range(1, len(self.facets) + 1), strict=True))
        return self._boundaries(
            tuple(numbers[name] for name in names) or (0,)
        )  # no facet has the number 0

    @cached_property
    def _boundaries(self) -> ufl.Measure:
        """All named boundaries, numbered from 1 on."""
        facets = np.concatenate([np.empty(0, dtype=np.int32), *self.facets.values()])
        numbers = np.repeat(
            np.arange(1, len(self.facets) + 1, dtype=np.int32),
            [len(f) for f in self.facets.values()],
        )
        order = np.argsort(facets)
        marked = dolfinx.mesh.meshtags(
            self.mesh, self.mesh.topology.dim - 1, facets[order], numbers[order]
        )
        return ufl.Measure(
            "ds", self.mesh, subdomain_data=marked, metadata={"quadrature_degree": 5}
        )

    @cached_property
    def volume(self) -> float:
        """∫ dx."""
        return self.integral(1.0)

    def integral(self, integrand) -> float:
        """∫ integrand dx over the whole domain, for a scalar UFL expression."""
        return self.total(integrand * ufl.dx(self.mesh))

    def boundary_integral(self, integrand, name) -> float:
        """∫ integrand ds over one boundary, for a scalar UFL expression."""
        return self.total(integrand * self.ds([name]))

    def total(self, form) -> float:
        """The value of a UFL form without arguments over the whole domain."""
        return self.mesh.comm.allreduce(fem.assemble_scalar(fem.form(form)))

    def at_cells(self, values) -> np.ndarray:
        """Values (n, ...) of the cells on this rank -> values (N, ...) of all cells of ``source``."""
        return self._gathered(self.mesh.topology.original_cell_index, values, self._count_cells())

    def at_vertices(self, values) -> np.ndarray:
        """Values (n, k, ...) at the ``vertices`` on this rank -> values (M, ...) at
        ``source.points``.
        """
        values = values.reshape(-1, *values.shape[2:])
        return self._gathered(self.vertices.ravel(), values, len(self.source.points))

    def function(self, values, location, name) -> fem.Function:
        """Values at the vertices (M, ...) or cells (N, ...) of ``source`` as a Function on
        ``mesh``.

        It is linear between vertices (``location="vertex"``) or constant in each cell (``"cell"``).
        Or quadratic (``"node"``): then there are values (N k, ...) at the k nodes of each cell in
        its own order, which up to degree 2 depends on the cell's own vertices only.

        Raises
        ------
        InputError
            If the number of values is another one.
        """
        family, here = self.places_of(location)
        count = (
            len(self.source.points) if location == "vertex" else self._count_cells() * here.shape[1]
        )
        expected = f"{count} values, one for each {location}"
        values = float_array(values, name, expected)
        if values.ndim == 0 or len(values) != count:
            raise InputError(
                f"{name}: expected {expected}, got {len(values) if values.ndim else values}"
            )
        function = fem.Function(
            fem.functionspace(self.mesh, (*family, values.shape[1:])), name=name
        )
        function.x.array.reshape(-1, *values.shape[1:])[function.function_space.dofmap.list] = (
            values[here]
        )
        return function

    def values(self, function, location) -> np.ndarray:
        """Inverse of :meth:`function`."""
        values = function.x.array.reshape(-1, *function.ufl_shape)[
            function.function_space.dofmap.list[self.cells]
        ]
        if location == "vertex":
            return self.at_vertices(values)
        return self.at_cells(values).reshape(-1, *function.ufl_shape)

    def places_of(self, location):
        """The element of a location, and the numbers of its values in each cell on this rank,
        ghosts included.
        """
        if location == "vertex":
            return ("Lagrange", 1), self.vertices
        family, nodes = (("DG", 0), 1) if location == "cell" else (("Lagrange", 2), self.nodes)
        return family, self.mesh.topology.original_cell_index[:, None] * nodes + np.arange(nodes)

    def wall_distance(self) -> fem.Function:
        """Exact distance to the nearest wall, at the nodes of quadratic elements."""
        distance = fem.Function(fem.functionspace(self.mesh, ("Lagrange", 2)))
        distance.interpolate(
            lambda x: wall_distance(self.source, x[: self.dimension].T, self.walls, self.periods)
        )
        return distance

    def interpolated(self, space, value, name) -> fem.Function:
        """A Function of ``space`` from a callable of positions (d, k), values at the vertices, or a
        constant.

        Raises
        ------
        InputError
            If the values are no numbers or have another shape than the space, or the callable
            fails.
        """
        function, shape = fem.Function(space), tuple(space.value_shape)
        if callable(value):
            values = lambda x: called(value, x[: self.dimension], name)
            some = self.source.points[:3].T
            got, expected = values(some).shape, (*shape, some.shape[1])
        else:
            given = float_array(value, name, f"a callable or values of shape {shape}")
            got, expected = given.shape, shape
            values = lambda x: np.broadcast_to(given.reshape(*shape, 1), (*shape, x.shape[1]))
            if got == (len(self.source.points), *shape):
                expected, values = got, self.function(given, "vertex", name)
        if got != expected:
            raise InputError(f"{name}: expected values of shape {expected}, got {got}")
        function.interpolate(values)
        return function

    def profile(self, space, value, boundary, name) -> fem.Function:
        """As :meth:`interpolated`, for a boundary.

        Raises
        ------
        InputError
            As there, and if there are NaN or infinite values on the boundary.
        """
        function = self.interpolated(space, value, name)
        there = function.x.array.reshape(-1, space.dofmap.bs)[self.boundary_dofs(space, boundary)]
        if self.mesh.comm.allreduce(int(not np.isfinite(there).all())):
            raise InputError(f"{name}: holds NaN or infinite values")
        return function

    def _count_cells(self) -> int:
        return self.mesh.topology.index_map(self.mesh.topology.dim).size_global

    def _gathered(self, index, values, count) -> np.ndarray:
        everything = np.empty((count, *values.shape[1:]))
        for i, v in self.mesh.comm.allgather((index, values)):
            everything[i] = v
        return everything


def build_domain(mesh, walls, periodic=None, comm=MPI.COMM_WORLD, openings=()) -> Domain:
    """Prepare a mesh for solving on all ranks of ``comm``, each of which passes the same mesh.

    Parameters
    ----------
    mesh : meshio.Mesh
        Linear cells of one type: triangles or quadrilaterals (points (M, 2)), tetrahedra or
        hexahedra (M, 3). Or triangles or quadrilaterals with points (M, 3) in one plane, a section:
        vectors on it have three components, and nothing changes across it.
    walls : sequence of str
        Names of the boundaries that are walls.
    periodic : (str, str) or sequence of these, optional
        Names of two boundaries, the second of which is the first one moved by a period; in several
        directions.
    openings : sequence of str
        Names of all other boundaries.

    Raises
    ------
    InputError
        If a name is not in the mesh, a boundary is left out or given twice, the periodic ones do
        not match, or the mesh has cells of several types, inverted or unconnected cells, stray
        points or hanging vertices.
    """
    pairs = _pairs(periodic)
    walls, openings = names_of(walls, "walls"), names_of(openings, "openings")
    solid, seams = (*walls, *openings), tuple(name for pair in pairs for name in pair)
    kind, cells = cells_of(mesh)
    check_names(mesh, [*solid, *seams])
    check_connected(mesh, cells, pairs)
    parent = _distributed(mesh, kind, cells, comm)
    check_cells(parent, plane_normal(mesh))
    solved = periodic_topology(parent, mesh, pairs) if pairs else parent
    facets = _named_facets(parent, mesh, (*solid, *seams))
    if pairs:
        facets = _named_facets(solved, mesh, solid)
    periods = tuple(periodic_vertices(mesh, *pair)[2] for pair in pairs)
    return Domain(
        mesh, parent, solved, {name: facets[name] for name in solid}, walls, pairs, periods
    )


def _pairs(periodic) -> tuple[tuple[str, str], ...]:
    periodic = tuple(periodic or ())
    pairs = (
        (periodic,)
        if any(isinstance(item, str) for item in periodic)
        else tuple(map(tuple, periodic))
    )
    for pair in pairs:
        if len(pair) != 2:
            raise InputError(f"periodic: expected the names of two boundaries, got {pair}")
    return pairs


def _distributed(mesh, name, cells, comm):
    """The dolfinx mesh; every rank reads an equal part of the cells and points, dolfinx deals them
    out.
    """
    kind = dolfinx.mesh.to_type(CELLS[name])
    cells = cells[:, dolfinx.cpp.io.perm_vtk(kind, cells.shape[1])]
    mine = lambda array: np.array_split(array, comm.size)[comm.rank]
    element = basix.ufl.element("Lagrange", CELLS[name], 1, shape=mesh.points.shape[1:])
    return dolfinx.mesh.create_mesh(
        comm, mine(cells), element, mine(np.asarray(mesh.points, dtype=float))
    )


def _named_facets(mesh, source, names) -> dict[str, np.ndarray]:
    """Exterior facets of ``mesh`` on this rank by the name of their boundary in ``source``."""
    tdim = mesh.topology.dim
    mesh.topology.create_connectivity(tdim - 1, tdim)
    mesh.topology.create_connectivity(tdim, tdim - 1)
    facets = dolfinx.mesh.exterior_facet_indices(mesh.topology)
    nodes = dolfinx.mesh.entities_to_geometry(mesh, tdim - 1, facets)
    vertices = mesh.geometry.input_global_indices[nodes]
    named = boundary_facets(source)
    name_of = {
        frozenset(facet): name
        for name in names
        for _, block in named[name]
        for facet in block.tolist()
    }
    found = np.array(
        [name_of.get(frozenset(facet), "") for facet in vertices.tolist()], dtype=object
    )
    unnamed = mesh.comm.allgather(
        [source.points[facet].mean(axis=0) for facet in vertices[found == ""]]
    )
    unnamed = [place for places in unnamed for place in places]
    if unnamed:
        where = ", ".join(f"{x:.4g}" for x in unnamed[0])
        raise InputError(
            f"mesh: {len(unnamed)} facets on its outside belong to no named boundary, first at ({where}): "
            "a boundary without a name, a hanging vertex or duplicated points"
        )
    if (missing := len(name_of) - mesh.comm.allreduce(len(facets))) > 0:
        raise InputError(f"mesh: {missing} facets of its named boundaries are not on its outside")
    return {name: facets[found == name] for name in names}


def _vertices(mesh) -> np.ndarray:
    return mesh.geometry.input_global_indices[mesh.geometry.dofmap]
