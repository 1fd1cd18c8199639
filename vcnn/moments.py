"""Moments of a cloud: weighted sums of embeddings times vectors, L = Σ w g ⊗ v / Σ w, over ragged clouds."""

from __future__ import annotations

import numpy as np
import torch

from vcnn.clouds import VectorClouds


def as_tensor(array: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    """A numpy array with the dtype and on the device of ``like``."""
    return torch.tensor(array, dtype=like.dtype, device=like.device)


class Segments:
    """Where the pairs of each cloud lie; contracts over them with batched matrix products.

    Clouds are laid side by side in a block as long as the largest of them: a scatter-add over pairs costs ten
    times as much on a CPU.
    """

    def __init__(self, clouds: VectorClouds, device):
        self.clouds = len(clouds)
        self.length = int(clouds.counts.max())
        slot = np.arange(len(clouds.neighbours)) - clouds.offsets[clouds.owners]
        self.cells = torch.as_tensor(clouds.owners * self.length + slot, device=device)

    def padded(self, values: torch.Tensor) -> torch.Tensor:
        """(N, c) values of pairs -> (m, length, c), zero where a cloud has no pair."""
        block = values.new_zeros(self.clouds * self.length, values.shape[1])
        return block.index_copy(0, self.cells, values).view(self.clouds, self.length, -1)

    def moments(self, embedding: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
        """Σ over each cloud's pairs of embedding ⊗ vectors: (N, k), (N, c) -> (m, k, c)."""
        return self.padded(embedding).transpose(1, 2) @ self.padded(vectors)

    def mean_weights(self, weights: torch.Tensor) -> torch.Tensor:
        """Weights (N, 1) divided by their sum over the cloud."""
        block = self.padded(weights)
        return (block / block.sum(dim=1, keepdim=True)).view(-1, 1)[self.cells]
