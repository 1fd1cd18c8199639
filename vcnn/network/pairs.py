"""Pairs of clouds as tensors, and moments over them: weighted sums of embeddings times vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from vcnn.clouds.clouds import VectorClouds
from vcnn.network.layers import as_tensor


@dataclass(frozen=True, eq=False)
class Pairs:
    """The pairs of m clouds, side by side, as many for each.

    Smaller clouds are filled up with pairs of no weight. Sums over clouds are batched matrix
    products then; a scatter-add costs ten times as much on a CPU. Arrays over pairs are kept by
    component, (d, N): sums over so few components are quick that way only.

    Parameters
    ----------
    clouds : m
    neighbours, centres : (N,) indices of points
    positions : (d, N)
    shares : (N,), 0 for pairs that fill up; in each cloud they add up to 1 if moments are means
    """

    clouds: int
    neighbours: torch.Tensor
    centres: torch.Tensor
    positions: torch.Tensor
    shares: torch.Tensor

    @classmethod
    def from_clouds(
        cls,
        clouds: VectorClouds,
        like: torch.Tensor,
        shares: np.ndarray | torch.Tensor | None = None,
    ) -> Pairs:
        """The pairs of clouds, with the dtype and on the device of ``like``.

        Without ``shares`` (N,) they are those of means over clouds by quadrature weights.
        """
        counts, length = clouds.counts, int(clouds.counts.max())
        shares = as_tensor(clouds.shares if shares is None else shares, like)
        neighbours, positions = clouds.neighbours, as_tensor(clouds.positions.T, like)
        if (counts < length).any():
            total = len(clouds) * length
            # cloud i begins at i length now instead of at its offset, and keeps its order
            moves = np.arange(0, total, length) - clouds.offsets[:-1]
            slots = np.arange(len(neighbours)) + np.repeat(moves, counts)
            filled = np.repeat(clouds.centres, length)  # with the centre itself
            filled[slots] = neighbours
            neighbours, slots = filled, torch.as_tensor(slots, device=like.device)
            positions = like.new_zeros(len(positions), total).index_copy(1, slots, positions)
            shares = like.new_zeros(total).index_copy(0, slots, shares)
        return cls(
            len(clouds),
            torch.as_tensor(neighbours, device=like.device),
            torch.as_tensor(np.repeat(clouds.centres, length), device=like.device),
            positions,
            shares,
        )

    def moments(self, embedding: torch.Tensor, vectors: list[torch.Tensor]) -> torch.Tensor:
        """Σ share · embedding ⊗ (1, vectors) over each cloud.

        Parameters
        ----------
        embedding : (N, k)
        vectors : list of (d, N), d as each has it

        Returns
        -------
        (m, k, 1 + Σ d)
        """
        weighted = torch.cat([self.shares[None], *(self.shares * v for v in vectors)])
        blocks = weighted.view(len(weighted), self.clouds, -1)
        return (
            blocks.transpose(0, 1) @ embedding.view(self.clouds, blocks.shape[2], -1)
        ).transpose(1, 2)
