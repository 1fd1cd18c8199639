"""Nodes of a lattice as functions of the positions of the points that they gather, for torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from vcnn.clouds.axes import plane_moment
from vcnn.clouds.lattice import corner_shares, find_nodes
from vcnn.flow.field import FlowField


@dataclass(frozen=True, eq=False)
class MovingNodes:
    """What K nodes of a lattice took of the points of a flow.

    Parameters
    ----------
    points, weights : (K, d), (K,)
        Of the nodes.
    shares : (L,)
        Of the weight of a node what it took, entry by entry.
    rows, columns : (L,) int
        The node and the point of each entry.
    """

    points: torch.Tensor
    weights: torch.Tensor
    shares: torch.Tensor
    rows: torch.Tensor
    columns: torch.Tensor

    @classmethod
    def of(cls, flow: FlowField, spacing: float, positions: torch.Tensor) -> MovingNodes:
        """The nodes of :func:`vcnn.clouds.lattice.gather_at_lattice`.

        Parameters
        ----------
        flow : FlowField
        spacing : length
        positions : (n, d) tensor
            Of the points of the flow, which the nodes can be differentiated by. Which node takes
            from which point does not change, and the axes of the lattice turn from where they are.
        """
        nodes = find_nodes(flow, spacing)
        weights = torch.from_numpy(flow.weights.copy())
        basis, corners = torch.from_numpy(nodes.basis), torch.from_numpy(nodes.corners)
        centroid = weights @ positions / weights.sum()
        relative = positions - centroid
        along, across = basis.tensor_split([len(flow.periods)])
        across = spacing * _turn_axes(across / spacing, relative, weights)
        basis = torch.cat([along, across])

        # Values are those that the nodes were found with, also where round-off decides; a point
        # right on a border, where slopes jump, counts as one that stays there.
        place = relative @ torch.linalg.pinv(basis)
        within = torch.from_numpy((nodes.inside > 0) & (nodes.inside < 1))
        inside = torch.from_numpy(nodes.inside) + within * (place - place.detach())
        shares, offset = corner_shares(inside, weights), relative - corners @ basis
        # entries of nodes that took nothing go, the others are numbered
        kept, number = nodes.used[nodes.rows], np.cumsum(nodes.used) - 1
        rows = torch.from_numpy(number[nodes.rows[kept]])
        share, offset = torch.cat(shares)[kept], offset.flatten(0, 1)[kept]
        columns = torch.arange(len(flow)).repeat(len(shares))[kept]
        total = share.new_zeros(len(nodes.weights)).index_add(0, rows, share)
        share = share / total[rows]
        lattice = centroid + torch.from_numpy(nodes.places[nodes.used]).to(basis) @ basis
        points = lattice.index_add(0, rows, share[:, None] * offset)
        return cls(points, total, share, rows, columns)

    def means(self, values: torch.Tensor) -> torch.Tensor:
        """Means (K,) or (K, c) over what each node took of values (n,) or (n, c) at the points."""
        shares = self.shares.reshape(-1, *[1] * (values.ndim - 1))
        means = values.new_zeros(len(self.points), *values.shape[1:])
        return means.index_add(0, self.rows, shares * values[self.columns])


def _turn_axes(axes, relative, weights):
    """Axes (k, d) of the lattice of points (:func:`vcnn.clouds.axes.domain_axes`) as they turn.

    From where they are, so that signs, and quarters of a turn of a square, stay. Points of a plane
    or a line in space take the axes along when they leave it; what they share out changes to second
    order only.
    """
    x = relative @ axes.T
    if len(axes) == 2:
        moment, order = plane_moment(x, weights)
        angle = moment.angle() / order
        cos, sin = angle.cos(), angle.sin()
        return torch.stack([torch.stack([cos, sin]), torch.stack([-sin, cos])]) @ axes
    if len(axes) == 3:
        principal = torch.linalg.eigh((x.T * weights) @ x).eigenvectors
        return (principal * principal.diagonal().sign()).T @ axes
    return axes
