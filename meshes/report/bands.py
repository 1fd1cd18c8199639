"""How far the flows with each member of an ensemble lie apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from meshes.report.quantities import WallQuantities
from vcnn.errors import InputError
from vcnn.evaluation.bands import student_band
from vcnn.flow.field import FlowField
from vcnn.flow.norms import magnitudes

LEVEL = 0.9

type Band = tuple[np.ndarray, np.ndarray]  # lower and upper bounds


@dataclass(frozen=True, eq=False)
class Readings:
    """What is read off one of several flows on the same mesh.

    Parameters
    ----------
    flow : FlowField
        At the cells.
    vertices : FlowField
        At the vertices.
    profiles : sequence of FlowField
        On the lines of the stations, of plane flows.
    walls : mapping wall -> WallQuantities
        Along the walls of plane flows.
    """

    flow: FlowField
    vertices: FlowField
    profiles: Sequence[FlowField] = ()
    walls: Mapping[str, WallQuantities] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Bands:
    """Where flows of the kind of some may lie: by :func:`vcnn.evaluation.student_band`.

    Parameters
    ----------
    members : int
        How many flows there are.
    spread : (n,)
        Standard deviation of the length of the velocity at the vertices, length/time.
    relative : float
        L² norm of that at the cells over that of the mean velocity.
    profiles : sequence of pairs of (k, d)
        Lower and upper velocities on the lines of the stations, length/time.
    friction : mapping wall -> pair of (k,)
        Lower and upper skin friction at the facets of walls.
    separation, reattachment : mapping wall -> sequence of pairs of float
        From where to where each point lies among the flows, as x; walls where they have different
        numbers of such points are left out.
    seconds : sequence of float
        What solving for each took, if that is known.
    """

    members: int
    spread: np.ndarray
    relative: float
    profiles: Sequence[Band]
    friction: Mapping[str, Band]
    separation: Mapping[str, Sequence[tuple[float, float]]]
    reattachment: Mapping[str, Sequence[tuple[float, float]]]
    seconds: Sequence[float] = ()

    @classmethod
    def of(
        cls, flows: Sequence[Readings], factor: float = 1.0, seconds: Sequence[float] = ()
    ) -> Bands:
        """Those of m flows.

        Parameters
        ----------
        flows : sequence of Readings
            On one mesh, with the same lines and walls.
        factor : float
            What standard deviations are multiplied with.
        seconds : sequence of float
            What each took.

        Raises
        ------
        InputError
            If there is one flow only, or their meshes, lines or walls differ.
        """
        _check_alike(flows)
        weights = flows[0].flow.weights
        mean, at_cells = _mean_and_deviation([each.flow for each in flows])
        _, at_vertices = _mean_and_deviation([each.vertices for each in flows])
        relative = factor * np.sqrt(weights @ at_cells**2 / (weights @ magnitudes(mean) ** 2))
        lines = zip(*(each.profiles for each in flows), strict=True)
        walls = [each.walls for each in flows]
        return cls(
            len(flows),
            factor * at_vertices,
            float(relative),
            [student_band(_stack(line, "velocity"), LEVEL, factor) for line in lines],
            {
                name: student_band(_stack([w[name] for w in walls], "skin_friction"), LEVEL, factor)
                for name in walls[0]
            },
            _places(walls, "separation"),
            _places(walls, "reattachment"),
            seconds,
        )

    @property
    def fields(self) -> dict[str, np.ndarray]:
        """What a flow at the vertices has of it: ``velocity_spread``."""
        return {"velocity_spread": self.spread}

    def numbers(self) -> dict:
        """All but the field, for JSON."""
        return {
            "members": self.members,
            "level": LEVEL,
            "seconds": list(self.seconds),
            "velocity_spread": self.relative,
            "profiles": [_numbers(band) for band in self.profiles],
            "skin_friction": {name: _numbers(band) for name, band in self.friction.items()},
            "separation": dict(self.separation),
            "reattachment": dict(self.reattachment),
        }


def _check_alike(flows) -> None:
    if len(flows) < 2:
        raise InputError(f"members: expected two at least, got {len(flows)}")
    for number, other in enumerate(flows[1:], start=2):
        same = np.array_equal(flows[0].vertices.points, other.vertices.points)
        lines = len(other.profiles) == len(flows[0].profiles)
        if not (same and lines and set(other.walls) == set(flows[0].walls)):
            raise InputError(f"members: number {number} is no flow on the mesh of the first")


def _stack(parts, name) -> np.ndarray:
    return np.stack([getattr(part, name) for part in parts])


def _mean_and_deviation(flows) -> tuple[np.ndarray, np.ndarray]:
    """Velocities (n, d), and the root of the summed variances of their components (n,)."""
    velocity = _stack(flows, "velocity")
    return velocity.mean(axis=0), np.sqrt(velocity.var(axis=0, ddof=1).sum(axis=1))


def _numbers(band) -> dict:
    return dict(zip(("lower", "upper"), (bound.tolist() for bound in band), strict=True))


def _places(walls, kind) -> dict[str, list[tuple[float, float]]]:
    """Least and largest x of each point of a kind, by wall."""
    places = {}
    for name in walls[0]:
        points = [getattr(each[name], kind)[:, 0] for each in walls]
        if len({len(x) for x in points}) == 1:
            places[name] = [(float(x.min()), float(x.max())) for x in np.stack(points, axis=1)]
    return places
