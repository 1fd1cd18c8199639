"""What errors of energies, forces, virials and dipoles count for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from numbers import Real

import numpy as np

from vcnn.errors import InputError


@dataclass(frozen=True)
class EnergyLoss:
    """What errors count for: p_E (ΔE/n)² + p_F |ΔF|²/3n + p_V |ΔV/n|²/9 + p_D |ΔD|²/3.

    Each p falls or rises with the learning rate from its first value to its last (DeePMD-kit): of
    forces there are 3n in a frame of n atoms, of energies one, which is right only when little
    changes.

    Parameters
    ----------
    energy, force, virial, dipole : pair of float
        First and last; in 1/eV², Å²/eV², 1/eV² and 1/(e Å)².

    Raises
    ------
    InputError
        If one is no pair of numbers that are 0 or more.
    """

    energy: tuple[float, float] = (1.0, 1000.0)
    force: tuple[float, float] = (1.0, 1.0)
    virial: tuple[float, float] = (0.0, 0.0)
    dipole: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self):
        for name, pair in asdict(self).items():
            if len(pair) != 2 or not all(isinstance(p, Real) and 0 <= p < np.inf for p in pair):
                raise InputError(
                    f"{name}: expected two numbers that are 0 or more, got {list(pair)}"
                )

    def weights(self, rate: float) -> tuple[float, ...]:
        """p_E, p_F, p_V, p_D where the learning rate is so large a fraction of its peak."""
        pairs = (self.energy, self.force, self.virial, self.dipole)
        return tuple(rate * first + (1 - rate) * last for first, last in pairs)
