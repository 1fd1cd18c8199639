"""Tensor field network of e3nn, another house's equivariant network, on clouds.

Geiger & Smidt 2022, arXiv 2207.09453; the layers are ``e3nn.nn.models.v2106``.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module

import numpy as np
import torch
from torch.nn.functional import pad

from vcnn.baselines.cloud_network import CloudNetwork
from vcnn.baselines.graphs import complete_graphs
from vcnn.clouds.clouds import VectorClouds
from vcnn.errors import InputError
from vcnn.network.layers import as_tensor, seeded
from vcnn.network.symmetry import Symmetry

_BASIS = 10  # functions of the distance, as published
_IRREPS = {"scalar": "1x0e", "positive_scalar": "1x0e", "vector": "1x1o"}


@dataclass(frozen=True, eq=False)
class _Nodes:
    """Positions (n, 3) and attributes 1 and u (n, 4) of all nodes, shares (N,) of points."""

    r: torch.Tensor
    attributes: torch.Tensor
    shares: torch.Tensor


class E3nnNetwork(CloudNetwork):
    """Gated tensor field network of e3nn on the radius graph of a cloud.

    The message passing of ``e3nn.nn.models.v2106`` as published: features of points are irreducible
    representations of O(3), messages their tensor products with spherical harmonics of r_j − r_i,
    whose weights are a network of |r_j − r_i|, and gates are the nonlinearity. Points carry 1, the
    scalars and the velocity, as features and as attributes; flows in the plane lie in space, at
    z = 0.

    The graph joins points of a cloud that are nearer to each other than a cutoff, which
    :meth:`calibrate` sets to the largest |r| of the training clouds, so that every point is a
    neighbour of the centre. Messages vanish smoothly there: no neighbour is chosen by its order or
    number. The centre joins as a node that sends no messages, and the value is read from it. What
    differs from the published network: sums over neighbours, divided by the root of a typical
    number of them, become means with the quadrature weights, since the number of points in a cloud
    is that of a mesh; and the sizes, published as width 50, depth 3, degree 2, radial 100. Cost
    grows with the square of the points in a cloud.

    Needs the package e3nn (``pip install 'vcnn[rivals]'``).

    Parameters
    ----------
    scalars, dimension
        As in `CloudNetwork`.
    output : {"scalar", "positive_scalar", "vector"}
        What it makes of a cloud.
    width : int
        Number of features of each degree and parity.
    depth : int
        Number of layers with gates.
    degree : int
        Largest degree of features and of spherical harmonics.
    radial : int
        Width of the network of the distance.
    seed : int
        Of the initial weights.

    Raises
    ------
    InputError
        If e3nn is not installed.
    """

    name = "e3nn"
    symmetry = Symmetry.O
    weighted = True
    kinds = ("scalar", "positive_scalar", "vector")

    def __init__(
        self,
        scalars=(),
        dimension=2,
        output="scalar",
        *,
        width=16,
        depth=2,
        degree=1,
        radial=32,
        seed=0,
    ):
        super().__init__(
            scalars,
            dimension,
            output,
            width=width,
            depth=depth,
            degree=degree,
            radial=radial,
            seed=seed,
        )
        self.degree, hidden = degree, [(width, (k, p)) for k in range(degree + 1) for p in (-1, 1)]
        with seeded(seed), _exact_constants():
            self.passing = _e3nn(".nn.models.v2106.gate_points_message_passing").MessagePassing(
                [f"{1 + len(self.scalars)}x0e + 1o", *[hidden] * depth, _IRREPS[output]],
                irreps_node_attr="0e + 1o",
                irreps_edge_attr=_e3nn(".o3").Irreps.spherical_harmonics(degree),
                fc_neurons=[_BASIS, radial],
                num_neighbors=1,  # messages are means
            )
        for module in self.passing.modules():  # constants that e3nn names as it likes: not in files
            for name, constant in list(module.named_buffers(recurse=False)):
                module.register_buffer(name, constant, persistent=False)
        self._constants = {name: c.clone() for name, c in self.passing.named_buffers()}
        self.register_buffer("cutoff", torch.ones(()))
        self.to(torch.get_default_dtype())

    def work(self, counts: np.ndarray) -> np.ndarray:
        """Rows of edge data that clouds of ``counts`` points need: the square."""
        return counts**2

    def calibrate(self, clouds: VectorClouds) -> None:
        """Set the cutoff to the largest |r|."""
        self.cutoff.fill_(float(np.linalg.norm(clouds.positions, axis=1).max()))

    def forward(self, clouds: VectorClouds, points: torch.Tensor) -> torch.Tensor:
        """Closure values of m clouds, shape (m,), or vectors (m, d)."""
        if self.outputs == ("vector",):
            return self._evaluate(clouds, points)[:, : self.dimension]
        return super().forward(clouds, points)

    def _evaluate(self, clouds, points):
        r, u, s, owners = self._nodes_and_centres(clouds, points)
        r, u = (pad(v, (0, 3 - self.dimension)) for v in (r, u))
        ones = torch.ones_like(r[:, :1])
        shares = as_tensor(clouds.shares_of(self.weighted), points)
        nodes = _Nodes(r, torch.cat([ones, u], dim=1), shares)
        features = torch.cat([ones, s, u], dim=1)
        *gated, last = self.passing.layers
        for layer in gated:
            features = self._pass(layer, features, nodes, clouds, owners)
        return self._pass(last, features, nodes, clouds, owners[-len(clouds) :])

    def _pass(self, layer, features, nodes, clouds, owners):
        """What a layer makes of ``features`` of all nodes for the last ones, of clouds ``owners``.

        In parts, whose edges are all that end at the nodes of a part.
        """
        first, parts = len(nodes.r) - len(owners), []
        for rows, (source, target) in complete_graphs(clouds, owners, features.device):
            target = target + first + rows.start
            away = nodes.r[source] - nodes.r[target]
            distance = away.norm(dim=1)
            near = distance < self.cutoff
            near[0] = True  # a layer takes no empty graph; an edge beyond the cutoff weighs nothing
            source, target, away, distance = (x[near] for x in (source, target, away, distance))
            shares = nodes.shares[source, None]
            layered = layer(
                features,
                nodes.attributes,
                source,
                target,
                shares * self._harmonics(away),
                self._basis(distance),
            )
            parts.append(layered[first + rows.start : first + rows.stop])
        return torch.cat(parts)

    def _harmonics(self, away):
        """Spherical harmonics (E, k) of directions; those of no direction vanish, but the first."""
        return _e3nn(".o3").spherical_harmonics(
            range(self.degree + 1), away, normalize=True, normalization="component"
        )

    def _basis(self, distance):
        """Smooth functions (E, 10) of the distance, 0 at 0 and from the cutoff on: as published."""
        basis = _e3nn(".math").soft_one_hot_linspace(
            distance, 0.0, self.cutoff.item(), _BASIS, basis="smooth_finite", cutoff=True
        )
        return _BASIS**0.5 * basis

    def _apply(self, function, recurse=True):
        """As of any module: another precision, another device. Constants stay exact."""
        super()._apply(function, recurse)
        for name, constant in self.passing.named_buffers():
            constant.copy_(self._constants[name])
        return self


def _e3nn(module=""):
    """A module of e3nn, which is an extra of the package."""
    try:
        return import_module("e3nn" + module)
    except ImportError as error:
        raise InputError(
            f"network 'e3nn': needs e3nn: pip install 'vcnn[rivals]' ({error})"
        ) from error


@contextmanager
def _exact_constants():
    """A context in which e3nn computes its constants in double precision and keeps them as buffers.

    Its optimizer would write them into code, and its compiler into TorchScript.
    """
    e3nn, dtype = _e3nn(), torch.get_default_dtype()
    options = e3nn.get_optimization_defaults()
    torch.set_default_dtype(torch.float64)
    e3nn.set_optimization_defaults(jit_mode="eager", optimize_einsums=False)
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        e3nn.set_optimization_defaults(
            jit_mode=options["jit_mode"], optimize_einsums=options["optimize_einsums"]
        )
