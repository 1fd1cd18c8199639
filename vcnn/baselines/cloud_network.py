"""What the baselines have in common: their inputs, and clouds side by side as dense arrays."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np
import torch
from torch.nn.functional import pad
from torch_geometric.utils import to_dense_batch

from vcnn.clouds.clouds import VectorClouds
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.network.arguments import list_names
from vcnn.network.base import Given, Network
from vcnn.network.heads import value
from vcnn.network.layers import as_tensor


class CloudNetwork(Network):
    """A network that makes a scalar of positions r, velocities u and scalars s of a cloud.

    Parameters
    ----------
    scalars : sequence of str
        Scalar fields of the flow used as point features.
    dimension : {1, 2, 3}
        Of the flows.
    output : {"scalar", "positive_scalar"}
        What it makes of a cloud.
    **options : any
        Further arguments of the network, for files.

    Raises
    ------
    InputError
        If the dimension or the output is another one, or a flow has another dimension.
    """

    weighted = False
    kinds: ClassVar[tuple[str, ...]] = ("scalar", "positive_scalar")  # of outputs that it has

    def __init__(self, scalars, dimension, output, **options):
        scalars = list_names("scalars", scalars)
        super().__init__(scalars=scalars, dimension=dimension, output=output, **options)
        if type(dimension) is not int or dimension not in (1, 2, 3):
            raise InputError(f"dimension: expected 1, 2 or 3, got {dimension!r}")
        if output not in self.kinds:
            raise InputError(f"output: expected {' or '.join(self.kinds)}, got {output!r}")
        self.scalars, self.dimension, self.outputs = tuple(scalars), dimension, (output,)

    def points(
        self, flow: FlowField, velocity: torch.Tensor | None = None, fields: Given | None = None
    ) -> torch.Tensor:
        """(n, d + scalars) velocity and scalars of points.

        Raises
        ------
        InputError
            If the flow has another dimension.
        """
        if flow.dimension != self.dimension:
            raise InputError(
                f"dimension: the network takes {self.dimension}-D flows, "
                f"this flow is {flow.dimension}-D"
            )
        taken = super().points(flow, velocity, fields)
        return torch.cat([taken.velocity, *(s[:, None] for s in taken.scalars.values())], dim=1)

    def forward(self, clouds: VectorClouds, points: torch.Tensor) -> torch.Tensor:
        """Closure values of m clouds, shape (m,)."""
        return value(self.outputs[0], self._evaluate(clouds, points), None, None)

    @abstractmethod
    def _evaluate(self, clouds: VectorClouds, points: torch.Tensor) -> torch.Tensor:
        """(m, 1) what the output is made of."""

    def _nodes(self, clouds, points):
        """r and u (N, d) and s (N, scalars) of the N points of all clouds, one after the other."""
        neighbours = torch.as_tensor(clouds.neighbours, device=points.device)
        u, s = points[neighbours].split([self.dimension, len(self.scalars)], dim=1)
        return as_tensor(clouds.positions, points), u, s

    def _nodes_and_centres(self, clouds, points):
        """r, u, s and the clouds (N + m,) of the N points of m clouds and, last, their centres."""
        r, u, s = self._nodes(clouds, points)
        at_centres = points[torch.as_tensor(clouds.centres, device=points.device)]
        u0, s0 = at_centres.split([self.dimension, len(self.scalars)], dim=1)
        owners = np.concatenate([clouds.owners, np.arange(len(clouds))])
        joined = [(r, torch.zeros_like(u0)), (u, u0), (s, s0)]
        return *(torch.cat(pair) for pair in joined), owners

    def _emphasis(self, clouds, points):
        """(N, 1) what the N points count in means over their clouds, 1 on average.

        Without quadrature weights it differs from 1 by the edge of the region only.
        """
        shares = as_tensor(clouds.shares_of(self.weighted), points)
        return (shares * as_tensor(clouds.counts[clouds.owners], points))[:, None]

    def _side_by_side(self, clouds, points):
        """Clouds as dense arrays of n points each, those that have fewer filled up.

        Returns r and u (m, 1 + n, d), s (m, 1 + n, scalars) and shares (m, 1 + n, 1). Shares add up
        to 1 in each cloud: of the quadrature weights if the network is ``weighted``, else equal.
        Points that fill up are all zero, their shares too. First comes the centre, to which the
        value belongs, with no share (it need not be among the points of its cloud).
        """
        neighbours, owners, centres = (
            torch.as_tensor(index, device=points.device)
            for index in (clouds.neighbours, clouds.owners, clouds.centres)
        )
        shares = as_tensor(clouds.shares_of(self.weighted), points)[:, None]
        rows = torch.cat([shares, as_tensor(clouds.positions, points), points[neighbours]], dim=1)
        dense, _ = to_dense_batch(rows, owners, batch_size=len(clouds))
        centres = pad(points[centres], (1 + self.dimension, 0))
        dense = torch.cat([centres[:, None], dense], dim=1)
        shares, r, u, s = dense.split([1, self.dimension, self.dimension, len(self.scalars)], dim=2)
        return r, u, s, shares


def invariants(r: torch.Tensor, u: torch.Tensor, s: torch.Tensor) -> torch.Tensor:
    """(..., scalars + 3) s, |r|, |u| and r·u."""
    lengths = [torch.sqrt(v.square().sum(dim=-1, keepdim=True) + 1e-30) for v in (r, u)]
    return torch.cat([s, *lengths, (r * u).sum(dim=-1, keepdim=True)], dim=-1)
