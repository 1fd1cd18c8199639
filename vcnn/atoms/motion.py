"""Molecular dynamics: atoms that move by the forces of a potential."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np

from vcnn.atoms.frame import Frame
from vcnn.atoms.model import check_positive
from vcnn.dynamics.integrators import Bath, Phase, langevin_step, verlet_step
from vcnn.errors import InputError

BOLTZMANN = 8.617333262e-5  # eV/K
ACCELERATION = 9.648533212e-3  # of 1 eV/Å on 1 u, in Å/fs²


class ForceField(Protocol):
    """What knows the energy and forces of frames: a `Potential`, or a law of your own."""

    def predict(self, frames: Sequence[Frame]) -> list[Frame]:
        """The frames with their energies and forces.

        Parameters
        ----------
        frames : sequence of Frame
            Each of atoms in space.

        Returns
        -------
        list of Frame
        """


@dataclass(frozen=True)
class Thermostat:
    """A bath that atoms exchange energy with, by friction and noise.

    Parameters
    ----------
    temperature : float
        K.
    friction : float
        1/fs.
    seed : int
        Of the noise.

    Raises
    ------
    InputError
        If a number makes no sense.
    """

    temperature: float
    friction: float = 0.01
    seed: int = 0

    def __post_init__(self):
        for name in ("temperature", "friction"):
            check_positive(name, getattr(self, name))
        if type(self.seed) is not int or self.seed < 0:
            raise InputError(f"seed: expected an integer that is 0 or more, got {self.seed!r}")


@dataclass(frozen=True, eq=False)
class Motion:
    """Atoms at a time.

    Parameters
    ----------
    frame : Frame
        With the energy and forces of what moves them.
    velocities : (n, 3)
        Å/fs.
    masses : (n,)
        u.
    time : float
        fs.
    """

    frame: Frame
    velocities: np.ndarray
    masses: np.ndarray
    time: float = 0.0

    @property
    def kinetic_energy(self) -> float:
        """Σ m v²/2, eV."""
        return 0.5 * float(self.masses @ (self.velocities**2).sum(axis=1)) / ACCELERATION

    @property
    def energy(self) -> float:
        """Kinetic and potential energy, eV."""
        return self.kinetic_energy + self.frame.energy

    @property
    def temperature(self) -> float:
        """That of the motion around the common one, K: of 3 n − 3 degrees of freedom."""
        common = self.masses @ self.velocities / self.masses.sum()
        own = replace(self, velocities=self.velocities - common)
        return 2 * own.kinetic_energy / (3 * (len(self.masses) - 1) * BOLTZMANN)


def begin_motion(
    frame: Frame,
    potential: ForceField,
    temperature: float,
    *,
    masses: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Motion:
    """Atoms with velocities of Maxwell's distribution, at rest as a whole.

    Parameters
    ----------
    frame : Frame
        Of at least two atoms.
    potential : ForceField
    temperature : float
        K.
    masses : mapping species -> float, optional
        u; default: standard atomic weights, for which ase must be installed.
    seed : int
        Of the velocities.

    Returns
    -------
    Motion
        At time 0, of exactly this temperature.

    Raises
    ------
    InputError
        If a mass is missing, or a number makes no sense.
    """
    check_positive("temperature", temperature)
    if len(frame) < 2:
        raise InputError("frame: expected at least two atoms")
    named = _standard_masses(frame.species) if masses is None else masses
    missing = [name for name in dict.fromkeys(frame.species) if name not in named]
    if missing:
        raise InputError(f"masses: expected one of {', '.join(missing)}")
    for name in set(frame.species):
        check_positive(f"mass of {name}", named[name])
    m = np.array([float(named[name]) for name in frame.species])
    v = np.random.default_rng(seed).standard_normal((len(m), 3)) / np.sqrt(m)[:, None]
    motion = Motion(potential.predict([frame])[0], v - m @ v / m.sum(), m)
    return replace(motion, velocities=motion.velocities * (temperature / motion.temperature) ** 0.5)


def move(
    motion: Motion,
    potential: ForceField,
    step: float,
    count: int,
    thermostat: Thermostat | None = None,
) -> Iterator[Motion]:
    """The states after 1, 2, ..., ``count`` steps.

    Parameters
    ----------
    motion : Motion
        To begin from, as :func:`begin_motion` gives it or from an earlier run.
    potential : ForceField
    step : float
        fs; 0.5 for what holds hydrogen.
    count : int
        How many steps.
    thermostat : Thermostat, optional
        Default: none, the energy is conserved (velocity Verlet).

    Yields
    ------
    Motion

    Raises
    ------
    InputError
        If a number makes no sense.
    DivergenceError
        As ``potential.predict`` raises it.
    """
    check_positive("step", step)
    if type(count) is not int or count < 0:
        raise InputError(f"count: expected an integer that is 0 or more, got {count!r}")
    return _moved(motion, potential, step, count, thermostat)


def _moved(motion, potential, step, count, thermostat) -> Iterator[Motion]:
    m, frames = motion.masses[:, None], [motion.frame]

    def acceleration(positions):
        frames[0] = potential.predict([replace(motion.frame, positions=positions)])[0]
        return ACCELERATION * frames[0].forces / m

    go_on = verlet_step
    if thermostat is not None:
        speeds = np.sqrt(BOLTZMANN * thermostat.temperature * ACCELERATION / motion.masses)
        bath = Bath(thermostat.friction, speeds)
        go_on = partial(langevin_step, bath=bath, rng=np.random.default_rng(thermostat.seed))
    first = ACCELERATION * motion.frame.forces / m
    phase = Phase(motion.frame.positions, motion.velocities, first)
    for number in range(1, count + 1):
        phase = go_on(phase, acceleration, step)
        yield Motion(frames[0], phase.velocities, motion.masses, motion.time + number * step)


def _standard_masses(species: Sequence[str]) -> dict[str, float]:
    try:
        from ase.data import atomic_masses, atomic_numbers
    except ImportError:
        raise InputError("masses: give them, or install ase: pip install 'vcnn[atoms]'") from None
    names = [name for name in species if name in atomic_numbers]
    return {name: float(atomic_masses[atomic_numbers[name]]) for name in names}
