"""Deep Sets on clouds: a point-set network without symmetry but translation and permutation."""

from __future__ import annotations

import torch

from vcnn.baselines.cloud_network import CloudNetwork
from vcnn.network.layers import perceptron, seeded


class DeepSets(CloudNetwork):
    """Point-set network ρ(Σ_i w_i φ(r_i, u_i, s_i), u₀, s₀).

    After theorem 2 of Zaheer et al. 2017, arXiv 1703.06114. φ takes components: the prediction
    depends on the frame. The w_i are shares of the quadrature weights, as in `VectorCloudNetwork`,
    so that a difference between the two is one of symmetry; u₀ and s₀ belong to the centre.

    Parameters
    ----------
    scalars, dimension, output
        As in `CloudNetwork`.
    width : int
        Of all layers.
    depth : int
        Number of hidden layers of φ, and of ρ.
    seed : int
        Of the initial weights.
    """

    name = "deep-sets"
    weighted = True

    def __init__(self, scalars=(), dimension=2, output="scalar", *, width=96, depth=2, seed=0):
        super().__init__(scalars, dimension, output, width=width, depth=depth, seed=seed)
        features = dimension + len(self.scalars)  # of a point: u and s
        with seeded(seed):
            self.embedding = perceptron(dimension + features, *[width] * depth, width)
            self.readout = perceptron(width + features, *[width] * depth, 1)

    def _evaluate(self, clouds, points):
        r, u, s, shares = self._side_by_side(clouds, points)
        pooled = (shares * self.embedding(torch.cat([r, u, s], dim=2))).sum(dim=1)
        return self.readout(torch.cat([pooled, u[:, 0], s[:, 0]], dim=1))
