"""Graph kernel network: the established graph closure, tied to the frame it was trained in."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch_geometric.nn import NNConv, global_mean_pool

from vcnn.baselines.cloud_network import CloudNetwork
from vcnn.baselines.graphs import complete_graphs, rename
from vcnn.network.layers import seeded

_RENAMED = {  # since the layer is torch_geometric's
    "own.weight": "convolution.lin.weight",
    "own.bias": "convolution.bias",
    **{f"{part}.": f"convolution.nn.{part}." for part in ("source", "target", "hidden", "kernel")},
    "products.": "convolution.nn.products.",
}


class GraphKernelNetwork(CloudNetwork):
    """Plain graph kernel network (Li et al. 2020, arXiv 2003.03485) on a cloud.

    Every point of a cloud is joined to every other; a layer, torch_geometric's ``NNConv`` (Gilmer
    et al. 2017, arXiv 1704.01212), maps h_i -> σ(W h_i + b + mean_j κ(e_ij) h_j) with a kernel
    network κ; the nodes are averaged and read out linearly. Node features are components of r and u
    and the scalars, edge features e_ij those of both ends: the prediction depends on the frame.
    Means are plain, as published, but for the smooth edge of a region. Cost grows with the square
    of the points in a cloud; memory does not, since edges are processed in parts, but for training.
    Settings of Zafar et al. 2022: width 16, depth 2, kernel network 64-96-256.

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
            κ = self._make_kernel(features, kernel, width, seed)
            own = nn.Linear(width, width)
            self.readout = nn.Linear(width, 1)
            self.convolution = NNConv(width, width, nn.Identity(), aggr="mean")
        # given κ, it would draw weights of its own for it
        self.convolution.nn = κ
        self.convolution.lin.weight, self.convolution.bias = own.weight, own.bias

    def work(self, counts: np.ndarray) -> np.ndarray:
        """Rows of edge data that clouds of ``counts`` points need: the square."""
        return counts**2

    def _make_kernel(self, features, kernel, width, seed):
        return Kernel(features, kernel, width)

    def _count_features(self):
        return 2 * self.dimension + len(self.scalars)

    def _features(self, r, u, s):
        """Of nodes (N, k), and of edges at each of their ends."""
        return torch.cat([r, u, s], dim=1)

    def _edge_features(self, features, r, u, source, target):
        """e_ij (E, k) of edges between nodes number ``source`` and ``target``."""
        return torch.cat([features[source], features[target]], dim=1)

    def _evaluate(self, clouds, points):
        r, u, s = self._nodes(clouds, points)
        features = self._features(r, u, s)
        parts = [
            (rows, edges, self._edge_features(features, r, u, edges[0], edges[1] + rows.start))
            for rows, edges in complete_graphs(clouds, clouds.owners, points.device)
        ]
        state, emphasis = self.lift(features), self._emphasis(clouds, points)
        for _ in range(self.depth):
            source = emphasis * state
            layer = [self.convolution((source, state[rows]), edges, e) for rows, edges, e in parts]
            state = torch.relu(torch.cat(layer))
        owners = torch.as_tensor(clouds.owners, device=points.device)
        return self.readout(global_mean_pool(emphasis * state, owners, size=len(clouds)))

    def _load_from_state_dict(self, state_dict, prefix, *arguments):
        rename(state_dict, prefix, _RENAMED)
        super()._load_from_state_dict(state_dict, prefix, *arguments)


class Kernel(nn.Module):
    """κ: edge features (E, k), those of both ends, to matrices (E, width²), input first."""

    def __init__(self, features, widths, width):
        super().__init__()
        self.features = features
        self.source = nn.Linear(features, widths[0])  # the first layer: one part for each end
        self.target = nn.Linear(features, widths[0], bias=False)
        hidden = [nn.ReLU(inplace=True)]
        for inputs, outputs in pairwise(widths):
            hidden += [nn.Linear(inputs, outputs), nn.ReLU(inplace=True)]
        self.hidden = nn.Sequential(*hidden)
        self.kernel = nn.Linear(widths[-1], width * width)

    def forward(self, e: torch.Tensor) -> torch.Tensor:
        """κ(e)."""
        return self.kernel(self.hidden(self._first_layer(*e.split(self.features, dim=1))))

    def _first_layer(self, source, target):
        return self.source(source) + self.target(target)
