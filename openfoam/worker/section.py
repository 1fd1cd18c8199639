"""Cases one cell long along their period: developed flow in a section, as in a duct."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from meshes.readers.dataset import Dataset
from meshes.readers.flow import cells_at_rest
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.flow.mesh import boundary_facets

_SYMMETRY = ("symmetryPlane", "symmetry")
_PLANE = 1e-6  # of the extent: how far a plane of symmetry may be from plane


@dataclass(frozen=True, eq=False)
class Section:
    """A section of a flow that does not change along a period, in space.

    Parameters
    ----------
    flow : FlowField
        At rest, three-dimensional, its planes of symmetry through the origin.
    order : (n,) int
        Which cell of the case each point is.
    mirrors : list of (3,)
        Normals of the planes of symmetry.
    """

    flow: FlowField
    order: np.ndarray
    mirrors: list[np.ndarray]


def find_section(dataset: Dataset) -> Section | None:
    """The section that a case one cell long along its only period is; None of others.

    Raises
    ------
    InputError
        If it is one that cannot be used.
    """
    across = without_length(dataset)
    if across is None:
        return None
    plane, domain = cells_at_rest(across)
    mesh = domain.in_space().mesh
    flow = replace(
        plane,
        points=plane.points @ domain.axes + domain.origin,
        velocity=None,
        mesh=mesh,
    )
    mirrors, heights = _planes(mesh, dataset.patch_types, domain.normal)
    if mirrors:
        origin, *_ = np.linalg.lstsq(np.array(mirrors), np.array(heights), rcond=None)
        flow = flow.translated(-origin)
    return Section(flow, domain.order, mirrors)


def without_length(dataset: Dataset) -> Dataset | None:
    """A case one cell long along its only period, with empty ends in its place; None of others."""
    count = sum(len(vertices) for _, vertices in dataset.cells)
    ends = [
        name
        for name, blocks in dataset.boundaries.items()
        if dataset.patch_types.get(name, "").startswith("cyclic")
        and sum(len(vertices) for _, vertices in blocks) == count
    ]
    if len(dataset.periods) != 1 or len(ends) != 2 or "empty" in dataset.patch_types.values():
        return None
    sides = {**dataset.patch_types, **dict.fromkeys(ends, "empty")}
    return replace(dataset, patch_types=sides, periods=())


def _planes(mesh, types, across):
    """Normals of the planes of symmetry, and their distances from the origin."""
    normals, heights = [], []
    size = np.ptp(mesh.points, axis=0).max()
    for name, blocks in boundary_facets(mesh).items():
        if types.get(name) not in _SYMMETRY:
            continue
        corners = np.concatenate([mesh.points[lines] for _, lines in blocks])
        normal = np.cross(across, corners[0, 1] - corners[0, 0])
        normal /= np.linalg.norm(normal)
        height = corners @ normal
        if np.ptp(height) > _PLANE * size:
            raise InputError(f"patch {name!r}: a symmetry that is not plane")
        same = [
            abs(abs(n @ normal) - 1) < _PLANE
            and abs((n @ normal) * h - height.mean()) < _PLANE * size
            for n, h in zip(normals, heights, strict=True)
        ]
        if not any(same):
            normals.append(normal)
            heights.append(height.mean())
    return normals, heights
