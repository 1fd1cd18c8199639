"""What a network knows of points and of pairs of points, without choosing a frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations_with_replacement

import torch
from torch.nn.functional import one_hot

from vcnn.errors import InputError
from vcnn.network.base import PointFields
from vcnn.network.pairs import Pairs


@dataclass(frozen=True)
class Inputs:
    """Which fields of a flow a network takes.

    Parameters
    ----------
    scalars, vectors, tensors : names of fields; the velocity is always the first vector
    galilean : take velocities relative to that of the centre
    categories : name of a scalar that numbers categories -> how many there are
    """

    scalars: tuple[str, ...] = ()
    vectors: tuple[str, ...] = ()
    tensors: tuple[str, ...] = ()
    galilean: bool = False
    categories: Mapping[str, int] = field(default_factory=dict)

    @property
    def classes(self) -> int:
        """Columns of `PointData.classes`."""
        return sum(self.categories.values())

    @property
    def point_features(self) -> int:
        """Columns of `PointData.features`."""
        return len(self.scalars) + (not self.galilean) + len(self.vectors) + 2 * len(self.tensors)

    @property
    def pair_features(self) -> int:
        """Columns of `PairData.features`."""
        return (4 if self.galilean else 6) + 2 * len(self.vectors) + 2 * len(self.tensors)

    @property
    def channels(self) -> int:
        """Vectors that get moments: r, u, further ones, and T r of every tensor."""
        return 2 + len(self.vectors) + len(self.tensors)

    @property
    def centre_vectors(self) -> int:
        """How many :meth:`of_centre` are."""
        return (not self.galilean) + len(self.vectors)

    def of_centre(self, vectors: list[torch.Tensor]) -> list[torch.Tensor]:
        """Those of the vectors of points that may take part in outputs where they are centres.

        Velocities relative to the centre vanish there.
        """
        return vectors[1:] if self.galilean else vectors


@dataclass(frozen=True, eq=False)
class PointData:
    """What belongs to the points of a flow, whatever clouds they are in.

    Parameters
    ----------
    features : (n, p)
        Named scalars, |u|, log(1 + |v|) of further vectors, and tr T/(1 + |T|) and log(1 + |T|) of
        tensors.
    vectors, tensors : lists of (d, n) and (d, d, n)
        u, and v/(1 + |v|) and T/(1 + |T|) of the others: gradients at walls exceed all else by
        orders of magnitude.
    classes : (n, k)
        1 for the category that a point is of and 0 for the others, of all that are named.
    embedding : (n, m), of a network
    """

    features: torch.Tensor
    vectors: list[torch.Tensor]
    tensors: list[torch.Tensor]
    classes: torch.Tensor
    embedding: torch.Tensor | None = None


def point_data(fields: PointFields, inputs: Inputs) -> PointData:
    """`PointData` of what a network takes of a flow."""
    velocity = fields.velocity.T.contiguous()
    columns = [fields.scalars[name] for name in inputs.scalars]
    columns += [] if inputs.galilean else [length(velocity)]
    vectors, tensors = [velocity], []
    for name in inputs.vectors:
        v = fields.vectors[name].T.contiguous()
        columns.append(torch.log1p(length(v)))
        vectors.append(v / (1 + length(v)))
    for name in inputs.tensors:
        T = fields.tensors[name].permute(1, 2, 0).contiguous()
        size = length(T.flatten(0, 1))
        tensors.append(T / (1 + size))
        columns += [tensors[-1].diagonal(dim1=0, dim2=1).sum(dim=1), torch.log1p(size)]
    features = torch.stack(columns, dim=1) if columns else velocity.new_zeros(velocity.shape[1], 0)
    classes = [_one_of(fields.scalars[name], n, name) for name, n in inputs.categories.items()]
    classes = torch.cat([features[:, :0], *classes], dim=1)
    return PointData(features, vectors, tensors, classes)


def _one_of(numbers, count, name):
    """(n, count) 1 at the number of each point, 0 elsewhere."""
    index = numbers.long()
    if not ((index == numbers) & (index >= 0) & (index < count)).all():
        wrong = numbers[(index != numbers) | (index < 0) | (index >= count)][0]
        raise InputError(f"{name}: expected numbers 0..{count - 1} of categories, got {wrong:g}")
    return one_hot(index, count).to(numbers)


def monomials(features: torch.Tensor) -> torch.Tensor:
    """Features (n, p), then their products of two (n, p (p + 1) / 2)."""
    rows, columns = torch.triu_indices(features.shape[1], features.shape[1], device=features.device)
    return torch.cat([features, features[:, rows] * features[:, columns]], dim=1)


@dataclass(frozen=True, eq=False)
class PairData:
    """What belongs to the pairs of clouds.

    Parameters
    ----------
    features : (N, q)
        1 (a bias would cost a pass over all pairs) and |r|; of the velocity r·u, r·u₀, u·u₀ and
        |u₀|, or r·w and |w| with w = u - u₀; r·v and r·v₀ of further vectors; r·T r and u·T r of
        tensors.
    vectors : list of (d, N)
        r, u or w, further vectors, and T r.
    products : list of (d (d + 1) / 2, N)
        Upper triangles of sym(v ⊗ v') for pairs of r, u and further vectors, then of sym T; empty
        if not asked for.
    """

    features: torch.Tensor
    vectors: list[torch.Tensor]
    products: list[torch.Tensor]


def pair_data(pairs: Pairs, points: PointData, inputs: Inputs, second: bool) -> PairData:
    """`PairData` of the pairs of clouds; with ``second`` the products of vectors as well."""
    r = pairs.positions
    near = [v.index_select(1, pairs.neighbours) for v in points.vectors]
    central = [v.index_select(1, pairs.centres) for v in points.vectors]
    columns = [torch.ones_like(r[0]), length(r)]
    if inputs.galilean:
        near[0] = near[0] - central[0]
        columns += [dot(r, near[0]), length(near[0])]
    else:
        u, u0 = near[0], central[0]
        columns += [dot(r, u), dot(r, u0), dot(u, u0), length(u0)]
    for v, v0 in zip(near[1:], central[1:], strict=True):
        columns += [dot(r, v), dot(r, v0)]
    tensors = [T.index_select(2, pairs.neighbours) for T in points.tensors]
    products_with_r = [(T * r).sum(dim=1) for T in tensors]
    for Tr in products_with_r:
        columns += [dot(r, Tr), dot(near[0], Tr)]
    vectors = [r, *near]
    products = []
    if second:
        products = [symmetric_product(a, b) for a, b in combinations_with_replacement(vectors, 2)]
    products += [upper(0.5 * (T + T.transpose(0, 1))) for T in tensors]
    return PairData(torch.stack(columns).T, [*vectors, *products_with_r], products)


def dot(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """(d, N), (d, N) -> (N,)."""
    return sum(x * y for x, y in zip(a, b, strict=True))


def length(a: torch.Tensor) -> torch.Tensor:
    """(d, N) -> (N,); its derivative at 0 is 0."""
    return torch.sqrt(dot(a, a) + 1e-30)


def symmetric_product(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """(d, N), (d, N) -> upper triangle of (a ⊗ b + b ⊗ a) / 2, (d (d + 1) / 2, N)."""
    return upper(0.5 * (a[:, None] * b + b[:, None] * a))


def upper(T: torch.Tensor) -> torch.Tensor:
    """Symmetric (d, d, ...) -> (d (d + 1) / 2, ...)."""
    rows, columns = torch.triu_indices(len(T), len(T), device=T.device)
    return T[rows, columns]


def triangles(products: torch.Tensor) -> torch.Tensor:
    """Upper triangles (..., k (k + 1) / 2) of symmetric (..., k, k)."""
    k = products.shape[-1]
    rows, columns = torch.triu_indices(k, k, device=products.device)
    return products.flatten(-2).index_select(-1, k * rows + columns)


def full(T: torch.Tensor, d: int) -> torch.Tensor:
    """Inverse of :func:`upper` along the last axis: (..., d (d + 1) / 2) -> (..., d, d)."""
    rows, columns = torch.triu_indices(d, d, device=T.device)
    index = torch.zeros(d, d, dtype=torch.long, device=T.device)
    index[rows, columns] = index[columns, rows] = torch.arange(len(rows), device=T.device)
    return T[..., index]
