"""A network on the clouds of a flow, in blocks: clouds of like size together, memory bounded."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from vcnn.clouds.clouds import VectorClouds
from vcnn.errors import DivergenceError
from vcnn.network.base import ROWS, Network
from vcnn.network.layers import check_precision
from vcnn.threads import few_threads

type SplitClouds = tuple[Iterable[VectorClouds], np.ndarray]  # parts of like size, their order


def in_precision(network: Network, dtype: torch.dtype) -> Network:
    """A copy of a network that computes in this precision.

    Raises
    ------
    InputError
        If networks cannot.
    """
    check_precision(dtype)
    return copy.deepcopy(network).to(dtype)


def evaluate_blocks(
    networks: Sequence[Network], blocks: Iterable[SplitClouds]
) -> list[list[torch.Tensor]]:
    """Values of each network for the clouds of all blocks, in their order, a tensor each output.

    What belongs to points is computed once, and what of clouds depends on their geometry alone
    once for all networks.

    Parameters
    ----------
    networks : sequence of Network
        In double precision or not, of the same inputs.
    blocks : iterable of pairs
        What :func:`split_by_size` gives of clouds of one flow, in the units that networks take.
    """
    points, columns = None, [[] for _ in networks]
    with few_threads(), torch.inference_mode():
        for parts, order in blocks:
            values = [[] for _ in networks]
            for part in parts:
                if points is None:
                    points = [network.points(part.flow) for network in networks]
                shared = part if part.keep or len(networks) == 1 else replace(part, keep=True)
                for network, data, column in zip(networks, points, values, strict=True):
                    column.append(network.values(shared, data))
            for whole, column in zip(columns, values, strict=True):
                whole.append(join(column, order))
    return [[torch.cat(output) for output in zip(*whole, strict=True)] for whole in columns]


def split_by_size(network: Network, clouds: VectorClouds) -> SplitClouds:
    """Parts of like size that a network can take at once, and the order (m,) of the clouds in them.

    A network pads the clouds of a part to the largest one: sorted, they need little padding. No
    network can write to their positions and offsets, for they may be kept.
    """
    order = np.argsort(clouds.counts, kind="stable")
    clouds = clouds.select(order)
    return map(_protect, clouds.split(network.work(clouds.counts), ROWS)), order


def _protect(clouds: VectorClouds) -> VectorClouds:
    # not its indices, for torch warns of those that refuse to be written to
    for array in (clouds.positions, clouds.offsets):
        array.setflags(write=False)
    return clouds


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
