"""What a network is trained on: clouds of flows, their true values, and what each counts for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from vcnn.closure.closure import Closure
from vcnn.closure.scales import scale_weights
from vcnn.clouds.clouds import VectorClouds
from vcnn.errors import InputError, naming, suggest
from vcnn.flow.field import FlowField
from vcnn.flow.spreads import pair_spreads, without_spreads
from vcnn.flow.tensors import rotate
from vcnn.network.base import Network, check_fields
from vcnn.network.heads import OUTPUTS
from vcnn.training.config import TrainingConfig


@dataclass(frozen=True, eq=False)
class Samples:
    """m clouds with what should be predicted for them, scaled.

    Parameters
    ----------
    clouds : VectorClouds
    goals : one (m, ...) for each output of the network that is no spread of another
    weights : (m,), 1 on average over whole flows
    """

    clouds: VectorClouds
    goals: tuple[torch.Tensor, ...]
    weights: torch.Tensor

    def __len__(self) -> int:
        return len(self.clouds)

    def select(self, index: np.ndarray) -> Samples:
        """The samples number ``index`` (k,) in that order."""
        goals = tuple(goal[index] for goal in self.goals)
        return Samples(self.clouds.select(index), goals, self.weights[index])

    @staticmethod
    def concatenate(parts: Sequence[Samples]) -> Samples:
        """Samples of several flows in one."""
        goals = zip(*(part.goals for part in parts), strict=True)
        return Samples(
            VectorClouds.concatenate([part.clouds for part in parts]),
            tuple(torch.cat(goal) for goal in goals),
            torch.cat([part.weights for part in parts]),
        )

    def subsample(self, max_points: int | None, rng: np.random.Generator) -> Samples:
        """With clouds of at most so many points, drawn at random; as they are for None."""
        if max_points is None:
            return self
        return replace(self, clouds=self.clouds.subsample(max_points, rng))

    def rotated(self, rotations: np.ndarray) -> Samples:
        """Each cloud and its goals in a frame of its own, by one of the ``rotations`` (m, d, d)."""
        goals = [
            torch.from_numpy(rotate(goal.numpy(), rotations)).to(goal.dtype) for goal in self.goals
        ]
        return replace(self, clouds=self.clouds.rotated(rotations), goals=tuple(goals))


def draw_samples(
    closure: Closure, flow: FlowField, number: int, config: TrainingConfig, importance: str | None
) -> Samples:
    """Centres of a flow, as many as the configuration says, with clouds and goals scaled.

    Parameters
    ----------
    closure : Closure
        Whose network is to be trained; its units are those of the samples.
    flow : FlowField
        With the fields that the closure predicts.
    number : int
        Of the flow among those of the training: each has centres of its own drawn.
    config : TrainingConfig
    importance : name of a scalar or None
        Multiplies the weights; where it is 0 there is no centre.
    """
    factor = np.ones(len(flow)) if importance is None else flow.scalars[importance]
    centres = np.flatnonzero(factor)
    if config.centres is not None and config.centres < len(centres):
        rng = np.random.default_rng([config.seed, 0, number])
        centres = np.sort(rng.choice(centres, config.centres, replace=False))
    scales = dict(zip(closure.targets, closure.scales.targets, strict=True))
    truth = closure.truth(flow)
    _check_logarithms(closure.targets, {name: values[centres] for name, values in truth.items()})
    goals = [
        (values[centres] - scales[name][0]) / scales[name][1] for name, values in truth.items()
    ]

    def as_tensor(array):
        return torch.tensor(array, dtype=config.torch_dtype)

    return Samples(
        closure.scale_clouds(closure.region.clouds(scale_weights(flow, closure.scales), centres)),
        tuple(map(as_tensor, goals)),
        as_tensor((factor * flow.weights / flow.weights.mean())[centres]),
    )


def _check_logarithms(targets: Mapping[str, str], truth: Mapping[str, np.ndarray]) -> None:
    for name in pair_spreads(targets):
        bad = (truth[name] <= 0).sum() if targets[name] == "positive_scalar" else 0
        if bad:
            raise InputError(
                f"target {name!r}: expected positive values, for its logarithm has a spread; {bad} "
                "are not: leave these points out by an importance of 0"
            )


def name_flows(
    flows: Sequence[FlowField] | Mapping[str, FlowField], key: str, first: int = 0
) -> dict[str, FlowField]:
    """Flows by their names, "flow 0" and so on if they have none.

    Parameters
    ----------
    flows : sequence, or mapping name -> FlowField
    key : what the argument is called
    first : number of the first one

    Raises
    ------
    InputError
        If they are anything else.
    """
    if isinstance(flows, FlowField):
        raise InputError(f"{key}: expected a list of flows, got one flow; write [flow]")
    if not isinstance(flows, Mapping):
        if not isinstance(flows, Iterable) or isinstance(flows, str):
            raise InputError(f"{key}: expected a list of flows, got {flows!r}")
        flows = {f"flow {number}": flow for number, flow in enumerate(flows, first)}
    for name, flow in flows.items():
        if not isinstance(flow, FlowField):
            kind = type(flow).__name__
            raise InputError(f"{key}: {name}: expected a FlowField, got {kind}")
    return {str(name): flow for name, flow in flows.items()}


def check_flows(
    network: Network, flows: Mapping[str, FlowField], targets: Mapping[str, str]
) -> None:
    """Raise `InputError` unless there are flows of one dimension, each with what training needs."""
    if not flows:
        raise InputError("flows: expected at least one training flow")
    dimension = next(iter(flows.values())).dimension
    for name, flow in flows.items():
        with naming(name):
            check_flow(network, flow, targets)
            if flow.dimension != dimension:
                raise InputError(f"is {flow.dimension}-D, the first one is {dimension}-D")


def check_flow(network: Network, flow: FlowField, targets: Mapping[str, str]) -> None:
    """Raise `InputError` unless a flow has what the network takes and the ``targets``.

    But for those that are spreads of others.

    Parameters
    ----------
    targets : name -> kind of output
    """
    check_fields(network, flow, "the network")
    if network.dimension not in (None, flow.dimension):
        raise InputError(f"is {flow.dimension}-D, the network takes {network.dimension}-D flows")
    for name in network.latents:
        if name in flow.scalars:
            raise InputError(f"has a scalar {name!r}, which is the name of a latent variable")
    for name, spread in pair_spreads(targets).items():
        if spread in getattr(flow, OUTPUTS[targets[spread]]):
            raise InputError(
                f"has a field {spread!r}, which is learned as the spread of {name}: rename it"
            )
    for name, kind in without_spreads(targets).items():
        fields = getattr(flow, OUTPUTS[kind])
        if name not in fields:
            raise InputError(
                f"target {name!r} is missing; its {OUTPUTS[kind]}: {', '.join(fields) or 'none'}"
                f"{suggest(name, fields)}"
            )


def check_importance(flows: Mapping[str, FlowField], name: str | None) -> None:
    """Raise `InputError` unless ``name`` is None or a scalar of all flows that can weigh points."""
    if name is None:
        return
    for flow_name, flow in flows.items():
        with naming(flow_name):
            if name not in flow.scalars:
                raise InputError(
                    f"importance {name!r} is missing; its scalars: {', '.join(flow.scalars)}"
                    f"{suggest(name, flow.scalars)}"
                )
            if flow.scalars[name].min() < 0 or not flow.scalars[name].any():
                raise InputError(f"importance {name!r} must not be negative, and not 0 everywhere")
