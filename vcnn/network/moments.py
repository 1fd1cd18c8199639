"""Moments of clouds and derivatives at their centres: what is summed before anything is learned."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from vcnn.network.cloud_rows import CloudRows
from vcnn.network.features import Inputs, PointData, full
from vcnn.network.local_fit import LocalFit

_LARGE = 3.0  # times their size, to which members are shortened


@dataclass(frozen=True, eq=False)
class MomentPoints:
    """What belongs to n points, whatever clouds they are in.

    Parameters
    ----------
    data : PointData
    columns : (n, C)
        Scalar channels e, then e' ⊗ v of every vector and e' ⊗ T of every tensor, with channels e'
        of their own, and e' itself for relative velocities or second moments of positions.
    fields : (n, k)
        What is differentiated: components of vectors, then scalars.
    """

    data: PointData
    columns: torch.Tensor
    fields: torch.Tensor

    @classmethod
    def of(
        cls, data: PointData, own: torch.Tensor, others: torch.Tensor, inputs: Inputs, second: bool
    ) -> MomentPoints:
        """From scalar channels e (n, c) and those of vectors and tensors e' (n, c')."""
        columns = [own]
        columns += [(others[:, :, None] * v.T[:, None]).flatten(1) for v in data.vectors]
        columns += [
            (others[:, :, None] * T.flatten(0, 1).T[:, None]).flatten(1) for T in data.tensors
        ]
        columns += [others] * (inputs.galilean or second)
        scalars = data.features[:, : len(inputs.scalars)]
        vectors = [v.T for v in data.vectors]
        return cls(data, torch.cat(columns, 1), torch.cat([*vectors, scalars], 1))


@dataclass(frozen=True, eq=False)
class Members:
    """What m clouds are described by, ordered by how it turns with the frame.

    Parameters
    ----------
    scalars, vectors, matrices : (m, p), (m, q, d), (m, s, d, d)
    """

    scalars: torch.Tensor
    vectors: torch.Tensor
    matrices: torch.Tensor

    def scaled(
        self, scalars: torch.Tensor, vectors: torch.Tensor, matrices: torch.Tensor
    ) -> Members:
        """Divided by sizes (p,), (q,), (s,), then vectors and matrices of large norm shortened.

        A norm x becomes x / √(1 + x²/9): invariants are of second degree in them.
        """
        return Members(
            self.scalars / scalars,
            _shorten(self.vectors / vectors[:, None], (2,)),
            _shorten(self.matrices / matrices[:, None, None], (2, 3)),
        )


def _shorten(members, axes):
    return members / torch.sqrt(1 + members.square().sum(dim=axes, keepdim=True) / _LARGE**2)


def cloud_moments(
    rows: CloudRows, points: MomentPoints, channels: int, inputs: Inputs, second: bool
) -> Members:
    """Moments Σ w φ_n (1, r) ⊗ (e, e' ⊗ v, e' ⊗ T) of each cloud, in one batched matrix product.

    Parameters
    ----------
    rows : CloudRows
    points : MomentPoints
    channels : int
        How many e' there are.
    inputs : Inputs
    second : bool
        Whether rows and points are those of second moments of positions too.

    Returns
    -------
    Members
        Σ φ e; Σ φ e r, Σ φ e' v, Σ φ e' T r; Σ φ e' r ⊗ v, Σ φ e' T and Σ φ e' r ⊗ r.
    """
    d = len(points.data.vectors[0])
    powers = 1 + d + second * d * (d + 1) // 2
    moments = (rows.moments @ rows.gather(points.columns)).unflatten(1, (powers, -1))
    vectors, tensors = len(points.data.vectors), len(points.data.tensors)
    alone = inputs.galilean or second
    widths = [channels * d] * vectors + [channels * d * d] * tensors + [channels] * alone
    own, *rest = moments.split([moments.shape[3] - sum(widths), *widths], 3)
    of_vectors = [part.unflatten(3, (channels, d)) for part in rest[:vectors]]
    of_tensors = [part.unflatten(3, (channels, d, d)) for part in rest[vectors:][:tensors]]
    if inputs.galilean:  # Σ w φ e' ⊗ (u − u₀)
        u0 = points.data.vectors[0][:, rows.centres].T
        of_vectors[0] = of_vectors[0] - rest[-1][..., None] * u0[:, None, None, None]
    products = [T[:, 1 : 1 + d].movedim(1, 5).diagonal(dim1=4, dim2=5).sum(4) for T in of_tensors]
    shapes = [full(rest[-1][:, 1 + d :].movedim(1, 3), d).flatten(1, 2)] if second else []
    return Members(
        own[:, 0].flatten(1),
        torch.cat(
            [
                own[:, 1 : 1 + d].movedim(1, 3).flatten(1, 2),
                *(v[:, 0].flatten(1, 2) for v in of_vectors),
                *(product.flatten(1, 2) for product in products),
            ],
            1,
        ),
        torch.cat(
            [
                *(v[:, 1 : 1 + d].movedim(1, 3).flatten(1, 2) for v in of_vectors),
                *(T[:, 0].flatten(1, 2) for T in of_tensors),
                *shapes,
            ],
            1,
        ),
    )


def cloud_derivatives(rows: CloudRows, points: MomentPoints) -> Members:
    """Derivatives of vectors v and scalars s at the centres, fitted with each of several weights.

    Parameters
    ----------
    rows : CloudRows
    points : MomentPoints

    Returns
    -------
    Members
        ∇²s; ∇s, ∇²v, ∇(∇·v); ∂_i v_j at [i, j].
    """
    d, count = len(points.data.vectors[0]), len(points.data.vectors)
    kinds = points.fields.shape[1]
    derivatives = points.fields.new_empty(len(rows.centres), 0, kinds)
    if rows.fits.shape[1]:
        differences = rows.gather(points.fields) - points.fields[rows.centres][:, None]
        derivatives = rows.fits @ differences
    fit = LocalFit.of(derivatives, d)
    of_vectors, of_scalars = fit.gradients.split([d * count, kinds - d * count], 3)
    laplacians = fit.hessians.diagonal(dim1=2, dim2=3).sum(3)
    second = fit.hessians[..., : d * count].unflatten(4, (count, d))  # ∂_i ∂_j v_k at [i, j, :, k]
    of_divergence = second.diagonal(dim1=3, dim2=5).sum(4)
    return Members(
        laplacians[:, :, d * count :].flatten(1),
        torch.cat(
            [
                of_scalars.transpose(2, 3).flatten(1, 2),
                laplacians[:, :, : d * count].unflatten(2, (count, d)).flatten(1, 2),
                of_divergence.transpose(2, 3).flatten(1, 2),
            ],
            1,
        ),
        of_vectors.unflatten(3, (count, d)).transpose(2, 3).flatten(1, 2),
    )
