"""The periodic hill family: a channel whose floor carries a hill of height 1 at both ends.

Slope α stretches the flanks: α = 1 is the ERCOFTAC hill (Mellen, Fröhlich & Rodi 2000), α < 1
steeper. The parametrised family is that of Xiao, Wu, Laizet & Duan, Computers & Fluids 200 (2020)
104431, and of Zhou, Han & Xiao, CMAME 388 (2022) 114211, whose meshes `periodic_hill` reproduces
with its default arguments.
"""

from __future__ import annotations

import meshio
import numpy as np
from numpy.typing import ArrayLike

from meshes.generate.structured import check_cells, structured_mesh, wall_fractions
from vcnn.errors import InputError

# Cubic pieces of the hill's height in a distance from its crest, both in units of 1/28 of the
# hill's height: first distance of the piece, coefficients of powers 0 to 3. The first piece
# overshoots 28 by 0.01; meshes in use differ in whether they cut this off. It is kept, as in Zhou
# et al.: the wall then has no kink.
_PIECES = np.array(
    [
        [0, 2.800000000000e01, 0.000000000000e00, 6.775070969851e-03, -2.124527775800e-03],
        [9, 2.507355893131e01, 9.754803562315e-01, -1.016116352781e-01, 1.889794677828e-03],
        [14, 2.579601052357e01, 8.206693007457e-01, -9.055370274339e-02, 1.626510569859e-03],
        [20, 4.046435022819e01, -1.379581654948e00, 1.945884504128e-02, -2.070318932190e-04],
        [30, 1.792461334664e01, 8.743920332081e-01, -5.567361123058e-02, 6.277731764683e-04],
        [40, 5.639011190988e01, -2.010520359035e00, 1.644919857549e-02, 2.674976141766e-05],
    ]
)
_FOOT = 54  # the hill ends here


def hill_length(slope: float, length: float | None = None) -> float:
    """Length of the domain: ``length`` if given, else that of the family, 3.858 α + 5.142.

    Raises
    ------
    InputError
        If the slope is not positive or the two half hills would overlap.
    """
    if not 0 < slope < np.inf:
        raise InputError(f"slope: expected a positive number, got {slope!r}")
    if length is None:
        return 3.858 * slope + 5.142
    if not 2 * slope * _FOOT / 28 <= length < np.inf:
        needed = 2 * slope * _FOOT / 28
        raise InputError(
            f"length: the hills of slope {slope:g} need at least {needed:.4g}, got {length!r}"
        )
    return float(length)


def hill_profile(x: ArrayLike, slope: float = 1.0, length: float | None = None) -> np.ndarray:
    """Height of the floor at positions x in [0, L_x]; 1 at both ends, 0 between the hills.

    Parameters
    ----------
    x : array_like, any shape
        Streamwise positions in units of the hill's height.
    slope, length
        As in :func:`periodic_hill`.

    Returns
    -------
    array
        Of the shape (...) of ``x``, in units of the hill's height.

    Raises
    ------
    InputError
        If the slope is not positive or the hills would overlap.
    """
    length = hill_length(slope, length)
    x = np.asarray(x, dtype=float)
    # The distance from the nearer crest, as if α were 1, in units of 1/28 of the hill's height.
    t = np.minimum(np.abs(x), np.abs(length - x)) * 28 / slope
    c = _PIECES[np.searchsorted(_PIECES[:, 0], t, side="right") - 1]
    height = c[..., 1] + t * (c[..., 2] + t * (c[..., 3] + t * c[..., 4]))
    return np.where(t < _FOOT, height, 0.0) / 28


def periodic_hill(
    slope: float = 1.0,
    cells: tuple[int, int] = (200, 200),
    kind: str = "quadrilateral",
    grading: float = 5.0,
    length: float | None = None,
    height: float = 3.036,
) -> meshio.Mesh:
    """Structured mesh of a periodic hill, bounded by ``bottom``, ``top``, ``inlet``, ``outlet``.

    Floor vertices are equidistant in arc length, ceiling vertices in x. Inlet and outlet vertices
    are exact translates by (L_x, 0).

    Parameters
    ----------
    slope : float
        α, the stretching of the flanks.
    cells : (nx, ny)
        Cells along the flow and between the walls.
    kind : {"quadrilateral", "triangle"}
        Of the cells; triangles are quadrilaterals cut along alternating diagonals.
    grading : float
        Ratio of the cell heights at mid-height and at the walls, in geometric progression; 1 is
        uniform, 5 that of the published meshes.
    length : float, optional
        L_x, length in units of the hill's height; 3.858 α + 5.142 unless given.
    height : float
        Of the ceiling above the lowest floor, length in units of the hill's height.

    Returns
    -------
    meshio.Mesh

    Raises
    ------
    InputError
        If a number or the kind makes no sense, or the hills would overlap or reach the ceiling.
    """
    nx, ny = check_cells(cells)
    length = hill_length(slope, length)
    if not 1 < height < np.inf:
        raise InputError(f"height: the ceiling must be above the hill (height > 1), got {height!r}")
    floor = floor_vertices(nx, slope, length)
    ceiling = np.stack([np.linspace(0, length, nx + 1), np.full(nx + 1, float(height))], axis=-1)
    return structured_mesh(floor, ceiling, wall_fractions(ny, grading), kind)


def floor_vertices(cells: int, slope: float, length: float) -> np.ndarray:
    """(cells + 1, 2) points on the floor from crest to crest, equidistant in arc length."""
    x = np.linspace(0, length, 100 * cells + 1)  # fine enough for chords to measure the arc
    arc = np.append(0.0, np.cumsum(np.hypot(np.diff(x), np.diff(hill_profile(x, slope, length)))))
    x = np.interp(np.linspace(0, arc[-1], cells + 1), arc, x)
    return np.stack([x, hill_profile(x, slope, length)], axis=-1)
