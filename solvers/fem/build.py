"""A meshio mesh turned into the domain of a problem."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import meshio
import numpy as np

from solvers.fem.arguments import boundary_names
from solvers.fem.communicator import communicator
from solvers.fem.domain import Domain
from solvers.fem.mesh_checks import check_cells, check_connected, check_names
from solvers.fem.mesh_facts import CELLS, MeshFacts, mesh_facts
from solvers.fem.periodicity import find_seams, periodic_topology
from solvers.fenics import MPI, basix, dolfinx
from vcnn.errors import InputError


def build_domain(
    mesh: meshio.Mesh | MeshFacts,
    walls: Sequence[str],
    periodic: Sequence | None = None,
    comm: MPI.Comm = MPI.COMM_WORLD,
    openings: Sequence[str] = (),
) -> Domain:
    """Prepare a mesh for solving on all ranks of ``comm``, each of which passes the same mesh.

    Parameters
    ----------
    mesh : meshio.Mesh or MeshFacts
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
        not match, or the mesh has cells of several types, inverted, overlapping or unconnected
        cells, or hanging vertices.
    """
    pairs = _pairs(periodic)
    walls, openings = boundary_names(walls, "walls"), boundary_names(openings, "openings")
    solid, ends = (*walls, *openings), tuple(name for pair in pairs for name in pair)
    facts = mesh if isinstance(mesh, MeshFacts) else mesh_facts(mesh)
    check_names(facts, [*solid, *ends])
    seams = find_seams(facts, pairs)
    check_connected(facts, seams)
    parent = _distribute(facts, comm)
    check_cells(parent, facts)
    solved = periodic_topology(parent, facts, seams) if pairs else parent
    facets = named_facets(parent, facts, (*solid, *ends))  # every outer one must have a name
    if pairs:
        facets = named_facets(solved, facts, solid)
    return Domain(facts, seams, parent, solved, {name: facets[name] for name in solid}, walls)


def _pairs(periodic) -> tuple[tuple[str, str], ...]:
    periodic = tuple(periodic or ())
    one = any(isinstance(item, str) for item in periodic)
    pairs = (periodic,) if one else tuple(map(tuple, periodic))
    for pair in pairs:
        if len(pair) != 2:
            raise InputError(f"periodic: expected the names of two boundaries, got {pair}")
    return pairs


def _distribute(facts, comm) -> dolfinx.mesh.Mesh:
    """The dolfinx mesh: every rank reads an equal part of it, and dolfinx deals the cells out."""

    def part(array: np.ndarray) -> np.ndarray:
        """This rank's."""
        return np.array_split(array, comm.size)[comm.rank]

    kind = dolfinx.mesh.to_type(CELLS[facts.kind])
    cells = facts.cells[:, dolfinx.cpp.io.perm_vtk(kind, facts.cells.shape[1])]
    points = np.asarray(facts.source.points, dtype=float)
    element = basix.ufl.element("Lagrange", CELLS[facts.kind], 1, shape=points.shape[1:])
    return dolfinx.mesh.create_mesh(comm, part(cells), element, part(points))


def named_facets(
    mesh: dolfinx.mesh.Mesh, facts: MeshFacts, names: Iterable[str]
) -> dict[str, np.ndarray]:
    """Exterior facets of a dolfinx mesh on this rank, by the name of their boundary.

    Raises
    ------
    InputError
        If an exterior facet has none of these names, or one of them is on a facet inside.
    """
    tdim, points = mesh.topology.dim, facts.source.points
    mesh.topology.create_connectivity(tdim - 1, tdim)
    mesh.topology.create_connectivity(tdim, tdim - 1)
    facets = dolfinx.mesh.exterior_facet_indices(mesh.topology)
    nodes = dolfinx.mesh.entities_to_geometry(mesh, tdim - 1, facets)
    vertices = mesh.geometry.input_global_indices[nodes]
    name_of = {}
    for name in names:
        for _, block in facts.boundaries[name]:
            name_of |= {frozenset(facet): name for facet in block.tolist()}
    boundary = np.array([name_of.get(frozenset(f), "") for f in vertices.tolist()], dtype=object)
    middles = [points[facet].mean(axis=0) for facet in vertices[boundary == ""]]
    unnamed = [place for places in communicator(mesh).allgather(middles) for place in places]
    if unnamed:
        where = ", ".join(f"{x:.4g}" for x in unnamed[0])
        raise InputError(
            f"mesh: {len(unnamed)} facets on its outside belong to no named boundary, first at "
            f"({where}): a boundary without a name, a hanging vertex or duplicated points"
        )
    if (missing := len(name_of) - communicator(mesh).allreduce(len(facets))) > 0:
        raise InputError(f"mesh: {missing} facets of its named boundaries are not on its outside")
    return {name: facets[boundary == name] for name in names}
