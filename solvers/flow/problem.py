"""A flow to solve: mesh, viscosity, conditions and what drives it, said in one place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, fields
from pathlib import Path
from typing import Self

import meshio
import numpy as np

from solvers.fem.arguments import check_number
from solvers.fem.domain import Domain
from solvers.fem.mesh_facts import MeshFacts, mesh_facts
from solvers.fenics import MPI, Expr, fem
from solvers.flow.boundary_conditions import BoundaryConditions, between_walls, conditions_from
from solvers.flow.conditions import Condition, Inlet, Outlet
from solvers.flow.continuation import come_down
from solvers.flow.drive import BulkVelocity, Drive
from solvers.flow.result import FlowResult
from solvers.flow.start import Start, start_on
from vcnn.errors import DivergenceError, InputError
from vcnn.flow.field import FlowField


@dataclass(frozen=True, eq=False, repr=False)
class FlowProblem:
    """A steady incompressible flow: the equations of a model are still to be chosen.

    Whatever they are, u = 0 on walls at rest, and what drives a flow along a period, or across a
    plane section, is a force f e, with e its direction: given, or the unknown one with which
    (1/|Ω|) ∫ u·e dx = U.

    Parameters
    ----------
    mesh : meshio.Mesh
        As in ``solvers.fem.build.build_domain``, the same on every rank of MPI. Points that
        belong to no cell are left out: all arrays belong to the mesh without them.
    viscosity : float
        ν, length²/time.
    bulk_velocity : float, optional
        U, length/time: short for ``drive=BulkVelocity(U)`` where no ``conditions`` are given.
    drive : BulkVelocity or Force, optional
        Along the first period unless it says otherwise. ``Periodic(to, bulk_velocity=U)`` and
        ``Developed(...)`` among the conditions are other ways to say it.
    conditions : mapping boundary name -> condition, optional
        One for each boundary (``solvers.flow.conditions``). Without them all are ``walls`` at
        rest but for the pair that is ``periodic``.
    walls : sequence of str
        Names of the boundaries without slip, unless there are ``conditions``.
    periodic : (str, str)
        Names of the boundaries that are one, the flow going from the first to the second if U > 0.

    Attributes
    ----------
    facts : MeshFacts
        What follows from the mesh.
    boundary_conditions : BoundaryConditions
        Conditions and drive in one form, whichever way they were said.

    Raises
    ------
    InputError
        If a number or a name does not make sense, conditions or drive are incomplete or said twice,
        or the mesh cannot be used.
    """

    mesh: meshio.Mesh
    viscosity: float
    bulk_velocity: float | None = None
    _: KW_ONLY
    drive: Drive | None = None
    conditions: Mapping[str, Condition] | None = None
    walls: tuple[str, ...] = ("bottom", "top")
    periodic: tuple[str, str] | None = ("inlet", "outlet")
    facts: MeshFacts = field(init=False)
    boundary_conditions: BoundaryConditions = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "facts", mesh_facts(self.mesh))
        object.__setattr__(self, "mesh", self.facts.source)
        self._check_viscosity()
        object.__setattr__(self, "boundary_conditions", self._in_one_form())

    def __repr__(self) -> str:
        cells = f"{len(self.facts.cells)} cells ({self.facts.kind})"
        return (
            f"{type(self).__name__}({cells}, viscosity={self.viscosity}, "
            f"drive={self.boundary_conditions.drive})"
        )

    @classmethod
    def from_problem(cls, problem: FlowProblem, **options) -> Self:
        """This problem for the flow of another one, which had other equations.

        Parameters
        ----------
        problem : FlowProblem
        **options : any
            What this class takes besides.
        """
        shared = (f.name for f in fields(FlowProblem) if f.init)
        return cls(**{name: getattr(problem, name) for name in shared}, **options)

    def molecular_viscosity(
        self, scalars: Mapping[str, Expr | np.ndarray | float]
    ) -> Expr | np.ndarray | float:
        """ν, a number; or, if it depends on carried scalars, what it is where they have values.

        Parameters
        ----------
        scalars : mapping name -> UFL expression, (n,) or float
            Values of the scalars that the flow carries.

        Returns
        -------
        UFL expression, (n,) or float
            Length²/time.
        """
        return self.viscosity

    def body_force(self, scalars: Mapping[str, fem.Function]) -> Expr | None:
        """What acts on the fluid besides the drive, a UFL expression of shape (d,), or None.

        Parameters
        ----------
        scalars : mapping name -> dolfinx Function
            The scalars that the flow carries.
        """
        return None

    def given_anisotropy(self, domain: Domain) -> fem.Function | None:
        """The stress −a on a ``domain`` that is given with the problem, whatever the flow is."""
        return None

    def _check_viscosity(self) -> None:
        check_number(self.viscosity, "viscosity", "a positive number")

    def _in_one_form(self) -> BoundaryConditions:
        if not isinstance(self.drive, Drive | None):
            raise InputError(f"drive: expected BulkVelocity or Force, got {self.drive!r}")
        if self.drive is not None and self.bulk_velocity is not None:
            raise InputError("drive: stands in place of bulk_velocity, got both")
        if self.conditions is None:
            return self._between_walls()
        if self.bulk_velocity is not None:
            raise InputError(
                "bulk_velocity: with conditions, give it as Periodic(to, bulk_velocity=...) or as "
                "drive=BulkVelocity(...)"
            )
        conditions = conditions_from(self.conditions, self.drive)
        if conditions.of_kind(Inlet) and not conditions.of_kind(Outlet):
            raise InputError(
                "conditions: what enters by an Inlet must leave by an Outlet, there is none"
            )
        return conditions

    def _between_walls(self) -> BoundaryConditions:
        if not self.periodic or not self.walls:
            raise InputError(
                f"{type(self).__name__}: needs walls and two periodic boundaries, or conditions"
            )
        if self.bulk_velocity is None and self.drive is None:
            raise InputError("bulk_velocity: missing; give it, or conditions or a drive")
        drive = BulkVelocity(self.bulk_velocity) if self.drive is None else self.drive
        return between_walls(self.walls, self.periodic, drive)


class FlowModel(FlowProblem, ABC):
    """A flow problem whose equations are closed: it is solved as it stands."""

    def solve(
        self,
        start: FlowResult | FlowField | Start | str | Path | None = None,
        comm: MPI.Comm = MPI.COMM_WORLD,
    ) -> FlowResult:
        """Solve on all ranks of ``comm``.

        If the iteration fails larger viscosities are tried, and the flow is followed from one to
        the next (``solvers.flow.continuation.come_down``); the ``notes`` of the result say so.

        Parameters
        ----------
        start : FlowResult, FlowField, Start or path, optional
            To begin from: an earlier solution on any mesh of the same domain, or the file of
            :meth:`FlowResult.checkpoint` for the same mesh and periods; a flow known at points; or
            any velocity and pressure (``solvers.flow.start.Start``). They need not satisfy the
            conditions.

        Raises
        ------
        InputError
            If the start lies elsewhere or cannot be read, or the conditions do not determine a
            flow.
        DivergenceError
            If the iteration does not converge, by way of larger viscosities neither.
        """
        domain, initial = start_on(self, start, comm)
        try:
            return self._solve_on(domain, initial)
        except DivergenceError as error:
            return come_down(self, domain, initial, error)

    @abstractmethod
    def _solve_on(self, domain: Domain, start: Start | None) -> FlowResult:
        """Solve on a domain, from rest or a start there."""
