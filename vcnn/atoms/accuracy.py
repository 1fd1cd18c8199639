"""How far predicted energies and forces are from those that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vcnn.atoms.frame import Frame
from vcnn.errors import InputError


@dataclass(frozen=True)
class Accuracy:
    """Errors of frames.

    Parameters
    ----------
    energy_mae, energy_rmse : float
        Mean and root mean square of |ΔE|/n over the frames, eV an atom.
    force_mae, force_rmse : float
        Of the components of ΔF over all atoms, eV/Å.
    """

    energy_mae: float
    energy_rmse: float
    force_mae: float
    force_rmse: float

    def __str__(self) -> str:
        return (
            f"energy {1e3 * self.energy_mae:.3g} (MAE) {1e3 * self.energy_rmse:.3g} (RMSE) "
            f"meV/atom, forces {1e3 * self.force_mae:.3g} {1e3 * self.force_rmse:.3g} meV/Å"
        )

    @classmethod
    def of(cls, predicted: Sequence[Frame], frames: Sequence[Frame]) -> Accuracy:
        """Of predictions of frames.

        Parameters
        ----------
        predicted, frames : sequence of Frame
            Of the same atoms, with energies and forces.

        Raises
        ------
        InputError
            If there are none, not as many of both, or a frame has no energy or forces.
        """
        if not frames or len(predicted) != len(frames):
            raise InputError(
                f"frames: expected at least one and as many of both, got {len(predicted)} "
                f"and {len(frames)}"
            )
        for number, frame in enumerate(frames):
            if frame.energy is None or frame.forces is None:
                raise InputError(f"frames: {number}: expected a frame with energy and forces")
        pairs = list(zip(predicted, frames, strict=True))
        energies = np.array([(one.energy - other.energy) / len(other) for one, other in pairs])
        forces = np.concatenate([(one.forces - other.forces).ravel() for one, other in pairs])
        numbers = [
            statistic
            for errors in (energies, forces)
            for statistic in (np.abs(errors).mean(), np.sqrt((errors**2).mean()))
        ]
        return cls(*map(float, numbers))
