"""Vector clouds: for each centre, the points of the flow within its region of influence.

A cloud at x₀ holds relative positions r_i = x_i − x₀, periodic images included. Clouds are ragged:
they are kept as one flat list of pairs with offsets, never padded and never capped by the order of
points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vcnn.clouds.edge import edge_weights
from vcnn.clouds.point_tensors import PointTensors
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.flow.joining import concatenate
from vcnn.flow.tensors import rotate

if TYPE_CHECKING:  # regions make clouds; torch is slow to import
    import torch

    from vcnn.clouds.regions import RegionOfInfluence


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
        Index in the flow of each pair's neighbour, in no order that means anything.
    positions : (N, d) float64
        r = x_neighbour (or its periodic image) − x_centre; a tensor in clouds to differentiate.
    region : RegionOfInfluence, optional
        Whose edge weighs the pairs, in the units of the flow; without one all count in full.
    tensors : PointTensors, optional
        In clouds to differentiate, what takes the place of velocity and weights of the flow.
    keep : bool
        They are evaluated again and again: networks may leave in :attr:`kept` what depends on their
        geometry alone.

    Raises
    ------
    InputError
        If a cloud is empty.
    """

    flow: FlowField
    centres: np.ndarray
    offsets: np.ndarray
    neighbours: np.ndarray
    positions: np.ndarray | torch.Tensor
    region: RegionOfInfluence | None = None
    tensors: PointTensors | None = None
    keep: bool = False

    def __post_init__(self):
        empty = np.flatnonzero(self.counts == 0)
        if len(empty):
            raise InputError(
                f"clouds: {len(empty)} clouds are empty, first at centre {self.centres[empty[0]]}"
            )

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

    @cached_property
    def kept(self) -> dict:
        """What networks keep of these clouds, by a key of theirs."""
        return {}

    @property
    def weights(self) -> np.ndarray | torch.Tensor:
        """(n,) quadrature weights of the points of the flow."""
        return (self.tensors or self.flow).weights

    @cached_property
    def shares(self) -> np.ndarray | torch.Tensor:
        """(N,) :attr:`pair_weights` divided by their sum over the cloud.

        Raises
        ------
        InputError
            If all points of a cloud lie on its edge, where they weigh nothing.
        """
        return self._per_cloud(self.pair_weights)

    @property
    def pair_weights(self) -> np.ndarray | torch.Tensor:
        """(N,) quadrature weights of neighbours, times the :attr:`edge_weights` of the region."""
        weights = self.weights[self.neighbours]
        return weights if self.edge_weights is None else weights * self.edge_weights

    @cached_property
    def edge_weights(self) -> np.ndarray | torch.Tensor | None:
        """(N,) weights of pairs by how far out in their region they lie; None if all are 1."""
        if self.region is None or self.region.smooth == 1:
            return None
        velocity = (self.tensors or self.flow).velocity[self.centres]
        squared = self.region.squared_distances(self.positions, velocity, self.owners)
        return edge_weights(squared, self.region.smooth)

    def shares_of(self, weighted: bool) -> np.ndarray | torch.Tensor:
        """(N,) :attr:`shares`, or without ``weighted`` those of equal quadrature weights.

        Raises
        ------
        InputError
            As :attr:`shares`.
        """
        if weighted:
            return self.shares
        if self.edge_weights is None:
            return np.repeat(1 / self.counts, self.counts)
        return self._per_cloud(self.edge_weights)

    def _per_cloud(self, weights):
        """Weights (N,) divided by the sum over their cloud."""
        sums = self._sums(weights)
        if not sums.all():
            centre = self.centres[np.flatnonzero(np.asarray(sums == 0))[0]]
            raise InputError(
                f"clouds: the points of centre {centre} have no weight, they lie on the edge of "
                "its region; choose a larger one"
            )
        return weights / sums[self.owners]

    def _sums(self, weights):
        """Sums (m,) of weights (N,) over clouds."""
        if isinstance(weights, np.ndarray):
            return np.add.reduceat(weights, self.offsets[:-1])
        owners = weights.new_tensor(self.owners).long()
        return weights.new_zeros(len(self)).index_add(0, owners, weights)

    def mean(self, values: np.ndarray, weighted: bool = True) -> np.ndarray:
        """Means (m, ...) over clouds of ``values`` (N, ...) of pairs, ``weighted`` or plain.

        Raises
        ------
        InputError
            As :attr:`shares`.
        """
        return np.add.reduceat((self.shares_of(weighted) * values.T).T, self.offsets[:-1])

    def with_flow(self, flow: FlowField) -> VectorClouds:
        """The same clouds, and what is kept of them, over another state of their ``flow``.

        For regions that do not move with it; points and weights are the same, indices are copies.
        """
        centres, neighbours = self.centres.copy(), self.neighbours.copy()
        clouds = replace(self, flow=flow, centres=centres, neighbours=neighbours)
        clouds.__dict__["kept"] = self.kept
        return clouds

    def select(self, index: ArrayLike) -> VectorClouds:
        """The clouds number ``index`` (k,) in that order."""
        index = np.asarray(index)
        counts = self.counts[index]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        pairs = np.arange(offsets[-1]) + np.repeat(self.offsets[index] - offsets[:-1], counts)
        return replace(
            self,
            centres=self.centres[index],
            offsets=offsets,
            neighbours=self.neighbours[pairs],
            positions=self.positions[pairs],
        )

    def subsample(self, max_points: int, rng: np.random.Generator) -> VectorClouds:
        """Clouds of at most ``max_points`` points, chosen by ``rng``.

        Larger ones give one random point from each of that many equal strata of their list, so that
        every point has the same chance.

        Raises
        ------
        InputError
            If ``max_points`` is below 1.
        """
        if max_points < 1:
            raise InputError(f"max_points: expected at least 1, got {max_points}")
        counts = np.minimum(self.counts, max_points)
        offsets = np.concatenate([[0], np.cumsum(counts)])
        owners = np.repeat(np.arange(len(self)), counts)
        stratum = np.arange(offsets[-1]) - offsets[owners]
        large = self.counts[owners] > max_points
        jitter = np.where(large, rng.random(len(owners)), 0.0)
        place = np.floor((stratum + jitter) * (self.counts / counts)[owners]).astype(int)
        pairs = self.offsets[owners] + place
        return replace(
            self,
            offsets=offsets,
            neighbours=self.neighbours[pairs],
            positions=self.positions[pairs],
        )

    @staticmethod
    def concatenate(parts: Sequence[VectorClouds]) -> VectorClouds:
        """Clouds of several ``parts`` of one region in one, over all points of their flows.

        The flow has the fields that all have.
        """
        flow = concatenate([part.flow for part in parts])
        begins = np.cumsum([0, *(len(part.flow) for part in parts[:-1])])  # of each flow's points
        centres = [part.centres + begin for part, begin in zip(parts, begins, strict=True)]
        neighbours = [part.neighbours + begin for part, begin in zip(parts, begins, strict=True)]
        return VectorClouds(
            flow,
            np.concatenate(centres),
            np.cumsum(np.concatenate([[0], *(part.counts for part in parts)])),
            np.concatenate(neighbours),
            np.concatenate([part.positions for part in parts]),
            parts[0].region,
        )

    def compact(self) -> VectorClouds:
        """The same clouds over a flow that holds only the points they use."""
        used = np.zeros(len(self.flow), dtype=bool)
        used[self.neighbours] = used[self.centres] = True
        index = np.cumsum(used) - 1
        used = np.flatnonzero(used)
        return replace(
            self,
            flow=self.flow.subset(used),
            centres=index[self.centres],
            neighbours=index[self.neighbours],
            tensors=self.tensors and self.tensors.subset(used),
        )

    def rotated(self, rotations: np.ndarray) -> VectorClouds:
        """Each cloud in a frame of its own, x → R x with the R of the cloud.

        Parameters
        ----------
        rotations : (m, d, d)
            Orthogonal.

        Returns
        -------
        VectorClouds
            They share points no longer: their flow has a point for every pair, then one for every
            centre.
        """
        pairs, m = len(self.neighbours), len(self)
        owners = np.concatenate([self.owners, np.arange(m)])
        R = rotations[owners]
        flow = self.flow.subset(np.concatenate([self.neighbours, self.centres]))
        flow = replace(
            flow,
            points=rotate(flow.points, R),
            velocity=rotate(flow.velocity, R),
            vectors={name: rotate(v, R) for name, v in flow.vectors.items()},
            tensors={name: rotate(T, R) for name, T in flow.tensors.items()},
            periods=(),
        )
        return replace(
            self,
            flow=flow,
            centres=pairs + np.arange(m),
            neighbours=np.arange(pairs),
            positions=rotate(self.positions, R[:pairs]),
        )

    def split(self, work: np.ndarray, budget: int) -> Iterator[VectorClouds]:
        """Consecutive clouds in parts of about ``budget`` work each, of ``work`` (m,) a cloud."""
        # a part ends where the work up to there passes a multiple of the budget
        part = (np.cumsum(work) - work) // budget
        _, starts = np.unique(part, return_index=True)
        for start, end in pairwise([*starts, len(self)]):
            a, b = self.offsets[start], self.offsets[end]
            yield replace(
                self,
                centres=self.centres[start:end],
                offsets=self.offsets[start : end + 1] - a,
                neighbours=self.neighbours[a:b],
                positions=self.positions[a:b],
            )
