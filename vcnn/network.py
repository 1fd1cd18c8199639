"""The vector-cloud network: a closure value from a cloud, through O(d) invariants only."""

from __future__ import annotations

from itertools import combinations_with_replacement, pairwise

import numpy as np
import torch
from torch import nn

from vcnn.clouds import VectorClouds
from vcnn.errors import InputError
from vcnn.moments import Segments, as_tensor


class VectorCloudNetwork(nn.Module):
    """Vector-cloud network with separate position, velocity and scalar moments.

    After Zhou, Han & Xiao (CMAME 388, 2022, 114211), with the vector channels kept apart and the sums
    weighted so that they approximate integrals over the region of influence:

    1. embedding g_i = a(s_i) ⊙ b(p_i) ∈ R^m of the point's scalars s_i and pair invariants p_i,
    2. moments ḡ = Σ w g / Σ w and L^a = Σ w g ⊗ v^a / Σ w ∈ R^{m×d} for v^a = r, u and further vectors,
    3. invariants D^{ab} = L^a (L^b_{1..m'})ᵀ for every pair of channels, and L^a u₀,
    4. output ρ(ḡ, D, L u₀, scalars of the centre).

    Translation and permutation hold by construction; step 3 leaves O(d) invariants only. Positions, velocities
    and scalars are expected of order one (`Scales` sees to it).

    Parameters
    ----------
    scalars : names of the scalar fields of the flow used as point features; the speed |u| is always one.
    vectors : names of vector fields of the flow that get moments of their own.
    output : "scalar".
    embedding : m, number of embedding channels.
    retained : m', number of channels that the others are contracted with.
    hidden : width of the hidden layers of the embeddings.
    fitting : widths of the hidden layers of ρ.
    seed : of the initial weights.
    """

    name = "vector-cloud"
    scaling = True  # wants inputs of order one

    def __init__(self, scalars=(), vectors=(), output="scalar", *, embedding=64, retained=4, hidden=64,
                 fitting=(128, 128), seed=0):  # fmt: skip
        super().__init__()
        if output != "scalar":
            raise InputError(f"output: expected 'scalar', got {output!r}")
        if not 1 <= retained <= embedding:
            raise InputError(f"retained: expected 1..{embedding} (embedding channels), got {retained}")
        self.scalars, self.vectors = tuple(scalars), tuple(vectors)
        self.config = {
            "scalars": list(scalars), "vectors": list(vectors), "output": output, "embedding": embedding,
            "retained": retained, "hidden": hidden, "fitting": list(fitting), "seed": seed,
        }  # fmt: skip
        self.retained = retained
        points = len(self.scalars) + 1 + len(self.vectors)
        channels = 2 + len(self.vectors)
        invariants = embedding * (1 + channels + retained * channels * (channels + 1) // 2) + points
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.point_embedding = perceptron(points, hidden, embedding)
            self.pair_embedding = perceptron(5 + 2 * len(self.vectors), hidden, hidden, embedding)
            self.fitting = perceptron(invariants, *fitting, 1)

    def work(self, counts: np.ndarray) -> np.ndarray:
        """Rows of pair data that clouds of ``counts`` points need."""
        return counts

    def forward(self, clouds: VectorClouds) -> torch.Tensor:
        """Closure values of m clouds, shape (m,)."""
        clouds = clouds.compact()  # points are embedded once, however many clouds share them
        flow = clouds.flow
        like = self.fitting[0].weight
        j = torch.as_tensor(clouds.neighbours, device=like.device)
        i = torch.as_tensor(clouds.centres[clouds.owners], device=like.device)
        r = as_tensor(clouds.positions, like)
        channels = [as_tensor(flow.velocity, like), *(as_tensor(flow.vectors[v], like) for v in self.vectors)]
        points = point_features(flow, self.scalars, channels, like)
        vectors = [r, *(v[j] for v in channels)]

        pairs = pair_invariants(r, vectors[1:], [v[i] for v in channels])
        g = self.point_embedding(points)[j] * self.pair_embedding(pairs)

        segments = Segments(clouds, like.device)
        weights = segments.mean_weights(as_tensor(flow.weights[:, None], like)[j])
        moments = segments.moments(g, weights * torch.cat([torch.ones_like(weights), *vectors], dim=1))
        mean, *first = moments.split([1] + [flow.dimension] * len(vectors), dim=2)
        centre = torch.as_tensor(clouds.centres, device=like.device)
        u0 = channels[0][centre][:, :, None]
        contracted = [
            a @ b[:, : self.retained].transpose(1, 2) for a, b in combinations_with_replacement(first, 2)
        ]
        features = [mean, *(a @ u0 for a in first), *contracted]
        return self.fitting(torch.cat([*(f.flatten(1) for f in features), points[centre]], dim=1)).squeeze(1)


def perceptron(*widths: int, activation=nn.SiLU) -> nn.Sequential:
    """Linear layers of the given widths with activations between them."""
    layers = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1])


def point_features(flow, scalars, vectors, like) -> torch.Tensor:
    """Scalars that belong to a point: the named fields and the norm of each vector; (n, p)."""
    named = [as_tensor(flow.scalars[name], like) for name in scalars]
    return torch.stack([*named, *(v.norm(dim=1) for v in vectors)], dim=1)


def pair_invariants(r, neighbours, centres) -> torch.Tensor:
    """O(d) invariants of a pair: |r|, and for each vector v: r·v, r·v₀; of velocities also u·u₀ and |u₀|.

    Parameters
    ----------
    r : (N, d) relative positions
    neighbours, centres : lists of (N, d), each vector at the neighbour and at the centre, velocity first
    """
    dot = lambda a, b: (a * b).sum(dim=1)
    columns = [r.norm(dim=1), dot(neighbours[0], centres[0]), centres[0].norm(dim=1)]
    for v, v0 in zip(neighbours, centres, strict=True):
        columns += [dot(r, v), dot(r, v0)]
    return torch.stack(columns, dim=1)
