"""Which atoms lie within a cut-off of each other, images across a cell included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from vcnn.atoms.frame import Frame
from vcnn.errors import InputError

_NEAREST = 1e-3  # Å: atoms that are nearer lie on each other


@dataclass(frozen=True, eq=False)
class Neighbours:
    """N pairs of atoms i, j with |x_j + s − x_i| <= cut-off, sorted by i.

    Parameters
    ----------
    centres, neighbours : (N,) int
        i, j; an atom and its own images are pairs too.
    shifts : (N, 3)
        s, Å: sums of vectors of the cell.
    """

    centres: np.ndarray
    neighbours: np.ndarray
    shifts: np.ndarray


def find_neighbours(frame: Frame, cutoff: float) -> Neighbours:
    """All pairs of a frame, in cells smaller than the cut-off too: as many images as it takes.

    Parameters
    ----------
    frame : Frame
    cutoff : float
        Å.

    Returns
    -------
    Neighbours

    Raises
    ------
    InputError
        If two atoms lie on each other.
    """
    x, count = frame.positions, len(frame)
    home, images, shifts = x, np.arange(count), np.zeros((count, 3))
    if frame.cell is not None:
        inverse = np.linalg.inv(frame.cell)
        wraps = -np.floor(x @ inverse) @ frame.cell
        home = x + wraps
        # planes of a cell lie 1/|column of its inverse| apart
        reach = np.ceil(cutoff * np.linalg.norm(inverse, axis=0)).astype(int)
        steps = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij"), -1)
        cells = steps.reshape(-1, 3) @ frame.cell
        points = (home[None] + cells[:, None]).reshape(-1, 3)
        near = (points >= home.min(axis=0) - cutoff).all(1)
        near &= (points <= home.max(axis=0) + cutoff).all(1)
        images = np.tile(np.arange(count), len(cells))[near]
        shifts = np.repeat(cells, count, axis=0)[near]
        shifts = shifts + wraps[images]  # from where the atom was given
    places = x[images] + shifts
    pairs = cKDTree(home).sparse_distance_matrix(cKDTree(places), cutoff, output_type="ndarray")
    i, k = pairs["i"], pairs["j"]
    own = (images[k] == i) & (np.abs(places[k] - home[i]).max(axis=1) < _NEAREST)
    too_near = ~own & (pairs["v"] < _NEAREST)
    if too_near.any():
        first = int(np.flatnonzero(too_near)[0])
        raise InputError(f"positions: atoms {i[first]} and {images[k[first]]} lie on each other")
    i, k = i[~own], k[~own]
    order = np.lexsort((k, i))
    i, k = i[order], k[order]
    shift = shifts[k] + (x - home)[i]  # both as they were given
    return Neighbours(i, images[k], shift)
