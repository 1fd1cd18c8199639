"""How far a prediction jumps where a point leaves a cloud."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from vcnn.closure.closure import Closure
from vcnn.closure.evaluator import in_precision
from vcnn.clouds.clouds import VectorClouds
from vcnn.evaluation.equivariance import values_of

_INSIDE = 1e-6  # from the edge, in scaled distance, where the point is before it leaves
_LEAST = 1e-300  # of a squared distance that is divided by


def edge_jumps(closure: Closure, clouds: VectorClouds) -> np.ndarray:
    """Change of a prediction as the outermost point of a cloud leaves through the edge.

    The point is moved straight out to a scaled distance of 1 − 1e-6, then taken away. Behind a
    sharp edge the prediction loses its whole share, with a smooth one nothing that double precision
    knows.

    Parameters
    ----------
    closure : Closure
    clouds : VectorClouds
        m of the closure's region.

    Returns
    -------
    (m,) norms of the changes, as the network puts them out in double precision; 0 for a cloud of
    one point
    """
    closure = replace(closure, network=in_precision(closure.network, torch.float64))
    region = closure.region
    velocity = clouds.flow.velocity[clouds.centres]
    squared = region.squared_distances(clouds.positions, velocity, clouds.owners)
    distance = np.sqrt(np.maximum(squared, _LEAST))
    outermost = [
        start + np.argmax(distance[start:end])
        for start, end in zip(clouds.offsets[:-1], clouds.offsets[1:], strict=True)
    ]
    outermost = np.array(outermost)[clouds.counts > 1]
    positions = clouds.positions.copy()
    positions[outermost] *= ((1 - _INSIDE) / distance[outermost])[:, None]
    kept = np.ones(len(positions), dtype=bool)
    kept[outermost] = False
    without = replace(
        clouds,
        offsets=np.concatenate([[0], np.cumsum(kept)])[clouds.offsets],
        neighbours=clouds.neighbours[kept],
        positions=positions[kept],
    )
    inside = replace(clouds, positions=positions)
    jumps = 0
    for before, after in zip(
        values_of(closure, inside).values(), values_of(closure, without).values(), strict=True
    ):
        jumps = jumps + ((before - after).reshape(len(clouds), -1) ** 2).sum(axis=1)
    return np.sqrt(jumps)
