"""How many of everything a pair-embedding network computes, from its settings."""

from __future__ import annotations

from dataclasses import dataclass

from vcnn.network.features import Inputs
from vcnn.network.heads import OUTPUTS, count_coefficients

MIXED_TENSORS = 6  # symmetric tensors that second moments are combined to


@dataclass(frozen=True)
class PairSizes:
    """Widths of the layers of a `PairEmbeddingNetwork`.

    Parameters
    ----------
    inputs : Inputs
    outputs : kinds of outputs
    order : 1, or 2 for second moments
    embedding, retained, basis : as of the network
    """

    inputs: Inputs
    outputs: tuple[str, ...]
    order: int
    embedding: int
    retained: int
    basis: int

    @property
    def tensor_channels(self) -> int:
        """Symmetric tensors with moments: the flow's, and products of two of r, u, vectors."""
        vectors = self.inputs.channels - len(self.inputs.tensors)
        products = _pairs(vectors) if self.order == 2 else 0
        return len(self.inputs.tensors) + products

    @property
    def has_tensors(self) -> bool:
        """Whether symmetric tensors join the basis of outputs."""
        return self.tensor_channels > 0

    @property
    def has_basis(self) -> bool:
        """Whether a basis is needed: for outputs that rotate, or for invariants of tensors."""
        return self.has_tensors or any(OUTPUTS[kind] != "scalars" for kind in self.outputs)

    @property
    def vectors(self) -> int:
        """Members of the basis that are vectors: mixed ones, and those of the centre."""
        return self.basis + self.inputs.centre_vectors

    @property
    def tensors(self) -> int:
        """Members of the basis that are symmetric tensors: mixed ones, and those of the centre."""
        return (MIXED_TENSORS if self.has_tensors else 0) + len(self.inputs.tensors)

    @property
    def invariants(self) -> int:
        """Inputs of the last network ρ.

        ḡ; contractions of every pair of channels, m × m' each; those of channels with vectors of
        the centre; the centre's features; with tensors their traces, and contractions of two of
        them and of one with two vectors.
        """
        channels = self.inputs.channels
        count = self.embedding * (
            1 + self.retained * _pairs(channels) + channels * self.inputs.centre_vectors
        )
        count += self.inputs.point_features
        if self.has_tensors:
            count += self.tensors * (1 + _pairs(self.vectors)) + _pairs(self.tensors)
        return count

    @property
    def coefficients(self) -> list[int]:
        """Outputs of ρ, for each output of the network."""
        return [count_coefficients(kind, self.vectors, self.tensors) for kind in self.outputs]


def _pairs(n: int) -> int:
    """Unordered pairs of n things, with themselves too."""
    return n * (n + 1) // 2
