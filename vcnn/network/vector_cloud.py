"""The vector-cloud network: closure values from a cloud, invariant or turning with the frame by
construction.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations_with_replacement

import torch
from torch import nn

from vcnn.clouds.clouds import VectorClouds
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.network.base import Network, Symmetry
from vcnn.network.features import Inputs, PointData, full, pair_data, point_data
from vcnn.network.heads import OUTPUTS, count_coefficients, value
from vcnn.network.layers import perceptron, seeded
from vcnn.network.pairs import Pairs

_SECOND = 8  # embedding channels that second moments are taken with
_MIXED = 6  # symmetric tensors that these are combined to
_LEAST = 1e-4  # what varies by less counts as constant, so that its round-off is not blown up,
_LEAST_SHARE = 0.01  # and what varies by less relative to its size


class VectorCloudNetwork(Network):
    """Vector-cloud network with separate moments of positions, velocities and further vectors.

    After Zhou, Han & Xiao (CMAME 388, 2022, 114211) and Han, Zhou & Xiao (arXiv 2201.01287), with
    the vector channels kept apart and the sums weighted so that they approximate integrals over the
    region of influence:

    1. embedding g_i = a(s_i) ⊙ b(p_i) ∈ R^m of the point's scalars s_i and pair invariants p_i; a
       is computed once a point, b is a single layer,
    2. moments ḡ = Σ w g / Σ w and L^a = Σ w g ⊗ v^a / Σ w ∈ R^{m×d} of v^a = r, u, further vectors,
        T r of tensors,
    3. invariants D^{ab} = L^a (L^b_{1..m'})ᵀ for every pair of channels, and L^a v₀ of vectors v₀
        at the centre,
    4. coefficients c = ρ(ḡ, D, L v₀, scalars of the centre),
    5. outputs from c and combinations of the rows of all L^a (:mod:`vcnn.network.heads`).

    Of second order, symmetric tensors S^{ab} = Σ w g ⊗ sym(v^a ⊗ v^b) / Σ w join in: of
    combinations of them the traces are further invariants, and so are the contractions of their
    deviators with each other and with the vectors of step 5; the deviators are also part of what
    outputs are made of. They see what first moments cancel, such as the shape of a cloud that is
    its own mirror image.

    :meth:`calibrate` brings the inputs of ρ to order one before training.

    Translation and permutation hold by construction; steps 3 and 5 leave O(d), or SO(d) if there
    are pseudo-scalars. Positions, velocities and scalars are expected of order one (`Scales` sees
    to it).

    Parameters
    ----------
    scalars : names of the scalar fields of the flow used as point features; the speed |u| is
        another one.
    vectors : names of vector fields of the flow that get moments of their own.
    output : one of "scalar", "positive_scalar", "vector", "symmetric_tensor",
        "traceless_symmetric_tensor",
        "reynolds_stress" (positive semi-definite), or a sequence of these, one for each target.
    tensors : names of tensor fields, symmetric or not.
    pseudoscalars : names of scalar fields that change sign in a mirror, such as the vorticity in
        two dimensions.
    galilean : velocities enter relative to that of the centre, so that a uniform motion changes
        nothing.
    order : 1, or 2 for second moments as well.
    embedding : m, number of embedding channels.
    retained : m', number of channels that the others are contracted with.
    hidden : width of the hidden layers of a.
    fitting : widths of the hidden layers of ρ.
    basis : number of vectors that the rows of the L^a are combined to for outputs and second-order
        invariants.
    seed : of the initial weights.
    """

    name = "vector-cloud"

    def __init__(
        self,
        scalars=(),
        vectors=(),
        output="scalar",
        *,
        tensors=(),
        pseudoscalars=(),
        galilean=False,
        order=1,
        embedding=40,
        retained=6,
        hidden=64,
        fitting=(128, 128),
        basis=6,
        seed=0,
    ):
        super().__init__(
            scalars=list(scalars),
            vectors=list(vectors),
            output=output if isinstance(output, str) else list(output),
            tensors=list(tensors),
            pseudoscalars=list(pseudoscalars),
            galilean=galilean,
            order=order,
            embedding=embedding,
            retained=retained,
            hidden=hidden,
            fitting=list(fitting),
            basis=basis,
            seed=seed,
        )
        self.outputs = (output,) if isinstance(output, str) else tuple(output)
        for kind in self.outputs or ("none",):
            if kind not in OUTPUTS:
                raise InputError(f"output: expected {', '.join(OUTPUTS)}, got {kind!r}")
        if order not in (1, 2):
            raise InputError(f"order: expected 1 or 2, got {order!r}")
        if not 1 <= retained <= embedding:
            raise InputError(
                f"retained: expected 1..{embedding} (embedding channels), got {retained}"
            )
        self.scalars, self.vectors, self.tensors = (
            (*scalars, *pseudoscalars),
            tuple(vectors),
            tuple(tensors),
        )
        self.inputs = Inputs(self.scalars, self.vectors, self.tensors, bool(galilean))
        self.galilean = bool(galilean)
        self.symmetry = Symmetry.SO if pseudoscalars else Symmetry.O
        self.order, self.retained = order, retained
        self.second = min(_SECOND, embedding)

        channels = self.inputs.channels
        tensor_channels = len(self.tensors)
        if order == 2:
            tensor_channels += (
                (channels - len(self.tensors)) * (channels - len(self.tensors) + 1) // 2
            )
        self.vector_basis = basis + self.inputs.centre_vectors
        self.tensor_basis = (_MIXED if tensor_channels else 0) + len(self.tensors)
        turning = tensor_channels or any(OUTPUTS[kind] != "scalars" for kind in self.outputs)
        invariants = embedding * (
            1 + retained * channels * (channels + 1) // 2 + channels * self.inputs.centre_vectors
        )
        invariants += self.inputs.point_features
        if tensor_channels:
            pairs = lambda n: n * (n + 1) // 2
            invariants += self.tensor_basis * (1 + pairs(self.vector_basis)) + pairs(
                self.tensor_basis
            )
        self.coefficients = [
            count_coefficients(k, self.vector_basis, self.tensor_basis) for k in self.outputs
        ]
        with seeded(seed):
            self.point_embedding = perceptron(self.inputs.point_features, hidden, hidden, embedding)
            self.pair_embedding = nn.Sequential(
                nn.Linear(self.inputs.pair_features, embedding, bias=False), nn.SiLU()
            )
            self.fitting = perceptron(invariants, *fitting, sum(self.coefficients))
            with torch.no_grad():  # begin near zero, or an isotropic stress
                self.fitting[-1].weight.mul_(0.1)
            if turning:
                self.mixed_vectors = nn.Linear(embedding * channels, basis, bias=False)
            if tensor_channels:
                self.mixed_tensors = nn.Linear(self.second * tensor_channels, _MIXED, bias=False)
        self.register_buffer("shift", torch.zeros(invariants))
        self.register_buffer("spread", torch.ones(invariants))
        self.register_buffer("embedding_sizes", torch.ones(embedding))
        self.register_buffer("vector_sizes", torch.ones(self.vector_basis if turning else 0))
        self.register_buffer("tensor_sizes", torch.ones(self.tensor_basis))

    def points(self, flow: FlowField, velocity: torch.Tensor | None = None) -> PointData:
        """What is computed once a point, however many clouds share it; ``velocity`` (n, d) replaces
        the flow's.
        """
        data = point_data(flow, self.inputs, self.fitting[0].weight, velocity)
        return replace(data, embedding=self.point_embedding(data.features) / self.embedding_sizes)

    def forward(self, clouds: VectorClouds, points: PointData):
        """Closure values of m clouds: scalars (m,), vectors (m, d), tensors (m, d, d); a tuple if
        there are several.
        """
        invariants, vectors, tensors = self._described(clouds, points)
        parts = self.fitting((invariants - self.shift) / self.spread).split(
            self.coefficients, dim=1
        )
        values = tuple(
            value(kind, c, vectors, tensors) for kind, c in zip(self.outputs, parts, strict=True)
        )
        return values[0] if len(values) == 1 else values

    def calibrate(self, clouds: VectorClouds) -> None:
        """Bring embeddings, the basis of outputs and the inputs of ρ to order one on these clouds.

        As for the descriptors of molecular dynamics (Zhang et al. 2018), once and for all before
        training: invariants of different order differ by orders of magnitude."""
        rms = lambda values, axes: values.square().mean(dim=axes).sqrt().clamp(min=_LEAST)
        with torch.no_grad():
            for sizes in (self.embedding_sizes, self.vector_sizes, self.tensor_sizes):
                sizes.fill_(1)
            clouds = clouds.compact()
            pairs, _, g = self._embedded(clouds, self.points(clouds.flow))
            self.embedding_sizes.copy_(rms(g[pairs.shares > 0], 0))
            _, vectors, tensors = self._described(clouds, self.points(clouds.flow))
            for sizes, basis in ((self.vector_sizes, vectors), (self.tensor_sizes, tensors)):
                if len(sizes):
                    bounded = basis.flatten(2).square().sum(dim=2)
                    sizes.copy_(
                        rms(torch.sqrt(bounded / (1 - bounded)), 0)
                    )  # of what it was before
            invariants, _, _ = self._described(clouds, self.points(clouds.flow))
            self.shift.copy_(invariants.mean(dim=0))
            least = _LEAST_SHARE * rms(invariants, 0)
            self.spread.copy_(
                (invariants.var(dim=0, correction=0) + least.clamp(min=_LEAST) ** 2).sqrt()
            )

    def _embedded(self, clouds, points):
        """The pairs of clouds, their data and their embeddings (N, m)."""
        pairs = Pairs.of(clouds, self.fitting[0].weight)
        data = pair_data(pairs, points, self.inputs, second=self.order == 2)
        return (
            pairs,
            data,
            points.embedding.index_select(0, pairs.neighbours) * self.pair_embedding(data.features),
        )

    def _described(self, clouds, points):
        """Invariants (m, k) and the basis of outputs, (m, K, d) and (m, q, d, d), of m clouds."""
        centre = torch.as_tensor(clouds.centres, device=self.shift.device)
        d = clouds.flow.dimension
        pairs, data, g = self._embedded(clouds, points)
        mean, *first = pairs.moments(g, data.vectors).split([1] + [d] * len(data.vectors), dim=2)
        here = [v[:, centre].T for v in points.vectors[self.galilean :]]
        invariants = [mean, *(a @ v[:, :, None] for a in first for v in here)]
        invariants += [
            a @ b[:, : self.retained].transpose(1, 2)
            for a, b in combinations_with_replacement(first, 2)
        ]

        vectors = tensors = None
        if hasattr(self, "mixed_vectors"):
            mixed = self.mixed_vectors(torch.cat(first, dim=1).transpose(1, 2)).transpose(1, 2)
            vectors = _bounded(
                torch.cat([mixed, *(v[:, None] for v in here)], dim=1), self.vector_sizes, (2,)
            )
            tensors = vectors.new_zeros(len(vectors), 0, d, d)
        if data.products:
            second = pairs.moments(g[:, : self.second].contiguous(), data.products)[:, :, 1:]
            second = full(
                torch.stack(second.split(d * (d + 1) // 2, dim=2), dim=1).flatten(1, 2), d
            )
            mixed = (
                self.mixed_tensors(second.flatten(2).transpose(1, 2))
                .transpose(1, 2)
                .unflatten(2, (d, d))
            )
            at_centre = [T[:, :, centre].permute(2, 0, 1) for T in points.tensors]
            tensors = torch.cat(
                [mixed, *(0.5 * (T + T.transpose(1, 2))[:, None] for T in at_centre)], dim=1
            )
            traces = tensors.diagonal(dim1=2, dim2=3).sum(dim=2)
            identity = torch.eye(d, dtype=traces.dtype, device=traces.device)
            tensors = _bounded(
                tensors - traces[:, :, None, None] / d * identity, self.tensor_sizes, (2, 3)
            )
            invariants += [traces, *_contractions(vectors, tensors)]
        return (
            torch.cat([*(f.flatten(1) for f in invariants), points.features[centre]], dim=1),
            vectors,
            tensors,
        )


def _bounded(basis, sizes, axes):
    """Members of a basis divided by their sizes, large ones to length 1: outputs are of high degree
    in them.
    """
    basis = basis / sizes.view(-1, *(1 for _ in axes))
    return basis / torch.sqrt(1 + basis.square().sum(dim=axes, keepdim=True))


def _contractions(vectors, tensors) -> list[torch.Tensor]:
    """S_k : S_l and, for every q, V_k·S_q V_l, with k <= l."""
    q, K = tensors.shape[1], vectors.shape[1]
    flat = tensors.flatten(2)
    both = (flat @ flat.transpose(1, 2))[:, *torch.triu_indices(q, q, device=flat.device)]
    sandwiched = vectors[:, None] @ tensors @ vectors[:, None].transpose(2, 3)
    return [both, sandwiched[:, :, *torch.triu_indices(K, K, device=flat.device)]]
