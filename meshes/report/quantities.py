"""What is read off a flow, as numbers: wall curves, heights of first cells, Reynolds number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_CORNER = np.cos(np.radians(30))  # between neighbouring facets: a wall that is curved turns less


@dataclass(frozen=True, eq=False, kw_only=True)
class WallQuantities:
    """Coefficients at the k facets of a wall, means over each, in their order along it.

    Parameters
    ----------
    points : (k, 2)
        Their middles, length.
    arc : (k,)
        Arc length from the wall's upstream end.
    lengths : (k,)
        Of the facets.
    tangent, normal : (k, 2)
        Unit vectors: along the wall away from its upstream end, and into the fluid.
    skin_friction : (k,)
        c_f = ν ∂(u·t)/∂n / (U²/2).
    pressure_coefficient : (k,)
        c_p = p / (U²/2), p the periodic part of the kinematic pressure, whose mean over the domain
        is 0.
    period : (2,) or None
        From the wall's upstream end to its other end, if these are one.
    """

    points: np.ndarray
    arc: np.ndarray
    lengths: np.ndarray
    tangent: np.ndarray
    normal: np.ndarray
    skin_friction: np.ndarray
    pressure_coefficient: np.ndarray
    period: np.ndarray | None

    def __repr__(self) -> str:
        low, high = self.skin_friction.min(), self.skin_friction.max()
        return f"WallQuantities({len(self.arc)} facets, skin friction {low:.4g} to {high:.4g})"

    @property
    def separation(self) -> np.ndarray:
        """(s, 2) points where the skin friction turns negative.

        They are linear between facets' middles, and on corners where it changes its sign there.
        """
        return self._crossings(-1)

    @property
    def reattachment(self) -> np.ndarray:
        """(r, 2) points where the skin friction turns positive."""
        return self._crossings(1)

    def _crossings(self, sign) -> np.ndarray:
        """Points where sign times the skin friction turns positive."""
        c, x = self.skin_friction, self.points
        ends = x + self.lengths[:, None] / 2 * self.tangent
        turns = np.sum(self.tangent * np.roll(self.tangent, -1, axis=0), axis=1) < _CORNER
        if self.period is not None:  # the last facet is followed by the first one
            c, x = np.append(c, c[0]), np.vstack([x, x[0] + self.period])
        before, after = sign * c[:-1], sign * c[1:]
        k = np.flatnonzero((before < 0) & (after >= 0))
        part = (before[k] / (before[k] - after[k]))[:, None]
        return np.where(turns[k, None], ends[k], (1 - part) * x[k] + part * x[k + 1])


@dataclass(frozen=True)
class WallUnits:
    """y⁺ of the first cells at a wall: their heights times u_τ/ν, u_τ² the wall's shear stress.

    Parameters
    ----------
    largest : float
    mean : float
        Over the area of the wall.
    """

    largest: float
    mean: float


@dataclass(frozen=True)
class ReynoldsNumber:
    """Re = U L/ν, with the velocity and the length that it is made with.

    Parameters
    ----------
    number : float
        Re.
    velocity : float
        U, length/time.
    length : float
        L, length.
    meaning : str
        Which velocity and which length, in words.
    """

    number: float
    velocity: float
    length: float
    meaning: str

    @classmethod
    def of(cls, viscosity: float, velocity: float, length: float, meaning: str) -> ReynoldsNumber:
        """Of a velocity and a length.

        Parameters
        ----------
        viscosity : float
            ν > 0, length²/time.
        velocity : float
            Of either sign, length/time.
        length : float
            L > 0, length.
        meaning : str
            Which velocity and which length, in words.
        """
        velocity, length = abs(float(velocity)), float(length)
        return cls(velocity * length / viscosity, velocity, length, meaning)

    @classmethod
    def of_section(
        cls, viscosity: float, velocity: float, volume: float, period: np.ndarray
    ) -> ReynoldsNumber:
        """Of a plane flow along a period, with the mean height of its section.

        Parameters
        ----------
        viscosity : float
            ν > 0, length²/time.
        velocity : float
            Bulk velocity, length/time.
        volume : float
            Of the domain, length².
        period : (2,)
            Along the flow, length.
        """
        height = volume / np.linalg.norm(period)
        return cls.of(viscosity, velocity, height, "bulk velocity and mean height of the section")

    @classmethod
    def of_duct(
        cls, viscosity: float, velocity: float, volume: float, walls: float, extent: float
    ) -> ReynoldsNumber:
        """Of a flow in space along a period, with its hydraulic diameter.

        Parameters
        ----------
        viscosity : float
            ν > 0, length²/time.
        velocity : float
            Bulk velocity, length/time.
        volume : float
            Of the domain, length³.
        walls : float
            Area of all of them, length².
        extent : float
            The largest one of the domain, which counts without walls, length.
        """
        length = 4 * volume / walls if walls else extent
        kind = "hydraulic diameter" if walls else "largest extent"
        return cls.of(viscosity, velocity, length, f"bulk velocity and {kind}")

    @classmethod
    def of_inlets(cls, viscosity: float, flux: float, area: float, plane: bool) -> ReynoldsNumber:
        """Of a flow that enters through an area.

        Parameters
        ----------
        viscosity : float
            ν > 0, length²/time.
        flux : float
            Through it, length^d/time.
        area : float
            length^(d − 1): of a plane flow it is a height.
        plane : bool
            Whether the flow is.
        """
        kind = "height" if plane else "root of the area"
        meaning = f"mean velocity and {kind} of the inlet"
        return cls.of(viscosity, flux / area, area if plane else area**0.5, meaning)
