"""Points gathered at the nodes of a lattice: as many for a region of space on any mesh."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import product

import numpy as np
from scipy.sparse import csr_array

from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.flow.joining import concatenate

_FLAT = 1e-14  # of the second moments of a domain: it does not extend this way
_ROUND = 1e-3  # of the second or fourth moment: a domain that is as round has no axes


def gather_at_lattice(flow: FlowField, spacing: float) -> FlowField:
    """Share out the weights of a flow, and all that they carry, to the nodes of a square lattice.

    Nodes take shares by multilinear hat functions, as in particle-in-cell methods (Hockney &
    Eastwood, Computer Simulation Using Particles, 1988, ch. 5); each is at the mean position of
    what it took, with the weighted means of all fields. Sums of smooth functions over points
    become sums over nodes, but for terms of the order of spacing²; which nodes lie in a ball is all
    or nothing. Shares are continuous in the positions, and the lattice lies along axes of the
    domain (:func:`domain_axes`) with a node at its centroid: neither a rotated or mirrored frame
    nor another order of the points changes the nodes.

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
    means, points, weights = _nodes_of(flow, spacing)

    def at_nodes(field):
        return (means @ field.reshape(len(flow), -1)).reshape(-1, *field.shape[1:])

    return replace(
        flow,
        points=points,
        velocity=at_nodes(flow.velocity),
        weights=weights,
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


def means_at_nodes(flow: FlowField, spacing: float) -> csr_array:
    """(K, n) matrix from fields at points to those at the nodes of :func:`gather_at_lattice`."""
    return _nodes_of(flow, spacing)[0]


def _nodes_of(flow, spacing):
    """:func:`_nodes` of a flow; bytes can be looked up in a cache, arrays cannot."""
    geometry = (flow.points, flow.weights, flow.periods)
    as_bytes = [np.ascontiguousarray(array).tobytes() for array in geometry]
    return _nodes(*as_bytes, flow.dimension, float(spacing))


@lru_cache(maxsize=4)  # points do not move while a flow is being solved
def _nodes(points: bytes, weights: bytes, periods: bytes, d: int, spacing: float):
    """Matrix (K, n) of means over what each node took; positions (K, d), weights (K,) of nodes."""
    points, weights = np.frombuffer(points).reshape(-1, d), np.frombuffer(weights)
    periods = np.frombuffer(periods).reshape(-1, d)
    n, centroid = len(points), weights @ points / weights.sum()
    relative = points - centroid
    basis, counts = _lattice(relative, weights, periods, spacing)
    node, share, offset = _shares(relative, weights, basis, counts)

    # Rows of `node` are lattice coordinates, equal ones are one node. What a node took is the sum
    # of its shares; those that took nothing (a point on a node gives its neighbours 0) go.
    nodes, row = np.unique(node, axis=0, return_inverse=True)
    total = np.bincount(row, share, len(nodes))
    used = total > 0
    share = share / np.where(used, total, 1)[row]

    def mean_over(column, size):
        return csr_array((share, (row, column)), shape=(len(nodes), size))[used]

    # Nodes move from the lattice to the mean position of what they took, so that first moments of
    # the weights stay what they are. Offsets begin at the corner of the point's own cell, which may
    # be an image of the node: across a period they are as short as anywhere.
    offset = mean_over(np.arange(len(row)), len(row)) @ offset
    means = mean_over(np.tile(np.arange(n), 2 ** len(basis)), n)
    return means, centroid + nodes[used] @ basis + offset, total[used]


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


def _shares(relative, weights, basis, counts):
    """What each of n points gives to each of the 2ᵏ corners of the cell of the lattice it lies in.

    With place = corner + inside in lattice coordinates, 0 <= inside < 1, a corner gets the product
    of inside or 1 - inside over the directions: hat functions, which add up to 1.

    Returns
    -------
    node, share, offset : (2ᵏ n, k) int, (2ᵏ n,), (2ᵏ n, d)
        Lattice coordinates of the corner, those along periods within the first one; the weight it
        gets; from the corner to the point.
    """
    place = relative @ np.linalg.pinv(basis)
    corner = np.floor(place).astype(np.int64)
    inside = place - corner
    node, share, offset = [], [], []
    for step in product((0, 1), repeat=len(basis)):
        at = corner + step
        node.append(np.where(counts > 0, at % np.maximum(counts, 1), at))
        share.append(weights * np.prod(np.where(step, inside, 1 - inside), axis=1))
        offset.append(relative - at @ basis)
    return np.concatenate(node), np.concatenate(share), np.concatenate(offset)


def domain_axes(points: np.ndarray, weights: np.ndarray, periods: np.ndarray) -> np.ndarray:
    """(k, d) orthonormal axes of a domain across its periods; signs mean nothing.

    Those of the second moments; in a plane, where these are round as those of a square, of the
    fourth moments. There is none across a domain that lies in a plane.

    Parameters
    ----------
    points, weights : (n, d), (n,)
        Positions relative to the centroid.
    periods : (p, d)

    Raises
    ------
    InputError
        If these are round too.
    """
    d = points.shape[1]
    # The last right singular vectors span what is orthogonal to the periods.
    _, _, vectors = np.linalg.svd(periods if len(periods) else np.zeros((1, d)))
    across = vectors[len(periods) :]
    x = points @ across.T
    moments, principal = np.linalg.eigh((x.T * weights) @ x)
    flat = moments <= _FLAT * (weights @ points**2).sum()
    if flat.any():  # as a section of space is along its normal
        across = principal.T[~flat] @ across
        x = points @ across.T
    if len(across) < 2:
        return across
    if len(across) == 3:
        if np.diff(moments).min() > _ROUND * moments.max():
            return principal.T @ across
    else:
        # In a plane, z = x + iy = r e^{iφ}: the moment M_m = Σ w zᵐ gets a factor e^{imα} when the
        # domain is rotated by α, so arg(M_m) / m rotates with it. M_2 = Σ w (x² - y² + 2ixy)
        # vanishes for a square, M_4 does not; its angle is known up to π/2, by which the lattice
        # turns into itself.
        z = x @ [1, 1j]
        for order in (2, 4):
            moment, size = weights @ z**order, weights @ np.abs(z) ** order
            if abs(moment) > _ROUND * size:
                angle = np.angle(moment) / order
                cos, sin = np.cos(angle), np.sin(angle)
                return np.array([[cos, sin], [-sin, cos]]) @ across
    raise InputError(
        "spacing: the domain is too round for axes to lay a lattice along; "
        "use a region without spacing"
    )
