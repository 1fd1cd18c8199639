"""E(n)-equivariant graph network with velocities.

Satorras, Hoogeboom & Welling 2021, arXiv 2102.09844.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn.functional import pad
from torch_geometric.nn import MessagePassing

from vcnn.baselines.cloud_network import CloudNetwork, invariants
from vcnn.baselines.graphs import complete_graphs, rename
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
    plain. Cost grows with the square of that number. A layer is a ``MessagePassing`` of
    torch_geometric.

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
        r, u, s, owners = self._nodes_and_centres(clouds, points)
        parts = [
            (rows, edges, _products(r, u, edges[0], edges[1] + rows.start))
            for rows, edges in complete_graphs(clouds, owners, points.device)
        ]
        h, x, v = self.lift(invariants(r, u, s)), r, u
        emphasis = pad(self._emphasis(clouds, points), (0, 0, 0, len(clouds)))  # centres send none
        for layer in self.layers:
            h, x, v = layer(h, x, v, emphasis, parts)
        h, x, v = (state[-len(clouds) :] for state in (h, x, v))
        return self.readout(invariants(x, v, h))

    def _load_from_state_dict(self, state_dict, prefix, *arguments):
        for k in range(len(self.layers)):
            rename(state_dict, f"{prefix}layers.{k}.", {"message.": "encode."})
        super()._load_from_state_dict(state_dict, prefix, *arguments)


def _products(r, u, source, target):
    """a_ij (E, 3) of edges between nodes number ``source`` and ``target``."""
    away = r[target] - r[source]
    pairs = [(u[target], u[source]), (away, u[target]), (away, u[source])]
    return torch.stack([(a * b).sum(dim=1) for a, b in pairs], dim=1)


class _Layer(MessagePassing):
    """One layer: messages [m_ij, (x_i − x_j) φ_x(m_ij)], their means and what they change."""

    def __init__(self, width):
        super().__init__(aggr="mean")
        self.target = nn.Linear(width, width)  # the first layer of φ_e in three parts
        self.source = nn.Linear(width, width, bias=False)
        self.edge = nn.Linear(4, width, bias=False)
        self.encode = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU())
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
        emphasis: torch.Tensor,
        parts: list[tuple],
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """States, positions and velocities after the layer; ``parts`` of edges with their a_ij."""
        source, target = self.source(h), self.target(h)
        means = torch.cat(
            [
                self.propagate(
                    edges,
                    source=(source, None),
                    target=(None, target[rows]),
                    x=(x, x[rows]),
                    emphasis=(emphasis, None),
                    products=products,
                )
                for rows, edges, products in parts
            ]
        )
        messages, pushes = means.split([h.shape[1], x.shape[1]], dim=1)
        v = self.velocity(h) * v + pushes
        h = h + self.node(torch.cat([h, messages], dim=1))
        return h, x + v, v

    def message(
        self,
        source_j: torch.Tensor,
        target_i: torch.Tensor,
        x_i: torch.Tensor,
        x_j: torch.Tensor,
        emphasis_j: torch.Tensor,
        products: torch.Tensor,
    ) -> torch.Tensor:
        """Of every edge, (E, width + d)."""
        away = x_i - x_j
        attributes = torch.cat([away.square().sum(dim=1, keepdim=True), products], dim=1)
        m = self.encode(target_i + source_j + self.edge(attributes))
        return emphasis_j * torch.cat([m, self.coordinate(m) * away], dim=1)
