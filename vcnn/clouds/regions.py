"""Regions of influence: which points of a flow make up the cloud of a centre."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from vcnn.clouds.clouds import VectorClouds
from vcnn.clouds.lattice import gathered
from vcnn.clouds.search import Columns
from vcnn.errors import InputError
from vcnn.flow.field import FlowField, concatenate

_COLUMNS = (
    4  # to the smallest half-axis: fewer take in more points in vain, more cost more searches
)


@dataclass(frozen=True)
class RegionOfInfluence:
    """Which points belong to the cloud of a centre: an ellipsoid around it, long axis along its
    velocity.

    Made by :meth:`transport`, :meth:`ball` or :meth:`ellipsoid`. Points whose scaled distance
    exceeds 1 by no more than round-off (1e-9) are taken in, so that ties do not depend on the
    frame."""

    kind: str
    parameters: tuple[tuple[str, float], ...]

    @classmethod
    def transport(
        cls, diffusivity: float, decay: float, tolerance: float = 0.2
    ) -> RegionOfInfluence:
        """Region outside which a source of u·∇c − D∇²c + ζc = P contributes less than
        ``tolerance``.

        Half-axes along and across the centre's velocity u₀ (Zhou, Han & Xiao 2022, from the Green's
        function in one dimension): l₁ = |2D ln ε / (|u₀| − √(|u₀|² + 4Dζ))|, l₂ = √(D/ζ) |ln ε|.

        Parameters
        ----------
        diffusivity : D, length²/time
        decay : ζ, 1/time
        tolerance : ε in (0, 1)
        """
        if not 0 < tolerance < 1:
            raise InputError(f"tolerance: expected a number between 0 and 1, got {tolerance}")
        return cls._checked("transport", diffusivity=diffusivity, decay=decay, tolerance=tolerance)

    @classmethod
    def ball(cls, radius: float, spacing: float | None = None) -> RegionOfInfluence:
        """All points within ``radius``, or all nodes of a lattice that the points are gathered at.

        Parameters
        ----------
        radius : length
        spacing : length, optional
            Of the lattice (:func:`vcnn.clouds.lattice.gathered`), at most a quarter of the radius.
            Clouds are then about as large whatever the mesh: predictions cost in proportion to the
            centres, not to the square of the points.
        """
        if spacing is None:
            return cls._checked("ball", radius=radius)
        region = cls._checked("ball", radius=radius, spacing=spacing)
        if spacing > radius / 4:
            raise InputError(
                f"spacing: expected at most a quarter of the radius {radius:g}, got {spacing:g}"
            )
        return region

    @classmethod
    def ellipsoid(cls, along: float, across: float) -> RegionOfInfluence:
        """Half-axes ``along`` and ``across`` the centre's velocity; a ball of radius ``across`` at
        rest.
        """
        return cls._checked("ellipsoid", along=along, across=across)

    @classmethod
    def from_dict(cls, description: dict) -> RegionOfInfluence:
        """Inverse of :meth:`to_dict`: ``{"kind": "ball", "radius": 0.5}``."""
        makers = {"transport": cls.transport, "ball": cls.ball, "ellipsoid": cls.ellipsoid}
        parameters = dict(description)
        kind = parameters.pop("kind", None)
        if kind not in makers:
            raise InputError(f"region: kind must be one of {', '.join(makers)}, got {kind!r}")
        try:
            return makers[kind](**parameters)
        except TypeError as error:
            raise InputError(f"region of kind {kind!r}: {str(error).split('.')[-1]}") from None

    @classmethod
    def _checked(cls, kind, **parameters):
        for name, value in parameters.items():
            if (
                isinstance(value, bool)
                or not isinstance(value, int | float)
                or not 0 < value < np.inf
            ):
                raise InputError(f"{name}: expected a positive number, got {value!r}")
        return cls(kind, tuple((name, float(value)) for name, value in parameters.items()))

    def in_units(self, length: float, velocity: float) -> RegionOfInfluence:
        """The same region where the units of length and velocity are multiplied."""
        by = {"diffusivity": length * velocity, "decay": velocity / length, "tolerance": 1.0}
        return RegionOfInfluence(
            self.kind, tuple((name, by.get(name, length) * x) for name, x in self.parameters)
        )

    def to_dict(self) -> dict:
        """Plain description for files."""
        return {"kind": self.kind, **dict(self.parameters)}

    def half_axes(self, speed) -> tuple[np.ndarray, np.ndarray]:
        """Half-axes (along, across), each (m,), at centres with the given speeds |u₀| (m,)."""
        p, speed = dict(self.parameters), np.asarray(speed, dtype=float)
        if self.kind == "ball":
            return np.full_like(speed, p["radius"]), np.full_like(speed, p["radius"])
        if self.kind == "ellipsoid":
            along = np.where(speed > 0, p["along"], p["across"])
            return along, np.full_like(speed, p["across"])
        D, zeta, log = p["diffusivity"], p["decay"], abs(np.log(p["tolerance"]))
        # (√(u² + 4Dζ) + u) / (4Dζ) is 1 / (√(u² + 4Dζ) − u) without its cancellation
        along = 2 * D * log * (np.sqrt(speed**2 + 4 * D * zeta) + speed) / (4 * D * zeta)
        return along, np.full_like(speed, np.sqrt(D / zeta) * log)

    def clouds(self, flow: FlowField, centres=None, max_points=None, seed=None) -> VectorClouds:
        """Clouds of a flow.

        Parameters
        ----------
        flow : FlowField
        centres : (m,) int, optional
            Indices of the centre points; default: every point of the flow.
        max_points : int, optional
            Random subsample of each cloud (for training only); needs ``seed``.
        seed : int, optional
        """
        centres = _checked_centres(flow, centres)
        if len(centres) == 0:
            raise InputError("centres: expected at least one")
        parts = list(self.stream(flow, centres))
        offsets = np.concatenate([[0], np.cumsum(np.concatenate([part.counts for part in parts]))])
        neighbours, positions = (
            np.concatenate([getattr(p, k) for p in parts]) for k in ("neighbours", "positions")
        )
        clouds = VectorClouds(parts[0].flow, centres, offsets, neighbours, positions)
        if max_points is None:
            return clouds
        if seed is None:
            raise InputError("seed: a random subsample (max_points) needs one")
        return clouds.subsample(max_points, np.random.default_rng(seed))

    def stream(self, flow: FlowField, centres=None, pairs: int = 2**18) -> Iterator[VectorClouds]:
        """The same clouds in parts of about ``pairs`` pairs, so that memory stays bounded; all
        refer to one flow.

        That is ``flow``, with the nodes of a lattice after its points if there is a spacing.
        """
        centres = _checked_centres(flow, centres)
        if len(centres) == 0:
            return
        speed = np.linalg.norm(flow.velocity[centres], axis=1)
        along, across = self.half_axes(speed)
        smallest, largest = min(along.min(), across.min()), max(along.max(), across.max())
        first, spacing = 0, dict(self.parameters).get("spacing")
        if spacing is not None:
            first, flow = (
                len(flow),
                replace(concatenate([flow, gathered(flow, spacing)]), periods=flow.periods),
            )
        columns = Columns(flow.points[first:], smallest / _COLUMNS)
        shifts = _image_shifts(flow, largest)
        start, size = 0, 32
        while start < len(centres):
            block = slice(start, start + size)
            forms = _forms(flow.velocity[centres[block]], speed[block], along[block], across[block])
            counts, neighbours, positions = columns.inside(
                flow.points[centres[block]], forms, shifts
            )
            offsets = np.concatenate([[0], np.cumsum(counts)])
            clouds = VectorClouds(flow, centres[block], offsets, first + neighbours, positions)
            yield clouds
            start += size
            size = int(np.clip(pairs / clouds.counts.mean(), 1, 4 * size))


def _forms(velocity, speed, along, across) -> np.ndarray:
    """(m, d, d) of the ellipsoids rᵀ M r = 1 with one half-axis ``along`` the velocity and all
    others ``across``.
    """
    e = np.divide(velocity, speed[:, None], out=np.zeros_like(velocity), where=speed[:, None] > 0)
    difference = (1 / along**2 - 1 / across**2)[:, None, None]
    return np.eye(e.shape[1]) / across[:, None, None] ** 2 + difference * e[:, :, None] * e[:, None]


def _checked_centres(flow, centres) -> np.ndarray:
    if centres is None:
        return np.arange(len(flow))
    centres = np.asarray(centres)
    if centres.ndim != 1 or not np.issubdtype(centres.dtype, np.integer):
        raise InputError("centres: expected a one-dimensional array of point indices")
    if len(centres) and not (0 <= centres.min() and centres.max() < len(flow)):
        raise InputError(f"centres: indices must lie in 0..{len(flow) - 1}")
    return centres


def _image_shifts(flow, reach) -> np.ndarray:
    """All lattice vectors by which a point of the flow can come within ``reach`` of another."""
    if not flow.periods:
        return np.zeros((1, flow.dimension))
    periods = np.array(flow.periods)
    dual = np.linalg.pinv(periods)  # columns b_i with p_i·b_j = δ_ij: lattice coordinates are x·b_i
    extent = np.ptp(flow.points @ dual, axis=0) + reach * np.linalg.norm(dual, axis=0)
    counts = [np.arange(-n, n + 1) for n in np.floor(extent + 1e-9).astype(int)]
    return (
        np.stack(np.meshgrid(*counts, indexing="ij"), axis=-1).reshape(-1, len(periods)) @ periods
    )
