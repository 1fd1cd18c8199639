"""Scales that bring the inputs and the target of a network to order one, without choosing a frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from vcnn.clouds.clouds import VectorClouds
from vcnn.clouds.regions import RegionOfInfluence
from vcnn.flow.field import FlowField
from vcnn.flow.quantities import factors
from vcnn.network.heads import OUTPUTS


@dataclass(frozen=True)
class Scales:
    """One factor for all components of a vector or tensor, a shift and a factor for a scalar.

    Parameters
    ----------
    length, velocity : divisors of positions and velocities
    scalars : name -> (shift, divisor)
    vectors, tensors : name -> divisor
    targets : (shift, divisor) of each closure value, in their order
    """

    length: float = 1.0
    velocity: float = 1.0
    scalars: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    vectors: Mapping[str, float] = field(default_factory=dict)
    tensors: Mapping[str, float] = field(default_factory=dict)
    targets: tuple[tuple[float, float], ...] = ((0.0, 1.0),)

    @classmethod
    def of(
        cls,
        flows: Sequence[FlowField],
        region: RegionOfInfluence,
        network,
        targets: Sequence[str],
        importance: str | None = None,
    ) -> Scales:
        """Scales of training flows for a network and its targets.

        The mean lateral half-axis of the region, means and standard deviations of scalars, root
        mean squares of all else, weighted by the quadrature weights; targets also by the scalar
        ``importance``."""
        weights = np.concatenate([flow.weights / flow.weights.sum() for flow in flows]) / len(flows)
        join = lambda get: np.concatenate([get(flow) for flow in flows])
        rms = lambda v, w=weights: _positive(np.sqrt(w @ (v**2).reshape(len(v), -1).sum(axis=1)))
        important = (
            weights if importance is None else weights * join(lambda flow: flow.scalars[importance])
        )
        important = important / important.sum()

        def moments(values, w=weights):
            mean = float(w @ values)
            return mean, _positive(np.sqrt(w @ (values - mean) ** 2))

        def target(kind, name):
            values = join(lambda flow: getattr(flow, OUTPUTS[kind])[name])
            if kind == "scalar":
                return moments(values, important)
            return 0.0, rms(values, important)  # all others have a zero of their own

        velocity = join(lambda flow: flow.velocity)
        return cls(
            length=float(weights @ region.half_axes(np.linalg.norm(velocity, axis=1))[1]),
            velocity=rms(velocity),
            scalars={
                name: moments(join(lambda flow, n=name: flow.scalars[n]))
                for name in network.scalars
            },
            vectors={
                name: rms(join(lambda flow, n=name: flow.vectors[n])) for name in network.vectors
            },
            tensors={
                name: rms(join(lambda flow, n=name: flow.tensors[n])) for name in network.tensors
            },
            targets=tuple(map(target, network.outputs, targets)),
        )

    def flow(self, flow: FlowField) -> FlowField:
        """The flow in scaled units, as loose points with the scaled fields only."""
        return replace(
            flow,
            points=flow.points / self.length,
            velocity=flow.velocity / self.velocity,
            scalars={name: (flow.scalars[name] - a) / b for name, (a, b) in self.scalars.items()},
            vectors={name: flow.vectors[name] / b for name, b in self.vectors.items()},
            tensors={name: flow.tensors[name] / b for name, b in self.tensors.items()},
            periods=tuple(p / self.length for p in flow.periods),
            mesh=None,
            location=None,
        )

    def clouds(self, clouds: VectorClouds, scaled: FlowField) -> VectorClouds:
        """The clouds in scaled units; ``scaled`` is ``self.flow(clouds.flow)``."""
        return replace(clouds, flow=scaled, positions=clouds.positions / self.length)

    def in_units(self, length: float, velocity: float, targets: Iterable[str]) -> Scales:
        """The scales of targets with these names where the units of length and velocity are
        multiplied.
        """
        by = factors([*self.scalars, *self.vectors, *self.tensors, *targets], length, velocity)
        return Scales(
            length=self.length * length,
            velocity=self.velocity * velocity,
            scalars={name: (by[name] * a, by[name] * b) for name, (a, b) in self.scalars.items()},
            vectors={name: by[name] * b for name, b in self.vectors.items()},
            tensors={name: by[name] * b for name, b in self.tensors.items()},
            targets=tuple(
                (by[t] * a, by[t] * b) for t, (a, b) in zip(targets, self.targets, strict=True)
            ),
        )

    def to_dict(self) -> dict:
        """Plain description for files."""
        return asdict(self)

    @classmethod
    def from_dict(cls, description: dict) -> Scales:
        """Inverse of :meth:`to_dict`."""
        scalars = {name: tuple(pair) for name, pair in description["scalars"].items()}
        return cls(
            **{
                **description,
                "scalars": scalars,
                "targets": tuple(map(tuple, description["targets"])),
            }
        )


def _positive(value) -> float:
    return float(value) if value > 0 else 1.0  # a constant field stays as it is
