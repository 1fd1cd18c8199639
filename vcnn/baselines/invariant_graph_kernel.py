"""Invariant graph kernel network of Zafar, Han, Zhou & Xiao 2022, arXiv 2112.14769."""

from __future__ import annotations

import torch
from torch import nn

from vcnn.baselines.cloud_network import invariants
from vcnn.baselines.graph_kernel import GraphKernelNetwork, Kernel
from vcnn.network.layers import seeded
from vcnn.network.symmetry import Symmetry


class InvariantGraphKernelNetwork(GraphKernelNetwork):
    """Graph kernel network that does not see the frame: the plain one with other features.

    Nodes carry scalars c_i only, edges e_ij = [x_i·x_j, u_i·u_j, c_i, c_j] with positions x
    relative to the centre. The c_i are the named scalars with |r|, |u| and r·u: in their place Zhou
    et al. 2022 list |u|, a function of |r| and an upwinding function of r·u, which a network can
    form from these. All else, the plain means and the widths too, is as in `GraphKernelNetwork`.

    Parameters
    ----------
    scalars, dimension, output, width, depth, kernel, seed
        As in `GraphKernelNetwork`.
    """

    name = "invariant-graph-kernel"
    symmetry = Symmetry.O

    def _make_kernel(self, features, kernel, width, seed):
        return _InvariantKernel(features, kernel, width, seed)

    def _count_features(self):
        return 3 + len(self.scalars)

    def _features(self, r, u, s):
        return invariants(r, u, s)

    def _edge_features(self, features, r, u, source, target):
        products = [(v[source] * v[target]).sum(dim=1, keepdim=True) for v in (r, u)]
        return torch.cat([super()._edge_features(features, r, u, source, target), *products], dim=1)


class _InvariantKernel(Kernel):
    """κ of features of both ends and of products x_i·x_j and u_i·u_j."""

    def __init__(self, features, widths, width, seed):
        super().__init__(features, widths, width)
        with seeded(seed):
            self.products = nn.Linear(2, widths[0], bias=False)

    def _first_layer(self, source, target, products):
        return super()._first_layer(source, target) + self.products(products)
