"""Potentials that are linear in invariants, by least squares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from vcnn.atoms.clouds import join_clouds
from vcnn.atoms.energy_loss import EnergyLoss
from vcnn.atoms.frame import Frame
from vcnn.atoms.potential import Potential
from vcnn.atoms.preparation import prepare_model
from vcnn.atoms.training import begin_potential, check_frames
from vcnn.errors import InputError
from vcnn.network.vector_cloud import VectorCloudNetwork
from vcnn.threads import few_threads
from vcnn.training.config import TrainingConfig
from vcnn.training.least_squares import NormalEquations

_TOGETHER = 32  # derivatives of so many features at once: more do not fit into a cache


@few_threads()
def fit_linear_potential(
    network: VectorCloudNetwork,
    frames: Sequence[Frame],
    cutoff: float,
    *,
    species: Sequence[str] | None = None,
    weights: EnergyLoss | None = None,
    smooth: float = 0.1,
    ridge: float = 1e-8,
    progress: bool = True,
) -> Potential:
    """The last layer of a network by least squares on energies and forces, in one pass.

    What comes before it stays as it was drawn. With ``fitting=()`` that are invariants of clouds,
    brought to order one, and the potential is linear in them, as those of the atomic cluster
    expansion are in theirs (Drautz, Phys. Rev. B 99, 014104, 2019): here products of two or three
    moments of order l <= 2. With hidden layers it is linear in random functions of them. There are
    no local minima, and training may go on from it (``start`` of
    :func:`vcnn.atoms.fit_potential`).

    Parameters
    ----------
    network : VectorCloudNetwork
        Of one scalar; its last layer is changed in place.
    frames : sequence of Frame
        With energies and forces.
    cutoff : float
        Å.
    species : sequence of str, optional
        In the order of their numbers; default: as they come in the frames.
    weights : EnergyLoss, optional
        What energies and forces count for: the last of each pair.
    smooth : float
        Share of the cut-off from which the weights of neighbours fall.
    ridge : float
        Of the squares of coefficients, relative to those of their columns.
    progress : bool
        Show a line with frames.

    Returns
    -------
    Potential

    Raises
    ------
    InputError
        If frames have no energies or forces, or the network is not of this kind.
    DivergenceError
        If a feature is NaN or infinite.
    """
    frames, weights = list(frames), weights or EnergyLoss()
    check_frames(frames, (), ())
    if not isinstance(network, VectorCloudNetwork) or network.outputs != ("scalar",):
        raise InputError("network: expected a VectorCloudNetwork of one scalar")
    config = TrainingConfig(dtype="float64")
    begin = partial(begin_potential, network, frames, cutoff, smooth)
    potential = prepare_model(begin, network, frames, config, species, None)
    last = network.fitting[-1]
    equations = NormalEquations(last.in_features + 1)
    for frame in tqdm(frames, desc="linear fit", unit="frame", disable=not progress):
        _add_frame(equations, potential, frame, weights)
    solution = equations.solve(ridge)
    with torch.no_grad():
        last.weight.zero_()
        last.bias.zero_()
        last.weight[0], last.bias[0] = solution[:-1], solution[-1]
    network.eval()
    return potential


def _add_frame(equations, potential, frame, weights) -> None:
    """Rows of the energy and of the forces of a frame, each by the root of what it counts for."""
    clouds = join_clouds([potential.clouds(frame)])
    r = clouds.relative(torch.from_numpy(frame.positions.copy())).requires_grad_()
    features = _inputs_of_last(potential, clouds, r).sum(0)
    count, scale = len(frame), potential.scale
    energies = scale * torch.cat([features.detach(), features.new_full((1,), count)])
    slopes = [_slopes(features, part, clouds, r, count) for part in _parts(len(features))]
    forces = scale * torch.cat([*slopes, r.new_zeros(1, 3 * count)])  # a constant has none
    numbers = [list(potential.species).index(name) for name in frame.species]
    rest = frame.energy - float(np.asarray(potential.offsets)[numbers].sum())
    p_energy, p_force, *_ = weights.weights(0.0)
    by_energy, by_force = p_energy**0.5 / count, (p_force / (3 * count)) ** 0.5
    equations.add(by_energy * energies[None], torch.tensor([by_energy * rest]))
    equations.add(by_force * forces.T, by_force * torch.from_numpy(frame.forces.ravel().copy()))


def _inputs_of_last(potential, clouds, r) -> torch.Tensor:
    """(n, k) what the last layer sees of each atom."""
    seen = []
    last: nn.Linear = potential.network.fitting[-1]
    hook = last.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        potential.heads(clouds, r)
    finally:
        hook.remove()
    return seen[0]


def _parts(count: int) -> Iterator[slice]:
    return (slice(k, min(k + _TOGETHER, count)) for k in range(0, count, _TOGETHER))


def _slopes(features, part, clouds, r, count) -> torch.Tensor:
    """(k, 3 n) minus the derivatives of some features by the positions of n atoms."""
    rows = torch.eye(len(features), dtype=r.dtype)[part]
    (slopes,) = torch.autograd.grad(features, r, rows, retain_graph=True, is_grads_batched=True)
    forces = slopes.new_zeros(len(rows), count, 3)
    forces = forces.index_add(1, clouds.centres, slopes)
    return forces.index_add(1, clouds.neighbours, -slopes).flatten(1)
