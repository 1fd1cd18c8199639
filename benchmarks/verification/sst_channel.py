"""The SST model in a plane channel, an ordinary differential equation, by finite volumes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_banded

BETA_STAR, A1, BETA, GAMMA = 0.09, 0.31, (0.075, 0.0828), (5 / 9, 0.44)
SIGMA_K, SIGMA_OMEGA = (0.85, 1.0), (0.5, 0.856)


@dataclass(frozen=True, eq=False)
class Channel:
    """Half a channel of half-height 1 and u_τ = 1.

    Parameters
    ----------
    y, velocity, k, omega, eddy_viscosity : (n,)
        Centres of the cells and the values there.
    bulk : float
        Mean velocity.
    """

    y: np.ndarray
    velocity: np.ndarray
    k: np.ndarray
    omega: np.ndarray
    eddy_viscosity: np.ndarray
    bulk: float


def solve_channel(
    reynolds: float, cells: int = 1600, growth: float = 1500.0, held: int = 3
) -> Channel:
    """The steady solution at a friction Reynolds number, by relaxed linear solves in turn.

    k and ω in their own form. ω = 6ν/(β₁ y²) in the first cells at the wall, some of them (Wilcox,
    Turbulence Modeling for CFD, Sec. 7.2.1): 1/y² is too steep for differences. OpenFOAM holds one.

    Parameters
    ----------
    reynolds : float
    cells : int
        They grow geometrically, the last one ``growth`` times the first.
    growth : float
    held : int
        In how many cells ω is given.

    Raises
    ------
    AssertionError
        If it does not converge.
    """
    nu = 1 / reynolds
    h = growth ** np.linspace(0, 1, cells)
    faces = np.concatenate([[0], np.cumsum(h) / h.sum()])
    y, h = (faces[1:] + faces[:-1]) / 2, np.diff(faces)
    U = np.log1p(y * reynolds) / 0.41
    k = 3 * (1 - np.exp(-y * reynolds / 20))
    omega = np.hypot(6 * nu / (BETA[0] * y**2), np.sqrt(k) / (0.09**0.25 * 0.41 * y))
    for _ in range(20_000):
        dU = _gradient(U, y, 0.0)
        F1, F2 = _blending(k, omega, y, nu)
        nu_t = A1 * k / np.maximum(A1 * omega, np.abs(dU) * F2)
        sigma_k, sigma, beta, gamma = (
            F1 * a + (1 - F1) * b for a, b in (SIGMA_K, SIGMA_OMEGA, BETA, GAMMA)
        )
        new_U = _diffuse(nu + nu_t, y, h, faces, np.ones_like(y), np.zeros_like(y))
        production = np.minimum(nu_t * dU**2, 10 * BETA_STAR * k * omega)
        new_k = _diffuse(nu + sigma_k * nu_t, y, h, faces, production, BETA_STAR * omega)
        rate = np.minimum(
            dU**2, 10 / A1 * BETA_STAR * omega * np.maximum(A1 * omega, np.abs(dU) * F2)
        )
        cross = 2 * (1 - F1) * SIGMA_OMEGA[1] * _gradient(k, y, 0.0) * _gradient(omega, y) / omega
        source, sink = (
            gamma * rate + np.maximum(cross, 0),
            beta * omega - np.minimum(cross, 0) / omega,
        )
        new_omega = _diffuse(
            nu + sigma * nu_t, y, h, faces, source, sink, held=held, value=6 * nu / (BETA[0] * y**2)
        )
        change = max(
            np.abs(new - old).max() / np.abs(old).max() for new, old in ((new_U, U), (new_k, k))
        )
        U, k, omega = (
            0.7 * old + 0.3 * new for old, new in ((U, new_U), (k, new_k), (omega, new_omega))
        )
        if change < 1e-10:
            return Channel(y, U, k, omega, nu_t, float(U @ h))
    raise AssertionError(f"no convergence, change {change:.2g}")


def _blending(k, omega, y, nu):
    turbulent, viscous = np.sqrt(k) / (BETA_STAR * omega * y), 500 * nu / (y**2 * omega)
    cross = 2 * SIGMA_OMEGA[1] * _gradient(k, y, 0.0) * _gradient(omega, y) / omega
    far = 4 * SIGMA_OMEGA[1] * k / (np.maximum(cross, 1e-10) * y**2)
    least = np.minimum(np.maximum(turbulent, viscous), far)
    F1 = np.tanh(np.minimum(least, 10) ** 4)
    return F1, np.tanh(np.minimum(np.maximum(2 * turbulent, viscous), 100) ** 2)


def _gradient(values, y, at_wall=None):
    """Central differences; at the wall with its value, at the axis with symmetry."""
    points, values = np.append(y, 2 - y[-1]), np.append(values, values[-1])
    if at_wall is None:
        return np.gradient(values, points, edge_order=2)[:-1]
    return np.gradient(np.append(at_wall, values), np.append(0.0, points))[1:-1]


def _diffuse(D, y, h, faces, source, sink, held=0, value=None):
    """(D φ')' + source − sink φ = 0 with φ' = 0 at 1, and φ = 0 at the wall or held near it."""
    at_faces = D[:-1] + (D[1:] - D[:-1]) * (faces[1:-1] - y[:-1]) / np.diff(y)
    flux = at_faces / np.diff(y)
    diagonal, right = sink * h, source * h
    diagonal[:-1] += flux
    diagonal[1:] += flux
    diagonal[0] += D[0] / y[0] if not held else 0
    bands = np.zeros((3, len(y)))
    bands[0, 1:], bands[1], bands[2, :-1] = -flux, diagonal, -flux
    for i in range(held):
        bands[1, i], right[i] = 1, value[i]
        bands[0, i + 1] = 0
        if i:
            bands[2, i - 1] = 0
    if held:
        # rows of held cells are identities; the row after them keeps its link to the last one
        bands[2, held - 1] = -flux[held - 1]
    return solve_banded((1, 1), bands, right)
