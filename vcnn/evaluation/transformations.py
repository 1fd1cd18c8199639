"""What closures make of the same flow moved, mirrored, on other points, or with noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.spatial import cKDTree

from vcnn.closure.closure import Closure
from vcnn.closure.scales import scale_weights
from vcnn.clouds.clouds import VectorClouds
from vcnn.errors import InputError, naming
from vcnn.evaluation.equivariance import equivariance_errors, transformations_of, values_of
from vcnn.evaluation.parallel import in_parallel
from vcnn.evaluation.smoothness import edge_jumps
from vcnn.evaluation.targets import as_closures, target_of
from vcnn.flow.field import FlowField
from vcnn.flow.norms import magnitudes, relative_l2, truth_of

NOISE = 1e-3  # of the velocity, relative to its root mean square
_PARTS = (25, 50, 100, 200, 400, 800, 1600)
_EXACT, _SAMPLES = 40, 300  # points, at most
_EXACT_ROWS, _ROWS = 2**17, 2**20  # of a network's data; fewer points if these would take more


@dataclass(frozen=True, eq=False)
class Response:
    """What one closure makes of other descriptions of a flow.

    Parameters
    ----------
    claimed : str
        The symmetry that the model claims.
    changes : mapping transformation -> float
        Largest change of a prediction, relative to the largest prediction. Clouds are searched anew
        and everything is in float64.
    parts : mapping number of points -> float
        Relative L2 change if a cloud is a random part of that many points.
    noise : (float, float)
        Median and largest change of a prediction, relative to the largest prediction. With a
        velocity that differs by normal noise of 1e-3 times its root mean square in each component;
        clouds keep their points, so that a jump is one of the network.
    jump : float
        Largest change of a prediction, relative to the largest prediction, as the outermost point
        of a cloud leaves it, in float64 (``vcnn.evaluation.smoothness.edge_jumps``).
    points : (int, int)
        Numbers of points that changes, and that parts, noise and jump, were computed at.
    cloud_sizes : (int, float, int)
        Smallest, mean and largest number of points in a cloud.
    """

    claimed: str
    changes: Mapping[str, float]
    parts: Mapping[int, float]
    noise: tuple[float, float]
    jump: float
    points: tuple[int, int]
    cloud_sizes: tuple[int, float, int]


@dataclass(frozen=True, eq=False)
class TransformationStudy:
    """Responses of several closures, and their errors on other meshes.

    Parameters
    ----------
    responses : mapping closure name -> Response
        Only those with a network.
    mesh_sizes : mapping flow name -> int
        Number of its points.
    mesh_errors : mapping closure name -> flow name -> float
        Relative L2 error; empty if there is no other mesh.
    mesh_points : int
        At so many points, the nearest to the same places, errors are taken.
    """

    responses: Mapping[str, Response]
    mesh_sizes: Mapping[str, int]
    mesh_errors: Mapping[str, Mapping[str, float]]
    mesh_points: int


def transformation_study(
    closures: Mapping[str, object],
    flow: FlowField,
    others: Mapping[str, FlowField] | None = None,
    name: str = "this flow",
    seed: int = 0,
) -> TransformationStudy:
    """Describe a flow in every other way and compare what closures predict.

    Parameters
    ----------
    closures : mapping name -> ClosureLike
        Or whatever else :func:`vcnn.as_closure` takes, that says which one field it predicts, by
        ``targets`` or ``target``.
    flow : FlowField
    others : mapping name -> FlowField
        The same flow on another mesh.
    name : str
        Of the flow among these.
    seed : int
        Of all that is random.

    Returns
    -------
    TransformationStudy

    Raises
    ------
    InputError
        If a closure predicts several fields, or another flow lacks one that it needs or the target.
    """
    closures = as_closures(closures)
    targets = {label: target_of(label, closure) for label, closure in closures.items()}
    rng = np.random.default_rng(seed)
    samples = rng.permutation(len(flow))[:_SAMPLES]
    flows = {name: flow, **others} if others else {}
    centres = {key: _nearest(key, flow, other, samples) for key, other in flows.items()}
    weights = flow.weights[samples]
    tasks = [
        partial(_error, label, closure, targets[label], key, other, centres[key], weights)
        for label, closure in closures.items()
        for key, other in flows.items()
    ]
    errors = iter(in_parallel(tasks))
    mesh_errors = {}
    if flows:
        mesh_errors = {label: {key: next(errors) for key in flows} for label in closures}
    trained = {label: c for label, c in closures.items() if isinstance(c, Closure)}
    responses = in_parallel(
        partial(_response, closure, flow, samples, seed) for closure in trained.values()
    )
    return TransformationStudy(
        responses=dict(zip(trained, responses, strict=True)),
        mesh_sizes={key: len(other) for key, other in flows.items()},
        mesh_errors=mesh_errors,
        mesh_points=len(samples),
    )


def _response(closure: Closure, flow: FlowField, samples: np.ndarray, seed: int) -> Response:
    rng = np.random.default_rng(seed)
    clouds = closure.region.clouds(scale_weights(flow, closure.scales), samples)
    few = _affordable(closure, clouds, _EXACT, _EXACT_ROWS)
    many = _affordable(closure, clouds, _SAMPLES, _ROWS)
    exact = equivariance_errors(
        closure,
        flow,
        centres=few.centres,
        seed=seed,
        transformations=[
            name for name in transformations_of(flow.dimension) if _should_hold(name, closure)
        ],
    )
    reference = _values(closure, many)
    parts = {}
    for count in _PARTS:
        if count < many.counts.max():
            parts[count] = relative_l2(_values(closure, many.subsample(count, rng)), reference)
    velocity = many.flow.velocity
    amplitude = NOISE * np.sqrt((flow.velocity**2).sum(axis=1).mean() / flow.dimension)
    noisy = replace(many.flow, velocity=velocity + amplitude * rng.standard_normal(velocity.shape))
    changes = magnitudes(_values(closure, replace(many, flow=noisy)) - reference)
    largest = magnitudes(reference).max() or 1.0
    changes = changes / largest
    ((_, scale),) = closure.scales.targets
    counts = clouds.counts
    return Response(
        claimed=exact.claimed,
        changes=exact.rebuilt,
        parts=parts,
        noise=(float(np.median(changes)), float(changes.max())),
        jump=float(abs(scale) * edge_jumps(closure, many).max() / largest),
        points=(len(few), len(many)),
        cloud_sizes=(int(counts.min()), float(counts.mean()), int(counts.max())),
    )


def _should_hold(transformation, closure) -> bool:
    """Whether the prediction should stand it: pseudo-scalars no mirror, walls no moving frame."""
    if transformation == "reflection":
        return not closure.network.config.get("pseudoscalars")
    return transformation != "Galilean" or closure.galilean


def _values(closure: Closure, clouds: VectorClouds) -> np.ndarray:
    """What a closure predicts of clouds, in the units of its target."""
    (values,) = closure.scales.unscale(values_of(closure, clouds).values())
    return values


def _affordable(closure, clouds, most, rows):
    """The first clouds whose data are ``rows`` rows or less; four to ``most`` of them."""
    count = np.searchsorted(np.cumsum(closure.network.work(clouds.counts)), rows)
    return clouds.select(np.arange(min(max(count, 4), most, len(clouds))))


def _nearest(name, flow, other, samples) -> np.ndarray:
    if other.dimension != flow.dimension:
        raise InputError(
            f"{name}: expected a {flow.dimension}-D flow, got a {other.dimension}-D one"
        )
    return cKDTree(other.points).query(flow.points[samples])[1]


def _error(label, closure, target, key, flow, centres, weights) -> float:
    with naming(key), naming(label):
        truth = truth_of(flow, target)
        if truth is None:
            raise InputError(f"has no {target} to compare with")
        values = closure.predict(flow, centres=centres)[target]
        return relative_l2(values, truth[centres], weights)
