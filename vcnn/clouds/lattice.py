"""Points of a flow gathered at the nodes of a lattice: as many for a region of space whatever the
mesh.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import product

import numpy as np
from scipy.sparse import csr_array

from vcnn.errors import InputError
from vcnn.flow.field import FlowField

_FLAT = 1e-14  # of the second moments of a domain: it does not extend this way
_ROUND = 1e-3  # of the second or fourth moment: a domain that is as round has no axes


def gathered(flow: FlowField, spacing: float) -> FlowField:
    """The weights of a flow and all that they carry, shared out to the nodes of a square lattice
    around each point.

    Nodes take shares by multilinear hat functions, as in particle-in-cell methods (Hockney &
    Eastwood, Computer Simulation Using Particles, 1988, ch. 5); each is at the mean position of
    what it took, with the weighted means of all fields. Sums over points become sums over nodes,
    but for terms of the order of spacing². Shares are continuous in the positions, and the lattice
    lies along axes of the domain (:func:`axes`) with a node at its centroid: neither a turned or
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
    means, points, weights = _nodes_of(flow, spacing)
    mean = lambda field: (means @ field.reshape(len(flow), -1)).reshape(-1, *field.shape[1:])
    every = lambda fields: {name: mean(field) for name, field in fields.items()}
    return replace(
        flow,
        points=points,
        velocity=mean(flow.velocity),
        weights=weights,
        scalars=every(flow.scalars),
        vectors=every(flow.vectors),
        tensors=every(flow.tensors),
        mesh=None,
        location=None,
    )


def means_at_nodes(flow: FlowField, spacing: float) -> csr_array:
    """(K, n), what makes fields at the nodes of :func:`gathered` of fields at the points."""
    return _nodes_of(flow, spacing)[0]


def _nodes_of(flow, spacing):
    geometry = (
        np.ascontiguousarray(a).tobytes() for a in (flow.points, flow.weights, flow.periods)
    )
    return _nodes(*geometry, flow.dimension, float(spacing))


@lru_cache(maxsize=4)  # points do not move while a flow is being solved
def _nodes(points: bytes, weights: bytes, periods: bytes, d: int, spacing: float):
    """The matrix (K, n) of means over what each node took, and positions (K, d) and weights (K,) of
    the nodes.
    """
    points, weights, periods = (
        np.frombuffer(points).reshape(-1, d),
        np.frombuffer(weights),
        np.frombuffer(periods),
    )
    periods, n = periods.reshape(-1, d), len(points)
    origin = weights @ points / weights.sum()
    relative = points - origin
    counts = np.maximum(np.rint(np.linalg.norm(periods, axis=1) / spacing), 1).astype(
        np.int64
    )  # to a period
    open_axes = spacing * axes(relative, weights, periods)
    basis = np.concatenate(
        [periods / counts[:, None], open_axes]
    )  # (k, d), rows are the vectors of the lattice
    counts = np.concatenate([counts, np.zeros(len(open_axes), dtype=np.int64)])
    place = relative @ np.linalg.pinv(basis)
    corner = np.floor(place).astype(np.int64)
    inside = place - corner
    node, share, offset = [], [], []
    for step in product((0, 1), repeat=len(basis)):
        at = corner + step
        node.append(np.where(counts > 0, at % np.maximum(counts, 1), at))
        share.append(weights * np.prod(np.where(step, inside, 1 - inside), axis=1))
        offset.append(relative - at @ basis)
    nodes, row = np.unique(np.concatenate(node), axis=0, return_inverse=True)
    share = np.concatenate(share)
    taken = np.bincount(row, share, len(nodes))
    kept = taken > 0
    share = share / np.where(kept, taken, 1)[row]
    of = lambda column, size: csr_array((share, (row, column)), shape=(len(nodes), size))[kept]
    offset = of(np.arange(len(row)), len(row)) @ np.concatenate(offset)
    return (
        of(np.tile(np.arange(n), 2 ** len(basis)), n),
        origin + nodes[kept] @ basis + offset,
        taken[kept],
    )


def axes(points, weights, periods) -> np.ndarray:
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
    _, _, vectors = np.linalg.svd(periods if len(periods) else np.zeros((1, d)))
    across = vectors[len(periods) :]
    x = points @ across.T
    moments, turned = np.linalg.eigh((x.T * weights) @ x)
    flat = moments <= _FLAT * (weights @ points**2).sum()
    if flat.any():
        across = turned.T[~flat] @ across
        x = points @ across.T
    if len(across) < 2:
        return across
    if len(across) == 3:
        if np.diff(moments).min() > _ROUND * moments.max():
            return turned.T @ across
    else:
        z = x @ [1, 1j]
        for order in (2, 4):
            moment, size = weights @ z**order, weights @ np.abs(z) ** order
            if abs(moment) > _ROUND * size:
                angle = np.angle(moment) / order
                return (
                    np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
                    @ across
                )
    raise InputError(
        "spacing: the domain is too round for axes to lay a lattice along; use a region without spacing"
    )
