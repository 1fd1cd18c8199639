"""Graph kernel network: the established graph-network closure, tied to the frame it was trained in."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch_geometric.nn import NNConv, global_mean_pool

from vcnn.clouds import VectorClouds
from vcnn.flow import FlowField
from vcnn.moments import as_tensor
from vcnn.network import perceptron

_EDGES = 2**13  # edges handled at once, each with its kernel matrix: they stay in the cache


class GraphKernelNetwork(nn.Module):
    """Plain graph kernel network (Li et al. 2020, arXiv 2003.03485) on a cloud.

    Every point of a cloud is joined to every other; a layer maps
    h_i -> σ(W h_i + b + mean_j κ(e_ij) h_j) with a kernel network κ; the nodes are averaged and read out
    linearly. Node features are components of r and u and the scalars, edge features e_ij those of both ends:
    the prediction depends on the frame. Cost grows with the square of the points in a cloud. Settings of
    Zafar et al. 2022: width 16, depth 2, kernel network 64-96-256.

    Parameters
    ----------
    scalars : names of scalar fields of the flow used as point features
    dimension : 2 or 3, of the flows
    width : of the node state
    depth : number of layers (they share their weights, as published)
    kernel : widths of the hidden layers of κ
    seed : of the initial weights
    """

    name = "graph-kernel"
    scaling = True
    weighted = False
    vectors = tensors = ()
    output, outputs = "scalar", ("scalar",)
    galilean, symmetry = False, "translations"

    def __init__(self, scalars=(), dimension: int = 2, *, width=16, depth=2, kernel=(64, 96), seed=0):
        super().__init__()
        self.scalars = tuple(scalars)
        self.config = {
            "scalars": list(scalars), "dimension": dimension, "width": width, "depth": depth,
            "kernel": list(kernel), "seed": seed,
        }  # fmt: skip
        self.depth = depth
        features = 2 * dimension + len(self.scalars)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.lift = nn.Linear(features, width)
            self.kernel = perceptron(2 * features, *kernel, width * width, activation=nn.ReLU)
            self.convolution = NNConv(width, width, nn.Identity(), aggr="mean")  # is given the kernel matrices
            self.readout = nn.Linear(width, 1)

    def work(self, counts: np.ndarray) -> np.ndarray:
        """Rows of edge data that clouds of ``counts`` points need: the square."""
        return counts**2

    def points(self, flow: FlowField) -> torch.Tensor:
        """(n, d + scalars) data of points."""
        columns = [flow.velocity, *(flow.scalars[name][:, None] for name in self.scalars)]
        return as_tensor(np.concatenate(columns, axis=1), self.lift.weight)

    def forward(self, clouds: VectorClouds, points=None) -> torch.Tensor:
        """Closure values of m clouds, shape (m,)."""
        if points is None:
            clouds = clouds.compact()
            points = self.points(clouds.flow)
        return torch.cat([self._evaluate(part, points) for part in clouds.split(self.work(clouds.counts), _EDGES)])

    def _evaluate(self, clouds, points):
        like = self.lift.weight
        j = torch.as_tensor(clouds.neighbours, device=like.device)
        nodes = torch.cat([as_tensor(clouds.positions, like), points[j]], dim=1)
        edges = _complete_graphs(clouds).to(like.device)
        kernels = self.kernel(torch.cat([nodes[edges[0]], nodes[edges[1]]], dim=1))  # all layers share them
        state = self.lift(nodes)
        for _ in range(self.depth):
            state = torch.relu(self.convolution(state, edges, kernels))
        owners = torch.as_tensor(clouds.owners, device=like.device)
        return self.readout(global_mean_pool(state, owners, len(clouds))).squeeze(1)


def _complete_graphs(clouds) -> torch.Tensor:
    """(2, Σ n²) source and target of every ordered pair of points within each cloud."""
    counts = clouds.counts
    per_target = counts[clouds.owners]  # edges that end at each point
    target = np.repeat(np.arange(len(clouds.neighbours)), per_target)
    first = np.concatenate([[0], np.cumsum(per_target)[:-1]])
    source = np.arange(len(target)) - first[target] + clouds.offsets[clouds.owners[target]]
    return torch.as_tensor(np.stack([source, target]))
