"""What drives a flow along a period or across a section: a bulk velocity to hold, or a force."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from solvers.fem.arguments import check_number
from solvers.fem.domain import Domain
from vcnn.errors import InputError
from vcnn.flow.arrays import float_array

_PARALLEL = 1 - 1e-8  # the least cosine between a direction and the axis that it is along


@dataclass(frozen=True)
class _Drive:
    """A number and the direction that it is along; ``_what`` is the number's name in messages."""

    value: float
    direction: tuple[float, ...] | None = None

    _what = "value"

    def __post_init__(self):
        check_number(self.value, self._what, "a number other than 0")
        if self.direction is not None:
            expected = "two or three numbers"
            direction = float_array(self.direction, "direction", expected)
            if direction.shape not in ((2,), (3,)) or not 0 < np.linalg.norm(direction) < np.inf:
                raise InputError(
                    f"direction: expected {expected}, not all 0, got {self.direction!r}"
                )
            object.__setattr__(self, "direction", tuple(direction.tolist()))

    def rotated(self, rotation: np.ndarray) -> Self:
        """The same in the frame x → R x, with ``rotation`` R (d, d)."""
        if self.direction is None:  # along a period, which rotates with the mesh
            return self
        return replace(self, direction=np.asarray(rotation, dtype=float) @ self.direction)


@dataclass(frozen=True)
class BulkVelocity(_Drive):
    """The volume mean of the velocity along a direction, held by a driving force that is unknown.

    Parameters
    ----------
    value : float
        U, length/time, other than 0; a negative one is to the other side.
    direction : sequence of d floats, optional
        e, of any length: along a period, or across a mesh that is a plane section of space. By
        default along the first period, from the first of its boundaries to the second.

    Raises
    ------
    InputError
        If the value is not such a number, or the direction not two or three numbers.
    """

    _what = "bulk_velocity"


@dataclass(frozen=True)
class Force(_Drive):
    """A driving force per mass that is given: how fast the mean kinematic pressure falls.

    Parameters
    ----------
    value : float
        f, velocity²/length, other than 0; a negative one is to the other side.
    direction : sequence of d floats, optional
        As in `BulkVelocity`.

    Raises
    ------
    InputError
        As `BulkVelocity`.
    """

    _what = "force"


Drive = BulkVelocity | Force


def main_direction(domain: Domain, drive: Drive | None) -> np.ndarray | None:
    """(d,) unit vector that a flow is driven along, else of the first period; None without either.

    Raises
    ------
    InputError
        If the drive is neither along a period of the domain nor across a section.
    """
    periods = [period / np.linalg.norm(period) for period in domain.periods]
    if drive is None:
        return periods[0] if periods else None
    if drive.direction is None and periods:
        return periods[0]
    axes = periods if domain.normal is None else [domain.normal, *periods]
    if drive.direction is not None and len(drive.direction) == domain.dimension:
        for axis in axes:
            cosine = axis @ drive.direction / np.linalg.norm(drive.direction)
            if abs(cosine) >= _PARALLEL:
                return np.sign(cosine) * axis
    possible = " or ".join(f"({', '.join(f'{x:.4g}' for x in axis)})" for axis in axes)
    raise InputError(
        "drive: expected a direction along a period or across a section (a mesh of triangles or "
        "quadrilaterals with points (M, 3) in a plane), "
        f"{f'{possible} or the opposite' if axes else 'this mesh has neither'}, "
        f"got {drive.direction or 'none'}"
    )
