"""A network on the clouds of a flow, in blocks: clouds of like size together, memory bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch

from vcnn.clouds.clouds import VectorClouds
from vcnn.errors import DivergenceError
from vcnn.network.base import ROWS, Network
from vcnn.threads import few_threads


def evaluate_blocks(network: Network, blocks: Iterable[VectorClouds]) -> list[torch.Tensor]:
    """Values of a network for the clouds of all blocks, in their order, a tensor for each output.

    What belongs to points is computed once.

    Parameters
    ----------
    network : Network
    blocks : iterable of VectorClouds
        Of one flow, in the units that the network takes.
    """
    points, columns = None, []
    with few_threads(), torch.inference_mode():
        for block in blocks:
            if points is None:
                points = network.points(block.flow)
            parts, order = split_by_size(network, block)
            columns.append(join([network.values(part, points) for part in parts], order))
    return [torch.cat(column) for column in zip(*columns, strict=True)]


def split_by_size(
    network: Network, clouds: VectorClouds
) -> tuple[Iterator[VectorClouds], np.ndarray]:
    """Parts of like size that a network can take at once, and the order (m,) of the clouds in them.

    A network pads the clouds of a part to the largest one: sorted, they need little padding.
    """
    order = np.argsort(clouds.counts, kind="stable")
    clouds = clouds.select(order)
    return clouds.split(network.work(clouds.counts), ROWS), order


def join(values: Sequence[Sequence[torch.Tensor]], order: np.ndarray) -> list[torch.Tensor]:
    """Values of parts, a tensor for each output, of the clouds as they were before an order."""
    inverse = torch.as_tensor(np.argsort(order))
    return [torch.cat(column)[inverse] for column in zip(*values, strict=True)]


def check_finite(fields: Mapping[str, np.ndarray]) -> None:
    """Raise `DivergenceError` if a value (n, ...) by name is NaN or infinite."""
    for name, values in fields.items():
        bad = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
        if len(bad):
            raise DivergenceError(
                f"{name}: {len(bad)} values are NaN or infinite, first at {bad[0]}"
            )
