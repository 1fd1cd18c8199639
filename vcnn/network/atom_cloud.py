"""The vector-cloud network for points at rest of which nothing but their kind is known: atoms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch

from vcnn.clouds.clouds import VectorClouds
from vcnn.flow.field import FlowField
from vcnn.network.base import Given, Network
from vcnn.network.cloud_rows import weights_around
from vcnn.network.features import dot, full, point_data
from vcnn.network.moments import Members, MomentPoints
from vcnn.network.pairs import Pairs
from vcnn.network.radial import RADIAL
from vcnn.network.sizes import Sizes
from vcnn.network.vector_cloud import VectorCloudNetwork


@dataclass(frozen=True)
class KindSizes(Sizes):
    """Of moments with a column for each kind, of order 0, 1 and 2."""

    @property
    def moments(self) -> tuple[int, int, int]:
        """As many scalars, vectors and matrices: one for each radial function and kind."""
        return (self.radial * self.inputs.classes,) * 3


class AtomCloudNetwork(VectorCloudNetwork):
    """A `VectorCloudNetwork` for atoms: points at rest that have a species and nothing else.

    Its moments are Σ φ_n(|r|) (1, r, r ⊗ r) over the neighbours of each species, sums and not
    means. There is nothing to embed: a learned table of species, times these, is a mixture of them,
    and mixtures are learned anyway (step 4 of `VectorCloudNetwork`); all else is as there. With so
    few columns powers of r are multiplied by these first and by the radial functions last, which is
    three times as fast where positions are differentiated twice, as forces in training are.

    Parameters
    ----------
    species : int
        How many there are; their numbers are the scalar field ``species``, from 0 on.
    output : str or sequence of str
        As of `VectorCloudNetwork`, and so are all that follow.
    radial : int
        Number of radial functions.
    functions : {"bessel", "gaussian"}
        Which radial functions (``vcnn.network.radial``).
    mixed : sequence of three int
        Numbers of mixtures of moments: scalars, vectors, matrices.
    retained : int
        Number of mixed vectors that all vectors are contracted with.
    fitting : sequence of int
        Widths of the hidden layers of ρ.
    basis : int
        Number of combined vectors that outputs are made of.
    seed : int
        Of the initial weights.

    Raises
    ------
    InputError
        If an argument is none that it could be.
    """

    name = "atom-cloud"
    _sizes: ClassVar[type[Sizes]] = KindSizes

    def __init__(
        self,
        species: int = 1,
        output: str | Sequence[str] = "scalar",
        *,
        radial: int = 8,
        functions: str = "bessel",
        mixed: Sequence[int] = (24, 16, 8),
        retained: int = 4,
        fitting: Sequence[int] = (64, 64),
        basis: int = 6,
        seed: int = 0,
    ):
        super().__init__(
            output=output,
            categories={"species": species},
            normalization="sum",
            galilean=True,
            radial=radial,
            functions=functions,
            fits=0,
            second_moments=True,
            mixed=mixed,
            retained=retained,
            fitting=fitting,
            basis=basis,
            seed=seed,
        )
        own = ("output", "radial", "functions", "mixed", "retained", "fitting", "basis", "seed")
        self.config = {"species": species, **{name: self.config[name] for name in own}}

    def _make_embedding(self, hidden):
        """There is none."""

    def _calibrate_channels(self, data):
        """A species has a column of ones."""

    def points(
        self, flow: FlowField, velocity: torch.Tensor | None = None, fields: Given | None = None
    ) -> MomentPoints:
        """As of `VectorCloudNetwork`; the ``velocity`` is not looked at."""
        data = point_data(Network.points(self, flow, velocity, fields), self.inputs)
        return MomentPoints(data, data.classes / self.total, data.features)

    def _describe(self, clouds: VectorClouds, points: MomentPoints) -> Members:
        pairs = Pairs.from_clouds(clouds, self.shift, weights_around(clouds))
        moments = kind_moments(pairs, points.columns, self.sizes.radial, self.functions)
        return Members(
            self.mixed_scalars(moments.scalars),
            self.mixed_vectors(moments.vectors.transpose(1, 2)).transpose(1, 2),
            self.mixed_matrices(moments.matrices.movedim(1, 3)).movedim(3, 1),
        )


def kind_moments(pairs: Pairs, columns: torch.Tensor, radial: int, functions: str) -> Members:
    """Moments Σ w φ_n (1, r, r ⊗ r) c of m clouds, in one batched matrix product.

    Parameters
    ----------
    pairs : Pairs
        With w.
    columns : (p, k) tensor
        c of all points.
    radial : int
        Number of radial functions φ_n.
    functions : str
        Which of `vcnn.network.radial.RADIAL`.
    """
    r, m, d = pairs.positions, pairs.clouds, len(pairs.positions)
    weighted = pairs.shares * RADIAL[functions](dot(r, r), radial)
    rows, others = torch.triu_indices(d, d, device=r.device)
    powers = torch.cat([torch.ones_like(r[:1]), r, r[rows] * r[others]])
    kinds = columns[pairs.neighbours].T
    products = (kinds[:, None] * powers).view(len(kinds), len(powers), m, -1)
    # (m, radial, n) @ (m, n, kinds powers)
    sums = weighted.view(radial, m, -1).transpose(0, 1) @ products.flatten(0, 1).permute(1, 2, 0)
    sums = sums.unflatten(2, (len(kinds), len(powers))).flatten(1, 2)
    return Members(
        sums[..., 0],
        sums[..., 1 : 1 + d],
        full(sums[..., 1 + d :], d),
    )
