"""Periodic meshes: the usual geometry under a topology in which pairs of boundaries are one.

Every function space on such a mesh is periodic by itself. Two things to keep in mind: a degree of
freedom on the seam has two positions, so it cannot be located by its coordinates; and output
belongs on the mesh with the ordinary topology."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from solvers.fem.mesh_facts import MeshFacts
from solvers.fenics import dolfinx, ufl
from vcnn.errors import InputError

_MATCH = 1e-3  # of the distance of vertices: how far a translate may be from its partner


@dataclass(frozen=True, eq=False)
class Seams:
    """Pairs of boundaries that are each other's translate, and what that makes one.

    Parameters
    ----------
    pairs : tuple of (str, str)
    periods : tuple of (d,)
        For each pair the vector from the first to the second.
    merged : (M,) int
        For each vertex of the mesh the one that stands for it once all pairs are one; itself where
        there are none.
    """

    pairs: tuple[tuple[str, str], ...]
    periods: tuple[np.ndarray, ...]
    merged: np.ndarray

    def __repr__(self) -> str:
        return f"Seams({', '.join(f'{left} = {right}' for left, right in self.pairs) or 'none'})"

    @property
    def distinct_periods(self) -> tuple[np.ndarray, ...]:
        """The periods, each once; of pairs that have the same one it is the first's."""
        distinct = []
        for period in self.periods:
            if not any(_same_period(period, other) for other in distinct):
                distinct.append(period)
        return tuple(distinct)

    def have_one_period(self, names: Iterable[str]) -> bool:
        """Whether the pairs whose first boundaries have these names share a period."""
        of_pair = {left: period for (left, _), period in zip(self.pairs, self.periods, strict=True)}
        first, *others = (of_pair[name] for name in names)
        return all(_same_period(first, period) for period in others)


def find_seams(facts: MeshFacts, pairs: Sequence[tuple[str, str]]) -> Seams:
    """Match the vertices of pairs of boundaries.

    Raises
    ------
    InputError
        If, of a pair, the second is not the first moved by one vector, to a thousandth of the
        distance of its vertices.
    """
    merged, periods = np.arange(len(facts.source.points), dtype=np.int64), []
    for left, right in pairs:
        ours, theirs, period = _match(facts, left, right)
        merged[theirs] = ours
        periods.append(period)
    # A corner of two pairs was sent along one period to a vertex that itself goes along the other.
    while not np.array_equal(merged, merged[merged]):
        merged = merged[merged]
    return Seams(tuple(pairs), tuple(periods), merged)


def _same_period(a, b) -> bool:
    return bool(np.linalg.norm(a - b) <= _MATCH * np.linalg.norm(a))


def _match(facts, left, right) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices of the left boundary, their partners on the right, and the vector between them."""
    points = facts.source.points
    a, b = facts.boundary_vertices(left), facts.boundary_vertices(right)
    if len(a) != len(b):
        raise InputError(
            f"periodic: boundary {left!r} has {len(a)} vertices, {right!r} has {len(b)}"
        )
    period = points[b].mean(axis=0) - points[a].mean(axis=0)
    tree = cKDTree(points[a])
    spacing = tree.query(points[a], k=2)[0][:, 1].min()
    distance, match = tree.query(points[b] - period)
    if distance.max() > _MATCH * spacing or len(np.unique(match)) < len(match):
        worst = points[b[np.argmax(distance)]]
        raise InputError(
            f"periodic: boundaries {left!r} and {right!r} do not match: moved back by "
            f"{_text(period)}, the vertex {_text(worst)} of {right!r} is {distance.max():.3g} from "
            f"the nearest one of {left!r}"
        )
    return a[match], b, period


def periodic_topology(
    parent: dolfinx.mesh.Mesh, facts: MeshFacts, seams: Seams
) -> dolfinx.mesh.Mesh:
    """A dolfinx mesh with, in each pair of boundaries, the second merged into the first.

    It has the same cells in the same order and the same geometry as ``parent``, which is the mesh
    itself.

    Raises
    ------
    InputError
        If there are fewer than three cells between a pair: two of them would share all their
        vertices.
    """
    cells = seams.merged[parent.geometry.input_global_indices[parent.geometry.dofmap]]
    topology = dolfinx.cpp.mesh.create_topology(
        parent.comm,
        [parent.topology.cell_type],
        [cells.ravel()],
        [parent.topology.original_cell_index],
        [[]],  # no ghost cells
        np.unique(cells),  # vertices that other ranks may share
        1,
    )
    cpp_mesh = dolfinx.cpp.mesh.Mesh_float64(parent.comm, topology, parent.geometry._cpp_object)
    mesh = dolfinx.mesh.Mesh(cpp_mesh, ufl.Mesh(parent.ufl_domain().ufl_coordinate_element()))
    merged = sum(len(f) for left, _ in seams.pairs for _, f in facts.boundaries[left])
    if _count_facets(mesh) != _count_facets(parent) - merged:
        between = " or ".join(f"between {left!r} and {right!r}" for left, right in seams.pairs)
        raise InputError(f"periodic: too few cells {between}, at least 3 are needed")
    return mesh


def _count_facets(mesh) -> int:
    mesh.topology.create_entities(mesh.topology.dim - 1)
    return mesh.topology.index_map(mesh.topology.dim - 1).size_global


def _text(vector) -> str:
    return "(" + ", ".join(f"{x:.6g}" for x in vector) + ")"
