"""The surface of a mesh: its outer facets, whether they have names or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import meshio
import numpy as np
from scipy.spatial import cKDTree

from meshes.geometry.facets import shared_facets
from vcnn.flow.mesh import Blocks, cell_dimension

SAME_PLACE = 1e-4  # of a facet's size: how far its image may be from its partner
_FLAT = 1e-6  # of the extent: how far points of a side may be off it
_SIDES = (("inlet", "outlet"), ("bottom", "top"), ("back", "front"))  # of a box, along x, y, z
_TYPES = {2: "line", 3: "triangle", 4: "quad"}


@dataclass(frozen=True, eq=False)
class Surface:
    """The outer facets of a mesh.

    Parameters
    ----------
    facets : sequence of B arrays of vertices
    corners : sequence of B arrays (k, d)
    rank : int
        Dimension of the facets.
    """

    facets: Sequence[np.ndarray]
    corners: Sequence[np.ndarray]
    rank: int

    @property
    def middles(self) -> np.ndarray:
        """(B, d)."""
        return np.array([x.mean(axis=0) for x in self.corners])

    @property
    def sizes(self) -> np.ndarray:
        """(B,) largest extents."""
        return np.array([np.ptp(x, axis=0).max() for x in self.corners])

    def spans(self) -> np.ndarray:
        """(B, d, d) projections on the line or plane of each."""
        axes = [np.linalg.svd(x - x.mean(axis=0))[2][: self.rank] for x in self.corners]
        return np.array([a.T @ a for a in axes])

    def blocks(self, chosen: np.ndarray) -> Blocks:
        """Some of the facets, a (B,) bool array says which, as (type, (k, m) vertices)."""
        by_size: dict[int, list] = {}
        for k in np.flatnonzero(chosen):
            by_size.setdefault(len(self.facets[k]), []).append(self.facets[k])
        return [(_TYPES.get(n, "polygon"), np.array(v)) for n, v in sorted(by_size.items())]


def find_surface(mesh: meshio.Mesh) -> Surface:
    """The outer facets of a mesh; those of curved cells by their corners."""
    facets = shared_facets(mesh)[2]
    return Surface(facets, [mesh.points[v] for v in facets], cell_dimension(mesh) - 1)


def outer_boundary(mesh: meshio.Mesh, periods: Sequence[np.ndarray] = ()) -> Blocks:
    """Facets of the surface that no period joins."""
    surface = find_surface(mesh)
    middles, alone = surface.middles, np.ones(len(surface.facets), bool)
    tree = cKDTree(middles)
    for period in periods:
        for step in (period, -period):
            alone &= tree.query(middles + step)[0] > SAME_PLACE * surface.sizes
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
