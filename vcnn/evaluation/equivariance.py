"""Symmetry of any closure or network: how far predictions are from rotating with the frame.

from vcnn.evaluation.equivariance import equivariance_errors, assert_equivariant

print(equivariance_errors(closure, flow))
assert_equivariant(closure, flow, 1e-12)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.stats import special_ortho_group

from vcnn.closure.closure import Closure
from vcnn.closure.evaluator import in_precision
from vcnn.closure.scales import Scales, scale_weights
from vcnn.clouds.clouds import VectorClouds
from vcnn.clouds.regions import RegionOfInfluence
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.flow.norms import magnitudes
from vcnn.flow.tensors import rotate
from vcnn.keys import check_choice
from vcnn.network.base import Network
from vcnn.network.symmetry import Symmetry
from vcnn.threads import few_threads

TRANSFORMATIONS = (
    "rotation 1",
    "rotation 2",
    "reflection",
    "translation",
    "permutation",
    "refinement",
    "Galilean",
)


def transformations_of(dimension: int) -> list[str]:
    """Names of the `TRANSFORMATIONS` in ``dimension`` dimensions: a line has no rotations.

    Its only other frame is that of the reflection.
    """
    return [n for n in TRANSFORMATIONS if dimension > 1 or not n.startswith("rotation")]


@dataclass(frozen=True)
class EquivarianceErrors:
    """Largest change of a prediction under each transformation, relative to its largest norm.

    Parameters
    ----------
    reused, rebuilt : mapping transformation -> float
        With the points of each cloud carried along, and with clouds searched anew in the
        transformed flow.
    claimed : str
        What the model says of itself, such as "O(d)".
    """

    reused: dict[str, float]
    rebuilt: dict[str, float]
    claimed: str

    @property
    def worst(self) -> float:
        """The largest of all errors."""
        return max(*self.reused.values(), *self.rebuilt.values())

    def __str__(self) -> str:
        width = max(map(len, self.reused))
        lines = [f"{'claims ' + self.claimed:<{width}}  {'reused':>9}  {'rebuilt':>9}"]
        lines += [
            f"{name:<{width}}  {self.reused[name]:9.1e}  {self.rebuilt[name]:9.1e}"
            for name in self.reused
        ]
        return "\n".join(lines)


def equivariance_errors(
    model: Closure | Network,
    flow: FlowField,
    region: RegionOfInfluence | None = None,
    centres: np.ndarray | None = None,
    dtype: torch.dtype = torch.float64,
    seed: int = 0,
    transformations: Sequence[str] | None = None,
) -> EquivarianceErrors:
    """Errors of a model's symmetries on one flow.

    Transformations: two random rotations, unless the flow is on a line; a reflection, unless the
    model claims SO(d) only; a translation; another order of the points; every second point, chosen
    at random, split into two of half its weight, as if the mesh were finer there, unless points
    count equally; a uniform velocity added, if the model claims to be Galilean invariant. What is
    predicted of the transformed flow is turned back and compared.

    Parameters
    ----------
    model : Closure or Network
        A network comes with a ``region``.
    flow : FlowField
    region : RegionOfInfluence, optional
        For a network.
    centres : (m,) int, optional
        Predict at these points only.
    dtype : torch.dtype
        Of the network; geometry is always float64.
    seed : int
        Of the random transformations.
    transformations : sequence of str, optional
        Out of :data:`vcnn.testing.TRANSFORMATIONS`: try these, claimed or not.

    Returns
    -------
    EquivarianceErrors

    Raises
    ------
    InputError
        If a network comes without a region, the flow lacks a field, there is no such transformation
        in its dimension, or ``dtype`` is neither float32 nor float64.
    """
    for name in transformations or ():
        check_choice("transformations", name, transformations_of(flow.dimension))
    closure = _closure(model, flow, region, dtype)
    flow = scale_weights(flow, closure.scales)
    centres = np.arange(len(flow)) if centres is None else np.asarray(centres)
    clouds = closure.region.clouds(flow, centres)
    reference = values_of(closure, clouds)
    sizes = {name: magnitudes(values).max() or 1.0 for name, values in reference.items()}
    reused, rebuilt = {}, {}
    of_flow, of_clouds = (_transformations(f, seed) for f in (flow, clouds.flow))
    for name in _claimed(closure) if transformations is None else transformations:
        change = of_flow[name]
        again = closure.region.clouds(change.flow, change.first[centres])
        back = change.matrix.T
        for errors, changed in ((reused, of_clouds[name].carry(clouds)), (rebuilt, again)):
            rotated = values_of(closure, changed)
            errors[name] = max(
                float(magnitudes(rotate(rotated[key], back) - values).max() / sizes[key])
                for key, values in reference.items()
            )
    return EquivarianceErrors(reused, rebuilt, closure.symmetry)


def assert_equivariant(
    model: Closure | Network,
    flow: FlowField,
    tolerance: float,
    region: RegionOfInfluence | None = None,
    centres: np.ndarray | None = None,
    dtype: torch.dtype = torch.float64,
    seed: int = 0,
) -> None:
    """Raise `AssertionError` with the table of errors if one of them exceeds ``tolerance``.

    Parameters
    ----------
    model, flow, region, centres, dtype, seed
        As in :func:`equivariance_errors`.
    tolerance : float
        Of the relative changes.

    Raises
    ------
    InputError
        As :func:`equivariance_errors`.
    AssertionError
        If an error exceeds the tolerance.
    """
    errors = equivariance_errors(model, flow, region, centres, dtype, seed)
    if not errors.worst <= tolerance:
        raise AssertionError(f"not equivariant to {tolerance:g}:\n{errors}")


def _closure(model, flow, region, dtype) -> Closure:
    network = in_precision(model.network if isinstance(model, Closure) else model, dtype).eval()
    if isinstance(model, Closure):
        return replace(model, network=network)
    if region is None:
        raise InputError(
            "region: needed with a network, which does not know its region of influence"
        )
    names = tuple(f"output {k}" for k in range(len(model.outputs)))
    scales = Scales(
        scalars=dict.fromkeys(model.scalars, (0.0, 1.0)),
        vectors=dict.fromkeys(model.vectors, 1.0),
        tensors=dict.fromkeys(model.tensors, 1.0),
        targets=((0.0, 1.0),) * len(names),
    )
    return Closure(network, region, names, flow.dimension, scales)


def values_of(closure: Closure, clouds: VectorClouds) -> dict[str, np.ndarray]:
    """What the network of a closure puts out for clouds of a flow, in its own units; by target."""
    with few_threads(), torch.inference_mode():
        values = closure.network.values(closure.scale_clouds(clouds))
    return {name: v.double().cpu().numpy() for name, v in zip(closure.targets, values, strict=True)}


@dataclass(frozen=True, eq=False)
class _Transformation:
    """A flow described in another way.

    Parameters
    ----------
    flow : FlowField
    matrix : (d, d), by which vectors were turned
    first, copies : (n,) where each point went, and how many points it became from there on
    """

    flow: FlowField
    matrix: np.ndarray
    first: np.ndarray
    copies: np.ndarray

    def carry(self, clouds: VectorClouds) -> VectorClouds:
        """The same clouds of the other flow."""
        times = self.copies[clouds.neighbours]
        ends = np.cumsum(times)
        number = np.arange(ends[-1]) - np.repeat(ends - times, times)
        return VectorClouds(
            flow=self.flow,
            centres=self.first[clouds.centres],
            offsets=np.concatenate([[0], ends])[clouds.offsets],
            neighbours=np.repeat(self.first[clouds.neighbours], times) + number,
            positions=np.repeat(clouds.positions @ self.matrix.T, times, axis=0),
            region=clouds.region,
        )


def _claimed(closure) -> list[str]:
    """Transformations that every closure should stand, and those that this one claims to."""
    network = closure.network
    not_claimed = {
        "reflection": network.symmetry is Symmetry.SO,
        "refinement": not network.weighted,
        "Galilean": not closure.galilean,
    }
    names = transformations_of(closure.dimension)
    return [name for name in names if not not_claimed.get(name, False)]


def _transformations(flow, seed) -> dict[str, _Transformation]:
    d, n = flow.dimension, len(flow)
    rng = np.random.default_rng(seed)
    same, once, upright = np.arange(n), np.ones(n, int), np.eye(d)
    first, second = (special_ortho_group.rvs(d, random_state=rng) for _ in range(2))
    normal = rng.standard_normal(d)
    normal /= np.linalg.norm(normal)
    extent = np.ptp(flow.points, axis=0).max() or 1.0
    shift = extent * rng.uniform(-2, 2, d)
    order = rng.permutation(n)
    copies = rng.integers(1, 3, n)
    finer = flow.subset(np.repeat(same, copies))
    finer = replace(finer, weights=finer.weights / np.repeat(copies, copies))
    speed = np.linalg.norm(flow.velocity, axis=1).max() or 1.0
    return {
        "rotation 1": _Transformation(flow.rotated(first), first, same, once),
        "rotation 2": _Transformation(flow.rotated(second), second, same, once),
        "reflection": _Transformation(
            flow.reflected(normal), upright - 2 * np.outer(normal, normal), same, once
        ),
        "translation": _Transformation(flow.translated(shift), upright, same, once),
        "permutation": _Transformation(flow.permuted(order), upright, np.argsort(order), once),
        "refinement": _Transformation(finer, upright, np.cumsum(copies) - copies, copies),
        "Galilean": _Transformation(
            flow.boosted(speed * rng.uniform(-2, 2, d)), upright, same, once
        ),
    }
