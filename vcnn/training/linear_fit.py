"""Closures whose last layer is found by least squares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from vcnn.closure.closure import Closure
from vcnn.clouds.clouds import VectorClouds
from vcnn.clouds.regions import RegionOfInfluence
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.flow.spreads import pair_spreads
from vcnn.network.vector_cloud import VectorCloudNetwork
from vcnn.threads import few_threads
from vcnn.training.config import TrainingConfig
from vcnn.training.least_squares import NormalEquations
from vcnn.training.regression import FieldRegression, prepare_regression

_LINEAR = ("scalar", "vector", "symmetric_tensor", "traceless_symmetric_tensor")
_TOGETHER = 256  # clouds at once


@few_threads()
def fit_linear(
    network: VectorCloudNetwork,
    flows: Sequence[FlowField] | Mapping[str, FlowField],
    target: str | Sequence[str],
    region: RegionOfInfluence,
    config: TrainingConfig | None = None,
    *,
    ridge: float = 1e-8,
    importance: str | None = None,
    units: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Closure:
    """The last layer of a network by least squares, in one pass over the clouds.

    What comes before it stays as it was drawn: with ``fitting=()`` coefficients are linear in the
    invariants of clouds, with hidden layers in random functions of them. There are no epochs and no
    local minima, and :func:`vcnn.fit` may go on from it (``start``). The work grows as the square
    of the number of weights of the last layer.

    Parameters
    ----------
    network : VectorCloudNetwork
        With outputs that are linear in coefficients: "scalar", "vector", "symmetric_tensor" or
        "traceless_symmetric_tensor". Its last layer is changed in place.
    flows : sequence of FlowField or mapping name -> FlowField
        They have the target; messages name them.
    target : str or sequence of str
        As for :func:`vcnn.fit`.
    region : RegionOfInfluence
        Of the clouds.
    config : TrainingConfig, optional
        Of which ``centres``, ``max_points``, ``seed`` and ``dtype`` count.
    ridge : float
        Of the squares of coefficients, relative to those of their columns.
    importance : str, optional
        Name of a scalar field: a further factor of the errors at each point.
    units, provenance : mapping, optional
        Kept in the closure.

    Returns
    -------
    Closure

    Raises
    ------
    InputError
        If an argument is none that it could be, or an output is not linear.
    DivergenceError
        If what is fitted is NaN or infinite.
    """
    config = config or TrainingConfig()
    if not isinstance(network, VectorCloudNetwork):
        raise InputError(f"network: expected a VectorCloudNetwork, got {type(network).__name__}")
    for kind in network.outputs:
        if kind not in _LINEAR:
            raise InputError(f"output: expected some of {', '.join(_LINEAR)}, got {kind!r}")
    of_closure = (importance, units, provenance)
    task = prepare_regression(
        network, flows, target, region, (), None, None, *of_closure, config=config, storable=False
    )
    if pairs := pair_spreads(task.closure.targets):
        raise InputError(f"target: {next(iter(pairs))} comes with a spread; expected none")
    last: nn.Linear = network.fitting[-1]
    equations = NormalEquations((last.in_features + 1) * last.out_features)
    rng = np.random.default_rng([config.seed, 3])
    for begin in range(0, len(task), _TOGETHER):
        _add_clouds(equations, task, np.arange(begin, min(begin + _TOGETHER, len(task))), rng)
    solution = equations.solve(ridge).view(last.out_features, -1)
    with torch.no_grad():
        last.weight.copy_(solution[:, :-1])
        last.bias.copy_(solution[:, -1])
    network.eval()
    return task.finish([], None)


def _add_clouds(
    equations: NormalEquations, task: FieldRegression, index: np.ndarray, rng: np.random.Generator
) -> None:
    """Rows of all components of some clouds, each by the root of the weight of its cloud."""
    batch = task.samples.select(index).subsample(task.config.max_points, rng)
    inputs, coefficients, values = _linear_parts(task.network, batch.clouds)
    inputs = torch.cat([inputs, inputs.new_ones(len(inputs), 1)], 1)
    weights = batch.weights.to(inputs).sqrt()[:, None]
    for value, goal in zip(values, batch.goals, strict=True):
        goals = goal.reshape(len(goal), -1).to(inputs)
        for number, component in enumerate(value.reshape(len(value), -1).unbind(1)):
            (slopes,) = torch.autograd.grad(component.sum(), coefficients, retain_graph=True)
            rows = (weights * slopes)[:, :, None] * inputs[:, None]
            equations.add(rows.flatten(1), weights[:, 0] * goals[:, number])


def _linear_parts(
    network: VectorCloudNetwork, clouds: VectorClouds
) -> tuple[torch.Tensor, torch.Tensor, tuple[torch.Tensor, ...]]:
    """What the last layer sees, (m, h); its outputs, as zeros; the values that they make."""
    kept: dict[str, torch.Tensor] = {}

    def replace_output(_, inputs, output):
        kept["inputs"] = inputs[0].detach()
        kept["coefficients"] = torch.zeros_like(output).requires_grad_()
        return kept["coefficients"]

    hook = network.fitting[-1].register_forward_hook(replace_output)
    try:
        values = network.values(clouds)
    finally:
        hook.remove()
    return kept["inputs"], kept["coefficients"], values
