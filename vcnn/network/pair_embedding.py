"""The vector-cloud network of the versions up to 0.2: a learned embedding of every pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations_with_replacement

import torch
from torch import nn

from vcnn.clouds.clouds import VectorClouds
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.network.arguments import check_count, list_counts, list_names
from vcnn.network.base import Given, Network
from vcnn.network.features import Inputs, PointData, full, pair_data, point_data, triangles
from vcnn.network.heads import list_outputs, values
from vcnn.network.layers import perceptron, root_mean_square, seeded, standardization
from vcnn.network.pair_sizes import MIXED_TENSORS, PairSizes
from vcnn.network.pairs import Pairs
from vcnn.network.symmetry import Symmetry

_SECOND = 8  # embedding channels that second moments are taken with


class PairEmbeddingNetwork(Network):
    """Vector-cloud network with a learned embedding of pairs and moments of first or second order.

    The default network up to version 0.2, kept so that older files predict the same, and for
    comparison with `VectorCloudNetwork`.

    After Zhou, Han & Xiao (CMAME 388, 2022, 114211) and Han, Zhou & Xiao (JCP 488, 2023, 112243),
    with the vector channels kept apart and the sums weighted so that they approximate integrals
    over the region of influence:

    1. embedding g_i = a(s_i) ⊙ b(p_i) ∈ R^m of the point's scalars s_i and pair invariants p_i; a
       is computed once a point, b is a single layer,
    2. moments ḡ = Σ w g / Σ w and L^a = Σ w g ⊗ v^a / Σ w ∈ R^{m×d} of v^a = r, u, further vectors,
        T r of tensors,
    3. invariants D^{ab} = L^a (L^b_{1..m'})ᵀ for every pair of channels, and L^a v₀ of vectors v₀
        at the centre,
    4. coefficients c = ρ(ḡ, D, L v₀, scalars of the centre),
    5. outputs from c and combinations of the rows of all L^a (:data:`vcnn.network.OUTPUTS`).

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
    scalars : sequence of str
        Scalar fields of the flow used as point features; the speed |u| is another one, unless
        ``galilean``.
    vectors : sequence of str
        Vector fields of the flow that get moments of their own.
    output : str or sequence of str
        "scalar", "positive_scalar", "vector", "symmetric_tensor", "traceless_symmetric_tensor" or
        "reynolds_stress" (positive semi-definite), "covariance"; several, one for each target.
    tensors : sequence of str
        Tensor fields, symmetric or not.
    pseudoscalars : sequence of str
        Scalar fields that change sign in a mirror, such as the vorticity in two dimensions.
    galilean : bool
        Velocities enter relative to that of the centre, so that a uniform motion changes nothing.
    order : {1, 2}
        2 for second moments as well.
    embedding : int
        m, number of embedding channels.
    retained : int
        m', number of channels that the others are contracted with.
    hidden : int
        Width of the hidden layers of a, the embedding of points.
    fitting : sequence of int
        Widths of the hidden layers of ρ, which makes the coefficients.
    basis : int
        Number of vectors that the rows of the L^a are combined to for outputs and second-order
        invariants.
    seed : int
        Of the initial weights.

    Raises
    ------
    InputError
        If an argument is none that it could be.
    """

    name = "pair-embedding"
    _drift = 16.0  # which costs it no digit; older files predict the same to the last bit

    def __init__(
        self,
        scalars: Sequence[str] = (),
        vectors: Sequence[str] = (),
        output: str | Sequence[str] = "scalar",
        *,
        tensors: Sequence[str] = (),
        pseudoscalars: Sequence[str] = (),
        galilean: bool = False,
        order: int = 1,
        embedding: int = 40,
        retained: int = 6,
        hidden: int = 64,
        fitting: Sequence[int] = (128, 128),
        basis: int = 6,
        seed: int = 0,
    ):
        outputs = list_outputs(output)
        super().__init__(
            scalars=list_names("scalars", scalars),
            vectors=list_names("vectors", vectors),
            output=output if isinstance(output, str) else list(outputs),
            tensors=list_names("tensors", tensors),
            pseudoscalars=list_names("pseudoscalars", pseudoscalars),
            galilean=galilean,
            order=order,
            embedding=embedding,
            retained=retained,
            hidden=hidden,
            fitting=list_counts("fitting", fitting),
            basis=basis,
            seed=seed,
        )
        self.outputs = outputs
        self.scalars = (*scalars, *pseudoscalars)
        self.vectors, self.tensors = tuple(vectors), tuple(tensors)
        self.galilean = bool(galilean)
        self.symmetry = Symmetry.SO if pseudoscalars else Symmetry.O
        for key in ("embedding", "hidden", "basis"):
            check_count(key, self.config[key])
        _check(order, retained, embedding)
        self.inputs = Inputs(self.scalars, self.vectors, self.tensors, self.galilean)
        self.sizes = PairSizes(self.inputs, self.outputs, order, embedding, retained, basis)
        with seeded(seed):
            self._make_layers(hidden, fitting)
        self._make_scales()

    def _make_layers(self, hidden, fitting):
        sizes, inputs = self.sizes, self.inputs
        self.point_embedding = perceptron(inputs.point_features, hidden, hidden, sizes.embedding)
        self.pair_embedding = nn.Sequential(
            nn.Linear(inputs.pair_features, sizes.embedding, bias=False), nn.SiLU()
        )
        self.fitting = perceptron(sizes.invariants, *fitting, sum(sizes.coefficients))
        with torch.no_grad():  # begin near zero, or an isotropic stress
            self.fitting[-1].weight.mul_(0.1)
        if sizes.has_basis:
            channels = sizes.embedding * inputs.channels
            self.mixed_vectors = nn.Linear(channels, sizes.basis, bias=False)
        if sizes.has_tensors:
            channels = min(_SECOND, sizes.embedding) * sizes.tensor_channels
            self.mixed_tensors = nn.Linear(channels, MIXED_TENSORS, bias=False)

    def _make_scales(self):
        """What :meth:`calibrate` sets; files keep it beside the weights."""
        sizes = self.sizes
        self.register_buffer("shift", torch.zeros(sizes.invariants))
        self.register_buffer("spread", torch.ones(sizes.invariants))
        self.register_buffer("embedding_sizes", torch.ones(sizes.embedding))
        self.register_buffer("vector_sizes", torch.ones(sizes.vectors if sizes.has_basis else 0))
        self.register_buffer("tensor_sizes", torch.ones(sizes.tensors))

    def points(
        self, flow: FlowField, velocity: torch.Tensor | None = None, fields: Given | None = None
    ) -> PointData:
        """What is computed once a point; ``velocity`` (n, d) and ``fields`` replace the flow's."""
        data = point_data(super().points(flow, velocity, fields), self.inputs)
        return replace(data, embedding=self.point_embedding(data.features) / self.embedding_sizes)

    def forward(
        self, clouds: VectorClouds, points: PointData
    ) -> torch.Tensor | tuple[torch.Tensor, ...]:
        """Closure values of m clouds: scalars (m,), vectors (m, d), tensors (m, d, d).

        A tuple if there are several.
        """
        invariants, vectors, tensors = self._describe(clouds, points)
        coefficients = self.fitting((invariants - self.shift) / self.spread)
        return values(self.outputs, coefficients, self.sizes.coefficients, vectors, tensors)

    def calibrate(self, clouds: VectorClouds) -> None:
        """Bring embeddings, the basis of outputs and the inputs of ρ to order one on these clouds.

        As for the descriptors of molecular dynamics (Zhang et al. 2018), once and for all before
        training: invariants of different order differ by orders of magnitude. Each scale is taken
        of what the ones before it have brought to order one.
        """
        with torch.no_grad():
            for sizes in (self.embedding_sizes, self.vector_sizes, self.tensor_sizes):
                sizes.fill_(1)
            clouds = clouds.compact()
            pairs, _, g = self._embed(clouds, self.points(clouds.flow))
            self.embedding_sizes.copy_(root_mean_square(g[pairs.shares > 0]))
            _, vectors, tensors = self._describe(clouds, self.points(clouds.flow))
            for sizes, basis in ((self.vector_sizes, vectors), (self.tensor_sizes, tensors)):
                if len(sizes):
                    # members are bounded to b = v / √(1 + v²); v² = b² / (1 - b²) is what they were
                    bounded = basis.flatten(2).square().sum(dim=2)
                    sizes.copy_(root_mean_square(torch.sqrt(bounded / (1 - bounded))))
            invariants, _, _ = self._describe(clouds, self.points(clouds.flow))
            shift, spread = standardization(invariants)
            self.shift.copy_(shift)
            self.spread.copy_(spread)

    def _embed(self, clouds, points):
        """The pairs of clouds, their data and their embeddings (N, m)."""
        pairs = Pairs.from_clouds(clouds, self.shift)
        data = pair_data(pairs, points, self.inputs, second=self.sizes.order == 2)
        of_points = points.embedding.index_select(0, pairs.neighbours)
        return pairs, data, of_points * self.pair_embedding(data.features)

    def _describe(self, clouds, points):
        """Invariants (m, k) and the basis of outputs, (m, K, d) and (m, q, d, d), of m clouds."""
        centre = torch.as_tensor(clouds.centres, device=self.shift.device)
        d = clouds.flow.dimension
        pairs, data, g = self._embed(clouds, points)
        mean, *first = pairs.moments(g, data.vectors).split([1] + [d] * len(data.vectors), dim=2)
        at_centre = [v[:, centre].T for v in self.inputs.of_centre(points.vectors)]
        invariants = [mean, *(a @ v[:, :, None] for a in first for v in at_centre)]
        invariants += [
            a @ b[:, : self.sizes.retained].transpose(1, 2)
            for a, b in combinations_with_replacement(first, 2)
        ]
        vectors = tensors = None
        if self.sizes.has_basis:
            vectors = self._vector_basis(first, at_centre)
            tensors = vectors.new_zeros(len(vectors), 0, d, d)
        if self.sizes.has_tensors:
            second = pairs.moments(g[:, :_SECOND].contiguous(), data.products)[:, :, 1:]
            traces, tensors = self._tensor_basis(second, points.tensors, centre, d)
            invariants += [traces, *_contractions(vectors, tensors)]
        of_centre = points.features[centre]
        return torch.cat([*(f.flatten(1) for f in invariants), of_centre], dim=1), vectors, tensors

    def _vector_basis(self, first, at_centre):
        """(m, K, d) combinations of the rows of first moments, then vectors of the centre."""
        mixed = self.mixed_vectors(torch.cat(first, dim=1).transpose(1, 2)).transpose(1, 2)
        basis = torch.cat([mixed, *(v[:, None] for v in at_centre)], dim=1)
        return _bounded(basis, self.vector_sizes, (2,))

    def _tensor_basis(self, second, of_points, centre, d):
        """Traces (m, q) and deviators (m, q, d, d), the symmetric tensors of the basis.

        Combinations of second moments, then the tensors of the centre.
        """
        second = torch.stack(second.split(d * (d + 1) // 2, dim=2), dim=1).flatten(1, 2)
        mixed = self.mixed_tensors(full(second, d).flatten(2).transpose(1, 2))
        mixed = mixed.transpose(1, 2).unflatten(2, (d, d))
        at_centre = [T[:, :, centre].permute(2, 0, 1) for T in of_points]
        symmetric = [0.5 * (T + T.transpose(1, 2))[:, None] for T in at_centre]
        tensors = torch.cat([mixed, *symmetric], dim=1)
        traces = tensors.diagonal(dim1=2, dim2=3).sum(dim=2)
        identity = torch.eye(d, dtype=traces.dtype, device=traces.device)
        deviators = tensors - traces[:, :, None, None] / d * identity
        return traces, _bounded(deviators, self.tensor_sizes, (2, 3))


def _check(order, retained, embedding):
    if order not in (1, 2):
        raise InputError(f"order: expected 1 or 2, got {order!r}")
    if type(retained) is not int or not 1 <= retained <= embedding:
        raise InputError(
            f"retained: expected 1..{embedding} (embedding channels), got {retained!r}"
        )


def _bounded(basis, sizes, axes):
    """Members of a basis divided by their sizes, and large ones brought to length 1.

    Outputs and invariants are of high degree in them.
    """
    basis = basis / sizes.view(-1, *(1 for _ in axes))
    return basis / torch.sqrt(1 + basis.square().sum(dim=axes, keepdim=True))


def _contractions(vectors, tensors) -> list[torch.Tensor]:
    """S_k : S_l and, for every q, V_k·S_q V_l, with k <= l."""
    flat = tensors.flatten(2)
    between = vectors[:, None] @ tensors @ vectors[:, None].transpose(2, 3)
    return [triangles(flat @ flat.transpose(1, 2)), triangles(between)]
