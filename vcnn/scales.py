"""Scales that bring the inputs and the target of a network to order one, without choosing a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from vcnn.clouds import VectorClouds
from vcnn.flow import FlowField
from vcnn.region import RegionOfInfluence


@dataclass(frozen=True)
class Scales:
    """One factor for all components of a vector, a shift and a factor for a scalar.

    Parameters
    ----------
    length, velocity : divisors of positions and velocities
    scalars : name -> (shift, divisor)
    vectors : name -> divisor
    target : (shift, divisor) of the closure value
    """

    length: float = 1.0
    velocity: float = 1.0
    scalars: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    vectors: Mapping[str, float] = field(default_factory=dict)
    target: tuple[float, float] = (0.0, 1.0)

    @classmethod
    def of(cls, flows: Sequence[FlowField], region: RegionOfInfluence, scalars, vectors, target) -> Scales:
        """Scales of training flows: the mean lateral half-axis of the region, root-mean-square vectors, means
        and standard deviations of scalars, all weighted by the quadrature weights."""
        weights = np.concatenate([flow.weights / flow.weights.sum() for flow in flows]) / len(flows)
        join = lambda get: np.concatenate([get(flow) for flow in flows])
        rms = lambda v: _positive(np.sqrt(weights @ (v**2).sum(axis=1)))

        def moments(values):
            mean = float(weights @ values)
            return mean, _positive(np.sqrt(weights @ (values - mean) ** 2))

        velocity = join(lambda flow: flow.velocity)
        return cls(
            length=float(weights @ region.half_axes(np.linalg.norm(velocity, axis=1))[1]),
            velocity=rms(velocity),
            scalars={name: moments(join(lambda flow, n=name: flow.scalars[n])) for name in scalars},
            vectors={name: rms(join(lambda flow, n=name: flow.vectors[n])) for name in vectors},
            target=moments(join(lambda flow: flow.scalars[target])),
        )

    def flow(self, flow: FlowField) -> FlowField:
        """The flow in scaled units, as loose points with the scaled fields only."""
        return replace(
            flow,
            points=flow.points / self.length,
            velocity=flow.velocity / self.velocity,
            scalars={name: (flow.scalars[name] - a) / b for name, (a, b) in self.scalars.items()},
            vectors={name: flow.vectors[name] / b for name, b in self.vectors.items()},
            tensors={},
            periods=tuple(p / self.length for p in flow.periods),
            mesh=None,
            location=None,
        )

    def clouds(self, clouds: VectorClouds, scaled: FlowField) -> VectorClouds:
        """The clouds in scaled units; ``scaled`` is ``self.flow(clouds.flow)``."""
        return replace(clouds, flow=scaled, positions=clouds.positions / self.length)

    def to_dict(self) -> dict:
        """Plain description for files."""
        return asdict(self)

    @classmethod
    def from_dict(cls, description: dict) -> Scales:
        """Inverse of :meth:`to_dict`."""
        scalars = {name: tuple(pair) for name, pair in description["scalars"].items()}
        return cls(**{**description, "scalars": scalars, "target": tuple(description["target"])})


def _positive(value) -> float:
    return float(value) if value > 0 else 1.0  # a constant field stays as it is
