"""The facets of a boundary as a flow sees them: the cells behind, normals, areas and heights."""

from __future__ import annotations

from dataclasses import dataclass

import meshio
import numpy as np

from meshes.geometry.boundaries import named_facets
from meshes.geometry.cells import cell_centres
from meshes.geometry.facets import cells_at
from meshes.geometry.plane import area_vectors


@dataclass(frozen=True, eq=False)
class BoundaryFacets:
    """k facets of a boundary, of the cells of a mesh.

    Parameters
    ----------
    cells : (k,) int
        Behind each.
    middles : (k, d)
    inwards : (k, d)
        Unit normals, into the domain.
    areas : (k,)
        Of a plane mesh lengths.
    heights : (k,)
        How far the middles of the cells are from the facets' planes.
    """

    cells: np.ndarray
    middles: np.ndarray
    inwards: np.ndarray
    areas: np.ndarray
    heights: np.ndarray


def find_boundary(mesh: meshio.Mesh, name: str) -> BoundaryFacets:
    """The facets of a named boundary; in 3-D each about the mean of its corners.

    Parameters
    ----------
    mesh : meshio.Mesh
    name : str

    Raises
    ------
    InputError
        If the mesh has no boundary of that name.
    """
    parts = [facets_of(mesh, vertices) for vertices in named_facets(mesh, [name])]
    names = ("cells", "middles", "inwards", "areas", "heights")
    return BoundaryFacets(*(np.concatenate([getattr(part, n) for part in parts]) for n in names))


def facets_of(mesh: meshio.Mesh, vertices: np.ndarray) -> BoundaryFacets:
    """Facets given by their vertices (k, m), in that order; edges where m = 2.

    Raises
    ------
    InputError
        If a facet belongs to no cell.
    """
    cells, corners = cells_at(mesh, vertices), mesh.points[vertices]
    middles = corners.mean(axis=1)
    inside = cell_centres(mesh)[cells] - middles
    if vertices.shape[1] == 2:  # an edge has its cell on one side, in space too
        edge = corners[:, 1] - corners[:, 0]
        areas = np.linalg.norm(edge, axis=1)
        along = edge / areas[:, None]
        normal = inside - np.sum(inside * along, axis=1, keepdims=True) * along
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    else:
        vector = area_vectors(corners)
        areas = np.linalg.norm(vector, axis=1)
        normal = vector / areas[:, None]
        normal *= np.sign(np.sum(normal * inside, axis=1, keepdims=True))
    return BoundaryFacets(cells, middles, normal, areas, np.sum(inside * normal, axis=1))
