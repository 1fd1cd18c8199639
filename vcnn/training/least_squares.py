"""Linear least squares, row by row."""

from __future__ import annotations

import numpy as np
import torch

from vcnn.errors import DivergenceError, InputError


class NormalEquations:
    """AᵀA x = Aᵀb of rows that come in parts, in double precision.

    Parameters
    ----------
    count : int
        Of the unknowns.
    """

    def __init__(self, count: int):
        self.matrix = torch.zeros(count, count, dtype=torch.float64)
        self.right = torch.zeros(count, dtype=torch.float64)

    def add(self, rows: torch.Tensor, right: torch.Tensor) -> None:
        """Rows A (n, count) with b (n,), each as it is to be weighted."""
        rows, right = rows.double(), right.double()
        self.matrix += rows.T @ rows
        self.right += rows.T @ right

    def solve(self, ridge: float) -> torch.Tensor:
        """x (count,) that minimises |A x − b|² + ridge Σ |A_k|² x_k², A_k the columns.

        Raises
        ------
        InputError
            If ``ridge`` is no positive number.
        DivergenceError
            If rows were NaN or infinite.
        """
        if not isinstance(ridge, float) or not 0 < ridge < np.inf:
            raise InputError(f"ridge: expected a positive number, got {ridge!r}")
        sizes = self.matrix.diagonal().sqrt()
        sizes = torch.where(sizes > 0, sizes, 1)
        scaled = self.matrix / sizes / sizes[:, None]
        if not (scaled.isfinite().all() and self.right.isfinite().all()):
            raise DivergenceError("linear fit: what it is made of is NaN or infinite")
        scaled.diagonal().add_(ridge)
        return torch.linalg.solve(scaled, self.right / sizes) / sizes
