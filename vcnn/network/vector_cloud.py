"""The vector-cloud network: moments and derivatives of clouds first, then what is learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import nn

from vcnn.clouds.clouds import VectorClouds
from vcnn.flow.field import FlowField
from vcnn.keys import check_choice
from vcnn.network.arguments import NONE, check_categories, check_count, list_counts, list_names
from vcnn.network.base import Given, Network
from vcnn.network.cloud_rows import cloud_rows, weights_around
from vcnn.network.features import Inputs, monomials, point_data
from vcnn.network.heads import list_outputs, values
from vcnn.network.invariants import deviators, member_invariants
from vcnn.network.layers import (
    channel_sizes,
    perceptron,
    root_mean_square,
    seeded,
    standardization,
)
from vcnn.network.moments import Members, MomentPoints, cloud_derivatives, cloud_moments
from vcnn.network.radial import RADIAL
from vcnn.network.sizes import MATRICES, Sizes
from vcnn.network.symmetry import Symmetry

_FARTHEST = 8.0  # standard deviations of training, to which inputs of ρ are shortened


class VectorCloudNetwork(Network):
    """Vector-cloud network of radial functions: moments are summed first, channels mixed later.

    1. channels e(s_i) and e'(s_i) of the point's scalars s_i, computed once a point; beside what is
       learned, e has the s_i and their products of two, which go on beyond the range of training
       as a source proportional to |S|² does,
    2. moments Σ w φ_n(|r|) (1, r) ⊗ (e, e' ⊗ v, e' ⊗ T) / Σ w with fixed radial functions φ_n, the
       velocity and further vectors v, tensors T: one matrix product a cloud, nothing learned in it,
       so that no network runs on pairs (embedding and sum commute),
    3. gradients and second derivatives of vectors and scalars at the centre by least squares with
       weights w φ_n, exact for quadratic fields as moments are not (``vcnn.network.local_fit``),
    4. learned mixtures of the moments of each kind; with the derivatives and with the vectors and
       tensors of the centre they are the scalars, vectors V and matrices T that describe a cloud,
       each brought to order one by :meth:`calibrate`,
    5. invariants V·V', tr T, T:T', T:T'ᵀ, V·T V' and coefficients c = ρ(scalars, invariants,
       scalars of the centre), whose inputs are shortened to 8 standard deviations of training,
    6. outputs from c over a basis (:data:`vcnn.network.OUTPUTS`): mixed scalars; combined V; the
       deviators of T, T Tᵀ, Tᵀ T, T² of combined T, of which the tensors of Pope (J. Fluid Mech.
       72, 1975, 331) up to second order are some.

    A mixed moment of r and u sees velocity gradients, which first moments cancel. Symmetric under
    translations, permutations and O(d), or SO(d) if there are pseudo-scalars. All is expected of
    order one (`Scales` sees to it), positions in lateral half-axes of the region.

    Parameters
    ----------
    scalars : sequence of str
        Scalar fields of the flow used as point features; the speed |u| is another one, unless
        ``galilean``. They are differentiated too.
    vectors : sequence of str
        Vector fields of the flow beside the velocity.
    output : str or sequence of str
        "scalar", "positive_scalar", "vector", "symmetric_tensor", "traceless_symmetric_tensor" or
        "reynolds_stress" (positive semi-definite), "covariance"; several, one for each target.
    tensors : sequence of str
        Tensor fields, symmetric or not.
    pseudoscalars : sequence of str
        Scalar fields that change sign in a mirror, such as the vorticity in two dimensions.
    categories : mapping name -> int
        Scalar fields that number the kinds of points, such as species of atoms, from 0 on, and how
        many kinds there are. A learned table of channels belongs to them, and no order of theirs.
    normalization : {"mean", "sum"}
        "mean" divides moments by the weights of a cloud: for closures. "sum" divides them by the
        mean weight of the clouds of training and leaves the centre out (not with a lattice, whose
        nodes share its weight): for what grows with the number of points around it.
    galilean : bool
        Velocities enter relative to that of the centre, so that a uniform motion changes nothing.
    radial : int
        Number of radial functions.
    functions : {"gaussian", "bessel"}
        Which (``vcnn.network.radial``): each half as wide as the one before; or orthonormal.
    fits : int
        Derivatives are fitted with the weights of that many, the widest first; 0: moments alone.
    second_moments : bool
        With moments Σ w φ_n r ⊗ r e' too: points at rest have no other matrices.
    channels : int
        Number of e that are learned; there are half as many e'.
    mixed : sequence of three int
        Numbers of mixtures of moments: scalars, vectors, matrices.
    retained : int
        Number of mixed vectors that all vectors are contracted with.
    hidden : int
        Width of the hidden layers of the embedding of points.
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

    name = "vector-cloud"
    _sizes: ClassVar[type[Sizes]] = Sizes

    def __init__(
        self,
        scalars: Sequence[str] = (),
        vectors: Sequence[str] = (),
        output: str | Sequence[str] = "scalar",
        *,
        tensors: Sequence[str] = (),
        pseudoscalars: Sequence[str] = (),
        categories: Mapping[str, int] = NONE,
        normalization: str = "mean",
        galilean: bool = False,
        radial: int = 4,
        functions: str = "gaussian",
        fits: int = 2,
        second_moments: bool = False,
        channels: int = 4,
        mixed: Sequence[int] = (24, 12, 4),
        retained: int = 4,
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
            categories=check_categories(categories),
            normalization=normalization,
            galilean=galilean,
            radial=radial,
            functions=functions,
            fits=fits,
            second_moments=second_moments,
            channels=channels,
            mixed=list_counts("mixed", mixed),
            retained=retained,
            hidden=hidden,
            fitting=list_counts("fitting", fitting),
            basis=basis,
            seed=seed,
        )
        check_choice("normalization", normalization, ("mean", "sum"))
        check_choice("functions", functions, tuple(RADIAL))
        self.outputs, self.normalization, self.functions = outputs, normalization, functions
        self.categories, self.galilean = dict(categories), bool(galilean)
        self.scalars = (*scalars, *pseudoscalars, *self.categories)
        self.vectors, self.tensors = tuple(vectors), tuple(tensors)
        self.symmetry = Symmetry.SO if pseudoscalars else Symmetry.O
        self.inputs = Inputs(
            (*scalars, *pseudoscalars), self.vectors, self.tensors, self.galilean, self.categories
        )
        self.sizes = self._sizes.of(self.inputs, self.outputs, self.config)
        with seeded(seed):
            self._make_layers(hidden, fitting)
        self._make_scales()

    def _make_layers(self, hidden, fitting):
        check_count("hidden", hidden)
        sizes = self.sizes
        self._make_embedding(hidden)
        layers = [
            nn.Linear(moments, mixed, bias=False)
            for moments, mixed in zip(sizes.moments, sizes.mixed, strict=True)
        ]
        self.mixed_scalars, self.mixed_vectors, self.mixed_matrices = layers
        if sizes.has_basis:
            _, vectors, matrices = sizes.members
            self.basis_vectors = nn.Linear(vectors, sizes.basis, bias=False)
            self.basis_matrices = nn.Linear(matrices, MATRICES, bias=False)
        self.fitting = perceptron(sizes.invariants, *fitting, sum(sizes.coefficients))
        with torch.no_grad():  # begin near zero, or an isotropic stress
            self.fitting[-1].weight.mul_(0.1)

    def _make_embedding(self, hidden):
        features = self.inputs.point_features + self.inputs.classes
        channels = self.sizes.others + self.sizes.channels
        self.point_embedding = perceptron(features, hidden, hidden, channels)

    def _make_scales(self):
        """What :meth:`calibrate` sets; files keep it beside the weights."""
        sizes = self.sizes
        scalars, vectors, matrices = sizes.members
        self.register_buffer("shift", torch.zeros(sizes.invariants))
        self.register_buffer("spread", torch.ones(sizes.invariants))
        self.register_buffer("channel_sizes", torch.ones(sizes.others + sizes.own))
        self.register_buffer("scalar_sizes", torch.ones(scalars))
        self.register_buffer("vector_sizes", torch.ones(vectors))
        self.register_buffer("matrix_sizes", torch.ones(matrices))
        if self.normalization == "sum":
            self.register_buffer("total", torch.ones(()))

    def points(
        self, flow: FlowField, velocity: torch.Tensor | None = None, fields: Given | None = None
    ) -> MomentPoints:
        """What is computed once a point; ``velocity`` (n, d) and ``fields`` replace the flow's."""
        data = point_data(super().points(flow, velocity, fields), self.inputs)
        channels = self._channels(data) / self.channel_sizes
        if self.normalization == "sum":
            channels = channels / self.total
        others, own = channels.split([self.sizes.others, self.sizes.own], dim=1)
        return MomentPoints.of(data, own, others, self.inputs, self.sizes.second_moments)

    def _channels(self, data):
        """(n, k) e', then e."""
        learned = self.point_embedding(torch.cat([data.features, data.classes], dim=1))
        return torch.cat([learned, monomials(data.features), data.classes], dim=1)

    def forward(
        self, clouds: VectorClouds, points: MomentPoints
    ) -> torch.Tensor | tuple[torch.Tensor, ...]:
        """Values of m clouds, (m,), (m, d) or (m, d, d) by output; a tuple if there are several."""
        members = self._describe(clouds, points).scaled(*self._member_sizes)
        invariants = (self._invariants(members, clouds, points) - self.shift) / self.spread
        invariants = invariants / torch.sqrt(1 + (invariants / _FARTHEST) ** 2)
        vectors, tensors = self._basis(members) if self.sizes.has_basis else (None, None)
        coefficients = self.fitting(invariants)
        mixed = members.scalars[:, : self.sizes.mixed[0]]
        return values(self.outputs, coefficients, self.sizes.coefficients, vectors, tensors, mixed)

    def calibrate(self, clouds: VectorClouds) -> None:
        """Bring channels, members of the description and the inputs of ρ to order one on these.

        Once and for all, before training: derivatives of different order and weight differ by
        orders of magnitude. Each scale is taken of what the ones before it have made of order one.
        """
        with torch.no_grad():
            clouds = clouds.compact()
            self.channel_sizes.fill_(1)
            if self.normalization == "sum":
                total = float(weights_around(clouds).sum()) / len(clouds)
                self.total.fill_(total or 1.0)  # clouds may hold nothing but their centre
            self._calibrate_channels(self.points(clouds.flow).data)
            points = self.points(clouds.flow)
            raw = self._describe(clouds, points)
            lengths = raw.vectors.norm(dim=2), raw.matrices.flatten(2).norm(dim=2)
            self.scalar_sizes.copy_(root_mean_square(raw.scalars))
            self.vector_sizes.copy_(root_mean_square(lengths[0]))
            self.matrix_sizes.copy_(root_mean_square(lengths[1]))
            invariants = self._invariants(raw.scaled(*self._member_sizes), clouds, points)
            shift, spread = standardization(invariants)
            self.shift.copy_(shift)
            self.spread.copy_(spread)

    def _calibrate_channels(self, data):
        learned = self.sizes.others + self.sizes.channels
        self.channel_sizes.copy_(channel_sizes(self._channels(data), learned, data.classes))

    @property
    def _member_sizes(self):
        return self.scalar_sizes, self.vector_sizes, self.matrix_sizes

    def _describe(self, clouds, points) -> Members:
        """Mixed moments, derivatives, and vectors and tensors of the centre, of m clouds."""
        sizes, data, as_sum = self.sizes, points.data, self.normalization == "sum"
        second = sizes.second_moments
        settings = (sizes.radial, sizes.fits, as_sum, second, self.functions)
        rows = cloud_rows(clouds, self.shift, *settings)
        moments = cloud_moments(rows, points, sizes.others, self.inputs, second)
        fits = cloud_derivatives(rows, points)
        vectors = self.mixed_vectors(moments.vectors.transpose(1, 2)).transpose(1, 2)
        matrices = self.mixed_matrices(moments.matrices.movedim(1, 3)).movedim(3, 1)
        at_centre = [v[:, rows.centres].T[:, None] for v in self.inputs.of_centre(data.vectors)]
        tensors = [T[:, :, rows.centres].permute(2, 0, 1)[:, None] for T in data.tensors]
        return Members(
            torch.cat([self.mixed_scalars(moments.scalars), fits.scalars], 1),
            torch.cat([vectors, fits.vectors, *at_centre], 1),
            torch.cat([matrices, fits.matrices, *tensors], 1),
        )

    def _invariants(self, members, clouds, points):
        """(m, k) invariants of the members, then scalars and categories of the centres."""
        centres, data = torch.as_tensor(clouds.centres, device=self.shift.device), points.data
        of_centre = [data.features[centres], data.classes[centres]]
        return torch.cat([member_invariants(members, self.sizes), *of_centre], 1)

    def _basis(self, members):
        """What outputs are made of: vectors (m, K, d) and symmetric deviators (m, q, d, d)."""
        V, T = members.vectors, members.matrices
        of_centre = V[:, V.shape[1] - self.inputs.centre_vectors :]
        mixed = self.basis_vectors(V.transpose(1, 2)).transpose(1, 2)
        A = self.basis_matrices(T.movedim(1, 3)).movedim(3, 1)
        tensors = T[:, T.shape[1] - len(self.tensors) :]
        return torch.cat([mixed, of_centre], 1), deviators(A, tensors)
