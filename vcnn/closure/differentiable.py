"""A closure as a differentiable function of the velocity and of its weights, for one flow's points."""

from __future__ import annotations

from inspect import signature

import numpy as np
import torch

from vcnn.clouds.lattice import means_at_nodes
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.network.base import ROWS


class DifferentiableClosure:
    """What a closure predicts at the points of a flow, as a function of the velocity that torch can
    differentiate.

    Calling it with the velocity, ``values = predicted(velocity)``, gives what
    :meth:`Closure.predict` does for the flow with that velocity, as tensors by name. They can be
    differentiated by the velocity and by the weights of ``closure.network``. The clouds are found
    once; all fields but the velocity stay as they are in the flow.

    Parameters
    ----------
    closure : Closure
        Of a region that is a ball, whose clouds do not depend on the velocity.
    flow : FlowField

    Raises
    ------
    InputError
        If the region is another one, the flow lacks a field or the network cannot be differentiated
        by the velocity.
    """

    def __init__(self, closure, flow: FlowField):
        closure.check(flow)
        if closure.region.kind != "ball":
            raise InputError(
                f"region: expected a ball, clouds of a region {closure.region.kind!r} move with the flow"
            )
        if "velocity" not in signature(getattr(closure.network, "points", len)).parameters:
            raise InputError(
                f"network: {closure.network.name!r} cannot be differentiated by the velocity"
            )
        self.closure, self.count, self.dimension = closure, len(flow), flow.dimension
        spacing = dict(closure.region.parameters).get("spacing")
        self._means = None
        if spacing is not None:
            means = means_at_nodes(flow, spacing).tocoo()
            where = np.stack(means.coords)
            self._means = torch.sparse_coo_tensor(
                where, means.data, means.shape, check_invariants=True
            ).coalesce()
        self._parts, order = [], []
        for block in closure.scaled_blocks(flow, None):
            by_size = np.argsort(block.counts, kind="stable")
            block = block.select(by_size)
            order.append(block.centres)
            self._parts += list(block.split(closure.network.work(block.counts), ROWS))
        self._back = torch.as_tensor(np.argsort(np.concatenate(order)))

    def __call__(self, velocity: torch.Tensor) -> dict[str, torch.Tensor]:
        """Values (n,), (n, d) or (n, d, d) by name, in the dtype of the network.

        Parameters
        ----------
        velocity : (n, d) tensor, float64
        """
        closure, network = self.closure, self.closure.network
        if self._means is not None:
            velocity = torch.cat([velocity, self._means @ velocity])
        like = next(network.parameters())
        points = network.points(
            self._parts[0].flow, (velocity / closure.scales.velocity).to(like.dtype)
        )
        values = [network(part, points) for part in self._parts]
        values = [(v,) if isinstance(v, torch.Tensor) else v for v in values]
        columns = (torch.cat(column)[self._back] for column in zip(*values, strict=True))
        return {
            name: shift + scale * column
            for name, (shift, scale), column in zip(
                closure.targets, closure.scales.targets, columns, strict=True
            )
        }
