"""What closures cost: parameters, training, time and memory, and growth with a cloud."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

from vcnn.closure.closure import Closure
from vcnn.closure.plain import as_closure
from vcnn.clouds.clouds import VectorClouds
from vcnn.flow.field import FlowField
from vcnn.network.base import ROWS

SIZES = (25, 50, 100, 200, 400, 800, 1600)  # points of a cloud
FITTED_FROM = 100  # points: below, what is paid once a cloud hides how cost grows
_ENOUGH = 0.15  # seconds of a measurement
_MEMORY_POINTS = 256


@dataclass(frozen=True, eq=False)
class Cost:
    """Cost of one closure.

    Parameters
    ----------
    architecture : str
        Name of the network, or of the closure's type if it has none.
    seconds_per_point : float
        Seconds of ``predict``, clouds included; one thread, the closure's own precision.
    memory : int
        Bytes: largest sum of all tensors alive at once in a prediction at 256 points, weights not
        counted.
    symmetry : str or None
        What the network claims, None without network.
    parameters : int or None
        Number of trained parameters, None without network.
    training_seconds, training_threads : float or None, int or None
        Seconds of training and threads as the closure's provenance has them.
    cloud_seconds : (k,) or None
        Seconds for one cloud of each size, clouds given; None without network.
    exponent : float or None
        Of the number of points in ``cloud_seconds``, fitted from 100 points on; None without
        network.
    """

    architecture: str
    seconds_per_point: float
    memory: int
    symmetry: str | None = None
    parameters: int | None = None
    training_seconds: float | None = None
    training_threads: int | None = None
    cloud_seconds: np.ndarray | None = None
    exponent: float | None = None


@dataclass(frozen=True, eq=False)
class CostStudy:
    """Costs of several closures by name, measured one after the other on the same flow.

    Parameters
    ----------
    sizes : (k,)
        Numbers of points in a cloud.
    costs : mapping closure name -> Cost
        What each costs.
    """

    sizes: np.ndarray
    costs: Mapping[str, Cost]


def cost_study(
    closures: Mapping[str, object], flow: FlowField, sizes: Sequence[int] = SIZES
) -> CostStudy:
    """Measure what closures cost, all with one thread.

    Clouds of a given size hold the points nearest to a centre, whatever the region of influence;
    points count several times where the flow has fewer.

    Parameters
    ----------
    closures : mapping name -> ClosureLike
        Or whatever else :func:`vcnn.as_closure` takes.
    flow : FlowField
    sizes : sequence of int
        Numbers of points in a cloud, at least two of them 100 or more.

    Returns
    -------
    CostStudy
    """
    with _one_thread():
        return CostStudy(
            np.array(sizes),
            {name: _cost(name, closure, flow, sizes) for name, closure in closures.items()},
        )


def _cost(name: str, thing: object, flow: FlowField, sizes: Sequence[int]) -> Cost:
    closure = as_closure(thing, name)
    centres = _some(flow, _MEMORY_POINTS)
    measured = {
        "seconds_per_point": _seconds_per_point(closure, flow),
        "memory": _peak_memory(lambda: closure.predict(flow, centres=centres)),
    }
    if not isinstance(closure, Closure):
        return Cost(architecture=type(thing).__name__, **measured)
    network, large = closure.network, np.array(sizes) >= FITTED_FROM
    curve = np.array([_cloud_seconds(closure, flow, size) for size in sizes])
    slope, _ = np.polyfit(np.log(sizes)[large], np.log(curve[large]), 1)
    return Cost(
        architecture=network.name,
        symmetry=network.symmetry,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        training_seconds=closure.provenance.get("training_seconds"),
        training_threads=closure.provenance.get("training_threads"),
        cloud_seconds=curve,
        exponent=float(slope),
        **measured,
    )


def _some(flow, count) -> np.ndarray:
    return np.random.default_rng(0).permutation(len(flow))[:count]


def _seconds_per_point(closure, flow) -> float:
    centres = _some(flow, 32)
    closure.predict(flow, centres=centres)  # the first call is slower
    while True:
        seconds = _time(partial(closure.predict, flow, centres=centres))
        if len(centres) == len(flow) or seconds > _ENOUGH:
            return seconds / len(centres)
        centres = _some(flow, 4 * len(centres))


def _cloud_seconds(closure, flow, size) -> float:
    """Of the network for one cloud; as many clouds at once as `Closure.predict` takes."""
    count = max(1, ROWS // int(closure.network.work(np.array([size]))[0]))
    centres = np.resize(_some(flow, count), count)
    scaled = closure.scale_flow(flow)
    clouds = closure.scales.scale_clouds(_nearest_points(flow, centres, size), scaled)
    with torch.inference_mode():
        points = closure.network.points(scaled)
        times = []
        while len(times) < 2 or sum(times) < _ENOUGH:  # the first is slower
            times.append(_time(lambda: closure.network(clouds, points)))
    return min(times) / count


def _nearest_points(flow, centres, size) -> VectorClouds:
    near = {}
    for centre in np.unique(centres):
        distance = ((flow.points - flow.points[centre]) ** 2).sum(axis=1)
        near[centre] = np.resize(np.argsort(distance, kind="stable")[:size], size)
    neighbours = np.concatenate([near[centre] for centre in centres])
    positions = flow.points[neighbours] - np.repeat(flow.points[centres], size, axis=0)
    return VectorClouds(flow, centres, size * np.arange(len(centres) + 1), neighbours, positions)


def _time(run) -> float:
    """Seconds of this thread: what else the machine does is not counted."""
    start = time.thread_time()
    run()
    return time.thread_time() - start


def _peak_memory(run) -> int:
    """Largest sum of what torch's allocator had given out at once, counted from now on."""
    os.environ.setdefault(
        "KINETO_LOG_LEVEL", "99"
    )  # the profiler would tell users which devices are not here
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        run()
    with TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(trace))
        events = json.loads(trace.read_text())["traceEvents"]
    changes = sorted(
        (event["ts"], event["args"]["Bytes"]) for event in events if event["name"] == "[memory]"
    )
    return max(accumulate((size for _, size in changes), initial=0))


@contextmanager
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
