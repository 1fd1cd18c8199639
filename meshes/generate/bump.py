"""A channel in three dimensions with a smooth bump on its floor, one of a periodic array.

The bump is an elliptic cosine-squared hill: the shape of Ishihara, Hibi & Oikawa, J. Wind Eng. Ind.
Aerodyn. 83 (1999) 95, stretched and turned. Oblique to the flow it leaves no plane of symmetry
behind which an error could hide.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import meshio
import numpy as np
from numpy.typing import ArrayLike

from meshes.generate.structured import check_cells, check_positive, wall_fractions
from meshes.geometry.facets import cell_facets
from vcnn.errors import InputError
from vcnn.flow.mesh import named_mesh

KINDS = {"tetrahedron": "triangle", "hexahedron": "quad"}  # cells and their facets
SIZE = (4.0, 2.0, 3.0)

# Steps along the axes from one end of a hexahedron's diagonal to the other: six tetrahedra, half of
# them mirrored.
_STEPS = [np.eye(3, dtype=int)[list(axes)] for axes in permutations(range(3))]
_PATHS = np.array([np.cumsum([(0, 0, 0), *steps], axis=0) for steps in _STEPS])
_MIRRORED = np.array([False, True, True, False, False, True])


def bump_profile(
    x: ArrayLike, z: ArrayLike, height: float = 0.6, aspect: float = 1.5, yaw: float = 30.0
) -> np.ndarray:
    """Height of the floor at (x, z) from the bump's top: h cos²(π ρ/2) where ρ < 1, else 0.

    Parameters
    ----------
    x, z : array_like
        Positions, length; of any shapes that broadcast.
    height, aspect, yaw
        As in :func:`bump_channel`; ρ = 1 is the rim of the foot.

    Returns
    -------
    array
        Of the shape that x and z broadcast to, length.
    """
    c, s = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    rho = np.hypot((c * x + s * z) / np.sqrt(aspect), (c * z - s * x) * np.sqrt(aspect))
    return height * np.cos(np.pi / 2 * np.minimum(rho, 1)) ** 2


def bump_channel(
    height: float = 0.6,
    aspect: float = 1.5,
    yaw: float = 30.0,
    cells: tuple[int, int, int] = (16, 10, 12),
    kind: str = "tetrahedron",
    grading: float = 2.0,
    size: tuple[float, float, float] = SIZE,
) -> meshio.Mesh:
    """Structured mesh of a channel with a bump in the middle of its floor.

    The flow goes along x, y points from the floor up, z across. Boundaries are the walls ``bottom``
    and ``top``, and ``inlet`` and ``outlet``, ``back`` and ``front``, whose vertices are exact
    translates along x and z. The unit of length is the radius of the circle that has the area of
    the bump's foot.

    Parameters
    ----------
    height : float
        h, of the bump, length.
    aspect : float
        Ratio of the half-axes of the bump's elliptic foot, √aspect and 1/√aspect.
    yaw : float
        Degrees from the x axis to the first half-axis, towards z.
    cells : (nx, ny, nz)
        Hexahedra along the flow, between the walls, and across.
    kind : {"tetrahedron", "hexahedron"}
        Of the cells; tetrahedra are six to a hexahedron.
    grading : float
        Ratio of the cell heights at mid-height and at the walls, in geometric progression; 1 is
        uniform.
    size : (float, float, float)
        Length, height and width of the channel.

    Returns
    -------
    meshio.Mesh

    Raises
    ------
    InputError
        If a number makes no sense, or the bump does not fit into the channel.
    """
    if kind not in KINDS:
        raise InputError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}")
    nx, ny, nz = check_cells(cells, 3)
    length, top, width = check_bump(height, aspect, yaw, size)
    x, z = np.linspace(0, length, nx + 1), np.linspace(0, width, nz + 1)
    floor = bump_profile(x[:, None] - length / 2, z - width / 2, height, aspect, yaw)
    points = np.empty((nx + 1, ny + 1, nz + 1, 3))
    points[..., 0], points[..., 2] = x[:, None, None], z
    points[..., 1] = floor[:, None] + wall_fractions(ny, grading)[:, None] * (top - floor[:, None])
    points[:, -1, :, 1] = top
    number = np.arange(points[..., 0].size).reshape(points.shape[:3])
    sides = {
        "bottom": number[:, 0],
        "top": number[:, -1],
        "inlet": number[0],
        "outlet": number[-1],
        "back": number[..., 0],
        "front": number[..., -1],
    }
    corners = np.lib.stride_tricks.sliding_window_view(number, (2, 2, 2))
    blocks = [_tetrahedra(corners) if kind == "tetrahedron" else _hexahedra(corners)]
    points = points.reshape(-1, 3)
    ((facets, _),) = cell_facets(meshio.Mesh(points, blocks))
    boundaries = {
        name: [(KINDS[kind], facets[np.isin(facets, side).all(axis=1)])]
        for name, side in sides.items()
    }
    return named_mesh(points, blocks, boundaries)


def check_bump(
    height: float, aspect: float, yaw: float, size: Sequence[float] = SIZE
) -> tuple[float, float, float]:
    """The size, if there can be such a bump in such a channel.

    Raises
    ------
    InputError
        If a number makes no sense, or the bump does not fit into the channel.
    """
    if len(size) != 3:
        raise InputError(f"size: expected length, height and width of the channel, got {size!r}")
    numbers = [("height", height), ("aspect", aspect), *(("size", value) for value in size)]
    check_positive(numbers)
    if not np.isfinite(yaw):
        raise InputError(f"yaw: expected an angle in degrees, got {yaw!r}")
    length, top, width = map(float, size)
    if not height < top:
        raise InputError(
            f"height: the bump must be lower than the channel's ceiling at {top:g}, got {height:g}"
        )
    # An ellipse with half-axes p along (c, s) and q across it extends √((c p)² + (s q)²) along x.
    along = np.array([np.cos(np.radians(yaw)), np.sin(np.radians(yaw))])
    foot = 2 * np.hypot(along * np.sqrt(aspect), along[::-1] / np.sqrt(aspect))
    for name, needed, extent in zip(("length", "width"), foot, (length, width), strict=True):
        if needed > extent:
            raise InputError(
                f"aspect, yaw: the bump needs a channel of {name} {needed:.4g}, got {extent:g}"
            )
    return length, top, width


def _tetrahedra(corners):
    """Every hexahedron cut about a diagonal (Kuhn), neighbours being mirror images.

    All faces fit then, also over periods. Cut the same way everywhere, a coarse mesh would favour
    the diagonal's direction.
    """
    # Every other layer of cells along each axis is mirrored: its corners are listed backwards.
    corners = corners.copy()
    for axis in range(3):
        odd = (slice(None),) * axis + (slice(1, None, 2),)
        corners[odd] = np.flip(corners[odd], axis=3 + axis).copy()
    cells = corners[..., *np.moveaxis(_PATHS, -1, 0)]  # (nx, ny, nz, 6, 4)
    # A tetrahedron is mirrored if its path is an odd permutation of the axes, once more for each
    # mirrored axis of its cell: then two vertices are swapped, so that volumes are positive.
    mirrored = (np.indices(corners.shape[:3]).sum(axis=0)[..., None] % 2 == 1) ^ _MIRRORED
    return "tetra", np.where(mirrored[..., None], cells[..., [0, 2, 1, 3]], cells).reshape(-1, 4)


def _hexahedra(corners):
    around = corners[..., [0, 1, 1, 0], [0, 0, 1, 1], :]  # (nx, ny, nz, 4, 2)
    return "hexahedron", np.moveaxis(around, -1, -2).reshape(-1, 8)
