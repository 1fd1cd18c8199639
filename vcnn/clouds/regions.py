"""Regions of influence: which points of a flow make up the cloud of a centre."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import ClassVar

import numpy as np

from vcnn.clouds.assembly import check_centres, join_clouds, stream_clouds
from vcnn.clouds.clouds import VectorClouds
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.keys import check_choice, refuse_unknown

_TOLERANCE = 0.2  # of a region by transport that names none
_LEAST_NODES = 4  # of a lattice, from the centre of a ball to its edge
_ROUND_OFF = 1e-9  # by which a spacing may exceed that, after a change of units


@dataclass(frozen=True)
class RegionOfInfluence(ABC):
    """Which points belong to the cloud of a centre: those in an ellipsoid along its velocity.

    Points whose scaled distance exceeds 1 by no more than round-off (1e-9) are taken in, so that
    ties do not depend on the frame. Of these kinds: `Ball`, `Ellipsoid`, `TransportRegion`.

    Raises
    ------
    InputError
        If a number is not positive.
    """

    kind: ClassVar[str]
    moves_with_flow: ClassVar[bool] = True  # whether its form depends on the centre's velocity

    def __post_init__(self):
        for name, value in asdict(self).items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if value is not None and not (number and 0 < value < np.inf):
                raise InputError(f"{name}: expected a positive number, got {value!r}")
            object.__setattr__(self, name, None if value is None else float(value))

    @property
    @abstractmethod
    def lateral(self) -> float:
        """Half-axis across the velocity; all half-axes where the centre is at rest."""

    @abstractmethod
    def longitudinal(self, speed: np.ndarray) -> np.ndarray:
        """Half-axes (m,) along the velocity at centres with these ``speed`` (m,), length."""

    @abstractmethod
    def in_units(self, length: float, velocity: float) -> RegionOfInfluence:
        """The same region, units of ``length`` and ``velocity`` (length/time) multiplied."""

    @property
    def lattice_spacing(self) -> float | None:
        """Spacing of the lattice whose nodes stand for the points; None if there is none."""
        return None

    def half_axes(self, speed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Half-axes (along, across), length, each (m,), at ``speed`` |u₀| (m,), length/time."""
        speed = np.asarray(speed, dtype=float)
        return self.longitudinal(speed), np.full_like(speed, self.lateral)

    def clouds(
        self,
        flow: FlowField,
        centres: np.ndarray | None = None,
        max_points: int | None = None,
        seed: int | None = None,
    ) -> VectorClouds:
        """Clouds of a flow.

        Parameters
        ----------
        flow : FlowField
        centres : (m,) int, optional
            Indices of the centre points; default: every point of the flow.
        max_points : int, optional
            Random subsample of each cloud (for training only); needs ``seed``.
        seed : int, optional
            Of the subsample.

        Raises
        ------
        InputError
            If there is no centre, one is no point of the flow, or the seed is missing.
        """
        centres = check_centres(flow, centres)
        if len(centres) == 0:
            raise InputError("centres: expected at least one")
        clouds = join_clouds(self.stream(flow, centres), centres)
        if max_points is None:
            return clouds
        if seed is None:
            raise InputError("seed: a random subsample (max_points) needs one")
        return clouds.subsample(max_points, np.random.default_rng(seed))

    def stream(
        self, flow: FlowField, centres: np.ndarray | None = None, pairs: int = 2**18
    ) -> Iterator[VectorClouds]:
        """The clouds of ``centres`` (m,) in parts of about ``pairs`` pairs: memory is bounded.

        All refer to one flow: ``flow``, then the nodes of a lattice if there is one.
        """
        centres = check_centres(flow, centres)
        speed = np.linalg.norm(flow.velocity[centres], axis=1)
        return stream_clouds(
            flow, centres, self.half_axes(speed), spacing=self.lattice_spacing, pairs=pairs
        )

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
    def ball(radius: float, spacing: float | None = None) -> Ball:
        """A `Ball` of ``radius`` and ``spacing``, length; `InputError` as there."""
        return Ball(radius, spacing)

    @staticmethod
    def ellipsoid(along: float, across: float) -> Ellipsoid:
        """An `Ellipsoid`, ``along`` and ``across`` a length; `InputError` as there."""
        return Ellipsoid(along, across)

    @staticmethod
    def transport(
        diffusivity: float, decay: float, tolerance: float = _TOLERANCE
    ) -> TransportRegion:
        """By ``diffusivity``, length²/time, ``decay``, ``tolerance``; `InputError` as there."""
        return TransportRegion(diffusivity, decay, tolerance)


def check_region(region: object) -> None:
    """Raise `InputError` unless this is a region of influence."""
    if not isinstance(region, RegionOfInfluence):
        raise InputError(
            "region: expected a RegionOfInfluence, such as RegionOfInfluence.ball(0.3), "
            f"got {region!r}"
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

    Raises
    ------
    InputError
        If a number is not positive, or the spacing exceeds a quarter of the radius.
    """

    radius: float
    spacing: float | None = None

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

    def longitudinal(self, speed: np.ndarray) -> np.ndarray:
        return np.full_like(speed, self.radius)

    @property
    def lattice_spacing(self) -> float | None:
        return self.spacing

    def in_units(self, length: float, velocity: float) -> Ball:
        return Ball(length * self.radius, self.spacing and length * self.spacing)


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

    Raises
    ------
    InputError
        If a number is not positive.
    """

    along: float
    across: float

    kind = "ellipsoid"

    @property
    def lateral(self) -> float:
        return self.across

    def longitudinal(self, speed: np.ndarray) -> np.ndarray:
        return np.where(speed > 0, self.along, self.across)

    def in_units(self, length: float, velocity: float) -> Ellipsoid:
        return Ellipsoid(length * self.along, length * self.across)


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

    Raises
    ------
    InputError
        If a number is not positive, or the tolerance not below 1.
    """

    diffusivity: float
    decay: float
    tolerance: float = _TOLERANCE

    kind = "transport"

    def __post_init__(self):
        super().__post_init__()
        if self.tolerance >= 1:
            raise InputError(f"tolerance: expected a number between 0 and 1, got {self.tolerance}")

    @property
    def lateral(self) -> float:
        return np.sqrt(self.diffusivity / self.decay) * abs(np.log(self.tolerance))

    def longitudinal(self, speed: np.ndarray) -> np.ndarray:
        D, zeta, log = self.diffusivity, self.decay, abs(np.log(self.tolerance))
        # (√(u² + 4Dζ) + u) / (4Dζ) is 1 / (√(u² + 4Dζ) − u) without its cancellation
        return 2 * D * log * (np.sqrt(speed**2 + 4 * D * zeta) + speed) / (4 * D * zeta)

    def in_units(self, length: float, velocity: float) -> TransportRegion:
        return TransportRegion(
            length * velocity * self.diffusivity, velocity / length * self.decay, self.tolerance
        )


REGIONS: dict[str, type[RegionOfInfluence]] = {
    region.kind: region for region in (TransportRegion, Ball, Ellipsoid)
}
