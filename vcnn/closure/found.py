"""The clouds of a flow for a closure; those that stay where they are, are found once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from vcnn.closure.evaluator import SplitClouds, split_by_size
from vcnn.closure.scales import scale_weights
from vcnn.clouds.assembly import check_centres
from vcnn.clouds.lattice import with_lattice_nodes
from vcnn.flow.field import FlowField
from vcnn.network.base import Network

if TYPE_CHECKING:
    from vcnn.closure.closure import Closure

_MOST_PAIRS = 2**21  # that are kept: with what a network keeps of them up to a GiB in a plane
_MOST_NETWORKS = 2  # whose clouds are kept at a time, those that were asked last


@dataclass(frozen=True, eq=False)
class _Found:
    """Clouds of the points that a network was asked for last.

    Parameters
    ----------
    geometry : what they follow from
    pairs : how many they have
    blocks : what :func:`split_by_size` gives of each block; None of points asked for once only
    """

    geometry: tuple
    pairs: int
    blocks: list[SplitClouds] | None = None


_FOUND: WeakKeyDictionary[Network, _Found] = WeakKeyDictionary()


def find_clouds(
    closure: Closure, flow: FlowField, centres: np.ndarray | None
) -> Iterator[SplitClouds]:
    """Clouds in the units that the network takes, block by block, in parts of like size.

    A solver asks for the same points again and again. Where the region does not move with the flow,
    clouds are kept from the second time on, if they are not too many, and with them what their
    network computes of their geometry; values are the same to the last bit.

    Parameters
    ----------
    closure : Closure
    flow : FlowField
    centres : (m,) int, optional
        Only these.
    """
    network, region = closure.network, closure.region
    if region.moves_with_flow:
        yield from _split(closure, flow, centres)
        return
    lengths = (closure.scales.length, closure.scales.weights)
    geometry = (region, *lengths, *_arrays(flow, centres))
    last = _FOUND.get(network)
    if last is None or not _same(last.geometry, geometry):
        pairs = 0
        for block in closure.scaled_blocks(flow, centres):
            pairs += len(block.neighbours)
            yield split_by_size(network, block)
        _FOUND.pop(network, None)  # it comes last again
        while len(_FOUND) >= _MOST_NETWORKS:
            _FOUND.pop(next(iter(_FOUND)), None)
        _FOUND[network] = _Found(_copies(geometry), pairs)
    elif last.pairs > _MOST_PAIRS:
        yield from _split(closure, flow, centres)
    else:
        if last.blocks is None:
            last = _FOUND[network] = replace(last, blocks=_keep(_split(closure, flow, centres)))
        flow = scale_weights(flow, closure.scales)
        flow = closure.scale_flow(with_lattice_nodes(flow, region.lattice_spacing))
        for parts, order in last.blocks:
            yield (part.with_flow(flow) for part in parts), order


def _keep(blocks):
    return [([replace(part, keep=True) for part in parts], order) for parts, order in blocks]


def _split(closure, flow, centres):
    return (split_by_size(closure.network, b) for b in closure.scaled_blocks(flow, centres))


def _arrays(flow, centres):
    periods = np.array(flow.periods).reshape(-1, flow.dimension)
    return flow.points, flow.weights, periods, check_centres(flow, centres)


def _same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def _copies(geometry):
    """With arrays of our own: those of a flow may be changed in place."""
    return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in geometry)
