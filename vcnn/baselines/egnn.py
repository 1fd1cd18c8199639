"""E(n)-equivariant graph network with velocities: Satorras, Hoogeboom & Welling 2021, arXiv 2102.09844."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from vcnn.baselines.cloud_network import CloudNetwork, invariants
from vcnn.baselines.graph_kernel import EDGES, target_rows
from vcnn.network import perceptron


class EGNN(CloudNetwork):
    """E(n)-equivariant graph network on the complete graph of a cloud, with velocities (eqs. 3-7 of the paper).

    A layer with edge, coordinate, velocity and node networks φ maps states h, positions x and velocities v to

        m_ij = φ_e(h_i, h_j, |x_i − x_j|², u_i·u_j),
        v_i' = φ_v(h_i) v_i + mean_j (x_i − x_j) φ_x(m_ij),   x_i' = x_i + v_i',
        h_i' = h_i + φ_h(h_i, mean_j m_ij)

    and the value is read from the mean of the h. The u_i·u_j of the given velocities are the edge attributes a_ij that
    the paper leaves open. Nothing above knows of the centre, to which the value belongs: the first h_i are made from
    the scalars, |r_i|, |u_i| and r_i·u_i, where r_i is the distance vector from the centre. Means over j take the place
    of the published sums, since the number of points in a cloud is that of a mesh. Cost grows with its square.

    Parameters
    ----------
    scalars, dimension, output : see `CloudNetwork`
    width : of states and messages
    depth : number of layers
    seed : of the initial weights
    """

    name = "egnn"
    symmetry = "O(d)"

    def __init__(self, scalars=(), dimension=2, output="scalar", *, width=32, depth=4, seed=0):
        super().__init__(scalars, dimension, output, width=width, depth=depth, seed=seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.lift = nn.Linear(3 + len(self.scalars), width)
            self.layers = nn.ModuleList(_Layer(width) for _ in range(depth))
            self.readout = perceptron(width, width, 1)

    def work(self, counts: np.ndarray) -> np.ndarray:
        """Rows of edge data that clouds of ``counts`` points need: the square."""
        return counts**2

    def _evaluate(self, clouds, points):
        return torch.cat([self._part(part, points) for part in clouds.split(self.work(clouds.counts), EDGES)])

    def _part(self, clouds, points):
        r, u, s, shares = self._side_by_side(clouds, points)
        h, x, v = self.lift(invariants(r, u, s)), r, u
        for layer in self.layers:
            h, x, v = layer(h, x, v, u, shares)
        return self.readout((shares * h).sum(dim=1))


class _Layer(nn.Module):
    """One layer, of clouds side by side."""

    def __init__(self, width):
        super().__init__()
        self.target = nn.Linear(width, width)   # the first layer of φ_e in three parts
        self.source = nn.Linear(width, width, bias=False)
        self.edge = nn.Linear(2, width, bias=False)
        self.message = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.coordinate = perceptron(width, width, 1)
        self.velocity = perceptron(width, width, 1)
        self.node = perceptron(2 * width, width, width)
        with torch.no_grad():
            self.coordinate[-1].weight.mul_(0.1)   # points begin near where they are

    def forward(self, h, x, v, u, shares):
        source, target = self.source(h)[:, None], self.target(h)
        weights = shares.transpose(1, 2)[:, None]   # (m, 1, 1, n)
        messages, pushes = [], []
        for rows in target_rows(*shares.shape[:2]):
            away = x[:, rows, None] - x[:, None]
            attributes = [away.square().sum(dim=3), u[:, rows] @ u.transpose(1, 2)]
            m = self.message(target[:, rows, None] + source + self.edge(torch.stack(attributes, dim=3)))
            messages.append((weights @ m).squeeze(2))
            pushes.append((weights @ (self.coordinate(m) * away)).squeeze(2))
        v = self.velocity(h) * v + torch.cat(pushes, dim=1)
        h = h + self.node(torch.cat([h, torch.cat(messages, dim=1)], dim=2))
        return h, x + v, v
