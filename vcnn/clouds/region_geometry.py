"""Which points belong to the cloud of a centre: the geometry of regions of influence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from vcnn.clouds.assembly import check_centres, join_clouds, stream_clouds
from vcnn.clouds.clouds import VectorClouds
from vcnn.clouds.edge import dot
from vcnn.errors import InputError
from vcnn.flow.field import FlowField

if TYPE_CHECKING:  # torch is slow to import
    import torch


class EllipsoidalRegion(ABC):
    """Ellipsoids along the velocities of their centres, with a smooth or a sharp edge.

    Attributes
    ----------
    smooth : float
        Share ρ_s of the scaled distance from which the weights of points fall smoothly to 0 at the
        edge (:func:`vcnn.clouds.edge.edge_weights`); 1 is a sharp edge, at which a point that
        enters brings its whole weight.
    """

    kind: ClassVar[str]
    moves_with_flow: ClassVar[bool] = True  # whether its form depends on the centre's velocity
    smooth: float

    def __post_init__(self):
        for name, value in asdict(self).items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if name == "smooth":
                if not (number and 0 <= value <= 1):
                    raise InputError(f"smooth: expected a number from 0 to 1, got {value!r}")
            elif value is not None and not (number and 0 < value < np.inf):
                raise InputError(f"{name}: expected a positive number, got {value!r}")
            object.__setattr__(self, name, None if value is None else float(value))

    @property
    @abstractmethod
    def lateral(self) -> float:
        """Half-axis across the velocity; all half-axes where the centre is at rest."""

    @abstractmethod
    def longitudinal[A: (np.ndarray, "torch.Tensor")](self, speed: A) -> A:
        """Half-axes (m,) along the velocity at centres with these ``speed`` (m,), length."""

    @abstractmethod
    def in_units(self, length: float, velocity: float) -> EllipsoidalRegion:
        """The same region, units of ``length`` and ``velocity`` (length/time) multiplied."""

    @property
    def lattice_spacing(self) -> float | None:
        """Spacing of the lattice whose nodes stand for the points; None if there is none."""
        return None

    def half_axes(self, speed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Half-axes (along, across), length, each (m,), at ``speed`` |u₀| (m,), length/time."""
        speed = np.asarray(speed, dtype=float)
        return self.longitudinal(speed), np.full_like(speed, self.lateral)

    def squared_distances[A: (np.ndarray, "torch.Tensor")](
        self, positions: A, velocity: A, owners: np.ndarray
    ) -> A:
        """Squared scaled distances ρ² (N,) of points from their centres, 1 at the edge.

        ρ² = rᵀ M r = |r|²/across² + (1/along² − 1/across²) (r·u)²/|u|²; its derivative by u is 0
        where u = 0.

        Parameters
        ----------
        positions : (N, d)
            Relative to the centre, length.
        velocity : (m, d)
            Of the centres, length/time.
        owners : (N,) int
            The centre 0..m-1 of each point.
        """
        if not self.moves_with_flow:
            return dot(positions, positions) / self.lateral**2
        u2 = dot(velocity, velocity)
        at_rest = u2 == 0
        u2 = u2 + at_rest  # neither its root nor its reciprocal may be taken of 0
        along = self.longitudinal(u2**0.5 * ~at_rest)
        stretched = (1 / along**2 - 1 / self.lateral**2) / u2
        ru = dot(positions, velocity[owners])
        return dot(positions, positions) / self.lateral**2 + stretched[owners] * (ru * ru)

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
        blocks = stream_clouds(
            flow, centres, self.half_axes(speed), spacing=self.lattice_spacing, pairs=pairs
        )
        return (replace(clouds, region=self) for clouds in blocks)
