"""Attention on clouds at linear cost: the physics attention of Transolver.

Wu et al. 2024, arXiv 2402.02366.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from vcnn.baselines.cloud_network import CloudNetwork
from vcnn.network.layers import perceptron, seeded


class AttentionNetwork(CloudNetwork):
    """Transformer on a cloud whose points attend to each other through a few slices.

    A block is x + A(norm x), then x + MLP(norm x). Physics attention A gives each point shares in G
    slices, makes a token of each slice, the weighted mean of its points, lets the tokens attend to
    each other, and returns them to the points by the same shares (section 3.2 of the paper). Means
    are weighted by the quadrature weights. The centre joins as a point of no weight, and the value
    is read from its state. Components of r and u are inputs: the prediction depends on the frame.

    Parameters
    ----------
    scalars, dimension, output
        As in `CloudNetwork`.
    width : int
        Of the state of points.
    depth : int
        Number of blocks.
    heads : int
        Number of heads, a divisor of the width.
    slices : int
        G, per head.
    seed : int
        Of the initial weights.
    """

    name = "attention"
    weighted = True

    def __init__(
        self,
        scalars=(),
        dimension=2,
        output="scalar",
        *,
        width=48,
        depth=2,
        heads=4,
        slices=16,
        seed=0,
    ):
        super().__init__(
            scalars,
            dimension,
            output,
            width=width,
            depth=depth,
            heads=heads,
            slices=slices,
            seed=seed,
        )
        with seeded(seed):
            self.lift = perceptron(2 * dimension + len(self.scalars), 2 * width, width)
            self.blocks = nn.ModuleList(_Block(width, heads, slices) for _ in range(depth))
            self.readout = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1))

    def _evaluate(self, clouds, points):
        r, u, s, shares = self._side_by_side(clouds, points)
        state = self.lift(torch.cat([r, u, s], dim=2))
        for block in self.blocks:
            state = block(state, shares)
        return self.readout(state[:, 0])


class _Block(nn.Module):
    """Attention and feed-forward layer, each on normed input and added to it."""

    def __init__(self, width, heads, slices):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.attention = _PhysicsAttention(width, heads, slices)
        self.feed_forward = perceptron(width, 2 * width, width, activation=nn.GELU)

    def forward(self, x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """The state of points after the block."""
        x = x + self.attention(self.norms[0](x), weights)
        return x + self.feed_forward(self.norms[1](x))


class _PhysicsAttention(nn.Module):
    """Points (m, n, width) to slices and back; ``weights`` (m, n, 1) of points add up to 1."""

    def __init__(self, width, heads, slices):
        super().__init__()
        self.heads = heads
        self.values = nn.Linear(width, width)
        self.slices = nn.Linear(width, heads * slices)
        self.temperature = nn.Parameter(torch.full((heads, 1, 1), 0.5))
        self.queries, self.keys, self.tokens = (
            nn.Linear(width // heads, width // heads) for _ in range(3)
        )
        self.out = nn.Linear(width, width)

    def forward(self, x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """What points get from each other through the slices."""
        # (m, heads, n, slices): what share of a point each slice has
        shares = torch.softmax(self._by_head(self.slices(x)) / self.temperature, dim=3)
        inside = shares * weights[:, None]
        sums = inside.transpose(2, 3) @ self._by_head(self.values(x))
        tokens = sums / (inside.sum(dim=2)[..., None] + 1e-6)
        tokens = scaled_dot_product_attention(
            self.queries(tokens), self.keys(tokens), self.tokens(tokens)
        )
        return self.out((shares @ tokens).transpose(1, 2).flatten(2))

    def _by_head(self, values):
        """(m, n, heads k) -> (m, heads, n, k)."""
        return values.unflatten(2, (self.heads, -1)).transpose(1, 2)
