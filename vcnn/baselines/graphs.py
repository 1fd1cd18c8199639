"""Clouds as graphs whose edges are processed in parts, and the names that layers had before."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from vcnn.clouds.clouds import VectorClouds

EDGES = 2**14  # handled at once: they stay in the cache


def complete_graphs(
    clouds: VectorClouds, owners: np.ndarray, device: torch.device
) -> list[tuple[slice, torch.Tensor]]:
    """Edges from every point of a cloud to every node of it, in parts of about `EDGES` of them.

    Parameters
    ----------
    clouds : VectorClouds
        Of N points in all, the nodes at which edges begin.
    owners : (T,) int
        The cloud of every node at which edges end.
    device : torch.device
        Of the edges.

    Returns
    -------
    list of (slice, (2, E) int tensor)
        Nodes at which the edges of a part end, and its edges: the number 0..N-1 of the point where
        one begins and the number within the slice of the node where it ends.
    """
    counts = clouds.counts[owners]
    ends = np.cumsum(counts)
    _, starts = np.unique((ends - counts) // EDGES, return_index=True)
    parts = []
    for a, b in pairwise([*starts, len(owners)]):
        target = np.repeat(np.arange(b - a), counts[a:b])
        first = clouds.offsets[owners[a:b]] - (ends[a:b] - counts[a:b] - ends[a] + counts[a])
        source = np.arange(len(target)) + first[target]
        parts.append((slice(a, b), torch.as_tensor(np.stack([source, target]), device=device)))
    return parts


def rename(tensors: dict[str, Any], prefix: str, names: Mapping[str, str]) -> None:
    """Give weights in a state dict the names they have now, in place.

    Parameters
    ----------
    tensors : dict
        By name.
    prefix : str
        Of all names of the network.
    names : mapping
        How a name began in files of versions up to 0.2 -> how it begins now.
    """
    for old, new in names.items():
        for name in [name for name in tensors if name.startswith(prefix + old)]:
            tensors[prefix + new + name.removeprefix(prefix + old)] = tensors.pop(name)
