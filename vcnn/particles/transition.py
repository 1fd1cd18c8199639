"""A learned law of one step of bodies: where they may be after a time, and how fast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vcnn.clouds.clouds import VectorClouds
from vcnn.errors import DivergenceError, InputError
from vcnn.flow.arrays import float_array
from vcnn.network.base import Network
from vcnn.network.distributions import Distribution, distributions
from vcnn.network.model_file import read_model, write_model
from vcnn.particles.bodies import Bodies

_CALLED = "law of a step of bodies"
TARGETS = {
    "change": "vector",
    "change_covariance": "covariance",
    "deviation_of_position": "vector",
    "deviation_of_position_covariance": "covariance",
}


@dataclass(frozen=True)
class StepScales:
    """Units in which what a network sees and gives is of order one.

    Parameters
    ----------
    length, velocity : float
        Of positions, length, and of velocities, length/time.
    change : float
        Of changes of velocities in a step, length/time.
    deviation : float
        Of deviations of positions, length.
    """

    length: float
    velocity: float
    change: float
    deviation: float


def changes(before: Bodies, after: Bodies, lag: float) -> tuple[np.ndarray, np.ndarray]:
    """Δ and δ (s n, d) of steps that are known, see `Transition`."""
    velocity = before.velocities + after.velocities
    change = after.velocities - before.velocities
    deviation = after.positions - before.positions - 0.5 * lag * velocity
    return change.reshape(-1, before.dimension), deviation.reshape(-1, before.dimension)


@dataclass(frozen=True, eq=False)
class Transition:
    """The law of the state of bodies a time later, given their state.

        v' = v + Δ,  x' = x + τ (v + v')/2 + δ,  Δ ~ N(m, Σ),  δ ~ N(m', Σ')

    with means and covariances of a network, of the cloud of all bodies around each: they turn with
    the frame, and do not depend on the order of bodies nor on where their origin is. Given the
    state, bodies are independent of each other, and Δ of δ: of Langevin's equation this is exact to
    leading order in τ, ⟨δ δ⟩ being σ² τ³/12.

    Parameters
    ----------
    network : Network
        With the outputs "vector", "covariance", "vector", "covariance".
    scales : StepScales
    lag : float
        τ, time.
    dimension : {1, 2, 3}
        Of the bodies it learned from.
    provenance : mapping
        How it was trained.

    Raises
    ------
    InputError
        If the network has other outputs or needs other fields than the mass, or a number makes no
        sense.
    """

    network: Network
    scales: StepScales
    lag: float
    dimension: int
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        if tuple(self.network.outputs) != tuple(TARGETS.values()):
            raise InputError(
                f"network: expected outputs {', '.join(TARGETS.values())}, got "
                f"{', '.join(self.network.outputs)}"
            )
        if others := set((*self.network.needs, *self.network.latents)) - {"mass"}:
            raise InputError(f"network: bodies have a mass, not {', '.join(sorted(others))}")
        for name, value in {**asdict(self.scales), "lag": self.lag}.items():
            if not isinstance(value, Real) or not 0 < value < np.inf:
                raise InputError(f"{name}: expected a positive number, got {value!r}")

    def clouds(self, bodies: Bodies) -> VectorClouds:
        """Clouds of states, ``bodies``, in the units of the network.

        Raises
        ------
        InputError
            If they are of another dimension.
        """
        if bodies.dimension != self.dimension:
            raise InputError(
                f"bodies: the law is one of {self.dimension}-D bodies, these are "
                f"{bodies.dimension}-D"
            )
        return bodies.clouds(self.scales.length, self.scales.velocity)

    def law(self, bodies: Bodies) -> tuple[Distribution, Distribution]:
        """Distributions of Δ and δ, of s n bodies, scaled.

        Parameters
        ----------
        bodies : Bodies

        Raises
        ------
        InputError
            If they are of another dimension.
        """
        return tuple(distributions(TARGETS, self.network.values(self.clouds(bodies))))

    def step(self, bodies: Bodies, noise: np.ndarray) -> Bodies:
        """States a time τ later.

        Parameters
        ----------
        bodies : Bodies
        noise : (2, s, n, d)
            Standard normal numbers; 0 for the means. Turned noise gives turned states.

        Returns
        -------
        Bodies

        Raises
        ------
        InputError
            If the noise has another shape.
        DivergenceError
            If states become NaN or infinite.
        """
        noise = float_array(noise, "noise", "numbers (2, s, n, d)")
        if noise.shape != (2, *bodies.positions.shape):
            raise InputError(
                f"noise: expected shape {(2, *bodies.positions.shape)}, got {noise.shape}"
            )
        with torch.inference_mode():
            like = next(self.network.parameters())
            try:
                parts = [
                    law.sample(torch.as_tensor(part.reshape(-1, bodies.dimension)).to(like))
                    for law, part in zip(self.law(bodies), noise, strict=True)
                ]
            except torch.linalg.LinAlgError:  # of matrices that are not finite
                raise DivergenceError("bodies: a step leads to NaN or infinite states") from None
        shape = bodies.positions.shape
        change, deviation = (part.double().numpy().reshape(shape) for part in parts)
        v = bodies.velocities + self.scales.change * change
        mean = 0.5 * (bodies.velocities + v)
        x = bodies.positions + self.lag * mean + self.scales.deviation * deviation
        if not (np.isfinite(x).all() and np.isfinite(v).all()):
            raise DivergenceError("bodies: a step leads to NaN or infinite states")
        return Bodies(x, v, bodies.masses)

    def rollout(self, start: Bodies, steps: int, rng: np.random.Generator) -> Iterator[Bodies]:
        """States after 1, 2, ..., ``steps`` steps.

        Parameters
        ----------
        start : Bodies
        steps : int
            How often.
        rng : numpy.random.Generator
            Of the noise.

        Yields
        ------
        Bodies

        Raises
        ------
        InputError
            If bodies are of another dimension.
        DivergenceError
            If states become NaN or infinite.
        """
        bodies = start
        for _ in range(steps):
            bodies = self.step(bodies, rng.standard_normal((2, *bodies.positions.shape)))
            yield bodies

    def save(self, path: str | Path) -> Path:
        """Write weights and all else to one ``.safetensors`` file ``path``.

        Raises
        ------
        InputError
            If the network could not be read again, or the path has another suffix.
        """
        numbers = {
            "scales": asdict(self.scales),
            "lag": self.lag,
            "dimension": self.dimension,
            "provenance": dict(self.provenance),
        }
        return write_model(path, self.network, "transition", _CALLED, numbers)

    @staticmethod
    def load(path: str | Path) -> Transition:
        """Read what :meth:`save` wrote to ``path``.

        Raises
        ------
        InputError
            If the file is missing, damaged, or holds something else.
        """

        def make(network: Network, header: Mapping[str, Any]) -> Transition:
            """Of what the header says."""
            numbers = (StepScales(**header["scales"]), header["lag"], header["dimension"])
            return Transition(network, *numbers, header["provenance"])

        return read_model(path, "transition", _CALLED, make)
