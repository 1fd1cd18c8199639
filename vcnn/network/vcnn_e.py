"""The tensor form of the published network: VCNN-e of Han, Zhou & Xiao, JCP 488 (2023) 112243."""

from __future__ import annotations

import torch
from torch import nn

from vcnn.clouds.clouds import VectorClouds
from vcnn.network.layers import perceptron
from vcnn.network.zhou2022 import Zhou2022


class VCNNe(Zhou2022):
    """Vector-cloud network with equivariance: a symmetric tensor from position moments.

    Features, embedding moments and invariants are those of `Zhou2022`; with X = GᵀR/n the moments
    of the directions r/|r|, the tensor is T = Xᵀ diag(e) X, where the coefficients e come from the
    invariants. Widths as in the authors' repository: embedding 7-64, fitting 256-64-64-64.
    Parameters as there.

    Parameters
    ----------
    diffusion_length, seed
        As in `Zhou2022`.
    """

    name = "vcnn-e"
    outputs = ("symmetric_tensor",)

    @staticmethod
    def _layers():
        embedding = nn.Sequential(nn.Linear(7, 64), nn.ReLU())
        return embedding, perceptron(4 * 64, 64, 64, 64, activation=nn.ReLU)

    def forward(self, clouds: VectorClouds, points: dict[str, torch.Tensor]) -> torch.Tensor:
        """Tensors of m clouds, shape (m, d, d)."""
        moments, invariants = self._describe(clouds, points)
        X = moments[:, :, : clouds.flow.dimension]
        return X.transpose(1, 2) @ (self.fitting(invariants)[:, :, None] * X)
