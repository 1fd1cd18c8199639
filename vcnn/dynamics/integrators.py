"""Steps in time of bodies that forces act on, alone or in a bath of a temperature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vcnn.errors import InputError

Acceleration = Callable[[np.ndarray], np.ndarray]  # of positions (n, d)


@dataclass(frozen=True, eq=False)
class Phase:
    """Where n bodies are, and how they move.

    Parameters
    ----------
    positions, velocities, accelerations : (n, d)
        The latter at the positions.
    """

    positions: np.ndarray
    velocities: np.ndarray
    accelerations: np.ndarray


@dataclass(frozen=True, eq=False)
class Bath:
    """Friction and noise that belong to a temperature: dv = −γ v dt + s √(2 γ) dW.

    Parameters
    ----------
    friction : float
        γ, 1/time.
    speeds : (n,) or float
        s = √(k_B T / m): the standard deviation of each component of a velocity.

    Raises
    ------
    InputError
        If one of them is negative or not finite.
    """

    friction: float
    speeds: np.ndarray | float

    def __post_init__(self):
        for name, value in (("friction", self.friction), ("speeds", self.speeds)):
            if not (np.isfinite(value).all() and np.min(value) >= 0):
                raise InputError(f"{name}: expected numbers that are 0 or more, got {value!r}")


def verlet_step(phase: Phase, acceleration: Acceleration, step: float) -> Phase:
    """A step of velocity Verlet: of second order, reversible, symplectic.

    What it conserves is an energy that differs from the true one by O(Δt²), which therefore does
    not drift (Hairer, Lubich & Wanner, Geometric Numerical Integration, 2006, I.1.4 and IX.3).

    Parameters
    ----------
    phase : Phase
    acceleration : callable
        Positions (n, d) -> accelerations (n, d); called once.
    step : float
        Δt.

    Returns
    -------
    Phase
    """
    middle = phase.velocities + 0.5 * step * phase.accelerations
    positions = phase.positions + step * middle
    accelerations = acceleration(positions)
    return Phase(positions, middle + 0.5 * step * accelerations, accelerations)


def langevin_step(
    phase: Phase, acceleration: Acceleration, step: float, bath: Bath, rng: np.random.Generator
) -> Phase:
    """A step of Langevin dynamics, split as BAOAB: velocity Verlet, with the bath in the middle.

    Positions of harmonic forces have the exact stationary law, others one with an error of O(Δt²)
    (Leimkuhler & Matthews, Appl. Math. Res. Express 2013, 34-56). Without friction it is
    :func:`verlet_step`.

    Parameters
    ----------
    phase : Phase
    acceleration : callable
        As for :func:`verlet_step`.
    step : float
        Δt.
    bath : Bath
    rng : numpy.random.Generator
        Of the noise, (n, d) normal numbers a step.

    Returns
    -------
    Phase
    """
    velocities = phase.velocities + 0.5 * step * phase.accelerations
    positions = phase.positions + 0.5 * step * velocities
    kept = np.exp(-bath.friction * step)
    speeds = np.reshape(bath.speeds, (-1, 1))
    noise = rng.standard_normal(velocities.shape)
    velocities = kept * velocities + np.sqrt(1 - kept**2) * speeds * noise
    positions = positions + 0.5 * step * velocities
    accelerations = acceleration(positions)
    return Phase(positions, velocities + 0.5 * step * accelerations, accelerations)
