"""A closure as a differentiable function of velocity and weights, at the points of one flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from vcnn.closure.evaluator import join, split_by_size
from vcnn.clouds.lattice import means_at_nodes
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.threads import few_threads

if TYPE_CHECKING:
    from vcnn.closure.closure import Closure


class DifferentiableClosure:
    """Predictions at the points of a flow as a function of the velocity, for torch.

    Calling it with the velocity, ``values = predict(velocity)``, gives what :meth:`Closure.predict`
    does for the flow with that velocity, as tensors by name. They can be differentiated by the
    velocity and by the weights of ``closure.network``. The clouds are found once; all fields but
    the velocity stay as they are in the flow.

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

    def __init__(self, closure: Closure, flow: FlowField):
        closure.check(flow)
        if closure.region.moves_with_flow:
            raise InputError(
                f"region: expected a ball, clouds of a region {closure.region.kind!r} move with "
                "the flow"
            )
        if not closure.network.differentiable_in_velocity:
            raise InputError(
                f"network: {closure.network.name!r} cannot be differentiated by the velocity"
            )
        self.closure, self.count, self.dimension = closure, len(flow), flow.dimension
        self._means = None
        spacing = closure.region.lattice_spacing
        if spacing is not None:
            self._means = _sparse(means_at_nodes(flow, spacing))
        self._parts, centres = [], []
        for block in closure.scaled_blocks(flow, None):
            parts, order = split_by_size(closure.network, block)
            self._parts += list(parts)
            centres.append(block.centres[order])
        self._order = np.concatenate(centres)

    def __call__(self, velocity: torch.Tensor) -> dict[str, torch.Tensor]:
        """Values (n,), (n, d) or (n, d, d) by name, in the dtype of the network.

        Parameters
        ----------
        velocity : (n, d) tensor, float64
        """
        closure, network = self.closure, self.closure.network
        if self._means is not None:
            velocity = torch.cat([velocity, self._means @ velocity])
        dtype = next(network.parameters()).dtype
        points = network.points(self._parts[0].flow, (velocity / closure.scales.velocity).to(dtype))
        with few_threads():
            columns = join([network.values(part, points) for part in self._parts], self._order)
        return dict(zip(closure.targets, closure.scales.unscale(columns), strict=True))


def _sparse(matrix) -> torch.Tensor:
    """A scipy matrix for torch."""
    matrix = matrix.tocoo()
    indices = np.stack(matrix.coords)
    return torch.sparse_coo_tensor(
        indices, matrix.data, matrix.shape, check_invariants=True
    ).coalesce()
