"""How a flow compares with another one that is given as its reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import meshio
import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import cKDTree

from meshes.readers.any_file import is_own, read_flow
from meshes.report.quantities import WallQuantities
from vcnn.errors import InputError
from vcnn.flow.field import FlowField
from vcnn.flow.norms import relative_l2

_SUBLAYER = 5.0  # wall units: above it two points say nothing of the slope at the wall
_BEYOND = 0.02  # of the extent of a mesh: how far points of a reference may lie outside


@dataclass(frozen=True, eq=False)
class Reference:
    """A flow to compare the velocity of another one with.

    Parameters
    ----------
    flow : FlowField
    name : str
    """

    flow: FlowField
    name: str


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


def read_reference(path: Path, velocity: str | None = None) -> Reference:
    """The flow of a file or case, with a velocity of one's own choice.

    Parameters
    ----------
    path : path
    velocity : str, optional
        Name of its velocity there.

    Raises
    ------
    InputError
        If it cannot be read or has no such vectors.
    """
    if velocity is None:
        return Reference(read_flow(path), path.name)
    name = f"{velocity} of {path.name}"
    if not is_own(path):
        return Reference(read_flow(path, fields={"velocity": velocity}), name)
    flow = read_flow(path)
    if velocity not in flow.vectors:
        names = ", ".join(flow.vectors) or "none"
        raise InputError(f"velocity: {path.name} has no vectors {velocity!r} (it has: {names})")
    return Reference(replace(flow, velocity=flow.vectors[velocity]), name)


def check_reference(flow: FlowField, mesh: meshio.Mesh) -> None:
    """Refuse a reference of another dimension than a mesh, or that lies elsewhere.

    Raises
    ------
    InputError
        With how far each reaches.
    """
    if flow.dimension != mesh.points.shape[1]:
        raise InputError(
            f"file: has {flow.dimension} dimensions, the mesh has {mesh.points.shape[1]}"
        )
    low, high = mesh.points.min(axis=0), mesh.points.max(axis=0)
    beyond = np.max([low - flow.points.min(axis=0), flow.points.max(axis=0) - high], axis=0)
    if (beyond > _BEYOND * (high - low)).any():
        axis = int(np.argmax(beyond / (high - low)))
        reach = [
            f"{x.min():.4g} to {x.max():.4g}" for x in (flow.points[:, axis], mesh.points[:, axis])
        ]
        raise InputError(f"file: has {'xyz'[axis]} = {reach[0]}, the mesh {reach[1]}")


def compare(
    reference: FlowField,
    velocity: np.ndarray,
    profiles: Sequence[FlowField],
    friction: Mapping[str, np.ndarray],
) -> Comparison:
    """What a flow and its reference differ by.

    Parameters
    ----------
    reference : FlowField
    velocity : (n, d)
        Of the flow, at the points of the reference.
    profiles : sequence of FlowField
        Of the flow, on the lines of the stations.
    friction : mapping wall -> (k,)
        Of the reference, see :func:`reference_friction`.
    """
    error = relative_l2(velocity, reference.velocity, reference.weights)
    differences = np.linalg.norm(velocity - reference.velocity, axis=1)
    if not profiles:
        return Comparison(error, differences)
    between = LinearNDInterpolator(reference.points, reference.velocity)
    return Comparison(error, differences, tuple(between(p.points) for p in profiles), friction)


def wall_frictions(
    reference: FlowField,
    walls: Mapping[str, WallQuantities],
    at_rest: Iterable[str],
    viscosity: float,
    speed: float,
) -> dict[str, np.ndarray]:
    """Skin friction of a reference at those of the ``walls`` that are at rest, by their names.

    Other parameters are those of :func:`reference_friction`.
    """
    return {
        name: reference_friction(reference, walls[name], viscosity, speed)
        for name in walls
        if name in at_rest
    }


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
