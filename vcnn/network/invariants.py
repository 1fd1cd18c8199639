"""Invariants of what describes a cloud: what the coefficients of outputs are computed from."""

from __future__ import annotations

import torch

from vcnn.network.features import triangles
from vcnn.network.moments import Members
from vcnn.network.sizes import LEADING, Sizes


def member_invariants(members: Members, sizes: Sizes) -> torch.Tensor:
    """The scalars, V·V', tr T, T:T', T:T'ᵀ and V·T V' of m clouds, (m, k).

    Of the V' are the last of the mixed vectors, derivatives, and vectors of the centre; of V in
    V·T V' the first mixed vectors and those of the centre.
    """
    V, T = members.vectors, members.matrices
    others = V[:, : sizes.mixed[1] - sizes.retained]
    chosen = V[:, others.shape[1] :]
    of_centre = V[:, V.shape[1] - sizes.inputs.centre_vectors :]
    few = torch.cat([V[:, :LEADING], of_centre], 1)[:, None]
    flat, mirrored = T.flatten(2), T.transpose(2, 3).flatten(2)
    return torch.cat(
        [
            members.scalars,
            (others @ chosen.transpose(1, 2)).flatten(1),
            triangles(chosen @ chosen.transpose(1, 2)),
            T.diagonal(dim1=2, dim2=3).sum(2),
            triangles(flat @ flat.transpose(1, 2)),
            triangles(flat @ mirrored.transpose(1, 2)),
            (few @ T @ few.transpose(2, 3)).flatten(1),
        ],
        1,
    )


def deviators(A: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Symmetric deviators of A (m, k, d, d), A Aᵀ, Aᵀ A, A² and of others (m, l, d, d)."""
    transposed = A.transpose(2, 3)
    tensors = torch.cat([A, A @ transposed, transposed @ A, A @ A, others], 1)
    tensors = 0.5 * (tensors + tensors.transpose(2, 3))
    traces = tensors.diagonal(dim1=2, dim2=3).mean(2)[..., None, None]
    return tensors - traces * torch.eye(A.shape[2], dtype=A.dtype, device=A.device)
