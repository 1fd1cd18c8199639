"""Networks to compare with for laws of bodies, each with normal distributions of its own.

Each sees the cloud of all bodies around each body, and sums over them, as the vector-cloud network
does; so what differs is what becomes of the frame.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import torch
from torch import nn

from vcnn import Network, register_network
from vcnn.clouds.clouds import VectorClouds
from vcnn.network import PointFields, Symmetry, perceptron, seeded
from vcnn.network.matrix_functions import positive
from vcnn.particles.transition import TARGETS

_AT_START = 0.1  # of the usual weights of the last layer


class BodyNetwork(Network):
    """What they have in common: clouds of n bodies each, as dense arrays."""

    outputs = tuple(TARGETS.values())
    scalars = ("mass",)
    scaling = False

    def _arrays(self, clouds: VectorClouds, points: PointFields):
        """r, u (m, n, d), u₀ (m, d), masses of all (m, n) and the centre (m,), 1 of all others."""
        m = len(clouds)
        neighbours, centres = (
            torch.from_numpy(np.ascontiguousarray(i)) for i in (clouds.neighbours, clouds.centres)
        )
        r = self.as_tensor(clouds.positions).reshape(m, -1, clouds.positions.shape[1])
        mass = points.scalars["mass"]
        others = (neighbours.reshape(m, -1) != centres[:, None]).to(r.dtype)
        u = points.velocity[neighbours].reshape(r.shape)
        masses = mass[neighbours].reshape(r.shape[:2])
        return r, u, points.velocity[centres], masses, mass[centres], others


def _begin_small(layers: nn.Sequential) -> nn.Sequential:
    with torch.no_grad():
        layers[-1].weight.mul_(_AT_START)
    return layers


@register_network
class PlainNetwork(BodyNetwork):
    """An interaction network (Battaglia et al., NeurIPS 2016) that reads components.

    Parameters
    ----------
    dimension : int
    width : int
    seed : int
    """

    name = "plain"
    symmetry = Symmetry.TRANSLATIONS

    def __init__(self, dimension=3, *, width=96, seed=0):
        super().__init__(dimension=dimension, width=width, seed=seed)
        self.dimension, d = dimension, dimension
        with seeded(seed):
            self.messages = perceptron(3 * d + 2, width, width, width)
            self.update = _begin_small(perceptron(width + d + 1, width, width, d * (d + 3)))

    def forward(self, clouds: VectorClouds, points: PointFields) -> tuple[torch.Tensor, ...]:
        """Means and covariances (m, d), (m, d, d), twice."""
        return self._values(*self._arrays(clouds, points))

    def _values(self, r, u, u0, masses, mass, others):
        d, n = self.dimension, r.shape[1]
        centre = torch.cat([u0, mass[:, None]], 1)
        pairs = torch.cat([r, u, masses[..., None], centre[:, None].expand(-1, n, -1)], 2)
        message = (others[..., None] * self.messages(pairs)).sum(1)
        numbers = self.update(torch.cat([message, centre], 1))
        size = d * (d + 1) // 2
        first, second, third, fourth = numbers.split([d, size, d, size], 1)
        return first, _covariance(second, d), third, _covariance(fourth, d)


def _covariance(numbers, d):
    """(m, d, d) of the components of its logarithm, or so (``matrix_functions.positive``)."""
    i, j = torch.triu_indices(d, d)
    T = numbers.new_zeros(len(numbers), d, d)
    T[:, i, j] = numbers
    return d**-0.5 * positive(0.5 * (T + T.mT))


@register_network
class FrameAveragedNetwork(PlainNetwork):
    """The plain network averaged over frames of principal axes of the bodies' positions.

    2^d frames, for axes have no sign (Puny et al., ICLR 2022): O(d) but where axes are degenerate.

    Parameters
    ----------
    dimension, width, seed
        As of `PlainNetwork`.
    """

    name = "frame-averaging"
    symmetry = Symmetry.O

    def _values(self, r, u, u0, masses, mass, others):
        centred = r - r.mean(1, keepdim=True)
        axes = torch.linalg.eigh(centred.mT @ centred)[1].mT  # rows
        total = None
        for signs in product((1.0, -1.0), repeat=self.dimension):
            R = torch.tensor(signs, dtype=r.dtype)[:, None] * axes
            turned = r @ R.mT, u @ R.mT, (R @ u0[..., None]).squeeze(-1)
            a, A, b, B = super()._values(*turned, masses, mass, others)
            back = [
                (a[:, None] @ R).squeeze(1),
                R.mT @ A @ R,
                (b[:, None] @ R).squeeze(1),
                R.mT @ B @ R,
            ]
            total = back if total is None else [x + y for x, y in zip(total, back, strict=True)]
        return tuple(part / 2**self.dimension for part in total)


@register_network
class EquivariantGraphNetwork(BodyNetwork):
    """An E(n)-equivariant layer (Satorras, Hoogeboom & Welling, ICML 2021), isotropic noise.

    Parameters
    ----------
    dimension, width, seed
        As of `PlainNetwork`.
    """

    name = "egnn-of-bodies"
    symmetry = Symmetry.O

    def __init__(self, dimension=3, *, width=96, seed=0):
        super().__init__(dimension=dimension, width=width, seed=seed)
        self.dimension = dimension
        with seeded(seed):
            self.messages = perceptron(7, width, width, width)
            self.along = _begin_small(perceptron(width, width, 2))
            self.update = _begin_small(perceptron(width + 2, width, width, 4))

    def forward(self, clouds: VectorClouds, points: PointFields) -> tuple[torch.Tensor, ...]:
        """Means and covariances (m, d), (m, d, d), twice."""
        r, u, u0, masses, mass, others = self._arrays(clouds, points)
        d, w = self.dimension, u - u0[:, None]
        lengths = [torch.sqrt((x * x).sum(2) + 1e-12) for x in (r, w)]
        centre = torch.stack([u0.square().sum(1), mass], 1)
        of_pairs = torch.stack([*lengths, (r * w).sum(2), (r * u0[:, None]).sum(2), masses], 2)
        pairs = torch.cat([of_pairs, centre[:, None].expand(-1, r.shape[1], -1)], 2)
        messages = others[..., None] * self.messages(pairs)
        weights = others[..., None] * self.along(messages)
        numbers = self.update(torch.cat([messages.sum(1), centre], 1))
        vectors = weights.mT @ r + numbers[:, :2, None] * u0[:, None]
        one = torch.eye(d, dtype=r.dtype).expand(len(r), d, d)
        spreads = [d**-0.5 * positive(c[:, None, None] * one) for c in numbers[:, 2:].T]
        return vectors[:, 0], spreads[0], vectors[:, 1], spreads[1]
