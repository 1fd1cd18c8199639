"""First and second derivatives at the centres of clouds, by least squares over their points."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

# Of the mean diagonal, added to it: clouds of too few points, or of points on a line, have no
# derivatives across it, and get small ones.
_RIDGE = 1e-3
_LEAST = 1e-30  # of a mean square, whose root is divided by


@dataclass(frozen=True, eq=False)
class LocalFit:
    """Derivatives of k fields at the centres of m clouds, for each of n weights.

    Parameters
    ----------
    gradients : (m, n, d, k)
        ∂_i f_k, divided by the lateral half-axis.
    hessians : (m, n, d, d, k)
        ∂_i ∂_j f_k.
    """

    gradients: torch.Tensor
    hessians: torch.Tensor

    @classmethod
    def of(cls, derivatives: torch.Tensor, d: int) -> LocalFit:
        """From (m, n d (d + 3) / 2, k), what :func:`fit_rows` gives times differences."""
        terms = d * (d + 3) // 2
        derivatives = derivatives.unflatten(1, (derivatives.shape[1] // terms, terms))
        gradients, second = derivatives.split([d, terms - d], 2)
        return cls(gradients, _matrices(second, d))


def fit_rows(positions: torch.Tensor, weights: torch.Tensor, clouds: int) -> torch.Tensor:
    """What differences f − f(x₀) are multiplied with for their derivatives at the centres.

    Moving least squares (Lancaster & Salkauskas, Math. Comp. 37, 1981, 141) with quadratic
    polynomials through the centre: exact for quadratic fields, whatever the points are. Sums over
    points such as Σ w r ⊗ f are not, since Σ w r ⊗ r depends on where the points happen to lie.
    The scaled normal equations get 1e-3 of their mean diagonal on the diagonal. They are solved in
    double precision, in single they would cost three digits.

    Parameters
    ----------
    positions : (d, N)
        r, as many pairs for each cloud.
    weights : (n, N)
        Not negative.
    clouds : int
        m.

    Returns
    -------
    (m, n d (d + 3) / 2, N / m)
        For each of the weights and each derivative, of the precision of the positions.
    """
    dtype, d = positions.dtype, len(positions)
    positions, weights = positions.double(), weights.double()
    terms = torch.cat([positions, _second_powers(positions)])
    rows = (weights[:, None] * terms).view(len(weights), len(terms), clouds, -1).movedim(2, 0)
    normal = rows @ terms.view(len(terms), clouds, -1).permute(1, 2, 0)[:, None]

    # In this basis (off-diagonal products times √2) the identity of each block is that of a frame
    # turned in any way, so that neither the scaling nor the ridge prefers one.
    squares = normal.diagonal(dim1=2, dim2=3).split([d, len(terms) - d], 2)
    sizes = [(s.mean(2, keepdim=True) + _LEAST).sqrt().expand_as(s) for s in squares]
    sizes = torch.cat(sizes, 2)[..., None]
    scales = sizes * sizes.transpose(2, 3)
    identity = torch.eye(len(terms), dtype=normal.dtype, device=normal.device)
    inverse = torch.linalg.inv(normal / scales + _RIDGE * identity) / scales
    return (inverse @ rows).flatten(1, 2).to(dtype)


def _second_powers(r):
    """r_i² / 2, then r_i r_j / √2 for i < j: ½ r·H r is their product with H_ii and √2 H_ij."""
    rows, columns = torch.triu_indices(len(r), len(r), offset=1, device=r.device)
    return torch.cat([0.5 * r * r, math.sqrt(0.5) * r[rows] * r[columns]])


def _matrices(second, d):
    """(m, n, d (d + 1) / 2, k) -> (m, n, d, d, k)."""
    rows, columns = torch.triu_indices(d, d, offset=1, device=second.device)
    off = math.sqrt(0.5) * second[:, :, d:]
    matrices = torch.diag_embed(second[:, :, :d].transpose(2, 3)).movedim(2, 4)
    matrices[:, :, rows, columns] = off
    matrices[:, :, columns, rows] = off
    return matrices
