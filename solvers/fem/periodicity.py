"""Periodic meshes: the usual geometry under a topology in which pairs of boundaries are one.

Every function space on such a mesh is periodic by itself. Two things to keep in mind: a degree of
freedom on the seam has two positions, so it cannot be located by its coordinates; and output
belongs on the mesh with the ordinary topology."""

from __future__ import annotations

import meshio
import numpy as np
from scipy.spatial import cKDTree

from solvers.fenics import dolfinx, ufl
from vcnn.errors import InputError
from vcnn.flow.mesh import boundary_facets


def periodic_vertices(mesh: meshio.Mesh, left: str, right: str):
    """Vertices of two boundaries that are each other's translate.

    Returns
    -------
    left_vertices, right_vertices : (k,) int
        Matching pairs.
    period : (d,)
        Vector from left to right.

    Raises
    ------
    InputError
        If ``right`` is not ``left`` moved by one vector, to a thousandth of the distance of its
        vertices.
    """
    facets = boundary_facets(mesh)
    a, b = (
        np.unique(np.concatenate([f.ravel() for _, f in facets[name]])) for name in (left, right)
    )
    if len(a) != len(b):
        raise InputError(
            f"periodic: boundary {left!r} has {len(a)} vertices, {right!r} has {len(b)}"
        )
    period = mesh.points[b].mean(axis=0) - mesh.points[a].mean(axis=0)
    tree = cKDTree(mesh.points[a])
    spacing = tree.query(mesh.points[a], k=2)[0][:, 1].min()
    distance, match = tree.query(mesh.points[b] - period)
    if distance.max() > 1e-3 * spacing or len(np.unique(match)) < len(match):
        worst = mesh.points[b[np.argmax(distance)]]
        raise InputError(
            f"periodic: boundaries {left!r} and {right!r} do not match: moved back by {_text(period)}, "
            f"the vertex {_text(worst)} of {right!r} is {distance.max():.3g} from the nearest one of {left!r}"
        )
    return a[match], b, period


def merged_vertices(source: meshio.Mesh, pairs) -> np.ndarray:
    """(M,) int: for each vertex of ``source`` the one that stands for it once all pairs of
    boundaries are merged.
    """
    merged = np.arange(len(source.points), dtype=np.int64)
    for left, right in pairs:
        a, b, _ = periodic_vertices(source, left, right)
        merged[b] = a
    while not np.array_equal(
        merged, merged[merged]
    ):  # a corner goes home along one period after the other
        merged = merged[merged]
    return merged


def periodic_topology(parent, source: meshio.Mesh, pairs):
    """The dolfinx mesh ``parent`` of ``source`` with, in each pair of boundaries, the second merged
    into the first.

    Returns
    -------
    mesh : dolfinx.mesh.Mesh
        Same cells in the same order and the same geometry as ``parent``.
    """
    merged = merged_vertices(source, pairs)
    cells = merged[parent.geometry.input_global_indices[parent.geometry.dofmap]]
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
    seams = sum(len(facets) for left, _ in pairs for _, facets in boundary_facets(source)[left])
    if _count_facets(mesh) != _count_facets(parent) - seams:
        between = " or ".join(f"between {left!r} and {right!r}" for left, right in pairs)
        raise InputError(f"periodic: too few cells {between}, at least 3 are needed")
    return mesh


def _count_facets(mesh) -> int:
    mesh.topology.create_entities(mesh.topology.dim - 1)
    return mesh.topology.index_map(mesh.topology.dim - 1).size_global


def _text(vector) -> str:
    return "(" + ", ".join(f"{x:.6g}" for x in vector) + ")"
