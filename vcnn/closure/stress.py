"""The turbulent stress 2 ν_t S − a: how a Reynolds stress is split into it, and its bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vcnn.flow.norms import magnitudes

if TYPE_CHECKING:  # torch is slow to import
    import torch

SMALL_STRAIN = 0.3  # of U/d: where a stress says little of an eddy viscosity


@dataclass(frozen=True)
class TurbulentStress:
    """A stress 2 ν_t S − a at n points; its isotropic part is left to the pressure.

    Parameters
    ----------
    eddy_viscosity : (n,)
        ν_t >= 0, length²/time.
    anisotropy : (n, d, d)
        a, velocity².
    clipped : (n,) int
        1 at points where less acts than was predicted, −1 where a negative ν_t was taken for none,
        else 0.
    """

    eddy_viscosity: np.ndarray
    anisotropy: np.ndarray
    clipped: np.ndarray


@dataclass(frozen=True)
class StressBounds:
    """What turbulence can do at most in a flow.

    ν_t is between 0 and U d and the deviator of a stress below U², U a velocity of the flow and d
    the largest distance to a wall: turbulence mixes over lengths below d and at speeds below U,
    both well below.

    Parameters
    ----------
    speed : float
        U.
    size : float
        d.
    """

    speed: float
    size: float

    @property
    def eddy_viscosity(self) -> float:
        """The largest ν_t, length²/time."""
        return self.speed * self.size

    @property
    def anisotropy(self) -> float:
        """The largest |a|, and |τ − tr τ/d|, velocity²."""
        return self.speed**2

    @property
    def small_strain(self) -> float:
        """Rate of strain, 1/time, below which a stress says little of ν_t."""
        return SMALL_STRAIN * self.speed / self.size

    def clip(self, eddy_viscosity: np.ndarray, anisotropy: np.ndarray) -> TurbulentStress:
        """ν_t (n,) and a (n, d, d) that are predicted side by side: each acts as it is.

        The closure has split the stress itself (Wu, Xiao & Paterson, Phys. Rev. Fluids 3, 2018,
        074602, Sec. II D). What is beyond the bounds is lost.
        """
        nu_t = np.clip(eddy_viscosity, 0, self.eddy_viscosity)
        a, beyond = self._shorten(anisotropy)
        return TurbulentStress(
            nu_t, a, np.where(beyond, 1, np.sign(eddy_viscosity - nu_t)).astype(int)
        )

    def clip_tensors(
        self, eddy_viscosity: torch.Tensor, anisotropy: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The same of torch tensors, ν_t (n,) and a (n, d²), differentiably."""
        sizes = anisotropy.norm(dim=1, keepdim=True)
        return (
            eddy_viscosity.clamp(0, self.eddy_viscosity),
            anisotropy / (sizes / self.anisotropy).clamp(min=1),
        )

    def split(self, reynolds_stress: np.ndarray, strain: np.ndarray) -> TurbulentStress:
        """A Reynolds stress τ (n, d, d) in a flow of strain S (n, d, d), as :func:`split_stress`.

        A deviator beyond its bound is scaled down to it; what ν_t is beyond its bound stays in a.
        """
        tau, beyond = self._shorten(deviator(reynolds_stress))
        nu_t, a = split_stress(tau, deviator(strain), self.small_strain, self.eddy_viscosity)
        return TurbulentStress(nu_t, a, beyond.astype(int))

    def _shorten(self, T: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tensors of the largest size at most, and which of them were larger."""
        size, largest = magnitudes(T), self.anisotropy
        beyond = size > largest
        shorter = T * (largest / np.maximum(size, largest))[:, None, None]
        return np.where(beyond[:, None, None], shorter, T), beyond


def split_stress(
    stress: np.ndarray, strain: np.ndarray, small_strain: float, largest: float = np.inf
) -> tuple[np.ndarray, np.ndarray]:
    """ν_t (n,) and a (n, d, d) with τ = a − 2 ν_t S, ν_t the nearest where S is not small.

    ν_t = −τ:S / (2 S:S + s²) between 0 and the largest, and a = τ + 2 ν_t S. At the points the
    whole stress acts however it is split; with ν_t in the operator small changes of τ change the
    velocity little (Wu, Xiao, Sun & Wang, J. Fluid Mech. 869, 2019, Sec. 4). The rate s keeps ν_t
    from jumping where S changes its sign.

    Parameters
    ----------
    stress, strain : (n, d, d)
        Deviators of τ, velocity², and of S = sym ∇u, 1/time (:func:`deviator`).
    small_strain : float
        s > 0, 1/time; `SMALL_STRAIN` times a velocity of the flow by its size.
    largest : float
        Of ν_t, length²/time.
    """
    nearest = -(stress * strain).sum(axis=(1, 2)) / (
        2 * (strain**2).sum(axis=(1, 2)) + small_strain**2
    )
    nu_t = np.clip(nearest, 0, largest)
    return nu_t, stress + 2 * nu_t[:, None, None] * strain


def deviator(T: np.ndarray) -> np.ndarray:
    """Tensors (n, d, d) less their isotropic part; S too has a trace where ∇·u = 0 holds weakly."""
    return T - np.trace(T, axis1=1, axis2=2)[:, None, None] / T.shape[1] * np.eye(T.shape[1])
