"""The tensor form of the published network: VCNN-e of Han, Zhou & Xiao, arXiv 2201.01287."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from vcnn.clouds import VectorClouds
from vcnn.flow import FlowField
from vcnn.network import perceptron
from vcnn.zhou2022 import published_moments, published_points


class VCNNe(nn.Module):
    """Vector-cloud network with equivariance: a symmetric tensor from position moments.

    Features, embedding moments and invariants are those of :class:`vcnn.zhou2022.Zhou2022`; with X = GᵀR/n the moments
    of the directions r/|r|, the tensor is T = Xᵀ diag(e) X, where the coefficients e come from the invariants. Widths
    as in the authors' repository: embedding 7-64, fitting 256-64-64-64. Inputs are taken in the units of the data.

    Parameters
    ----------
    diffusion_length : l₂ = √(D/ζ)|ln ε|, which the wall function is measured in.
    seed : of the initial weights.
    """

    name = "vcnn-e"
    scaling = weighted = False
    scalars = ("strain_rate", "boundary", "wall_distance")
    vectors = tensors = ()
    output, outputs = "symmetric_tensor", ("symmetric_tensor",)
    galilean, symmetry = False, "O(d)"

    def __init__(self, diffusion_length: float = math.sqrt(0.1 / 3) * math.log(5), seed: int = 0):
        super().__init__()
        self.config = {"diffusion_length": diffusion_length, "seed": seed}
        self.diffusion_length = diffusion_length
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.embedding = nn.Sequential(nn.Linear(7, 64), nn.ReLU())
            self.fitting = perceptron(4 * 64, 64, 64, 64, activation=nn.ReLU)

    def work(self, counts: np.ndarray) -> np.ndarray:
        """Rows of pair data that clouds of ``counts`` points need."""
        return counts

    def points(self, flow: FlowField) -> dict[str, torch.Tensor]:
        """Data of points by name, each (n,) but for the velocity (d, n)."""
        return published_points(flow, self.diffusion_length, self.fitting[0].weight)

    def forward(self, clouds: VectorClouds, points=None) -> torch.Tensor:
        """Tensors of m clouds, shape (m, d, d)."""
        if points is None:
            clouds = clouds.compact()
            points = self.points(clouds.flow)
        moments, invariants = published_moments(clouds, points, self.embedding)
        X = moments[:, :, : clouds.flow.dimension]
        return X.transpose(1, 2) @ (self.fitting(invariants.flatten(1))[:, :, None] * X)
