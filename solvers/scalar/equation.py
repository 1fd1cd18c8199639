"""The discrete equation of a carried scalar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from solvers.algebra.bordered import BorderedSystem
from solvers.fem.arguments import is_number
from solvers.fem.dirichlet import hold_on_boundaries
from solvers.fem.fields import function_from, interpolate_on_boundary
from solvers.fenics import MPI, Expr, fem, ufl
from solvers.flow.conditions import Inlet, Outlet
from solvers.scalar.advection import dx, transport_form, upwinding
from solvers.scalar.carrier import Carrier, as_carrier
from solvers.scalar.production import production_terms
from solvers.scalar.result import TransportResult
from vcnn.errors import InputError
from vcnn.flow.arrays import float_array
from vcnn.flow.field import FlowField

if TYPE_CHECKING:
    from solvers.scalar.transport import ScalarTransport


class TransportEquation:
    """The discrete equation of a `ScalarTransport`.

    Parameters
    ----------
    problem : ScalarTransport
    comm : MPI communicator

    Attributes
    ----------
    carrier : Carrier
    location : {"cell", "vertex"}
        Where arrays are given.
    c : dolfinx Function
        The concentration, as it is now.
    diffusivity, decay : dolfinx Functions or Constants
    sources : mapping name -> UFL expression
    residual : linear UFL form
    system : BorderedSystem
        Its first Jacobian is that of the linear problem.

    Raises
    ------
    InputError
        If a field or condition cannot be used.
    """

    carrier: Carrier
    sources: Mapping[str, Expr]

    def __init__(self, problem: ScalarTransport, comm: MPI.Comm):
        self.problem, conditions = problem, problem.boundary_conditions
        self.carrier = carrier = as_carrier(problem.velocity, problem.mesh, conditions, comm)
        domain, u = carrier.domain, carrier.velocity
        C = fem.functionspace(domain.mesh, ("Lagrange", 2))
        self.location = (
            problem.velocity.location if isinstance(problem.velocity, FlowField) else "vertex"
        )
        self.sources = production_terms(
            problem.production, carrier, location=self.location, space=C
        )
        self.diffusivity = D = _diffusivity(problem.diffusivity, domain, self.location)
        self.decay, m = (
            fem.Constant(domain.mesh, float(number)) for number in (problem.decay, problem.exponent)
        )
        self.c = c = fem.Function(C, name="concentration")
        bcs = _dirichlet_conditions(domain, conditions, C)
        for bc in bcs:
            bc.set(c.x.array)
        s, dc = ufl.TestFunction(C), ufl.TrialFunction(C)
        sink = self.decay * abs(c) ** m
        how = {
            "velocity": u,
            "diffusivity": D,
            "through": domain.ds(conditions.of_kind(Inlet | Outlet)),
        }
        self.residual = (
            transport_form(c, s, rate=sink, **how)
            - self.sources["production"] * (s + upwinding(s, u, D)) * dx
        )
        # d/dc of ζ|c|ᵐc is (m + 1) ζ|c|ᵐ; the first step solves the linear problem, m = 0.
        rates = (self.decay, (m + 1) * sink)
        self.system = BorderedSystem(
            self.residual,
            [transport_form(dc, s, rate=rate, **how) for rate in rates],
            c,
            bcs,
            name="scalar transport",
            linear_solver=problem.linear_solver,
        )

    def result(self, residuals: tuple[float, ...]) -> TransportResult:
        """The concentration as it is now."""
        return TransportResult(
            self.problem,
            self.carrier,
            self.c,
            diffusivity=self.diffusivity,
            sources=self.sources,
            equation=self.residual,
            residuals=residuals,
        )


def _diffusivity(value, domain, location) -> fem.Constant | fem.Function:
    if is_number(value):
        return fem.Constant(domain.mesh, float(value))
    values = float_array(value, "diffusivity", "a positive number or an array of them")
    if values.ndim != 1 or not (np.isfinite(values) & (values > 0)).all():
        raise InputError("diffusivity: expected a positive number or an array (n,) of them")
    return function_from(domain, values, location, "diffusivity")


def _dirichlet_conditions(domain, conditions, C) -> list[fem.DirichletBC]:
    """The values at inlets, and 0 on walls."""
    values = {}
    for name, condition in conditions.holding.items():
        if isinstance(condition, Inlet):
            label = f"Inlet of boundary {name!r}"
            values[name] = interpolate_on_boundary(
                domain, C, condition.value, boundary=name, name=label
            )
        else:
            values[name] = fem.Function(C)
    return hold_on_boundaries(domain, C, values)
