"""Radial functions: how moments tell near points from far ones."""

from __future__ import annotations

import torch

_CENTRE = 1e-12  # of |r|², where the square root has no derivative
_WIDEST = 1.2  # σ₀, in lateral half-axes of the region
_POWERS = (
    2  # functions that follow from one exponential by squaring, beside itself: more lose digits
)


def gaussian_functions(squared: torch.Tensor, count: int) -> torch.Tensor:
    """Gaussians φ_n(r) = exp(−|r|²/(2 σ_n²)) of widths σ_n = 1.2 · 2⁻ⁿ.

    Positive, each half as wide as the one before: φ_{n+1} = φ_n⁴, so that most of them cost two
    products.

    Parameters
    ----------
    squared : (N,) tensor
        |r|², in units of the lateral half-axis of the region.
    count : int

    Returns
    -------
    (count, N) tensor
    """
    functions = []
    for n in range(count):
        if n % (1 + _POWERS) == 0:
            functions.append(torch.exp(squared * (-0.5 * 4**n / _WIDEST**2)))
        else:
            functions.append(functions[-1].square().square())
    return torch.stack(functions)


def bessel_functions(squared: torch.Tensor, count: int) -> torch.Tensor:
    """φ_n(r) = √2 sin(n π |r|)/|r|, n = 1, 2, ...: orthonormal in a ball (arXiv 2003.03123, eq. 7).

    They tell near distances apart as well as far ones, and take both signs.

    Parameters
    ----------
    squared : (N,) tensor
        |r|², in units of the lateral half-axis of the region.
    count : int

    Returns
    -------
    (count, N) tensor
    """
    distance = torch.sqrt(squared + _CENTRE)
    numbers = torch.arange(1, count + 1, dtype=squared.dtype, device=squared.device)[:, None]
    return 2**0.5 * torch.sin(numbers * torch.pi * distance) / distance


RADIAL = {"gaussian": gaussian_functions, "bessel": bessel_functions}
