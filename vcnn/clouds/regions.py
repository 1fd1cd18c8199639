"""Regions of influence: which points of a flow make up the cloud of a centre."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from vcnn.clouds.region_geometry import EllipsoidalRegion
from vcnn.errors import InputError
from vcnn.keys import check_choice, refuse_unknown

_SMOOTH = 0.5  # share of the scaled distance from which weights fall, of a region that names none

if TYPE_CHECKING:  # torch is slow to import
    import torch

_TOLERANCE = 0.2  # of a region by transport that names none
_LEAST_NODES = 4  # of a lattice, from the centre of a ball to its edge
_ROUND_OFF = 1e-9  # by which a spacing may exceed that, after a change of units


@dataclass(frozen=True)
class RegionOfInfluence(EllipsoidalRegion):
    """Which points belong to the cloud of a centre: those in an ellipsoid along its velocity.

    Their weights fall smoothly to 0 at its edge, from the share ``smooth`` of the scaled distance
    on, so that predictions are smooth in positions and, but where the centre is at rest (an
    ellipsoid becomes a ball there, a transport region has a kink), in velocities; with
    ``smooth = 1`` the edge is sharp. Points whose scaled distance exceeds 1 by no more than
    round-off (1e-9) are taken in, so that ties do not depend on the frame. Of these kinds: `Ball`,
    `Ellipsoid`, `TransportRegion`.

    Raises
    ------
    InputError
        If a number is not positive, or ``smooth`` is outside [0, 1].
    """

    def to_dict(self) -> dict[str, str | float]:
        """Plain description for files: ``{"kind": "ball", "radius": 0.5}``."""
        numbers = {name: value for name, value in asdict(self).items() if value is not None}
        return {"kind": self.kind, **numbers}

    @staticmethod
    def from_dict(description: Mapping[str, str | float]) -> RegionOfInfluence:
        """The region of a ``description``, the inverse of :meth:`to_dict`.

        Raises
        ------
        InputError
            If the kind or a key is unknown, a key is missing, or a value is out of range.
        """
        numbers = dict(description)
        kind = numbers.pop("kind", None)
        check_choice("kind", kind, tuple(REGIONS))
        refuse_unknown(numbers, ["kind", *(item.name for item in fields(REGIONS[kind]))])
        try:
            return REGIONS[kind](**numbers)
        except TypeError as error:  # one is missing
            raise InputError(f"region of kind {kind!r}: {str(error).split('() ')[-1]}") from None

    @staticmethod
    def ball(radius: float, spacing: float | None = None, smooth: float = _SMOOTH) -> Ball:
        """A `Ball` of ``radius`` and ``spacing``, length; ``smooth``, `InputError` as there."""
        return Ball(radius, spacing, smooth)

    @staticmethod
    def ellipsoid(along: float, across: float, smooth: float = _SMOOTH) -> Ellipsoid:
        """An `Ellipsoid`, ``along``, ``across`` a length; ``smooth``, `InputError` as there."""
        return Ellipsoid(along, across, smooth)

    @staticmethod
    def transport(
        diffusivity: float,
        decay: float,
        tolerance: float = _TOLERANCE,
        smooth: float = _SMOOTH,
    ) -> TransportRegion:
        """By ``diffusivity``, length²/time, and ``decay``, 1/time.

        ``tolerance``, ``smooth``, `InputError` as for `TransportRegion`.
        """
        return TransportRegion(diffusivity, decay, tolerance, smooth)


def check_region(region: object, categories: Iterable[str] = ()) -> None:
    """Raise `InputError` unless this is a region of influence whose clouds have the categories."""
    if not isinstance(region, RegionOfInfluence):
        raise InputError(
            "region: expected a RegionOfInfluence, such as RegionOfInfluence.ball(0.3), "
            f"got {region!r}"
        )
    if (names := ", ".join(categories)) and region.lattice_spacing is not None:
        raise InputError(
            f"region: a lattice takes means, which {names} has none of; expected a region without "
            "spacing"
        )


@dataclass(frozen=True)
class Ball(RegionOfInfluence):
    """All points within ``radius``, or all nodes of a lattice that gathers the points.

    Parameters
    ----------
    radius : float
        Of the ball, length.
    spacing : float, optional
        Of the lattice, a length of at most a quarter of the radius. Clouds are then about as large
        whatever the mesh: predictions cost in proportion to the centres, not to the square of the
        points.
    smooth : float
        Share of the scaled distance from which weights fall to 0 at the edge, 1 for a sharp edge.

    Raises
    ------
    InputError
        If a number is none that it could be, or the spacing exceeds a quarter of the radius.
    """

    radius: float
    spacing: float | None = None
    smooth: float = _SMOOTH

    kind = "ball"
    moves_with_flow = False

    def __post_init__(self):
        super().__post_init__()
        widest = self.radius / _LEAST_NODES
        if self.spacing is not None and self.spacing > widest * (1 + _ROUND_OFF):
            raise InputError(
                f"spacing: expected at most a quarter of the radius {self.radius:g}, "
                f"got {self.spacing:g}"
            )

    @property
    def lateral(self) -> float:
        return self.radius

    def longitudinal[A: (np.ndarray, "torch.Tensor")](self, speed: A) -> A:
        return 0 * speed + self.radius

    @property
    def lattice_spacing(self) -> float | None:
        return self.spacing

    def in_units(self, length: float, velocity: float) -> Ball:
        spacing = self.spacing and length * self.spacing
        return Ball(length * self.radius, spacing, self.smooth)


@dataclass(frozen=True)
class Ellipsoid(RegionOfInfluence):
    """Half-axes of one size ``along`` and ``across`` the centre's velocity.

    A ball of radius ``across`` where the centre is at rest: no direction is along a velocity there.

    Parameters
    ----------
    along : float
        Half-axis along the velocity of the centre, length.
    across : float
        Half-axes across it, length.
    smooth : float
        Share of the scaled distance from which weights fall to 0 at the edge, 1 for a sharp edge.

    Raises
    ------
    InputError
        If a number is none that it could be.
    """

    along: float
    across: float
    smooth: float = _SMOOTH

    kind = "ellipsoid"

    @property
    def lateral(self) -> float:
        return self.across

    def longitudinal[A: (np.ndarray, "torch.Tensor")](self, speed: A) -> A:
        along, across = 0 * speed + self.along, 0 * speed + self.across  # of the speed's precision
        return (speed > 0) * along + (speed <= 0) * across

    def in_units(self, length: float, velocity: float) -> Ellipsoid:
        return Ellipsoid(length * self.along, length * self.across, self.smooth)


@dataclass(frozen=True)
class TransportRegion(RegionOfInfluence):
    """Where a source of u·∇c − D∇²c + ζc = P contributes more than ``tolerance`` to the centre.

    Half-axes along and across the centre's velocity u₀ (Zhou, Han & Xiao 2022, from the Green's
    function in one dimension): l₁ = |2D ln ε / (|u₀| − √(|u₀|² + 4Dζ))|, l₂ = √(D/ζ) |ln ε|.

    Parameters
    ----------
    diffusivity : float
        D of the transported scalar, length²/time.
    decay : float
        ζ, the rate at which it decays, 1/time.
    tolerance : float
        ε in (0, 1), the share of a source's contribution below which it is left out.
    smooth : float
        Share of the scaled distance from which weights fall to 0 at the edge, 1 for a sharp edge.

    Raises
    ------
    InputError
        If a number is none that it could be.
    """

    diffusivity: float
    decay: float
    tolerance: float = _TOLERANCE
    smooth: float = _SMOOTH

    kind = "transport"

    def __post_init__(self):
        super().__post_init__()
        if self.tolerance >= 1:
            raise InputError(f"tolerance: expected a number between 0 and 1, got {self.tolerance}")

    @property
    def lateral(self) -> float:
        return np.sqrt(self.diffusivity / self.decay) * abs(np.log(self.tolerance))

    def longitudinal[A: (np.ndarray, "torch.Tensor")](self, speed: A) -> A:
        D, zeta, log = self.diffusivity, self.decay, abs(np.log(self.tolerance))
        # (√(u² + 4Dζ) + u) / (4Dζ) is 1 / (√(u² + 4Dζ) − u) without its cancellation
        return 2 * D * log * ((speed**2 + 4 * D * zeta) ** 0.5 + speed) / (4 * D * zeta)

    def in_units(self, length: float, velocity: float) -> TransportRegion:
        return TransportRegion(
            length * velocity * self.diffusivity,
            velocity / length * self.decay,
            self.tolerance,
            self.smooth,
        )


REGIONS: dict[str, type[RegionOfInfluence]] = {
    region.kind: region for region in (TransportRegion, Ball, Ellipsoid)
}
