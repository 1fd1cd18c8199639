"""Conditions on the named boundaries of a mesh, for flow and for a scalar that it carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from solvers.fem.arguments import check_number, float_array, names_of
from vcnn.errors import InputError


@dataclass(frozen=True)
class Wall:
    """No slip: u is the velocity of the wall. A carried scalar is 0.

    Parameters
    ----------
    velocity : sequence of d floats, optional
        Along the wall; at rest by default.
    """

    velocity: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Symmetry:
    """A plane that nothing passes: u·n = 0, no shear stress, no flux. Or a smoothly curved boundary
    without friction.

    Planes may have any direction; where two meet at an angle each has a name of its own.
    """


@dataclass(frozen=True, eq=False)
class Inlet:
    """A given velocity, or a given value of a carried scalar.

    Parameters
    ----------
    value : callable, array or constant
        A callable takes positions (d, k) to velocities (d, k), or to scalars (k,). An array holds
        values (M, d) or (M,) at the vertices of the mesh, of which those of the boundary matter. A
        constant is a velocity (d,) or a number.
    """

    value: Callable | np.ndarray | tuple[float, ...] | float


@dataclass(frozen=True)
class Outlet:
    """A given pressure p₀ outside: −p n + (ν + ν_t) ∂u/∂n = −p₀ n, and no diffusive flux of a
    carried scalar.

    Meant for places where the flow leaves. Weak backflow is tolerated, but it brings in whatever
    momentum and scalar it likes, and with a strong one the iteration may fail: put the outlet
    beyond the recirculation.

    Parameters
    ----------
    pressure : callable, array or number
        p₀, kinematic: a number, a callable of positions (d, k), or values (M,) at the vertices of
        the mesh.
    """

    pressure: Callable | np.ndarray | float = 0.0


@dataclass(frozen=True)
class Periodic:
    """The boundary is one with another, which is itself moved by the period and needs no condition
    of its own.

    Parameters
    ----------
    to : str
        Name of the other boundary.
    bulk_velocity : float, optional
        Volume mean of the velocity along the period, held by an unknown driving force.
    pressure_gradient : float, optional
        The driving force f itself, velocity²/length. Without either nothing drives the flow this
        way.
    """

    to: str
    bulk_velocity: float | None = None
    pressure_gradient: float | None = None

    def __post_init__(self):
        _check_drive(self)

    @property
    def driven(self) -> bool:
        return self.bulk_velocity is not None or self.pressure_gradient is not None


@dataclass(frozen=True)
class Developed:
    """What drives a flow across the plane of its mesh, a section through which nothing changes:
    ∂/∂n = 0.

    Not the condition of a boundary: it stands among the conditions under any other name, such as
    ``"section"``. The mesh is one of triangles or quadrilaterals with points (M, 3) in a plane;
    velocities have three components.

    Parameters
    ----------
    direction : sequence of 3 floats
        Along the normal n of the plane, of any length: to which of its two sides the flow is
        driven.
    bulk_velocity : float, optional
        Area mean of the velocity this way, held by an unknown driving force.
    pressure_gradient : float, optional
        The driving force f itself, velocity²/length. One of the two is needed.
    """

    direction: tuple[float, float, float]
    bulk_velocity: float | None = None
    pressure_gradient: float | None = None
    driven = True

    def __post_init__(self):
        _check_drive(self)
        if self.bulk_velocity is None and self.pressure_gradient is None:
            raise InputError("Developed: expected bulk_velocity or pressure_gradient, got neither")
        direction = float_array(self.direction, "direction", "three numbers")
        if direction.shape != (3,) or not 0 < np.linalg.norm(direction) < np.inf:
            raise InputError(
                f"direction: expected three numbers, not all 0, got {self.direction!r}"
            )
        object.__setattr__(self, "direction", tuple(direction.tolist()))


def _check_drive(condition):
    bulk, gradient = condition.bulk_velocity, condition.pressure_gradient
    if bulk is not None and gradient is not None:
        raise InputError(
            f"{type(condition).__name__}: expected bulk_velocity or pressure_gradient, got both"
        )
    for name, value in (("bulk_velocity", bulk), ("pressure_gradient", gradient)):
        if value is not None:
            check_number(value, name, "a number other than 0")


Condition = Wall | Symmetry | Inlet | Outlet | Periodic | Developed


def between_walls(walls, periodic, bulk_velocity=None) -> dict[str, Condition]:
    """Conditions where all boundaries are walls at rest or one periodic pair (or None).

    Raises
    ------
    InputError
        If ``periodic`` is not two names, or ``walls`` not a sequence of them.
    """
    walls, ends = names_of(walls, "walls"), names_of(periodic or (), "periodic")
    if len(ends) not in (0, 2):
        raise InputError(f"periodic: expected the names of two boundaries, got {periodic}")
    seam = {ends[0]: Periodic(ends[1], bulk_velocity=bulk_velocity)} if ends else {}
    return {**dict.fromkeys(walls, Wall()), **seam}


def checked(conditions: Mapping[str, Condition]) -> dict[str, Condition]:
    """The conditions as a dict.

    Raises
    ------
    InputError
        If they are not a mapping from names to the classes of this file.
    """
    if not isinstance(conditions, Mapping):
        raise InputError(
            f"conditions: expected a mapping from boundary names to conditions, got {conditions!r}"
        )
    for name, condition in conditions.items():
        if not isinstance(condition, Condition):
            raise InputError(
                f"conditions: boundary {name!r}: expected Wall(), Symmetry(), Inlet(...), Outlet(), "
                f"Periodic(...) or Developed(...), got {condition!r}"
            )
    return dict(conditions)


def of_kind(conditions, kind) -> dict[str, Condition]:
    """The conditions of one kind, by boundary."""
    return {
        name: condition for name, condition in conditions.items() if isinstance(condition, kind)
    }


def roles(conditions) -> dict:
    """What :func:`solvers.fem.domain.build_domain` needs to know: which boundaries are walls,
    periodic or open.

    The first period is the one that the flow is driven along, if it is.
    """
    periodic = dict(
        sorted(of_kind(conditions, Periodic).items(), key=lambda item: not item[1].driven)
    )
    walls, section = of_kind(conditions, Wall), of_kind(conditions, Developed)
    return {
        "walls": tuple(walls),
        "periodic": tuple((name, condition.to) for name, condition in periodic.items()),
        "openings": tuple(name for name in conditions if name not in {*walls, *periodic, *section}),
    }


def flow_conditions(problem) -> dict[str, Condition]:
    """The conditions of a flow given by ``conditions``, or else by ``walls``, ``periodic`` and
    ``bulk_velocity``.

    Raises
    ------
    InputError
        If they are incomplete, or given in both ways.
    """
    if problem.conditions is not None:
        if problem.bulk_velocity is not None:
            raise InputError(
                "bulk_velocity: with conditions, give it as Periodic(to, bulk_velocity=...)"
            )
        return checked(problem.conditions)
    if not problem.periodic or not problem.walls:
        raise InputError(
            f"{type(problem).__name__}: needs walls and two periodic boundaries, or conditions"
        )
    if problem.bulk_velocity is None:
        raise InputError("bulk_velocity: missing; give it, or conditions that drive the flow")
    return between_walls(problem.walls, problem.periodic, problem.bulk_velocity)
