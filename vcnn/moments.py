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

    Clouds of unequal size are laid side by side in a block as long as the largest of them: a scatter-add over pairs
    costs ten times as much on a CPU.
    """

    def __init__(self, clouds: VectorClouds, device):
        self.clouds = len(clouds)
        self.length = int(clouds.counts.max())
        self.cells = None
        if self.clouds * self.length > len(clouds.neighbours):
            slot = np.arange(len(clouds.neighbours)) - clouds.offsets[clouds.owners]
            self.cells = torch.as_tensor(clouds.owners * self.length + slot, device=device)

    def moments(self, embedding: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
        """Σ over each cloud's pairs of embedding ⊗ vectors: (N, k), (c, N) -> (m, k, c)."""
        block = vectors
        if self.cells is not None:
            count = self.clouds * self.length
            embedding = embedding.new_zeros(count, embedding.shape[1]).index_copy_(0, self.cells, embedding)
            block = vectors.new_zeros(len(vectors), count).index_copy_(1, self.cells, vectors)
        embedding = embedding.view(self.clouds, self.length, -1)
        block = block.view(len(vectors), self.clouds, self.length)
        return embedding.transpose(1, 2) @ block.permute(1, 2, 0)
