"""What a network is trained on: clouds of flows, their true values, and what each counts for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from vcnn.clouds.clouds import VectorClouds
from vcnn.errors import InputError, naming
from vcnn.flow.tensors import rotate
from vcnn.network.base import check_fields
from vcnn.network.heads import OUTPUTS


@dataclass(frozen=True, eq=False)
class Samples:
    """m clouds with what should be predicted for them, scaled.

    Parameters
    ----------
    clouds : VectorClouds
    goals : one (m, ...) for each output of the network
    weights : (m,), 1 on average over whole flows
    """

    clouds: VectorClouds
    goals: tuple[torch.Tensor, ...]
    weights: torch.Tensor

    def loss(self, values, batch, rotations=None) -> torch.Tensor:
        """Weighted mean square of values - goals of the clouds ``batch``, summed over components
        and outputs.

        Each cloud was turned by one of the ``rotations``, if there are any.
        """
        goals = [goal[batch] for goal in self.goals]
        if rotations is not None:
            goals = [
                torch.from_numpy(rotate(goal.numpy(), rotations)).to(goal.dtype) for goal in goals
            ]
        squares = [
            (value - goal).square().reshape(len(value), -1).sum(dim=1)
            for value, goal in zip(values, goals, strict=True)
        ]
        return (self.weights[batch] * sum(squares)).mean()


def draw_samples(closure, flows, config, importance) -> Samples:
    """Centres of every flow, as many as the `TrainingConfig` says, with clouds in the units of the
    closure.
    """
    dtype, parts, weights = getattr(torch, config.dtype), [], []
    goals = [[] for _ in closure.targets]
    for number, flow in enumerate(flows):
        factor = np.ones(len(flow)) if importance is None else flow.scalars[importance]
        centres = np.flatnonzero(factor)
        if config.centres is not None and config.centres < len(centres):
            rng = np.random.default_rng([config.seed, 0, number])
            centres = np.sort(rng.choice(centres, config.centres, replace=False))
        parts.append(closure.scale_clouds(closure.region.clouds(flow, centres)))
        weights.append((factor * flow.weights / flow.weights.mean())[centres])
        truth = closure.truth(flow).values()
        for known, values, (shift, scale) in zip(goals, truth, closure.scales.targets, strict=True):
            known.append((values[centres] - shift) / scale)
    as_tensor = lambda arrays: torch.tensor(np.concatenate(arrays), dtype=dtype)
    return Samples(
        VectorClouds.concatenate(parts), tuple(map(as_tensor, goals)), as_tensor(weights)
    )


def check_flows(network, flows, names):
    """Raise `InputError` unless there are flows of one dimension, each with what training needs."""
    if not flows:
        raise InputError("flows: expected at least one training flow")
    for number, flow in enumerate(flows):
        with naming(f"flow {number}"):
            check_flow(network, flow, names)
            if flow.dimension != flows[0].dimension:
                raise InputError(f"is {flow.dimension}-D, the first one is {flows[0].dimension}-D")


def check_flow(network, flow, names):
    """Raise `InputError` unless a flow has what the network takes and the targets ``names``."""
    if len(names) != len(network.outputs):
        raise InputError(
            f"target: the network has outputs {', '.join(network.outputs)}, got {', '.join(names)}"
        )
    check_fields(network, flow, "the network")
    if network.dimension not in (None, flow.dimension):
        raise InputError(f"is {flow.dimension}-D, the network takes {network.dimension}-D flows")
    for kind, name in zip(network.outputs, names, strict=True):
        there = getattr(flow, OUTPUTS[kind])
        if name not in there:
            raise InputError(
                f"target {name!r} is missing; its {OUTPUTS[kind]}: {', '.join(there) or 'none'}"
            )


def check_importance(flows, name):
    """Raise `InputError` unless ``name`` is None or a scalar of every flow that can weigh points."""
    for number, flow in enumerate(flows):
        with naming(f"flow {number}"):
            if name is not None and name not in flow.scalars:
                raise InputError(
                    f"importance {name!r} is missing; its scalars: {', '.join(flow.scalars)}"
                )
            if name is not None and (flow.scalars[name].min() < 0 or not flow.scalars[name].any()):
                raise InputError(f"importance {name!r} must not be negative, and not 0 everywhere")
