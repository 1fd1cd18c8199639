"""Several flows as one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vcnn.errors import InputError
from vcnn.flow.field import FlowField


def concatenate(flows: Sequence[FlowField]) -> FlowField:
    """The points of several flows in one, as loose points with the fields that all of them have.

    Parameters
    ----------
    flows : sequence of FlowField
        All in the same number of dimensions.

    Returns
    -------
    FlowField

    Raises
    ------
    InputError
        If there are none, or they differ in dimension.
    """

    dimensions = {flow.dimension for flow in flows}
    if len(dimensions) != 1:
        raise InputError(
            f"flows: expected some of one dimension, got {sorted(dimensions) or 'none'}"
        )

    def fields(kind):
        names = set.intersection(*(set(getattr(flow, kind)) for flow in flows))
        return {
            name: np.concatenate([getattr(flow, kind)[name] for flow in flows])
            for name in sorted(names)
        }

    return FlowField(
        points=np.concatenate([flow.points for flow in flows]),
        velocity=np.concatenate([flow.velocity for flow in flows]),
        weights=np.concatenate([flow.weights for flow in flows]),
        scalars=fields("scalars"),
        vectors=fields("vectors"),
        tensors=fields("tensors"),
    )
