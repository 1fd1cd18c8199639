"""Of clouds what depends on their geometry alone: what fields of points are multiplied with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from vcnn.clouds.clouds import VectorClouds
from vcnn.network.features import dot
from vcnn.network.local_fit import fit_rows
from vcnn.network.pairs import Pairs
from vcnn.network.radial import RADIAL

_SAME = 1e-9  # of the lateral half-axis: points nearer than that lie at one place


@dataclass(frozen=True, eq=False)
class CloudRows:
    """Matrices of m clouds of n points each, smaller ones filled up with rows of no weight.

    Parameters
    ----------
    neighbours : (m n,) indices of points
    centres : (m,) indices of points
    moments : (m, P K, n)
        w φ_k times the P powers 1, r and, if asked for, r_i r_j of i <= j: times fields of points
        they are moments. At the nodes of a lattice r is from their mean with the weights w φ_k.
    fits : (m, F d (d + 3) / 2, n)
        Times differences of fields from those of the centre they are derivatives there
        (:func:`vcnn.network.local_fit.fit_rows`).
    """

    neighbours: torch.Tensor
    centres: torch.Tensor
    moments: torch.Tensor
    fits: torch.Tensor

    def gather(self, fields: torch.Tensor) -> torch.Tensor:
        """Fields (p, k) of points for the points of each cloud, (m, n, k)."""
        return fields.index_select(0, self.neighbours).view(len(self.centres), -1, fields.shape[1])


def cloud_rows(
    clouds: VectorClouds,
    like: torch.Tensor,
    radial: int,
    fits: int,
    as_sum: bool,
    second: bool,
    functions: str = "gaussian",
) -> CloudRows:
    """The rows of some clouds, of the dtype and on the device of ``like``.

    Those of clouds that say ``keep`` are computed once.

    Parameters
    ----------
    clouds : VectorClouds
    like : tensor
    radial, fits : int
        K, F: how many radial functions, and how many of them weigh derivatives.
    as_sum : bool
        Weigh by quadrature weights, and by 0 at the centre itself, in place of shares of the cloud.
    second : bool
        With the second powers of r.
    functions : str
        Which of `vcnn.network.radial.RADIAL`.
    """
    settings = (radial, fits, as_sum, second, functions)
    if not clouds.keep:
        return _rows(clouds, like, *settings)
    key = (like.dtype, like.device, *settings)
    if key not in clouds.kept:
        # also for those who differentiate later on, by what is multiplied with the rows
        with torch.inference_mode(False), torch.no_grad():
            clouds.kept[key] = _rows(clouds, like, *settings)
    return clouds.kept[key]


def _rows(clouds, like, radial, fits, as_sum, second, functions):
    pairs = Pairs.from_clouds(clouds, like, weights_around(clouds) if as_sum else None)
    r, m = pairs.positions, pairs.clouds
    weights = pairs.shares * RADIAL[functions](dot(r, r), radial)
    # Nodes of a lattice are too few for their first moment to be 0 around a centre in between, and
    # what it is would enter the moments of velocities as noise.
    x = _from_means(r, weights, m) if _at_nodes(clouds) else r
    powers = [weights, *(weights * of_axis for of_axis in x)]
    if second:
        powers += [weights * (x[i] * x[j]) for i in range(len(x)) for j in range(i, len(x))]
    moments = torch.cat(powers).view(len(powers) * radial, m, -1)
    derivatives = moments.new_zeros(m, 0, moments.shape[2])
    if fits:
        derivatives = fit_rows(r, _shares(weights[:fits], m) if as_sum else weights[:fits], m)
    centres = torch.as_tensor(clouds.centres, device=like.device)
    return CloudRows(pairs.neighbours, centres, moments.transpose(0, 1), derivatives)


def weights_around(clouds: VectorClouds) -> np.ndarray | torch.Tensor:
    """(N,) weights of pairs, 0 for the centre itself, but all nodes of a lattice count.

    Points that lie at the centre but for round-off, such as its twin across a period, are the
    centre.
    """
    if _at_nodes(clouds):
        return clouds.pair_weights
    least = 0.0 if clouds.region is None else (_SAME * clouds.region.lateral) ** 2
    return clouds.pair_weights * ((clouds.positions**2).sum(1) > least)


def _at_nodes(clouds):
    return clouds.region is not None and clouds.region.lattice_spacing is not None


def _from_means(r, weights, clouds):
    """(d, n, N) r (d, N) from its means over each cloud, with each of the weights (n, N)."""
    shares = _shares(weights, clouds).unflatten(1, (clouds, -1))
    positions = r.view(len(r), 1, clouds, -1)
    return (positions - (shares * positions).sum(dim=3, keepdim=True)).flatten(2)


def _shares(weights, clouds):
    """Weights (n, N) as shares of each cloud, which do not depend on the unit of a weight."""
    by_cloud = weights.view(len(weights), clouds, -1)
    sums = by_cloud.sum(dim=2, keepdim=True)
    return (by_cloud / torch.where(sums > 0, sums, 1)).flatten(1)
