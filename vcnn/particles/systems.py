"""Bodies whose stochastic motion is known: by a law in closed form, or by small steps."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np
from scipy.linalg import expm, solve_continuous_lyapunov

from vcnn.errors import InputError
from vcnn.particles.bodies import Bodies


@dataclass(frozen=True)
class SpringBodies:
    """Bodies of mass 1 with springs between all of them, friction and noise.

        dx_i = v_i dt,  dv_i = (−k Σ_j (x_i − x_j) − γ v_i) dt + σ dW_i

    It is linear, so that the law of (x, v) at a later time is normal, with a mean and a covariance
    that are known (Van Loan, IEEE Trans. Autom. Control 23, 1978, 395-404). All axes are alike.

    Parameters
    ----------
    count : int
        Number of bodies.
    spring : float
        k, 1/time².
    friction : float
        γ, 1/time.
    noise : float
        σ, length/time^(3/2).

    Raises
    ------
    InputError
        If a number makes no sense.
    """

    count: int = 5
    spring: float = 1.0
    friction: float = 0.5
    noise: float = 0.5

    def __post_init__(self):
        _check_numbers(self, ("spring", "friction", "noise"))
        if type(self.count) is not int or self.count < 1:
            raise InputError(f"count: expected a positive integer, got {self.count!r}")

    def law(self, lag: float) -> tuple[np.ndarray, np.ndarray]:
        """A state after a time, of each axis on its own: y' ~ N(A y, C), y = (x_1..n, v_1..n).

        Parameters
        ----------
        lag : float
            Time.

        Returns
        -------
        A : (2 n, 2 n)
            Of which the mean is made.
        C : (2 n, 2 n)
            The covariance.
        """
        n, (F, Q) = self.count, self._drift_and_noise()
        blocks = expm(lag * np.block([[-F, Q], [np.zeros((2 * n, 2 * n)), F.T]]))
        A = blocks[2 * n :, 2 * n :].T
        C = A @ blocks[: 2 * n, 2 * n :]
        return A, 0.5 * (C + C.T)

    def simulate(
        self, start: Bodies, lag: float, steps: int, rng: np.random.Generator
    ) -> list[Bodies]:
        """States after 0, 1, ..., ``steps`` times the ``lag``, drawn from the exact law.

        Parameters
        ----------
        start : Bodies
        lag : float
            Time.
        steps : int
            How often.
        rng : numpy.random.Generator
            Of the noise.

        Returns
        -------
        list of Bodies

        Raises
        ------
        InputError
            If a number makes no sense, or bodies are others than those of the system.
        """
        if start.count != self.count or (start.masses != 1).any():
            raise InputError(
                f"start: expected {self.count} bodies of mass 1, got {start.count} of masses "
                f"{start.masses.tolist()}"
            )
        _check_steps(lag=lag, steps=steps)
        A, C = self.law(lag)
        values, vectors = np.linalg.eigh(C)
        root = vectors * np.sqrt(values.clip(min=0)) @ vectors.T
        states = [start]
        for _ in range(steps):
            y = np.concatenate([states[-1].positions, states[-1].velocities], axis=1)
            y = A @ y + root @ rng.standard_normal(y.shape)
            states.append(Bodies(y[:, : self.count], y[:, self.count :], start.masses))
        return states

    def draw(self, count: int, dimension: int, rng: np.random.Generator) -> Bodies:
        """States from the law of a long time, with their centre at the origin.

        Parameters
        ----------
        count, dimension : int
            s and d.
        rng : numpy.random.Generator
            Of what is drawn.

        Returns
        -------
        Bodies

        Raises
        ------
        InputError
            If there is no such law, for lack of springs, friction or noise.
        """
        for name in ("spring", "friction", "noise"):
            if getattr(self, name) == 0:
                raise InputError(f"{name}: expected a positive number for a stationary law, got 0")
        n = self.count
        F, Q = self._drift_and_noise()
        F[n:, :n] -= self.spring  # holds the centre, whose motion is independent of all else
        root = np.linalg.cholesky(solve_continuous_lyapunov(F, -Q))
        y = root @ rng.standard_normal((count, 2 * n, dimension))
        x, v = y[:, :n], y[:, n:]
        return Bodies(x - x.mean(axis=1, keepdims=True), v)

    def _drift_and_noise(self) -> tuple[np.ndarray, np.ndarray]:
        """F and Q of dy = F y dt + dB, with d⟨B Bᵀ⟩ = Q dt."""
        n = self.count
        K = self.spring * (n * np.eye(n) - np.ones((n, n)))
        zero, one = np.zeros((n, n)), np.eye(n)
        F = np.block([[zero, one], [-K, -self.friction * one]])
        return F, np.block([[zero, zero], [zero, self.noise**2 * one]])


@dataclass(frozen=True)
class GravitatingBodies:
    """Bodies that attract each other, with softened gravity, friction and noise.

        dv_i = (Σ_j m_j r_ij / (|r_ij|² + ε²)^(3/2) − γ v_i) dt + σ dW_i,  r_ij = x_j − x_i, G = 1

    Integrated with small steps of velocity Verlet between halves of the exact Ornstein-Uhlenbeck
    process of the velocities: of second order in the step where there is no noise.

    Parameters
    ----------
    softening : float
        ε, length; positive.
    friction : float
        γ, 1/time.
    noise : float
        σ, length/time^(3/2).

    Raises
    ------
    InputError
        If a number makes no sense.
    """

    softening: float = 0.1
    friction: float = 0.0
    noise: float = 0.1

    def __post_init__(self):
        _check_numbers(self, ("softening", "friction", "noise"))
        if self.softening == 0:
            raise InputError("softening: expected a positive number, got 0")

    def acceleration(self, positions: np.ndarray, masses: np.ndarray) -> np.ndarray:
        """(s, n, d) of bodies of masses (n,) at positions (s, n, d)."""
        r = positions[:, None] - positions[:, :, None]
        distance = np.sqrt((r**2).sum(-1) + self.softening**2)
        return np.einsum("sijk,sij,j->sik", r, distance**-3, masses)

    def energies(self, bodies: Bodies) -> tuple[np.ndarray, np.ndarray]:
        """Kinetic and potential energy of states.

        Parameters
        ----------
        bodies : Bodies
            s of them.

        Returns
        -------
        kinetic : (s,)
            Mass length²/time².
        potential : (s,)
            Likewise.
        """
        m = bodies.masses
        kinetic = 0.5 * np.einsum("j,sjk,sjk->s", m, bodies.velocities, bodies.velocities)
        i, j = np.triu_indices(bodies.count, 1)
        r = bodies.positions[:, i] - bodies.positions[:, j]
        distance = np.sqrt((r**2).sum(-1) + self.softening**2)
        return kinetic, -(m[i] * m[j] / distance).sum(-1)

    def simulate(
        self,
        start: Bodies,
        lag: float,
        steps: int,
        rng: np.random.Generator,
        substeps: int = 100,
    ) -> list[Bodies]:
        """States after 0, 1, ..., ``steps`` times the ``lag``.

        Parameters
        ----------
        start : Bodies
        lag : float
            Time.
        steps : int
            How often.
        rng : numpy.random.Generator
            Of the noise.
        substeps : int
            Of the integration, in each lag.

        Returns
        -------
        list of Bodies

        Raises
        ------
        InputError
            If a number makes no sense, or bodies are others than those of the system.
        """
        _check_steps(lag=lag, steps=steps, substeps=substeps)
        h, m = lag / substeps, start.masses
        x, v = start.positions.copy(), start.velocities.copy()
        decay = np.exp(-0.5 * self.friction * h)
        spread = self.noise * np.sqrt(
            0.5 * h if self.friction == 0 else (1 - decay**2) / (2 * self.friction)
        )
        a, states = self.acceleration(x, m), [start]
        for _ in range(steps):
            for _ in range(substeps):
                v = decay * v + spread * rng.standard_normal(v.shape) + 0.5 * h * a
                x = x + h * v
                a = self.acceleration(x, m)
                v = decay * (v + 0.5 * h * a) + spread * rng.standard_normal(v.shape)
            states.append(Bodies(x, v, m))
        return states


def _check_numbers(system, names) -> None:
    for name in names:
        value = getattr(system, name)
        if not 0 <= value < np.inf:
            raise InputError(f"{name}: expected a number that is not negative, got {value!r}")


def _check_steps(**numbers) -> None:
    for name, value in numbers.items():
        if not isinstance(value, Real) or not value > 0 or value == np.inf:
            raise InputError(f"{name}: expected a positive number, got {value!r}")
