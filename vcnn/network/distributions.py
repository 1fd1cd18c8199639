"""Distributions of values that turn with the frame: log-densities, samples, deviations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from vcnn.errors import InputError
from vcnn.flow.spreads import pair_spreads, without_spreads
from vcnn.network.matrix_functions import matrix_root

# Added in squares to deviations, in units of the target's scale: a density must not become infinite
# where a value happens to be met.
FLOOR = 1e-3


@dataclass(frozen=True, eq=False)
class Distribution:
    """What the values of m clouds are distributed as.

    ====================== ==========================================================
    kind                   values
    ====================== ==========================================================
    scalar                 x = μ + σ ξ
    positive_scalar        x = μ exp(σ ξ), log-normal with median μ
    vector                 v = μ + √Σ ξ, covariance Σ
    (traceless) symmetric  T = μ + σ E, E = (Ξ + Ξᵀ)/2, less its trace if T has none
    reynolds_stress        R = (√μ + σ E)², positive semi-definite whatever is drawn
    ====================== ==========================================================

    with ξ, Ξ of independent standard normal components: E is the Gaussian orthogonal ensemble,
    which no rotation changes. So noise in a turned frame, Q ξ or Q Ξ Qᵀ, gives turned values, and
    none gives μ.

    Parameters
    ----------
    kind : str
        Of `vcnn.network.OUTPUTS`.
    mean : (m,), (m, d) or (m, d, d) tensor
        μ.
    spread : (m,) or (m, d, d) tensor
        σ, or Σ of vectors: the field of :data:`vcnn.flow.SPREADS`.
    """

    kind: str
    mean: torch.Tensor
    spread: torch.Tensor

    def log_density(self, values: torch.Tensor) -> torch.Tensor:
        """(m,) of values (m, ...), which are in units in which they are of order one.

        1e-6 is added to σ² (``FLOOR`` squared). Of a positive scalar the density is that of its
        logarithm, taken at ``FLOOR`` or above; of a Reynolds stress that of its root.

        Raises
        ------
        InputError
            If a covariance is not positive semi-definite.
        """
        if self.kind == "vector":
            return _normal_vectors(values - self.mean, self.spread)
        log_variance = self.log_variance()
        if self.kind == "positive_scalar":
            residual = values.clamp(min=FLOOR).log() - self.mean.clamp(min=FLOOR).log()
        elif self.kind == "reynolds_stress":
            residual = matrix_root(values) - matrix_root(self.mean)
        else:
            residual = values - self.mean
        squares = residual.square().reshape(len(residual), -1).sum(1)
        n = self.components
        constants = n * math.log(2 * math.pi) - _off_diagonal(self.kind, self.mean) * math.log(2)
        return -0.5 * (squares * torch.exp(-log_variance) + n * log_variance + constants)

    def sample(self, noise: torch.Tensor) -> torch.Tensor:
        """Values (m, ...) for standard normal ``noise`` of their shape."""
        if self.kind == "scalar":
            return self.mean + self.spread * noise
        if self.kind == "positive_scalar":
            return self.mean * torch.exp(self.spread * noise)
        if self.kind == "vector":
            return self.mean + (matrix_root(self.spread) @ noise[..., None]).squeeze(-1)
        change = self.spread[:, None, None] * _symmetric_noise(noise, self.kind)
        if self.kind == "reynolds_stress":
            root = matrix_root(self.mean) + change
            square = root @ root
            return 0.5 * (square + square.mT)
        return self.mean + change

    def deviation(self) -> torch.Tensor:
        """(m,) standard deviation, of vectors and tensors that of their length; root of a trace.

        Of a Reynolds stress to first order in σ.
        """
        if self.kind == "vector":
            return self.spread.diagonal(dim1=1, dim2=2).sum(1).sqrt()
        if self.kind == "positive_scalar":
            variance = self.spread.square()
            return self.mean * torch.sqrt(torch.exp(variance) * torch.expm1(variance))
        if self.kind == "reynolds_stress":  # E|AE + EA|² = (d + 2) tr A² + (tr A)², A = √μ
            root, d = matrix_root(self.mean), self.mean.shape[1]
            traces = [T.diagonal(dim1=1, dim2=2).sum(1) for T in (self.mean, root)]
            return self.spread * torch.sqrt((d + 2) * traces[0] + traces[1].square())
        return self.spread * math.sqrt(self.components)

    def log_variance(self) -> torch.Tensor:
        """(m,) of a component, on average over components; 1e-6 is added to the variances.

        Raises
        ------
        InputError
            If a covariance is not positive semi-definite.
        """
        if self.kind == "vector":
            d = self.spread.shape[1]
            return 2 * _log_volume(_factor(self.spread)) / d
        return torch.log(self.spread.square() + FLOOR**2)

    @property
    def components(self) -> int:
        """How many independent components a value has."""
        if self.mean.ndim == 1:
            return 1
        d = self.mean.shape[1]
        if self.kind == "vector":
            return d
        return d * (d + 1) // 2 - (self.kind == "traceless_symmetric_tensor")


def distributions(
    targets: Mapping[str, str], values: Sequence[torch.Tensor]
) -> list[torch.Tensor | Distribution]:
    """What values are of fields that have a spread among the targets, and values of others.

    Parameters
    ----------
    targets : name -> kind, in the order of the values
    values : tensors (m, ...)

    Returns
    -------
    list
        For each target that is no spread of another one.
    """
    named, pairs = dict(zip(targets, values, strict=True)), pair_spreads(targets)
    return [
        Distribution(kind, named[name], named[pairs[name]]) if name in pairs else named[name]
        for name, kind in without_spreads(targets).items()
    ]


def _normal_vectors(residual: torch.Tensor, covariance: torch.Tensor) -> torch.Tensor:
    L = _factor(covariance)
    white = torch.linalg.solve_triangular(L, residual[..., None], upper=False).squeeze(-1)
    squares = white.square().sum(1) + residual.shape[1] * math.log(2 * math.pi)
    return -0.5 * squares - _log_volume(L)


def _factor(covariance: torch.Tensor) -> torch.Tensor:
    """Cholesky factor of a covariance (m, d, d) with its floor, and what rounding takes from it."""
    d, options = covariance.shape[1], {"dtype": covariance.dtype, "device": covariance.device}
    rounding = 8 * d * torch.finfo(covariance.dtype).eps
    least = FLOOR**2 + rounding * covariance.detach().diagonal(dim1=1, dim2=2).sum(1)
    floor = least[:, None, None] * torch.eye(d, **options)
    L, failed = torch.linalg.cholesky_ex(covariance + floor)
    if failed.any():
        raise InputError("covariance: expected positive semi-definite matrices")
    return L


def _log_volume(L: torch.Tensor) -> torch.Tensor:
    return L.diagonal(dim1=1, dim2=2).log().sum(1)


def _symmetric_noise(noise: torch.Tensor, kind: str) -> torch.Tensor:
    E = 0.5 * (noise + noise.mT)
    if kind != "traceless_symmetric_tensor":
        return E
    d = noise.shape[-1]
    trace = E.diagonal(dim1=1, dim2=2).mean(1)
    return E - trace[:, None, None] * torch.eye(d, dtype=noise.dtype, device=noise.device)


def _off_diagonal(kind: str, mean: torch.Tensor) -> int:
    """How many components of E stand twice in |E|², each of variance 1/2."""
    return 0 if mean.ndim < 3 else mean.shape[1] * (mean.shape[1] - 1) // 2
