"""Vector clouds: for each centre, the points of the flow within its region of influence.

A cloud at x₀ holds relative positions r_i = x_i − x₀, periodic images included. Clouds are ragged: they are
kept as one flat list of pairs with offsets, never padded and never capped by the order of points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vcnn.errors import InputError
from vcnn.flow import FlowField


@dataclass(frozen=True, eq=False)
class VectorClouds:
    """m clouds over one flow, N (centre, neighbour) pairs in all.

    Parameters
    ----------
    flow : FlowField
        Carries velocity, weights and fields of the points that the clouds refer to.
    centres : (m,) int
        Indices of the centre points in the flow.
    offsets : (m + 1,) int
        Cloud i holds the pairs ``offsets[i]:offsets[i + 1]``; at least one each.
    neighbours : (N,) int
        Index in the flow of each pair's neighbour, ascending within a cloud.
    positions : (N, d) float64
        r = x_neighbour (or its periodic image) − x_centre.
    """

    flow: FlowField
    centres: np.ndarray
    offsets: np.ndarray
    neighbours: np.ndarray
    positions: np.ndarray

    def __post_init__(self):
        empty = np.flatnonzero(self.counts == 0)
        if len(empty):
            raise InputError(f"clouds: {len(empty)} clouds are empty, first at centre {self.centres[empty[0]]}")

    def __len__(self) -> int:
        return len(self.centres)

    @property
    def counts(self) -> np.ndarray:
        """(m,) number of points in each cloud."""
        return np.diff(self.offsets)

    @cached_property
    def owners(self) -> np.ndarray:
        """(N,) for each pair the number 0..m-1 of its cloud."""
        return np.repeat(np.arange(len(self)), self.counts)

    def select(self, index) -> VectorClouds:
        """The clouds number ``index`` ((k,) int) in that order."""
        index = np.asarray(index)
        counts = self.counts[index]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        pairs = np.arange(offsets[-1]) + np.repeat(self.offsets[index] - offsets[:-1], counts)
        return VectorClouds(
            self.flow, self.centres[index], offsets, self.neighbours[pairs], self.positions[pairs]
        )

    def subsample(self, max_points: int, rng: np.random.Generator) -> VectorClouds:
        """Clouds of at most ``max_points`` points: larger ones give one random point from each of that many
        equal strata of their list, so that every point has the same chance."""
        if max_points < 1:
            raise InputError(f"max_points: expected at least 1, got {max_points}")
        counts = np.minimum(self.counts, max_points)
        offsets = np.concatenate([[0], np.cumsum(counts)])
        owners = np.repeat(np.arange(len(self)), counts)
        stratum = np.arange(offsets[-1]) - offsets[owners]
        large = self.counts[owners] > max_points
        jitter = np.where(large, rng.random(len(owners)), 0.0)
        kept = self.offsets[owners] + np.floor((stratum + jitter) * (self.counts / counts)[owners]).astype(int)
        return VectorClouds(self.flow, self.centres, offsets, self.neighbours[kept], self.positions[kept])

    @staticmethod
    def concatenate(parts: Sequence[VectorClouds]) -> VectorClouds:
        """Clouds of several flows in one, over the union of their points (only fields that all flows have)."""
        flow = _union([part.flow for part in parts])
        first = np.cumsum([0, *(len(part.flow) for part in parts[:-1])])
        shifted = lambda name: [getattr(p, name) + k for p, k in zip(parts, first, strict=True)]
        counts = np.concatenate([part.counts for part in parts])
        return VectorClouds(
            flow,
            np.concatenate(shifted("centres")),
            np.concatenate([[0], np.cumsum(counts)]),
            np.concatenate(shifted("neighbours")),
            np.concatenate([part.positions for part in parts]),
        )

    def compact(self) -> VectorClouds:
        """The same clouds over a flow that holds only the points they use."""
        pairs = len(self.neighbours)
        used, index = np.unique(np.concatenate([self.neighbours, self.centres]), return_inverse=True)
        return VectorClouds(
            self.flow.subset(used), index[pairs:], self.offsets, index[:pairs], self.positions
        )

    def split(self, work: np.ndarray, budget: int) -> Iterator[VectorClouds]:
        """Consecutive clouds in parts whose summed ``work`` ((m,) per cloud) stays near ``budget``."""
        part = (np.cumsum(work) - work) // budget
        for number in np.unique(part):
            yield self.select(np.flatnonzero(part == number))


@dataclass(frozen=True)
class RegionOfInfluence:
    """Which points belong to the cloud of a centre: an ellipsoid around it, long axis along its velocity.

    Made by :meth:`transport`, :meth:`ball` or :meth:`ellipsoid`. Points whose scaled distance exceeds 1 by
    no more than round-off (1e-9) are taken in, so that ties do not depend on the frame.
    """

    kind: str
    parameters: tuple[tuple[str, float], ...]

    @classmethod
    def transport(cls, diffusivity: float, decay: float, tolerance: float = 0.2) -> RegionOfInfluence:
        """Region outside which a source of u·∇c − D∇²c + ζc = P contributes less than ``tolerance``.

        Half-axes along and across the centre's velocity u₀ (Zhou, Han & Xiao 2022, from the Green's function
        in one dimension): l₁ = |2D ln ε / (|u₀| − √(|u₀|² + 4Dζ))|, l₂ = √(D/ζ) |ln ε|.

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
    def ball(cls, radius: float) -> RegionOfInfluence:
        """All points within ``radius``."""
        return cls._checked("ball", radius=radius)

    @classmethod
    def ellipsoid(cls, along: float, across: float) -> RegionOfInfluence:
        """Half-axes ``along`` and ``across`` the centre's velocity; a ball of radius ``across`` at rest."""
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
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < np.inf:
                raise InputError(f"{name}: expected a positive number, got {value!r}")
        return cls(kind, tuple((name, float(value)) for name, value in parameters.items()))

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
        (clouds,) = self.stream(flow, centres, size=len(centres))
        if max_points is None:
            return clouds
        if seed is None:
            raise InputError("seed: a random subsample (max_points) needs one")
        return clouds.subsample(max_points, np.random.default_rng(seed))

    def stream(self, flow: FlowField, centres=None, size: int = 1024) -> Iterator[VectorClouds]:
        """The same clouds, ``size`` centres at a time, so that memory stays bounded."""
        from scipy.spatial import cKDTree

        centres = _checked_centres(flow, centres)
        tree = cKDTree(flow.points)
        speed = np.linalg.norm(flow.velocity, axis=1)
        largest = max(axes.max() for axes in self.half_axes(speed[centres]))
        shifts = _image_shifts(flow, largest)
        for start in range(0, len(centres), size):
            block = centres[start : start + size]
            yield self._search(flow, tree, block, *self.half_axes(speed[block]), shifts)

    def _search(self, flow, tree, centres, along, across, shifts) -> VectorClouds:
        from scipy.spatial import cKDTree

        speed = np.linalg.norm(flow.velocity[centres], axis=1, keepdims=True)
        direction = np.divide(flow.velocity[centres], speed, out=np.zeros((len(speed), flow.dimension)),
                              where=speed > 0)  # fmt: skip
        reach = np.maximum(along, across) * (1 + 1e-6)
        # one search per class of similar reach, since the tree takes a single distance at a time
        classes = np.floor(np.log(reach / reach.min()) / np.log(1.15)).astype(int)
        found = []
        for number in np.unique(classes):
            index = np.flatnonzero(classes == number)
            for shift in shifts:
                near = cKDTree(flow.points[centres[index]] - shift).sparse_distance_matrix(
                    tree, reach[index].max(), output_type="ndarray"
                )
                i, j = index[near["i"]], near["j"]
                r = flow.points[j] + shift - flow.points[centres[i]]
                r_along = np.einsum("ij,ij->i", r, direction[i])
                r_across2 = np.einsum("ij,ij->i", r, r) - r_along**2
                inside = (r_along / along[i]) ** 2 + r_across2 / across[i] ** 2 <= 1 + 1e-9
                found.append((i[inside], j[inside], r[inside]))
        i, j, r = (np.concatenate(parts) for parts in zip(*found, strict=True))
        order = np.lexsort((j, i))
        offsets = np.searchsorted(i[order], np.arange(len(centres) + 1))
        return VectorClouds(flow, centres, offsets, j[order], r[order])


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
    return np.stack(np.meshgrid(*counts, indexing="ij"), axis=-1).reshape(-1, len(periods)) @ periods


def _union(flows) -> FlowField:
    def fields(kind):
        names = set.intersection(*(set(getattr(flow, kind)) for flow in flows))
        return {name: np.concatenate([getattr(flow, kind)[name] for flow in flows]) for name in sorted(names)}

    return FlowField(
        points=np.concatenate([flow.points for flow in flows]),
        velocity=np.concatenate([flow.velocity for flow in flows]),
        weights=np.concatenate([flow.weights for flow in flows]),
        scalars=fields("scalars"),
        vectors=fields("vectors"),
        tensors=fields("tensors"),
    )
