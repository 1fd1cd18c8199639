"""Functions of symmetric matrices, with derivatives that exist where eigenvalues are equal."""

from __future__ import annotations

from collections.abc import Callable

import torch

type Function = Callable[[torch.Tensor], torch.Tensor]


def matrix_root(matrices: torch.Tensor) -> torch.Tensor:
    """Roots (m, d, d) of symmetric positive semi-definite matrices (m, d, d)."""

    def slope(a, b):  # of the root between eigenvalues a and b
        least = torch.finfo(a.dtype).eps * torch.maximum(a, b).amax((1, 2), keepdim=True)
        tiny = torch.finfo(a.dtype).tiny
        return 1 / torch.maximum(_root(a) + _root(b), _root(least) + tiny)

    return _MatrixFunction.apply(matrices, _root, slope)


def positive(matrices: torch.Tensor) -> torch.Tensor:
    """Symmetric positive definite matrices (m, d, d) from symmetric ones.

    Eigenvalues λ become exp(λ) below 0 and 1 + λ + λ²/2 above, twice continuously differentiable:
    small ones are reached as fast as by an exponential, large ones are no larger than a square's.
    """

    def slope(a, b):
        close = (a - b).abs() < 1e-3  # differences would cancel; the error of the middle is 1e-7
        apart = torch.where(close, torch.ones_like(a), a - b)
        return torch.where(
            close, _positive_slope((a + b) / 2), (_positive(a) - _positive(b)) / apart
        )

    return _MatrixFunction.apply(matrices, _positive, slope)


def _root(values):
    return values.clamp(min=0).sqrt()


def _positive(values):
    above = values.clamp(min=0)
    return torch.where(values > 0, 1 + above + 0.5 * above.square(), values.clamp(max=0).exp())


def _positive_slope(values):
    return torch.where(values > 0, 1 + values, values.clamp(max=0).exp())


class _MatrixFunction(torch.autograd.Function):
    """f(M) = V f(Λ) Vᵀ; its derivative is V (f[λ_i, λ_j] (Vᵀ dM V)_ij) Vᵀ.

    f[a, b] are divided differences (Daleckii & Krein 1965; Higham, Functions of Matrices, 2008,
    theorem 3.11).
    """

    @staticmethod
    def forward(ctx, matrices, function, slope):
        eigenvalues, vectors = torch.linalg.eigh(matrices)
        ctx.save_for_backward(eigenvalues, vectors)
        ctx.slope = slope
        values = vectors * function(eigenvalues)[:, None] @ vectors.mT
        return 0.5 * (values + values.mT)

    @staticmethod
    def backward(ctx, gradient):
        eigenvalues, vectors = ctx.saved_tensors
        d = eigenvalues.shape[1]
        columns, rows = (
            e.expand(-1, d, d) for e in (eigenvalues[:, None], eigenvalues[:, :, None])
        )
        inner = vectors.mT @ (0.5 * (gradient + gradient.mT)) @ vectors
        return vectors @ (inner * ctx.slope(rows, columns)) @ vectors.mT, None, None
