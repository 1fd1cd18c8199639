"""Conditions on the named boundaries of a mesh, for flow and for a scalar that it carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from solvers.fem.arguments import check_number
from solvers.flow.drive import BulkVelocity, Drive, Force
from vcnn.errors import InputError


@dataclass(frozen=True)
class Wall:
    """No slip: u is the velocity of the wall. A carried scalar is 0.

    Parameters
    ----------
    velocity : sequence of d floats, optional
        Along the wall, length/time; at rest by default.
    """

    velocity: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Symmetry:
    """A plane that nothing passes: u·n = 0, no shear stress, no flux.

    Or a smoothly curved boundary without friction. Planes may have any direction; where two meet at
    an angle each has a name of its own.
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
    turbulence : mapping name -> callable, array or number, optional
        What enters of the quantities that a turbulence model carries, such as
        ``"turbulent_kinetic_energy"``, as for ``value``: (k,), (M,) or a number, none of them
        negative. Of others a model has values of its own.
    """

    value: Callable[[np.ndarray], np.ndarray] | np.ndarray | tuple[float, ...] | float
    turbulence: Mapping[str, Callable[[np.ndarray], np.ndarray] | np.ndarray | float] = field(
        default_factory=dict, kw_only=True
    )

    def __repr__(self) -> str:
        value = self.value
        of_value = f"an array of shape {value.shape}" if isinstance(value, np.ndarray) else value
        more = f", turbulence: {', '.join(self.turbulence)}" if self.turbulence else ""
        return f"Inlet({of_value}{more})"


@dataclass(frozen=True)
class Outlet:
    """A given pressure p₀ outside, and no diffusive flux of a carried scalar.

    −p n + (ν + ν_t) ∂u/∂n − a n = −p₀ n, with the anisotropy a if there is one. Meant for
    places where the flow leaves. Weak backflow is tolerated, but it brings in whatever momentum and
    scalar it likes, and with a strong one the iteration may fail: put the outlet beyond the
    recirculation.

    Parameters
    ----------
    pressure : callable, (M,) or float
        p₀, kinematic, velocity²: a number, a callable of positions (d, k), or values at the
        vertices of the mesh.
    """

    pressure: Callable[[np.ndarray], np.ndarray] | np.ndarray | float = 0.0


@dataclass(frozen=True)
class Periodic:
    """The boundary is one with another, which needs no condition of its own.

    That one is this one moved by the period. ``Periodic(to, bulk_velocity=U)`` is ``Periodic(to)``
    with ``drive=BulkVelocity(U)`` along this period.

    Parameters
    ----------
    to : str
        Name of the other boundary.
    bulk_velocity : float, optional
        Volume mean of the velocity along the period, length/time: see `BulkVelocity`.
    pressure_gradient : float, optional
        The driving force f, velocity²/length: see `Force`. Without either nothing drives the flow
        this way.

    Raises
    ------
    InputError
        If both are given, or one is not a number other than 0.
    """

    to: str
    bulk_velocity: float | None = None
    pressure_gradient: float | None = None

    def __post_init__(self):
        _drive(self)

    @property
    def drive(self) -> Drive | None:
        """What drives the flow along this period."""
        return _drive(self)


@dataclass(frozen=True)
class Developed:
    """What drives a flow across its mesh, a plane section through which nothing changes: ∂/∂n = 0.

    Not the condition of a boundary: it stands among the conditions under any other name, such as
    ``"section"``, and says the same as ``drive`` does beside them: ``BulkVelocity(U, direction)``
    or ``Force(f, direction)``. The mesh is one of triangles or quadrilaterals with points (M, 3) in
    a plane; velocities have three components.

    Parameters
    ----------
    direction : sequence of 3 floats
        Along the normal n of the plane, of any length: to which of its two sides the flow is
        driven.
    bulk_velocity : float, optional
        Area mean of the velocity this way, length/time: see `BulkVelocity`.
    pressure_gradient : float, optional
        The driving force f, velocity²/length: see `Force`. One of the two is needed.

    Raises
    ------
    InputError
        If not one of the two is given, it is not a number other than 0, or the direction is not
        three numbers.
    """

    direction: tuple[float, float, float]
    bulk_velocity: float | None = None
    pressure_gradient: float | None = None

    def __post_init__(self):
        if self.drive is None:
            raise InputError("Developed: expected bulk_velocity or pressure_gradient, got neither")
        if len(self.drive.direction) != 3:
            raise InputError(f"direction: expected three numbers, got {self.direction!r}")
        object.__setattr__(self, "direction", self.drive.direction)

    @property
    def drive(self) -> Drive | None:
        """What drives the flow across the section."""
        return _drive(self, self.direction)


def _drive(condition: Periodic | Developed, direction=None) -> Drive | None:
    """What a condition says of a drive, in one form."""
    bulk, gradient = condition.bulk_velocity, condition.pressure_gradient
    if bulk is not None and gradient is not None:
        raise InputError(
            f"{type(condition).__name__}: expected bulk_velocity or pressure_gradient, got both"
        )
    if bulk is not None:
        return BulkVelocity(bulk, direction)
    if gradient is not None:
        check_number(gradient, "pressure_gradient", "a number other than 0")
        return Force(gradient, direction)
    return None


Condition = Wall | Symmetry | Inlet | Outlet | Periodic | Developed
