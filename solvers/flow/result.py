"""A steady flow that was found, and what can be read off it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from solvers.fem.arguments import is_number
from solvers.fem.checkpoint import save_checkpoint
from solvers.fem.domain import Domain
from solvers.fem.sampling import flow_field
from solvers.fem.vtx import write_vtx
from solvers.fenics import fem, ufl
from solvers.flow.drive import main_direction
from solvers.flow.history import CouplingHistory
from solvers.flow.momentum import strain_rate
from vcnn.flow.field import FlowField

if TYPE_CHECKING:
    from solvers.flow.problem import FlowProblem


@dataclass(frozen=True, eq=False)
class FlowResult:
    """A steady flow.

    :meth:`flow` samples it on its mesh; :func:`solvers.evaluate` at any points,
    :func:`solvers.station_profiles` along lines, :func:`solvers.along_wall` at a wall.

    Parameters
    ----------
    problem : FlowProblem
        That it solves.
    domain : Domain
    velocity, pressure : dolfinx Functions on ``domain.mesh``
        The pressure is kinematic, with mean 0 unless there is an outlet.
    pressure_gradient : float
        The driving force f, velocity²/length: how fast the mean pressure falls along the period or
        across a section.
    residuals : tuple of float
        Residual before each step and at the end, relative to the load; infinite if it was
        interpolated.
    eddy_viscosity : dolfinx Function, optional
        ν_t of RANS.
    scalars : mapping name -> dolfinx Function
        What a turbulence model knows besides, such as ``turbulent_kinetic_energy``, or the
        ``concentration`` of `ActiveScalar`.
    anisotropy : dolfinx Function, optional
        a of RANS with a closure that predicts.
    history : CouplingHistory, optional
        How the flow and what is predicted from it came to agree.
    clipped : (n,) int, optional
        Of RANS with a closure that predicts, at the points where it was asked last: −1 where it was
        below its bounds, 1 where it was above, else 0
        (``vcnn.closure.stress.TurbulentStress``).
    notes : tuple of str
        What to know of how it was found, in sentences.
    """

    problem: FlowProblem
    domain: Domain
    velocity: fem.Function
    pressure: fem.Function
    _: KW_ONLY
    pressure_gradient: float
    residuals: tuple[float, ...]
    eddy_viscosity: fem.Function | None = None
    scalars: Mapping[str, fem.Function] = field(default_factory=dict)
    anisotropy: fem.Function | None = None
    history: CouplingHistory | None = None
    clipped: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        rounds = "" if self.history is None else f", {len(self.history)} rounds"
        return (
            f"FlowResult({type(self.problem).__name__}, {self.domain.count_cells():,} cells in "
            f"{self.domain.dimension}-D, residual {self.residuals[-1]:.2g}{rounds})"
        )

    def flow(self, location: str = "cell") -> FlowField:
        """The solution at ``location``, "cell" (midpoints) or "vertex", whole on every rank.

        Scalars: ``pressure``, ``strain_rate``, ``wall_distance``, ``boundary``, of RANS
        ``eddy_viscosity``, ``viscosity`` where it varies, and the ``scalars``. Weights are cell
        volumes or lumped masses.
        """
        functions, expressions = (
            {"pressure": self.pressure},
            {"strain_rate": strain_rate(self.velocity)},
        )
        modelled = {**self.scalars, "eddy_viscosity": self.eddy_viscosity}
        for name, function in modelled.items():
            if function is not None:
                continuous = function.ufl_element() in ufl.H1
                (functions if continuous else expressions)[name] = function
        nu = self.problem.molecular_viscosity(self.scalars)
        parameters = {}
        if is_number(nu):
            parameters["viscosity"] = nu
        else:
            expressions["viscosity"] = nu
        e = main_direction(self.domain, self.problem.boundary_conditions.drive)
        if e is not None:
            mean = (
                self.domain.integral(ufl.dot(self.velocity, ufl.as_vector(e))) / self.domain.volume
            )
            parameters |= {"bulk_velocity": mean, "pressure_gradient": self.pressure_gradient}
        provenance = {
            "solver": f"solvers.{type(self.problem).__name__}",
            "residual": self.residuals[-1],
        }
        return flow_field(
            self.domain,
            location,
            self.velocity,
            functions=functions,
            expressions=expressions,
            parameters=parameters,
            provenance=provenance,
        )

    def save(self, path: str | Path) -> Path:
        """Write the solution at the elements' nodes to a ``.bp`` folder ``path`` for ParaView.

        It holds velocity, pressure, the ``scalars`` and, of RANS, the eddy viscosity.
        """
        functions = {"velocity": self.velocity, "pressure": self.pressure, **self.scalars}
        if self.eddy_viscosity is not None:
            functions["eddy_viscosity"] = self.eddy_viscosity
        return write_vtx(self.domain, path, functions)

    def checkpoint(self, path: str | Path) -> Path:
        """Write the solution to an ``.npz`` file for ``solve(start=path)``, on any number of ranks.

        The file is replaced once the new one is complete (:func:`solvers.save_checkpoint`). With a
        closure that predicts it holds what was predicted as well.
        """
        functions = {"velocity": self.velocity, "pressure": self.pressure, **self.scalars}
        if self.history is not None:
            stress = {"eddy_viscosity": self.eddy_viscosity, "anisotropy": self.anisotropy}
            functions |= {
                name: function for name, function in stress.items() if function is not None
            }
        numbers = {"pressure_gradient": self.pressure_gradient, "residual": self.residuals[-1]}
        return save_checkpoint(path, self.domain, functions, numbers)
