"""Invariant graph kernel network of Zafar, Han, Zhou & Xiao 2022, arXiv 2112.14769."""

from __future__ import annotations

import torch
from torch import nn

from vcnn.baselines.cloud_network import invariants
from vcnn.baselines.graph_kernel import GraphKernelNetwork
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
            scalars, dimension, output, width=width, depth=depth, kernel=kernel, seed=seed
        )
        with seeded(seed):
            self.products = nn.Linear(2, kernel[0], bias=False)

    def _count_features(self):
        return 3 + len(self.scalars)

    def _features(self, r, u, s):
        return invariants(r, u, s)

    def _first_layer(self, r, u, features, rows):
        products = torch.stack(
            [r @ r[:, rows].transpose(1, 2), u @ u[:, rows].transpose(1, 2)], dim=3
        )
        return super()._first_layer(r, u, features, rows) + self.products(products)
