"""How a solved case compares with a flow that is given as its reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import cKDTree

from solvers.diagnostics.walls import WallQuantities
from solvers.fem.points import evaluate
from solvers.flow.conditions import Wall
from solvers.flow.result import FlowResult
from solvers.studies.case import Case
from vcnn.errors import naming
from vcnn.flow.field import FlowField
from vcnn.flow.norms import relative_l2

_SUBLAYER = 5.0  # wall units: above it two points say nothing of the slope at the wall


@dataclass(frozen=True, eq=False)
class Comparison:
    """A flow beside its reference.

    Parameters
    ----------
    error : float, optional
        |u − u of the reference| / |u of the reference|, L² norms over the points of the reference.
    differences : (n,), optional
        |u − u of the reference| at these points.
    profiles : velocities (k, d) of the reference on the lines of the stations, NaN where it is not
        known
    friction : mapping wall -> (k,)
        Skin friction of the reference at the facets of walls at rest, NaN where its points are too
        far from the wall to say.
    """

    error: float | None = None
    differences: np.ndarray | None = None
    profiles: tuple[np.ndarray, ...] = ()
    friction: Mapping[str, np.ndarray] = field(default_factory=dict)


def compare(
    case: Case,
    result: FlowResult,
    profiles: Sequence[FlowField],
    walls: Mapping[str, WallQuantities],
    speed: float,
) -> Comparison:
    """Read off a solution and the reference of its case what they differ by; call it on all ranks.

    Raises
    ------
    InputError
        If points of the reference lie outside the mesh.
    """
    reference = case.reference
    with naming(f"[reference]: {case.reference_name}"):
        velocity = evaluate(result.velocity, reference.points)
        error = relative_l2(velocity, reference.velocity, reference.weights)
    differences = np.linalg.norm(velocity - reference.velocity, axis=1)
    if not profiles:
        return Comparison(error, differences)
    between = LinearNDInterpolator(reference.points, reference.velocity)
    friction = {
        name: reference_friction(reference, wall, case.viscosity, speed)
        for name, wall in walls.items()
        if isinstance(case.conditions.get(name), Wall) and case.conditions[name].velocity is None
    }
    return Comparison(error, differences, tuple(between(p.points) for p in profiles), friction)


def reference_friction(
    reference: FlowField, wall: WallQuantities, viscosity: float, speed: float
) -> np.ndarray:
    """(k,) skin friction of a plane flow at the facets of a wall at rest, from its velocities.

    The slope is that of the parabola through the wall and two points above it, at once and twice
    the distance of the nearest point of the reference: of second order. It is NaN where the first
    of them is above the viscous sublayer, or where the reference ends.

    Parameters
    ----------
    reference : FlowField
    wall : WallQuantities
    viscosity, speed : float
    """
    # points of the wall itself hold no velocity, and those of cells begin above it
    points = np.vstack([reference.points, wall.points])
    velocity = np.vstack([reference.velocity, np.zeros_like(wall.points)])
    moving = reference.points[np.linalg.norm(reference.velocity, axis=1) > 0]
    height = cKDTree(moving).query(wall.points)[0]
    between = LinearNDInterpolator(points, velocity)
    first, second = (
        np.sum(between(wall.points + n * height[:, None] * wall.normal) * wall.tangent, axis=1)
        for n in (1, 2)
    )
    slope = (4 * first - second) / (2 * height)
    wall_units = height * np.sqrt(np.abs(slope) / viscosity)
    friction = viscosity * slope / (speed**2 / 2)
    return np.where(wall_units > _SUBLAYER, np.nan, friction)
