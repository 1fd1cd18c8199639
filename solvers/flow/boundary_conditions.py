"""Conditions in one form, however they were said: one a boundary, and what drives the flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import UnionType

import meshio

from solvers.fem.arguments import boundary_names
from solvers.fem.build import build_domain
from solvers.fem.domain import Domain
from solvers.fem.mesh_facts import MeshFacts
from solvers.fenics import MPI
from solvers.flow.conditions import Condition, Developed, Inlet, Periodic, Wall
from solvers.flow.drive import Drive
from vcnn.errors import InputError

_SEVERAL = "conditions: the flow is driven in one direction at most, got two"


@dataclass(frozen=True, eq=False)
class BoundaryConditions:
    """What holds a flow or a scalar at the boundaries of a mesh, and what drives the flow.

    Parameters
    ----------
    by_name : mapping boundary name -> Wall, Symmetry, Inlet, Outlet or Periodic(to)
        The boundaries that others are periodic with are left out. The period that the flow is
        driven along is the first one.
    drive : BulkVelocity, Force or None
    driven : tuple of str
        Periodic boundaries, parts of one seam, that say the same drive along their period.
    """

    by_name: Mapping[str, Condition]
    drive: Drive | None = None
    driven: tuple[str, ...] = ()

    def of_kind(self, kind: type | UnionType) -> dict[str, Condition]:
        """Those of one class, or of several given as a union, by boundary."""
        return {name: c for name, c in self.by_name.items() if isinstance(c, kind)}

    def check_turbulence(self, names: Sequence[str]) -> None:
        """Raise `InputError` if an inlet has a turbulent quantity that is none of ``names``."""
        for boundary, inlet in self.of_kind(Inlet).items():
            for name in inlet.turbulence:
                if name not in names:
                    raise InputError(
                        f"Inlet of boundary {boundary!r}: turbulence: the model carries "
                        f"{', '.join(names) or 'nothing'}, got {name!r}"
                    )

    @property
    def holding(self) -> dict[str, Inlet | Wall]:
        """Those that hold a velocity or a scalar, by boundary; walls last.

        Where an inlet meets a wall, the wall is to hold.
        """
        return {**self.of_kind(Inlet), **self.of_kind(Wall)}

    @property
    def walls(self) -> tuple[str, ...]:
        """Boundaries without slip."""
        return tuple(self.of_kind(Wall))

    @property
    def periodic(self) -> tuple[tuple[str, str], ...]:
        """Pairs of boundaries that are one."""
        return tuple((name, c.to) for name, c in self.of_kind(Periodic).items())

    @property
    def openings(self) -> tuple[str, ...]:
        """Boundaries that are neither walls nor periodic."""
        return tuple(name for name, c in self.by_name.items() if not isinstance(c, Wall | Periodic))

    def build_domain(self, mesh: meshio.Mesh | MeshFacts, comm: MPI.Comm) -> Domain:
        """Prepare a mesh for solving under these conditions, see :mod:`solvers.fem.build`.

        Raises
        ------
        InputError
            If a boundary has no condition or there is none of that name, the mesh cannot be used,
            or the flow is driven along several periods.
        """
        domain = build_domain(mesh, self.walls, self.periodic, comm, self.openings)
        if len(self.driven) > 1 and not domain.seams.have_one_period(self.driven):
            raise InputError(_SEVERAL)
        return domain


def conditions_from(
    conditions: Mapping[str, Condition], drive: Drive | None = None
) -> BoundaryConditions:
    """One form of conditions by name, among which a `Periodic` or a `Developed` may drive the flow.

    Several `Periodic` may say the same drive: parts of one seam, which have the same period.

    Parameters
    ----------
    conditions : mapping name -> condition
    drive : BulkVelocity or Force, optional
        Given beside them.

    Raises
    ------
    InputError
        If they are not a mapping from names to conditions, or several drive the flow.
    """
    if not isinstance(conditions, Mapping):
        raise InputError(
            f"conditions: expected a mapping from boundary names to conditions, got {conditions!r}"
        )
    drives = [] if drive is None else [drive]
    driven, at_rest = {}, {}
    for name, condition in conditions.items():
        if not isinstance(condition, Condition):
            raise InputError(
                f"conditions: boundary {name!r}: expected Wall(), Symmetry(), Inlet(...), "
                f"Outlet(), Periodic(...) or Developed(...), got {condition!r}"
            )
        if isinstance(condition, Periodic | Developed) and condition.drive is not None:
            drives.append(condition.drive)
            if isinstance(condition, Periodic):
                driven[name] = Periodic(condition.to)
        else:
            at_rest[name] = condition
    if len(drives) > 1 and not (len(drives) == len(driven) and len(set(drives)) == 1):
        raise InputError(_SEVERAL)
    return BoundaryConditions({**driven, **at_rest}, *drives[:1], driven=tuple(driven))


def between_walls(
    walls: Sequence[str], periodic: Sequence[str] | None, drive: Drive | None = None
) -> BoundaryConditions:
    """Conditions where all boundaries are walls at rest or one periodic pair, if there is one.

    Raises
    ------
    InputError
        If ``periodic`` is not two names, or ``walls`` not a sequence of them.
    """
    walls, ends = boundary_names(walls, "walls"), boundary_names(periodic or (), "periodic")
    if len(ends) not in (0, 2):
        raise InputError(f"periodic: expected the names of two boundaries, got {periodic}")
    seam = {ends[0]: Periodic(ends[1])} if ends else {}
    return BoundaryConditions({**dict.fromkeys(walls, Wall()), **seam}, drive)
