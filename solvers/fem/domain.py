"""The domain of a problem: a mesh as dolfinx holds it, with boundaries, periods and measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import meshio
import numpy as np

from solvers.fem.communicator import communicator
from solvers.fem.mesh_facts import MeshFacts
from solvers.fem.periodicity import Seams
from solvers.fenics import MPI, Expr, dolfinx, fem, ufl

# A space, or a part of a mixed space with its collapsed one.
Space = fem.FunctionSpace | tuple[fem.FunctionSpace, fem.FunctionSpace]


@dataclass(frozen=True, eq=False)
class Domain:
    """A mesh to solve on, distributed over the ranks of MPI, with its boundaries and periods.

    Made by ``solvers.fem.build.build_domain``; ``solvers.fem.fields`` takes arrays in the
    numbering of the mesh that was given to functions on the domain, and back.

    Cells have straight sides. Along a curved boundary their edges are chords, and so are the nodes
    in their middles: quadratic elements then converge with order 2, on straight boundaries with
    order 3.

    Parameters
    ----------
    facts : MeshFacts
        The mesh as it was given, whole on every rank; its numbering is that of all results.
    seams : Seams
        Pairs of boundaries that are one.
    parent : dolfinx.mesh.Mesh
        The same mesh, for output.
    mesh : dolfinx.mesh.Mesh
        The mesh to solve on: periodic if there are seams, else ``parent``. Cells as in ``parent``.
    facets : mapping boundary name -> (k,) int
        Facets of ``mesh`` on this rank that lie on each boundary; together they are all its
        exterior facets.
    walls : tuple of str
        Which of these boundaries are walls.
    """

    facts: MeshFacts
    seams: Seams
    parent: dolfinx.mesh.Mesh
    mesh: dolfinx.mesh.Mesh
    facets: Mapping[str, np.ndarray]
    walls: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Domain({self.facts!r}, walls: {', '.join(self.walls) or 'none'})"

    @cached_property
    def comm(self) -> MPI.Comm:
        """What the ranks of the mesh talk through; it outlives the mesh."""
        return communicator(self.mesh)

    @property
    def source(self) -> meshio.Mesh:
        """The mesh as it was given."""
        return self.facts.source

    @property
    def periodic(self) -> tuple[tuple[str, str], ...]:
        """Pairs of boundaries that are one."""
        return self.seams.pairs

    @property
    def periods(self) -> tuple[np.ndarray, ...]:
        """(d,) period vectors, from the first boundary of a pair to its second.

        Pairs that are parts of one seam share theirs.
        """
        return self.seams.distinct_periods

    def count_cells(self) -> int:
        """Of the whole mesh, on all ranks."""
        return self.mesh.topology.index_map(self.mesh.topology.dim).size_global

    @property
    def period(self) -> np.ndarray | None:
        """(d,), the first period, or None."""
        return self.periods[0] if self.periods else None

    @property
    def dimension(self) -> int:
        """d, of positions and velocities."""
        return self.facts.dimension

    @property
    def normal(self) -> np.ndarray | None:
        """(3,), a unit vector of either sign across a plane mesh in space, or None."""
        return self.facts.normal

    @property
    def cells(self) -> np.ndarray:
        """(n,) int, the cells on this rank."""
        return np.arange(
            self.mesh.topology.index_map(self.mesh.topology.dim).size_local, dtype=np.int32
        )

    @property
    def wall_facets(self) -> np.ndarray:
        """(k,) int, facets of ``mesh`` on this rank that lie on any wall."""
        return np.unique(
            np.concatenate(
                [np.empty(0, dtype=np.int32), *(self.facets[name] for name in self.walls)]
            )
        )

    def wall_dofs(self, space: Space) -> np.ndarray | list[np.ndarray]:
        """Degrees of freedom (k,) of ``space`` (or of a pair of spaces) on the walls."""
        return fem.locate_dofs_topological(space, self.mesh.topology.dim - 1, self.wall_facets)

    def boundary_dofs(self, space: Space, name: str) -> np.ndarray | list[np.ndarray]:
        """Degrees of freedom (k,) of ``space`` (or of a pair of spaces) on boundary ``name``."""
        return fem.locate_dofs_topological(space, self.mesh.topology.dim - 1, self.facets[name])

    def ds(self, names: Iterable[str]) -> ufl.Measure:
        """The UFL measure of boundaries ``names`` together.

        Measures of others may be in the same form.
        """
        numbers = dict(zip(self.facets, range(1, len(self.facets) + 1), strict=True))
        chosen = tuple(numbers[name] for name in names)
        return self._boundary_measure(chosen or (0,))  # no facet has the number 0

    @cached_property
    def _boundary_measure(self) -> ufl.Measure:
        """Of all named boundaries, numbered from 1 on."""
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

    def integral(self, integrand: Expr | float) -> float:
        """∫ integrand dx over the whole domain, for a scalar UFL expression."""
        return self.total(integrand * ufl.dx(self.mesh))

    def boundary_integral(self, integrand: Expr | float, name: str) -> float:
        """∫ integrand ds over the boundary ``name``, for a scalar UFL expression."""
        return self.total(integrand * self.ds([name]))

    def total(self, form: ufl.Form) -> float:
        """The value of a UFL form without arguments over the whole domain."""
        return self.comm.allreduce(fem.assemble_scalar(fem.form(form)))
