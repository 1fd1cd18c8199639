"""The network as published by Zhou, Han & Xiao, CMAME 388 (2022) 114211."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from vcnn.clouds import VectorClouds
from vcnn.moments import Segments, as_tensor
from vcnn.network import perceptron


class Zhou2022(nn.Module):
    """Published vector-cloud network: 39,553 parameters, equal weights, one concatenated moment.

    Each point carries Q_i = [r/|r|, u, s] with s = (|S|, boundary flag, cell volume, |u|,
    wall function min(d/(1.5 l₂), 1), r' = ε₀/(|r| + ε₀), r'' = ½(cosθ + 1.05)|u|r'), ε₀ = 0.01 and
    cosθ = −r·u/(|r||u|); embedding 7-32-64-64 of s alone; D = GᵀQ QᵀG*/n² with G* the first four channels;
    fitting 256-128-1. Inputs are taken in the units of the data, as published.

    Parameters
    ----------
    diffusion_length : l₂ = √(D/ζ)|ln ε|; published problem: D = 0.1, ζ = 3, ε = 0.2.
    seed : of the initial weights.
    """

    name = "zhou2022"
    scaling = False
    scalars = ("strain_rate", "boundary", "wall_distance")
    vectors = ()

    def __init__(self, diffusion_length: float = math.sqrt(0.1 / 3) * math.log(5), seed: int = 0):
        super().__init__()
        self.config = {"diffusion_length": diffusion_length, "seed": seed}
        self.diffusion_length = diffusion_length
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.embedding = perceptron(7, 32, 64, 64, activation=nn.ReLU)
            self.fitting = perceptron(4 * 64, 128, 1, activation=nn.ReLU)

    def work(self, counts: np.ndarray) -> np.ndarray:
        """Rows of pair data that clouds of ``counts`` points need."""
        return counts

    def forward(self, clouds: VectorClouds) -> torch.Tensor:
        """Closure values of m clouds, shape (m,)."""
        clouds = clouds.compact()
        flow = clouds.flow
        like = self.fitting[0].weight
        j = torch.as_tensor(clouds.neighbours, device=like.device)
        r, u = as_tensor(clouds.positions, like), as_tensor(flow.velocity, like)[j]
        distance, speed = r.norm(dim=1), u.norm(dim=1)
        proximity = 0.01 / (distance + 0.01)
        cos = -(r * u).sum(dim=1) / (distance * speed + 1e-10)
        wall = as_tensor(flow.scalars["wall_distance"], like)[j] / (1.5 * self.diffusion_length)
        s = torch.stack(
            [
                as_tensor(flow.scalars["strain_rate"], like)[j],
                as_tensor(flow.scalars["boundary"], like)[j],
                as_tensor(flow.weights, like)[j],
                speed,
                wall.clamp(max=1.0),
                proximity,
                0.5 * (cos + 1.05) * speed * proximity,
            ],
            dim=1,
        )
        q = torch.cat([r / (distance[:, None] + 1e-5), u, s], dim=1)
        segments = Segments(clouds, like.device)
        weights = segments.mean_weights(torch.ones_like(q[:, :1]))
        moments = segments.moments(self.embedding(s), weights * q)  # GᵀQ/n, (m, 64, 4 + 7)
        invariants = moments @ moments[:, :4].transpose(1, 2)
        return self.fitting(invariants.flatten(1)).squeeze(1)
