"""Points of a flow gathered at the nodes of a lattice: as many for a region of space whatever the mesh."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
from scipy.sparse import csr_array

from vcnn.errors import InputError
from vcnn.flow import FlowField

_ROUND = 1e-3   # of the second or fourth moment: a domain that is as round has no axes


def gathered(flow: FlowField, spacing: float) -> FlowField:
    """The weights of a flow and all that they carry, shared out to the nodes of a square lattice around each point.

    Nodes take shares by multilinear hat functions, as in particle-in-cell methods; each is at the mean position of
    what it took, with the weighted means of all fields. Sums over points become sums over nodes, but for terms of
    the order of spacing². Shares are continuous in the positions, and the lattice lies along axes of the domain
    (:func:`axes`) with a node at its centroid: neither a turned or mirrored frame nor another order of the points
    changes the nodes.

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
    origin = flow.weights @ flow.points / flow.weights.sum()
    basis, counts = _lattice(flow, spacing)
    relative = flow.points - origin
    place = relative @ np.linalg.inv(basis)   # in units of the basis, whose rows are the vectors of the lattice
    corner = np.floor(place).astype(np.int64)
    inside = place - corner
    rows, shares, offsets = [], [], []
    for step in product((0, 1), repeat=flow.dimension):
        node = corner + step
        shares.append(np.prod(np.where(step, inside, 1 - inside), axis=1))
        offsets.append(relative - node @ basis)
        rows.append(np.where(counts > 0, node % np.maximum(counts, 1), node))
    nodes, row = np.unique(np.concatenate(rows), axis=0, return_inverse=True)
    taken = np.concatenate(shares) * np.tile(flow.weights, len(shares))
    weights = np.bincount(row, taken, len(nodes))
    kept = weights > 0
    parts = (taken / np.where(kept, weights, 1)[row], (row, np.arange(len(row))))
    of_shares = csr_array(parts, shape=(len(nodes), len(row)))[kept]
    of_points = sum(of_shares[:, k * len(flow) : (k + 1) * len(flow)] for k in range(len(shares)))
    mean = lambda field: (of_points @ field.reshape(len(flow), -1)).reshape(-1, *field.shape[1:])
    every = lambda fields: {name: mean(field) for name, field in fields.items()}
    return replace(
        flow,
        points=origin + nodes[kept] @ basis + of_shares @ np.concatenate(offsets),
        velocity=mean(flow.velocity),
        weights=weights[kept],
        scalars=every(flow.scalars),
        vectors=every(flow.vectors),
        tensors=every(flow.tensors),
        mesh=None,
        location=None,
    )


def _lattice(flow, spacing) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of the lattice (d, d), and how many of each make up a period (d,), 0 where there is none."""
    periods = np.array(flow.periods).reshape(-1, flow.dimension)
    counts = np.maximum(np.rint(np.linalg.norm(periods, axis=1) / spacing), 1).astype(np.int64)
    open_axes = spacing * axes(flow)
    basis = np.concatenate([periods / counts[:, None], open_axes])
    return basis, np.concatenate([counts, np.zeros(len(open_axes), dtype=np.int64)])


def axes(flow: FlowField) -> np.ndarray:
    """(k, d) orthonormal axes of the domain across its periods, from the weights at the points; signs mean nothing.

    Those of the second moments; in a plane, where these are round as those of a square, of the fourth moments.

    Raises
    ------
    InputError
        If these are round too.
    """
    d = flow.dimension
    periods = np.array(flow.periods).reshape(-1, d)
    _, _, vectors = np.linalg.svd(periods if len(periods) else np.zeros((1, d)))
    across = vectors[len(periods) :]
    if len(across) < 2:
        return across
    x = (flow.points - flow.weights @ flow.points / flow.weights.sum()) @ across.T
    if len(across) == 3:
        moments, turned = np.linalg.eigh((x.T * flow.weights) @ x)
        if np.diff(moments).min() > _ROUND * moments.max():
            return turned.T @ across
    else:
        z = x @ [1, 1j]
        for order in (2, 4):
            moment, size = flow.weights @ z**order, flow.weights @ np.abs(z) ** order
            if abs(moment) > _ROUND * size:
                angle = np.angle(moment) / order
                return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) @ across
    raise InputError("spacing: the domain is too round for axes to lay a lattice along; use a region without spacing")
