"""The middle plane of an OpenFOAM case that is a slab, one cell thick.

Hills and steps lie between ``empty`` patches, ducts between cyclic ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import meshio
import numpy as np

from meshes.geometry.plane import plane_mesh
from meshes.readers.dataset import Dataset
from vcnn.errors import InputError, naming
from vcnn.flow.mesh import boundary_facets, named_mesh


@dataclass(frozen=True, eq=False)
class Plane:
    """The middle plane of a slab.

    Parameters
    ----------
    mesh : meshio.Mesh
        Quadrilaterals, counter-clockwise, and the patches that are not its sides.
    axes : (2, 3)
    thickness : float
    facets : (F, 2) int
        Of all patches, one after the other; the domain lies left of each.
    owners : (F,) int
    patch : (F,) int
    names, types : of the patches
    """

    mesh: meshio.Mesh
    axes: np.ndarray
    thickness: float
    facets: np.ndarray
    owners: np.ndarray
    patch: np.ndarray
    names: list[str]
    types: list[str]


def middle_plane(case: Path, dataset: Dataset) -> Plane:
    """The plane of a case.

    Raises
    ------
    InputError
        If it is no slab of hexahedra, one cell thick.
    """
    types = dataset.patch_types
    sides = [name for name, kind in types.items() if kind == "empty"]
    if not sides:
        sides = _ends(case, dataset)
    mesh = named_mesh(dataset.points, dataset.cells, dataset.boundaries)
    with naming(case):
        plane, order, axes = plane_mesh(mesh, sides)
    if len(plane.cells) != 2 or plane.cells[0].type != "quad" or (np.diff(order) != 1).any():
        raise InputError(f"{case}: expected a slab of hexahedra, one cell thick")
    blocks = boundary_facets(plane)
    facets = np.concatenate([lines for ((_, lines),) in blocks.values()])
    facets, owners = _oriented(facets, plane.cells[0].data)
    patch = np.repeat(np.arange(len(blocks)), [len(lines) for ((_, lines),) in blocks.values()])
    across = dataset.points @ np.cross(*axes)
    kinds = [types[name] for name in blocks]
    return Plane(plane, axes, np.ptp(across), facets, owners, patch, list(blocks), kinds)


def _ends(case, dataset) -> list[str]:
    """The cyclic patches whose faces are plane, of the same x, y or z."""
    flat = [
        name
        for name, ((_, vertices), *_) in dataset.boundaries.items()
        if dataset.patch_types[name] == "cyclic"
        and np.ptp(dataset.points[np.unique(vertices)], axis=0).min() == 0
    ]
    if len(flat) != 2:
        raise InputError(f"{case}: expected empty patches, or two cyclic ones, on its two sides")
    return flat


def _oriented(facets, quads) -> tuple[np.ndarray, np.ndarray]:
    """Facets with the domain on their left, as the cells around have them, and these cells."""
    edges = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1)
    owner = {
        tuple(edge): cell for cell, four in enumerate(edges.tolist()) for edge in map(tuple, four)
    }
    turned = [pair if tuple(pair) in owner else pair[::-1] for pair in facets.tolist()]
    return np.array(turned), np.array([owner[tuple(pair)] for pair in turned])
