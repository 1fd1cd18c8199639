"""Radial functions: how moments tell near points from far ones."""

from __future__ import annotations

import torch

_WIDEST = 1.2  # σ₀, in lateral half-axes of the region
_POWERS = (
    2  # functions that follow from one exponential by squaring, beside itself: more lose digits
)


def radial_functions(squared: torch.Tensor, count: int) -> torch.Tensor:
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
