"""Scales that bring inputs and targets of a network to order one, without choosing a frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from vcnn.clouds.clouds import VectorClouds
from vcnn.clouds.regions import RegionOfInfluence
from vcnn.flow.field import FlowField
from vcnn.flow.quantities import QUANTITIES, factors, find_quantity
from vcnn.flow.spreads import SPREADS, pair_spreads, without_spreads
from vcnn.network.base import FIELDS, Network
from vcnn.network.heads import OUTPUTS

# Spread of a scalar over its mean below which it is a constant: sums of equal doubles differ by
# 1e-16 of them, numbers that went through a file in single precision by 6e-8, through one of six
# digits by 5e-7.
_CONSTANT = 1e-6
# What sums that should vanish leave of their terms, in double precision.
_ROUND_OFF = 1e-13


@dataclass(frozen=True)
class Scales:
    """One factor for all components of a vector or tensor, a shift and a factor for a scalar.

    Parameters
    ----------
    length, velocity : float
        Divisors of positions, length, and of velocities, length/time.
    scalars : mapping name -> (float, float)
        Shift and divisor of each.
    vectors, tensors : mapping name -> float
        Divisor of each.
    targets : tuple of (float, float)
        Shift and divisor of each closure value, in their order.
    weights : float
        Length whose power divides quadrature weights, of networks that take sums.
    """

    length: float = 1.0
    velocity: float = 1.0
    scalars: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    vectors: Mapping[str, float] = field(default_factory=dict)
    tensors: Mapping[str, float] = field(default_factory=dict)
    targets: tuple[tuple[float, float], ...] = ((0.0, 1.0),)
    weights: float = 1.0

    @classmethod
    def of(
        cls,
        flows: Sequence[FlowField],
        region: RegionOfInfluence,
        network: Network,
        targets: Sequence[str],
        importance: str | None = None,
    ) -> Scales:
        """Scales of training flows for a network and its targets.

        The mean lateral half-axis of the region, means and standard deviations of scalars, root
        mean squares of all else, weighted by the quadrature weights; targets also by the scalar
        ``importance``. A scalar that is constant but for what files and sums do to its last digits
        is divided by its own size; what is zero but for that stays as it is, as categories and
        latent variables do.
        """
        weights = np.concatenate([flow.weights / flow.weights.sum() for flow in flows]) / len(flows)
        important = weights
        if importance is not None:
            important = weights * _join(flows, "scalars", importance)
        important = important / important.sum()
        velocity = np.concatenate([flow.velocity for flow in flows])
        speed = _rms(velocity, weights, 0.0)
        length = float(weights @ region.half_axes(np.linalg.norm(velocity, axis=1))[1])

        def scale(kind: str, name: str, w: np.ndarray, shifted: bool):
            if name in network.categories or name in network.latents:
                return 0.0, 1.0
            values, zero = _join(flows, kind, name), _round_off(name, kind, length, speed)
            return _moments(values, w, zero) if shifted else _rms(values, w, zero)

        kinds, target_scales = dict(zip(targets, network.outputs, strict=True)), {}
        for name, kind in without_spreads(kinds).items():
            # all but scalars of any sign have a zero of their own
            shifted = kind == "scalar"
            scales = scale(OUTPUTS[kind], name, important, shifted)
            target_scales[name] = scales if shifted else (0.0, scales)
        for name, spread in pair_spreads(kinds).items():
            target_scales[spread] = (0.0, target_scales[name][1] ** SPREADS[kinds[name]].power)
        return cls(
            length=length,
            velocity=speed,
            scalars={s: scale("scalars", s, weights, True) for s in network.scalars},
            vectors={v: scale("vectors", v, weights, False) for v in network.vectors},
            tensors={t: scale("tensors", t, weights, False) for t in network.tensors},
            targets=tuple(target_scales[name] for name in targets),
        )

    def scale_flow(self, flow: FlowField) -> FlowField:
        """The flow in scaled units, as loose points with the scaled fields only."""
        return replace(
            flow,
            points=flow.points / self.length,
            velocity=flow.velocity / self.velocity,
            **{kind: self.scale_fields(kind, getattr(flow, kind)) for kind in FIELDS},
            periods=tuple(p / self.length for p in flow.periods),
            mesh=None,
            location=None,
        )

    def scale_fields(self, kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """``fields``, arrays or tensors by name, of a ``kind`` in scaled units.

        Those that have a scale.
        """
        if kind == "scalars":
            named = {name: scale for name, scale in self.scalars.items() if name in fields}
            return {name: (fields[name] - a) / b for name, (a, b) in named.items()}
        scales = getattr(self, kind)
        return {name: fields[name] / b for name, b in scales.items() if name in fields}

    def scale_clouds(self, clouds: VectorClouds, scaled: FlowField) -> VectorClouds:
        """The clouds in scaled units; ``scaled`` is ``self.scale_flow(clouds.flow)``."""
        region = clouds.region and clouds.region.in_units(1 / self.length, 1 / self.velocity)
        positions = clouds.positions / self.length
        return replace(clouds, flow=scaled, positions=positions, region=region)

    def unscale(self, values: Iterable) -> list:
        """Closure values, arrays or tensors in the order of the targets, from scaled ones."""
        return [
            shift + scale * column
            for (shift, scale), column in zip(self.targets, values, strict=True)
        ]

    def in_units(
        self, length: float, velocity: float, targets: Iterable[str], numbers: Iterable[str] = ()
    ) -> Scales:
        """The scales of fields and ``targets`` in other units.

        The units of ``length`` and ``velocity`` (length/time) are multiplied; ``numbers`` are
        scalars that have none.
        """
        names = [*self.scalars, *self.vectors, *self.tensors, *targets]
        by = factors([name for name in names if name not in numbers], length, velocity)
        by |= dict.fromkeys(numbers, 1.0)
        return Scales(
            length=self.length * length,
            velocity=self.velocity * velocity,
            scalars={name: (by[name] * a, by[name] * b) for name, (a, b) in self.scalars.items()},
            vectors={name: by[name] * b for name, b in self.vectors.items()},
            tensors={name: by[name] * b for name, b in self.tensors.items()},
            targets=tuple(
                (by[t] * a, by[t] * b) for t, (a, b) in zip(targets, self.targets, strict=True)
            ),
            weights=self.weights,
        )

    def to_dict(self) -> dict:
        """Plain description for files, without ``weights`` in the unit of training."""
        plain = asdict(self)
        if self.weights == 1:
            del plain["weights"]
        return plain

    @classmethod
    def from_dict(cls, description: dict) -> Scales:
        """The scales of a ``description``, the inverse of :meth:`to_dict`."""
        scalars = {name: tuple(pair) for name, pair in description["scalars"].items()}
        return cls(
            **{
                **description,
                "scalars": scalars,
                "targets": tuple(map(tuple, description["targets"])),
            }
        )


def scale_weights(flow: FlowField, scales: Scales) -> FlowField:
    """The flow with quadrature weights in the unit of training.

    They are lengths, areas or volumes, by what the points extend over; but weights that are all 1
    number points, which have no unit. Nodes of a lattice take weights from points: this comes
    before they are found.
    """
    if scales.weights == 1 or (flow.weights == 1).all():
        return flow
    return replace(flow, weights=flow.weights / scales.weights ** _extent(flow.points))


def _extent(points: np.ndarray) -> int:
    """Dimension of the line, plane or space that points (n, d) extend over; d of few points."""
    n, d = points.shape
    return int(np.linalg.matrix_rank(points - points[0])) if n > d + 1 else d


def _join(flows: Sequence[FlowField], kind: str, name: str) -> np.ndarray:
    """A field of several flows, one after the other."""
    return np.concatenate([getattr(flow, kind)[name] for flow in flows])


def _round_off(name: str, kind: str, length: float, velocity: float) -> float:
    """What is left of a field of this name where it should be zero.

    A share of what such fields are made of, powers of length and velocity. Of vectors and tensors
    whose dimension is not known, of the smallest of all such products; a scalar of that kind, or
    one without dimension, may be as small as it likes.
    """
    row = find_quantity(name)
    if kind == "scalars" and (row is None or row.powers == (0, 0)):
        return 0.0
    names = list(QUANTITIES) if row is None else [name]
    return _ROUND_OFF * min(factors(names, length, velocity).values())


def _moments(values: np.ndarray, weights: np.ndarray, zero: float) -> tuple[float, float]:
    """Mean and standard deviation of scalars (n,), of a constant its size for the latter."""
    mean = float(weights @ values)
    spread = float(np.sqrt(weights @ (values - mean) ** 2))
    if spread > max(_CONSTANT * abs(mean), zero):
        return mean, spread
    return mean, abs(mean) if abs(mean) > zero else 1.0


def _rms(values: np.ndarray, weights: np.ndarray, zero: float) -> float:
    """Root mean square of values (n, ...)."""
    size = float(np.sqrt(weights @ (values**2).reshape(len(values), -1).sum(axis=1)))
    return size if size > zero else 1.0
