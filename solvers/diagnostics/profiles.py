"""Profiles across a plane flow, along lines."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral

import numpy as np

from meshes.geometry.lines import line_across
from solvers.fem.points import are_inside, locate
from solvers.flow.result import FlowResult
from vcnn.errors import InputError
from vcnn.flow.arrays import float_array
from vcnn.flow.field import FlowField


def station_profiles(
    result: FlowResult, stations: Sequence[float], count: int = 101
) -> list[FlowField]:
    """Velocity and pressure of a plane flow on lines x = const. from wall to wall.

    Across an obstacle a line has a gap: points that lie in no cell are left out, and those where it
    meets the obstacle are added.

    Parameters
    ----------
    result : FlowResult
    stations : sequence of float
        The values of x, length.
    count : int
        Equidistant points on each line, its ends included.

    Returns
    -------
    list of FlowField
        Loose points with the scalar ``pressure`` and the parameter ``station``.

    Raises
    ------
    InputError
        If the flow is not plane, a station is outside the domain or no number, or the count is
        below 2.
    """
    domain, u, p = result.domain, result.velocity, result.pressure
    if domain.dimension != 2:
        raise InputError("station_profiles: the flow must be plane")
    stations = float_array(stations, "stations", "a sequence of numbers")
    if stations.ndim != 1 or not len(stations):
        raise InputError(f"stations: expected a sequence of numbers, got {stations.tolist()}")
    if not (isinstance(count, Integral) and count >= 2):
        raise InputError(f"count: expected a whole number >= 2, got {count!r}")
    facts = domain.facts
    facets = np.concatenate([f[:, :2] for blocks in facts.boundaries.values() for _, f in blocks])
    lines = [line_across(facts.source.points, facets, x, count) for x in stations]
    inside = are_inside(domain.mesh, np.concatenate(lines))
    ends = np.cumsum([len(line) for line in lines])[:-1]
    points = [line[part] for line, part in zip(lines, np.split(inside, ends), strict=True)]
    located = locate(domain.mesh, np.concatenate(points))
    ends = np.cumsum([len(line) for line in points])[:-1]
    fields = (np.split(located.values(f.function_space)(f), ends) for f in (u, p))
    return [
        FlowField(y, velocity, scalars={"pressure": pressure}, parameters={"station": x})
        for x, y, velocity, pressure in zip(stations.tolist(), points, *fields, strict=True)
    ]
