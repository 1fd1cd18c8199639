"""The steady momentum equation with a viscosity that may vary: what laminar flow and RANS share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from solvers.algebra.newton import newton
from solvers.fem.arguments import is_number
from solvers.fem.checkpoint import save_checkpoint
from solvers.fem.domain import Domain
from solvers.fem.sampling import flow_field
from solvers.fem.vtx import write_vtx
from solvers.fenics import fem, ufl
from solvers.flow.drive import main_direction
from solvers.flow.history import CouplingHistory
from solvers.flow.momentum import MomentumBalance, dx
from vcnn.flow.field import FlowField


def strain_rate(u):
    """|S| = √2 |sym ∇u|, a UFL expression."""
    S = ufl.sym(ufl.grad(u))
    return ufl.sqrt(2 * ufl.inner(S, S))


def molecular_viscosity(result):
    """ν of a flow, a UFL expression; of an `ActiveScalar` it may vary with the concentration."""
    nu = result.problem.viscosity
    return (
        nu(result.scalars["concentration"])
        if callable(nu)
        else fem.Constant(result.domain.mesh, float(nu))
    )


@dataclass(frozen=True, eq=False)
class FlowResult:
    """A steady flow.

    Parameters
    ----------
    problem : LaminarFlow, RANS or ActiveScalar
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
        (:class:`solvers.coupling.stress.TurbulentStress`).
    """

    problem: object
    domain: Domain
    velocity: fem.Function
    pressure: fem.Function
    pressure_gradient: float
    residuals: tuple[float, ...]
    eddy_viscosity: fem.Function | None = None
    scalars: Mapping[str, fem.Function] = field(default_factory=dict)
    anisotropy: fem.Function | None = None
    history: CouplingHistory | None = None
    clipped: np.ndarray | None = None

    def __repr__(self) -> str:
        rounds = "" if self.history is None else f", {len(self.history)} rounds"
        return (
            f"FlowResult({type(self.problem).__name__}, {self.domain.count_cells():,} cells in "
            f"{self.domain.dimension}-D, residual {self.residuals[-1]:.2g}{rounds})"
        )

    def flow(self, location="cell") -> FlowField:
        """The solution at the midpoints of the cells or at the vertices of the mesh, whole on every
        rank.

        Scalars: ``pressure``, ``strain_rate``, ``wall_distance``, ``boundary`` (see
        :func:`solvers.fem.sampling.flow_field`), of RANS ``eddy_viscosity``, ``viscosity`` where it
        varies, and the ``scalars``. Weights are cell volumes or lumped masses."""
        functions, expressions = (
            {"pressure": self.pressure},
            {"strain_rate": strain_rate(self.velocity)},
        )
        modelled = {**self.scalars, "eddy_viscosity": self.eddy_viscosity}
        for name, function in modelled.items():
            if function is not None:
                continuous = function.ufl_element() in ufl.H1
                (functions if continuous else expressions)[name] = function
        parameters = {}
        if callable(self.problem.viscosity):
            expressions["viscosity"] = molecular_viscosity(self)
        else:
            parameters["viscosity"] = self.problem.viscosity
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
            self.domain, location, self.velocity, functions, expressions, parameters, provenance
        )

    def save(self, path):
        """Write the solution to a ``.bp`` folder for ParaView, at the nodes of the elements.

        It holds velocity, pressure, the ``scalars`` and, of RANS, the eddy viscosity.
        """
        functions = {"velocity": self.velocity, "pressure": self.pressure, **self.scalars}
        if self.eddy_viscosity is not None:
            functions["eddy_viscosity"] = self.eddy_viscosity
        return write_vtx(self.domain, path, functions)

    def checkpoint(self, path):
        """Write the solution to an ``.npz`` file for ``solve(start=path)``, on any number of ranks.

        The file is replaced once the new one is complete (:func:`solvers.save_checkpoint`). With a
        closure that predicts it holds what was predicted as well."""
        functions = {"velocity": self.velocity, "pressure": self.pressure, **self.scalars}
        if self.history is not None:
            stress = {"eddy_viscosity": self.eddy_viscosity, "anisotropy": self.anisotropy}
            functions |= {
                name: function for name, function in stress.items() if function is not None
            }
        numbers = {"pressure_gradient": self.pressure_gradient, "residual": self.residuals[-1]}
        return save_checkpoint(path, self.domain, functions, numbers)


def solve_incompressible(
    problem,
    domain,
    name,
    picard_steps,
    eddy_viscosity=None,
    anisotropy=None,
    start=None,
) -> FlowResult:
    """Solve u·∇u = −∇p + ∇·[(ν + ν_t)(∇u + ∇uᵀ)] − ∇·a + f e, ∇·u = 0.

    Taylor-Hood elements (quadratic velocity, linear pressure); Picard steps, then Newton.

    Parameters
    ----------
    problem : FlowProblem
    domain : Domain
    name : str
        For messages.
    picard_steps : int
        How many before Newton; none if there is a start.
    eddy_viscosity, anisotropy : UFL expressions, optional
        ν_t and the symmetric (d, d) tensor a.
    start : FlowResult, optional
        On the same domain.

    Raises
    ------
    InputError
        If the conditions do not determine a flow.
    DivergenceError
        If the iteration does not converge.
    """
    balance = MomentumBalance(domain, problem.boundary_conditions)
    residual, picard, exact = linearised(balance, problem.viscosity, eddy_viscosity, anisotropy)
    w, (v, _) = balance.w, ufl.TestFunctions(balance.space)
    solution = newton(
        residual=residual,
        jacobians=[exact] if start else [picard] * picard_steps + [exact],
        w=w,
        bcs=balance.bcs,
        constraint=balance.constraint(v),
        guess=None if start is None else guess_from(start, balance),
        name=name,
        blocked=balance.blocked,
    )
    velocity, pressure = balance.velocity_and_pressure(w)
    force = balance.force or solution.force
    return FlowResult(problem, domain, velocity, pressure, force, solution.residuals)


def linearised(balance, viscosity, eddy_viscosity=None, anisotropy=None, force=None):
    """The weak momentum balance of ``balance.w``, its Picard linearisation, and its derivative.

    Parameters
    ----------
    balance : MomentumBalance
    viscosity : float or UFL expression
    eddy_viscosity, anisotropy : UFL expressions, optional
        As in :func:`solve_incompressible`.
    force : UFL expression of shape (d,), optional
        Acceleration, on the right-hand side.
    """
    u, p = ufl.split(balance.w)
    v, q = ufl.TestFunctions(balance.space)
    du, dp = ufl.TrialFunctions(balance.space)
    nu = fem.Constant(balance.domain.mesh, float(viscosity)) if is_number(viscosity) else viscosity
    if eddy_viscosity is not None:
        nu = nu + eddy_viscosity
    residual = balance.residual(u, p, v, q, nu)
    if anisotropy is not None:
        residual -= ufl.inner(anisotropy, ufl.grad(v)) * dx
    if force is not None:
        residual -= ufl.inner(force, v) * dx
    picard = balance.oseen(du, dp, v, q, u, nu)
    return residual, picard, picard + ufl.inner(ufl.grad(u) * du, v) * dx


def guess_from(start, balance) -> np.ndarray:
    """Degrees of freedom of an earlier flow on the same domain that satisfy the conditions of a
    `MomentumBalance`.
    """
    guess, pressure = fem.Function(balance.space), start.pressure.copy()
    pressure.x.array[:] /= float(balance.speed)
    guess.sub(0).interpolate(start.velocity)
    guess.sub(1).interpolate(pressure)
    for bc in balance.bcs:
        bc.set(guess.x.array)
    if balance.blocked is not None:
        guess.x.petsc_vec.axpy(-1, balance.blocked * guess.x.petsc_vec)
        guess.x.scatter_forward()
    return guess.x.array
