"""The surface of a mesh: its outer facets, whether they have names or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import meshio
import numpy as np
from scipy.spatial import cKDTree

from meshes.geometry.cells import cell_centres
from meshes.geometry.facets import shared_facets
from vcnn.flow.mesh import Blocks, cell_dimension

SAME_PLACE = 1e-4  # of a facet's size: how far its image may be from its partner
_FLAT = 1e-6  # of the extent: how far points of a side may be off it
_SIDES = (("inlet", "outlet"), ("bottom", "top"), ("back", "front"))  # of a box, along x, y, z
_TYPES = {2: "line", 3: "triangle", 4: "quad"}


@dataclass(frozen=True, eq=False)
class Surface:
    """The outer facets of a mesh; those of curved cells by their corners.

    Parameters
    ----------
    facets : sequence of B arrays of vertices
    corners : sequence of B arrays (k, d)
    middles : (B, d)
    sizes : (B,)
        Largest extents.
    normals : (B, d)
        Unit normals, out of the domain.
    """

    facets: Sequence[np.ndarray]
    corners: Sequence[np.ndarray]
    middles: np.ndarray
    sizes: np.ndarray
    normals: np.ndarray

    def blocks(self, chosen: np.ndarray) -> Blocks:
        """Some of the facets, a (B,) bool array says which, as (type, (k, m) vertices)."""
        by_size: dict[int, list] = {}
        for k in np.flatnonzero(chosen):
            by_size.setdefault(len(self.facets[k]), []).append(self.facets[k])
        return [(_TYPES.get(n, "polygon"), np.array(v)) for n, v in sorted(by_size.items())]

    def partners(self, period: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What a period makes of the facets through which it enters the domain.

        Returns
        -------
        start : (k,)
            Facets whose images lie near one that faces them.
        end : (k,)
            The nearest ones to their images.
        gap : (k,)
            How far these are apart.
        """
        gap, end = cKDTree(self.middles).query(self.middles + period)
        enters = self.normals @ period < -0.01 * np.linalg.norm(period)
        facing = np.einsum("ni,ni->n", self.normals, self.normals[end]) < -0.99
        start = np.flatnonzero(enters & facing)
        return start, end[start], gap[start]


def find_surface(mesh: meshio.Mesh) -> Surface:
    """The outer facets of a mesh."""
    _, cells, facets = shared_facets(mesh)
    corners = [mesh.points[v] for v in facets]
    middles = np.array([x.mean(axis=0) for x in corners])
    rank, normals = cell_dimension(mesh) - 1, []
    for x, middle, outward in zip(
        corners, middles, middles - cell_centres(mesh)[cells], strict=True
    ):
        along = np.linalg.svd(x - middle)[2][:rank]
        normals.append(outward - (along @ outward) @ along)
    normals = np.array(normals) / np.linalg.norm(normals, axis=1, keepdims=True)
    sizes = np.array([np.ptp(x, axis=0).max() for x in corners])
    return Surface(facets, corners, middles, sizes, normals)


def outer_boundary(mesh: meshio.Mesh, periods: Sequence[np.ndarray] = ()) -> Blocks:
    """Facets of the surface that no period joins."""
    surface = find_surface(mesh)
    alone = np.ones(len(surface.facets), bool)
    for period in periods:
        start, end, gap = surface.partners(period)
        near = gap <= SAME_PLACE * surface.sizes[start]
        alone[start[near]] = alone[end[near]] = False
    return surface.blocks(alone)


def box_sides(mesh: meshio.Mesh) -> dict[str, Blocks]:
    """The sides of a rectangle or box along the axes by the names of a channel's; else nothing.

    They are called "inlet" and "outlet" along x, "bottom" and "top" along y, "back" and "front"
    along z.
    """
    surface, sides = find_surface(mesh), {}
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    near, left = _FLAT * (high - low).max(), np.ones(len(surface.facets), bool)
    for axis, names in enumerate(_SIDES[: len(low)]):
        for name, place in zip(names, (low[axis], high[axis]), strict=True):
            on = np.array([np.abs(x[:, axis] - place).max() <= near for x in surface.corners])
            sides[name] = surface.blocks(on)
            left &= ~on
    return {} if left.any() else sides
