"""Clouds of atoms of one or several frames, for networks and derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from vcnn.atoms.frame import Frame
from vcnn.atoms.neighbours import find_neighbours
from vcnn.clouds.clouds import VectorClouds
from vcnn.clouds.point_tensors import PointTensors
from vcnn.clouds.regions import RegionOfInfluence
from vcnn.errors import InputError
from vcnn.flow.field import FlowField


@dataclass(frozen=True, eq=False)
class AtomClouds:
    """Pairs of n atoms of m frames: of each that has a cloud its own first, then those around it.

    Parameters
    ----------
    species : (n,) int tensor
        Number of each atom's species.
    frame_of_atoms : (n,) int tensor
        Number of each atom's frame.
    atoms : (k,) int tensor
        Those that have clouds.
    centres, neighbours : (N,) int tensors
        i and j of the pairs, numbers of atoms.
    shifts : (N, 3) tensor
        x_j + shift is what lies near x_i, Å.
    counts : (k,)
        Pairs of each cloud.
    charges : (m,) tensor
        Of the frames, in elementary charges.
    """

    species: torch.Tensor
    frame_of_atoms: torch.Tensor
    atoms: torch.Tensor
    centres: torch.Tensor
    neighbours: torch.Tensor
    shifts: torch.Tensor
    counts: np.ndarray
    charges: torch.Tensor

    @property
    def count(self) -> int:
        """m."""
        return len(self.charges)

    @classmethod
    def of(
        cls,
        frame: Frame,
        species: Sequence[str],
        cutoff: float,
        carriers: Sequence[str] | None = None,
    ) -> AtomClouds:
        """Of one frame.

        Parameters
        ----------
        frame : Frame
        species : sequence of str
            In the order of their numbers.
        cutoff : float
            Å.
        carriers : sequence of str, optional
            Species whose atoms have clouds; default: all.

        Raises
        ------
        InputError
            If the frame has another species, or atoms on each other.
        """
        if strange := set(frame.species) - set(species):
            raise InputError(
                f"species: the potential knows {', '.join(species)}, "
                f"the frame has {', '.join(sorted(strange))}"
            )
        chosen = [carriers is None or name in carriers for name in frame.species]
        own, pairs = np.flatnonzero(chosen), find_neighbours(frame, cutoff)
        kept = np.asarray(chosen)[pairs.centres]
        centres = np.concatenate([own, pairs.centres[kept]])
        order = np.argsort(centres, kind="stable")  # an atom's own pair comes first
        neighbours = np.concatenate([own, pairs.neighbours[kept]])[order]
        shifts = np.concatenate([np.zeros((len(own), 3)), pairs.shifts[kept]])[order]
        numbers = [list(species).index(name) for name in frame.species]
        return cls(
            torch.tensor(numbers),
            torch.zeros(len(frame), dtype=torch.long),
            torch.from_numpy(own),
            torch.from_numpy(centres[order]),
            torch.from_numpy(neighbours),
            torch.from_numpy(shifts),
            np.bincount(centres, minlength=len(frame))[own],
            torch.tensor([frame.charge], dtype=torch.float64),
        )

    def relative(self, positions: torch.Tensor) -> torch.Tensor:
        """(N, 3) x_j + shift − x_i of positions (n, 3), Å."""
        return positions[self.neighbours] + self.shifts.to(positions) - positions[self.centres]

    def as_vector_clouds(self, positions: torch.Tensor, smooth: float) -> VectorClouds:
        """For a network, from relative ``positions`` (N, 3) in cut-offs, and ``smooth`` edges."""
        n = len(self.species)
        rest = np.zeros((n, 3))
        flow = FlowField(
            rest, rest, weights=np.ones(n), scalars={"species": self.species.numpy().astype(float)}
        )
        return VectorClouds(
            flow,
            self.atoms.numpy(),
            np.concatenate([[0], np.cumsum(self.counts)]),
            self.neighbours.numpy(),
            positions,
            RegionOfInfluence.ball(1.0, smooth=smooth),
            PointTensors(positions.new_zeros(n, 3), positions.new_ones(n)),
        )

    def sums(self, values: torch.Tensor) -> torch.Tensor:
        """Sums (m, ...) over each frame of ``values`` (k, ...) of its clouds."""
        zero = values.new_zeros(self.count, *values.shape[1:])
        return zero.index_add(0, self.frame_of_atoms[self.atoms], values)

    def balanced(self, values: torch.Tensor) -> torch.Tensor:
        """``values`` (n,) of all atoms and a constant of each frame: they sum to its charge."""
        counts = torch.bincount(self.frame_of_atoms, minlength=self.count)
        missing = (self.charges.to(values) - self.sums(values)) / counts
        return values + missing[self.frame_of_atoms]


def join_clouds(parts: Sequence[AtomClouds]) -> AtomClouds:
    """Clouds of several frames as one.

    Parameters
    ----------
    parts : sequence of AtomClouds
        Of a frame each.

    Returns
    -------
    AtomClouds
        Atoms are numbered through.
    """
    atoms = np.cumsum([0, *(len(part.species) for part in parts)])
    pairs = list(zip(parts, atoms, strict=False))
    return AtomClouds(
        torch.cat([part.species for part in parts]),
        torch.cat([part.frame_of_atoms + k for k, part in enumerate(parts)]),
        torch.cat([part.atoms + int(begin) for part, begin in pairs]),
        torch.cat([part.centres + int(begin) for part, begin in pairs]),
        torch.cat([part.neighbours + int(begin) for part, begin in pairs]),
        torch.cat([part.shifts for part in parts]),
        np.concatenate([part.counts for part in parts]),
        torch.cat([part.charges for part in parts]),
    )
