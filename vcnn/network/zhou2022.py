"""The network as published by Zhou, Han & Xiao, CMAME 388 (2022) 114211."""

from __future__ import annotations

import math

import torch
from torch import nn

from vcnn.clouds.clouds import VectorClouds
from vcnn.flow.field import FlowField
from vcnn.network.base import Given, Network
from vcnn.network.features import dot, length
from vcnn.network.layers import as_tensor, perceptron, seeded
from vcnn.network.pairs import Pairs
from vcnn.network.symmetry import Symmetry


class Zhou2022(Network):
    """Published vector-cloud network: 39,553 parameters, equal weights, one concatenated moment.

    Each point carries Q_i = [r/|r|, u, s] with s = (|S|, boundary flag, cell volume, |u|, wall
    function min(d/(1.5 l₂), 1), r' = ε₀/(|r| + ε₀), r'' = ½(cosθ + 1.05)|u|r'), ε₀ = 0.01 and cosθ
    = −r·u/(|r||u|); embedding 7-32-64-64 of s alone; D = GᵀQ QᵀG*/n² with G* the first four
    channels; fitting 256-128-1. Inputs are taken in the units of the data, as published.

    Parameters
    ----------
    diffusion_length : float
        l₂ = √(D/ζ)|ln ε|, length; published problem: D = 0.1, ζ = 3, ε = 0.2.
    seed : int
        Of the initial weights.
    """

    name = "zhou2022"
    scaling = weighted = False
    scalars = ("strain_rate", "boundary", "wall_distance")
    symmetry = Symmetry.O

    def __init__(self, diffusion_length: float = math.sqrt(0.1 / 3) * math.log(5), seed: int = 0):
        super().__init__(diffusion_length=diffusion_length, seed=seed)
        self.diffusion_length = diffusion_length
        with seeded(seed):
            self.embedding, self.fitting = self._layers()

    @staticmethod
    def _layers():
        return perceptron(7, 32, 64, 64, activation=nn.ReLU), perceptron(
            4 * 64, 128, 1, activation=nn.ReLU
        )

    def points(
        self, flow: FlowField, velocity: torch.Tensor | None = None, fields: Given | None = None
    ) -> dict[str, torch.Tensor]:
        """Data of points by name, each (n,) but for the velocity (d, n)."""
        taken = super().points(flow, velocity, fields)
        velocity = taken.velocity.T.contiguous()
        wall = taken.scalars["wall_distance"] / (1.5 * self.diffusion_length)
        return {
            "velocity": velocity,
            "strain_rate": taken.scalars["strain_rate"],
            "boundary": taken.scalars["boundary"],
            "speed": length(velocity),
            "wall": wall.clamp(max=1.0),
        }

    def forward(self, clouds: VectorClouds, points: dict[str, torch.Tensor]) -> torch.Tensor:
        """Closure values of m clouds, shape (m,)."""
        _, invariants = self._describe(clouds, points)
        return self.fitting(invariants).squeeze(1)

    def _describe(self, clouds, points):
        """GᵀQ/n (m, 64, 2d + 7), positions first, and its invariants GᵀQ QᵀG*/n² (m, 256)."""
        pairs = Pairs.from_clouds(clouds, points["velocity"], clouds.shares_of(weighted=False))
        j, r = pairs.neighbours, pairs.positions
        u = points["velocity"].index_select(1, j)
        distance, speed = length(r), points["speed"].index_select(0, j)
        proximity = 0.01 / (distance + 0.01)
        cos = -dot(r, u) / (distance * speed + 1e-10)
        points = {**points, "volume": as_tensor(clouds.weights, r)}
        named = [
            points[name].index_select(0, j)
            for name in ("strain_rate", "boundary", "volume", "speed", "wall")
        ]
        s = torch.stack([*named, proximity, 0.5 * (cos + 1.05) * speed * proximity])
        moments = pairs.moments(self.embedding(s.T), [r / (distance + 1e-5), u, s])[:, :, 1:]
        return moments, (moments @ moments[:, :4].transpose(1, 2)).flatten(1)
