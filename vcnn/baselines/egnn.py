"""E(n)-equivariant graph network with velocities.

Satorras, Hoogeboom & Welling 2021, arXiv 2102.09844.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from vcnn.baselines.cloud_network import CloudNetwork, invariants
from vcnn.baselines.graph_kernel import EDGES, target_rows
from vcnn.network.layers import perceptron, seeded
from vcnn.network.symmetry import Symmetry


class EGNN(CloudNetwork):
    """E(n)-equivariant graph network on the complete graph of a cloud, with velocities.

    By equations 3-7 of the paper a layer with edge, coordinate, velocity and node networks φ maps
    states h, positions x and velocities v to

        m_ij = φ_e(h_i, h_j, |x_i − x_j|², a_ij),
        v_i' = φ_v(h_i) v_i + mean_j (x_i − x_j) φ_x(m_ij),   x_i' = x_i + v_i',
        h_i' = h_i + φ_h(h_i, mean_j m_ij).

    Edge attributes are left open by the paper: a_ij = [u_i·u_j, (r_i − r_j)·u_i, (r_i − r_j)·u_j]
    of the given positions and velocities say who is upstream of whom. The value belongs to the
    centre, which the layers above treat as any other point: it joins as a node that sends no
    messages, the value is read from its last h, |x|, |v| and x·v, and the first h_i are made from
    the scalars, |r_i|, |u_i| and r_i·u_i, where r_i begins at the centre. Means over j take the
    place of the published sums, since the number of points in a cloud is that of a mesh; they are
    plain. Cost grows with the square of that number.

    Parameters
    ----------
    scalars, dimension, output
        As in `CloudNetwork`.
    width : int
        Of states and messages.
    depth : int
        Number of layers.
    seed : int
        Of the initial weights.
    """

    name = "egnn"
    symmetry = Symmetry.O

    def __init__(self, scalars=(), dimension=2, output="scalar", *, width=48, depth=2, seed=0):
        super().__init__(scalars, dimension, output, width=width, depth=depth, seed=seed)
        with seeded(seed):
            self.lift = nn.Linear(3 + len(self.scalars), width)
            self.layers = nn.ModuleList(_Layer(width) for _ in range(depth))
            self.readout = perceptron(width + 3, width, 1)

    def work(self, counts: np.ndarray) -> np.ndarray:
        """Rows of edge data that clouds of ``counts`` points need: the square."""
        return counts**2

    def _evaluate(self, clouds, points):
        return torch.cat(
            [self._part(part, points) for part in clouds.split(self.work(clouds.counts), EDGES)]
        )

    def _part(self, clouds, points):
        r, u, s, shares = self._side_by_side(clouds, points)
        ru = r @ u.transpose(1, 2)  # r_i·u_j
        along = ru.diagonal(dim1=1, dim2=2)
        products = [
            u @ u.transpose(1, 2),
            along[:, :, None] - ru.transpose(1, 2),
            ru - along[:, None],
        ]
        products = torch.stack(products, dim=3)
        h, x, v = self.lift(invariants(r, u, s)), r, u
        for layer in self.layers:
            h, x, v = layer(h, x, v, products, shares)
        return self.readout(invariants(x[:, 0], v[:, 0], h[:, 0]))


class _Layer(nn.Module):
    """One layer, of clouds side by side."""

    def __init__(self, width):
        super().__init__()
        self.target = nn.Linear(width, width)  # the first layer of φ_e in three parts
        self.source = nn.Linear(width, width, bias=False)
        self.edge = nn.Linear(4, width, bias=False)
        self.message = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.coordinate = perceptron(width, width, 1)
        self.velocity = perceptron(width, width, 1)
        self.node = perceptron(2 * width, width, width)
        with torch.no_grad():
            self.coordinate[-1].weight.mul_(0.1)  # points begin near where they are

    def forward(
        self,
        h: torch.Tensor,
        x: torch.Tensor,
        v: torch.Tensor,
        products: torch.Tensor,
        shares: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """States, positions and velocities after the layer; ``products`` do not change."""
        source, target = self.source(h)[:, None], self.target(h)
        weights = shares.transpose(1, 2)[:, None]  # (m, 1, 1, n)
        messages, pushes = [], []
        for rows in target_rows(*shares.shape[:2]):
            away = x[:, rows, None] - x[:, None]
            attributes = torch.cat(
                [away.square().sum(dim=3, keepdim=True), products[:, rows]], dim=3
            )
            m = self.message(target[:, rows, None] + source + self.edge(attributes))
            messages.append((weights @ m).squeeze(2))
            pushes.append((weights @ (self.coordinate(m) * away)).squeeze(2))
        v = self.velocity(h) * v + torch.cat(pushes, dim=1)
        h = h + self.node(torch.cat([h, torch.cat(messages, dim=1)], dim=2))
        return h, x + v, v
