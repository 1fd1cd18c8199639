"""Graph kernel network: the established graph closure, tied to the frame it was trained in."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import nn

from vcnn.baselines.cloud_network import CloudNetwork
from vcnn.network.layers import seeded

EDGES = 2**14  # handled at once: they stay in the cache


class GraphKernelNetwork(CloudNetwork):
    """Plain graph kernel network (Li et al. 2020, arXiv 2003.03485) on a cloud.

    Every point of a cloud is joined to every other; a layer maps h_i -> σ(W h_i + b + mean_j
    κ(e_ij) h_j) with a kernel network κ; the nodes are averaged and read out linearly. Node
    features are components of r and u and the scalars, edge features e_ij those of both ends: the
    prediction depends on the frame. Means are plain, as published. Cost grows with the square of
    the points in a cloud. Settings of Zafar et al. 2022: width 16, depth 2, kernel network
    64-96-256.

    κ's last layer is linear, κ_ij = K φ_ij, so that mean_j κ_ij h_j = K : mean_j φ_ij ⊗ h_j is
    computed without the kernel matrices: the same value at a third of the cost.

    Parameters
    ----------
    scalars, dimension, output
        As in `CloudNetwork`.
    width : int
        Of the node state.
    depth : int
        Number of layers (they share their weights, as published).
    kernel : sequence of int
        Widths of the hidden layers of κ.
    seed : int
        Of the initial weights.
    """

    name = "graph-kernel"

    def __init__(
        self,
        scalars=(),
        dimension=2,
        output="scalar",
        *,
        width=16,
        depth=2,
        kernel=(64, 96),
        seed=0,
    ):
        super().__init__(
            scalars, dimension, output, width=width, depth=depth, kernel=list(kernel), seed=seed
        )
        self.depth = depth
        features = self._count_features()
        with seeded(seed):
            self.lift = nn.Linear(features, width)
            self.source = nn.Linear(features, kernel[0])  # κ's first layer: one part for each end
            self.target = nn.Linear(features, kernel[0], bias=False)
            hidden = [nn.ReLU(inplace=True)]
            for inputs, outputs in pairwise(kernel):
                hidden += [nn.Linear(inputs, outputs), nn.ReLU(inplace=True)]
            self.hidden = nn.Sequential(*hidden)
            self.kernel = nn.Linear(kernel[-1], width * width)
            self.own = nn.Linear(width, width)
            self.readout = nn.Linear(width, 1)

    def work(self, counts: np.ndarray) -> np.ndarray:
        """Rows of edge data that clouds of ``counts`` points need: the square."""
        return counts**2

    def _count_features(self):
        return 2 * self.dimension + len(self.scalars)

    def _features(self, r, u, s):
        """Of nodes, and of edges at each of their ends."""
        return torch.cat([r, u, s], dim=2)

    def _first_layer(self, r, u, features, rows):
        """κ's first layer (m, n, n', k) for edges from every point to n' of them."""
        return self.source(features)[:, :, None] + self.target(features)[:, None, rows]

    def _evaluate(self, clouds, points):
        return torch.cat(
            [self._part(part, points) for part in clouds.split(self.work(clouds.counts), EDGES)]
        )

    def _part(self, clouds, points):
        # without the centre, which comes first: it is no node
        r, u, s, shares = (part[:, 1:] for part in self._side_by_side(clouds, points))
        features = self._features(r, u, s)
        m, n, _ = features.shape
        state = self.lift(features)
        width = state.shape[2]
        K = self.kernel.weight.view(width, width, -1)  # in, out, φ
        k = self.kernel.bias.view(width, width)
        φ = [
            self.hidden(self._first_layer(r, u, features, rows)).flatten(2)
            for rows in target_rows(m, n)
        ]
        for _ in range(self.depth):
            weighted = (shares * state).transpose(1, 2)
            means = torch.cat(
                [(weighted @ part).unflatten(2, (-1, K.shape[2])) for part in φ], dim=2
            )
            messages = torch.einsum("hoc,mhic->mio", K, means) + (weighted.sum(dim=2) @ k)[:, None]
            state = torch.relu(self.own(state) + messages)
        return self.readout((shares * state).sum(dim=1))


def target_rows(clouds: int, length: int) -> list[slice]:
    """Points at which edges end, in parts of about `EDGES` edges of complete graphs."""
    step = max(1, EDGES // (clouds * length))
    return [slice(begin, min(begin + step, length)) for begin in range(0, length, step)]
