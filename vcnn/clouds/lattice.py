"""Points gathered at the nodes of a lattice: as many for a region of space on any mesh."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from vcnn.clouds.axes import domain_axes
from vcnn.flow.field import FlowField
from vcnn.flow.joining import concatenate

if TYPE_CHECKING:  # torch is slow to import
    import torch


def gather_at_lattice(flow: FlowField, spacing: float) -> FlowField:
    """Share out the weights of a flow, and all that they carry, to the nodes of a square lattice.

    Nodes take shares by multilinear hat functions, as in particle-in-cell methods (Hockney &
    Eastwood, Computer Simulation Using Particles, 1988, ch. 5); each is at the mean position of
    what it took, with the weighted means of all fields. Sums of smooth functions over points
    become sums over nodes, but for terms of the order of spacing²; which nodes lie in a ball is all
    or nothing. Shares are continuous in the positions, and the lattice lies along axes of the
    domain (:func:`vcnn.clouds.axes.domain_axes`) with a node at its centroid: neither a rotated or
    mirrored frame nor another order of the points changes the nodes.

    Parameters
    ----------
    flow : FlowField
    spacing : length
        Of the lattice; along periods the nearest that divides them.

    Returns
    -------
    FlowField
        Of loose points.

    Raises
    ------
    InputError
        If the domain has no axes.
    """
    nodes = find_nodes(flow, spacing)

    def at_nodes(field):
        return (nodes.means @ field.reshape(len(flow), -1)).reshape(-1, *field.shape[1:])

    return replace(
        flow,
        points=nodes.points,
        velocity=at_nodes(flow.velocity),
        weights=nodes.weights,
        scalars={name: at_nodes(field) for name, field in flow.scalars.items()},
        vectors={name: at_nodes(field) for name, field in flow.vectors.items()},
        tensors={name: at_nodes(field) for name, field in flow.tensors.items()},
        mesh=None,
        location=None,
    )


def with_lattice_nodes(flow: FlowField, spacing: float | None) -> FlowField:
    """The flow of clouds: its own points, then the nodes of the lattice if there is a spacing.

    Raises
    ------
    InputError
        As :func:`gather_at_lattice`.
    """
    if spacing is None:
        return flow
    return replace(concatenate([flow, gather_at_lattice(flow, spacing)]), periods=flow.periods)


@dataclass(frozen=True, eq=False)
class Nodes:
    """A lattice of k directions over n points and what its K nodes took of them.

    Parameters
    ----------
    basis, counts : (k, d), (k,) int
        Vectors of the lattice, those along periods first, and how many of each make a period; 0 for
        a direction without one.
    corners : (2ᵏ, n, k)
        Lattice coordinates of the corners of the cell that each point lies in.
    inside : (n, k)
        From the first corner to the point, 0 to 1.
    places : (L, k) int
        Lattice coordinates of all nodes, those along periods within the first one; from some of
        them round-off keeps everything, these are not ``used``.
    rows : (2ᵏ n,) int
        Which of the places each of the corners is.
    used : (L,) bool
    means : (K, n) sparse
        From fields at points to their means over what each node took.
    points, weights : (K, d), (K,)
        Of the nodes.
    """

    basis: np.ndarray
    counts: np.ndarray
    corners: np.ndarray
    inside: np.ndarray
    places: np.ndarray
    rows: np.ndarray
    used: np.ndarray
    means: csr_array
    points: np.ndarray
    weights: np.ndarray


def find_nodes(flow: FlowField, spacing: float) -> Nodes:
    """The nodes of :func:`gather_at_lattice`.

    Raises
    ------
    InputError
        As there.
    """
    geometry = (flow.points, flow.weights, flow.periods)  # arrays cannot be looked up in a cache
    as_bytes = [np.ascontiguousarray(array).tobytes() for array in geometry]
    return _find_nodes(*as_bytes, flow.dimension, float(spacing))


@lru_cache(maxsize=4)  # points do not move while a flow is being solved
def _find_nodes(points: bytes, weights: bytes, periods: bytes, d: int, spacing: float) -> Nodes:
    points, weights = np.frombuffer(points).reshape(-1, d), np.frombuffer(weights)
    periods = np.frombuffer(periods).reshape(-1, d)
    n, centroid = len(points), weights @ points / weights.sum()
    relative = points - centroid
    basis, counts = _lattice(relative, weights, periods, spacing)
    place = relative @ np.linalg.pinv(basis)
    steps = np.array(list(product((0.0, 1.0), repeat=len(basis))))
    corners = np.floor(place) + steps[:, None]
    inside = place - corners[0]
    node = corners.astype(np.int64)
    node = np.where(counts > 0, node % np.maximum(counts, 1), node).reshape(len(steps) * n, -1)
    share = np.concatenate(corner_shares(inside, weights))
    offset = (relative - corners @ basis).reshape(-1, d)

    # Rows of `node` are lattice coordinates, equal ones are one node. What a node took is the sum
    # of its shares; those that took nothing (a point on a node gives its neighbours 0) go.
    places, row = np.unique(node, axis=0, return_inverse=True)
    total = np.bincount(row, share, len(places))
    used = total > 0
    share = share / np.where(used, total, 1)[row]

    def mean_over(column, size):
        return csr_array((share, (row, column)), shape=(len(places), size))[used]

    # Nodes move from the lattice to the mean position of what they took, so that first moments of
    # the weights stay what they are. Offsets begin at the corner of the point's own cell, which may
    # be an image of the node: across a period they are as short as anywhere.
    offset = mean_over(np.arange(len(row)), len(row)) @ offset
    return Nodes(
        basis,
        counts,
        corners,
        inside,
        places,
        row,
        used,
        mean_over(np.tile(np.arange(n), 2 ** len(basis)), n),
        centroid + places[used] @ basis + offset,
        total[used],
    )


def _lattice(relative, weights, periods, spacing):
    """Vectors of a lattice and how many of each make a period.

    Along periods a whole number of steps fits, so that nodes fall on their images; across them the
    lattice is square and lies along the axes of the domain, the only directions that turn with it.

    Returns
    -------
    basis, counts : (k, d), (k,) int
        0 for a direction without a period.
    """
    counts = np.maximum(np.rint(np.linalg.norm(periods, axis=1) / spacing), 1).astype(np.int64)
    across = spacing * domain_axes(relative, weights, periods)
    basis = np.concatenate([periods / counts[:, None], across])
    return basis, np.concatenate([counts, np.zeros(len(across), dtype=np.int64)])


def corner_shares[A: (np.ndarray, "torch.Tensor")](inside: A, weights: A) -> list[A]:
    """What each of n points gives to each of the 2ᵏ corners of the cell of the lattice it lies in.

    The product of 1 - inside or inside over the directions: hat functions, which add up to 1.

    Parameters
    ----------
    inside : (n, k)
        From the first corner to the point in lattice coordinates, 0 to 1.
    weights : (n,)

    Returns
    -------
    list of 2ᵏ (n,)
        In the order of the corners of `Nodes`.
    """
    hats = [1.0]
    for place in inside.T:
        hats = [hat * side for hat in hats for side in (1 - place, place)]
    return [weights * hat for hat in hats]
