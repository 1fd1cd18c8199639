"""The steady momentum balance of a viscous flow as a weak form, which all models of flow share."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from solvers.algebra.bordered import Constraint
from solvers.fem.arguments import is_number
from solvers.fem.domain import Domain
from solvers.fenics import Expr, basix, dolfinx, fem, ufl
from solvers.flow.boundary_conditions import BoundaryConditions
from solvers.flow.conditions import Outlet
from solvers.flow.convection import convection
from solvers.flow.drive import BulkVelocity, Force, main_direction
from solvers.flow.velocity_conditions import (
    characteristic_speed,
    outlet_pressures,
    pin_pressure,
    symmetry_projection,
    velocity_conditions,
)

dx = ufl.dx(degree=5)  # enough for quadratic velocities; closures are no polynomials anyway


def taylor_hood(domain: Domain, scalars: int = 1) -> fem.FunctionSpace:
    """Quadratic velocity with ``scalars`` linear scalars, the first of which is the pressure."""
    cell = domain.mesh.basix_cell()
    velocity = basix.ufl.element("Lagrange", cell, 2, shape=(domain.dimension,))
    linear = [basix.ufl.element("Lagrange", cell, 1)] * scalars
    return fem.functionspace(domain.mesh, basix.ufl.mixed_element([velocity, *linear]))


def coefficient(mesh: dolfinx.mesh.Mesh, value: Expr | float) -> Expr:
    """A number as a Constant, with which forms need no compiler when it changes; else the value."""
    return fem.Constant(mesh, float(value)) if is_number(value) else value


def strain_rate(u: Expr) -> Expr:
    """|S| = √2 |sym ∇u|."""
    S = ufl.sym(ufl.grad(u))
    return ufl.sqrt(2 * ufl.inner(S, S))


def momentum(
    u: Expr, p: Expr, v: Expr, q: Expr, *, carrier: Expr, viscosity: Expr, speed: Expr
) -> ufl.Form:
    """u carried by a velocity, with the stress 2 ν sym ∇u and the pressure U p, tested with v.

    How it is carried: :func:`solvers.flow.convection.convection`. And ∇·u = 0 tested with U q. With
    U a velocity of the flow both equations have the same units, and the norm of the residual means
    the same whatever they are.

    Parameters
    ----------
    u, p, v, q : UFL expressions
        Velocity and pressure, and their test functions.
    carrier : UFL expression of shape (d,)
    viscosity : UFL expression
        ν.
    speed : UFL expression
        U.
    """
    return (
        convection(u, v, carrier=carrier, viscosity=viscosity)
        + 2 * viscosity * ufl.inner(ufl.sym(ufl.grad(u)), ufl.grad(v))
        - speed * p * ufl.div(v)
        - speed * q * ufl.div(u)
    ) * dx


class MomentumBalance:
    """Velocity and pressure on a domain under conditions, and what holds and moves them.

    Parameters
    ----------
    domain : Domain
    conditions : BoundaryConditions
    scalars : int
        How many linear unknowns there are besides the velocity; the first is the pressure.

    Attributes
    ----------
    space : dolfinx FunctionSpace
        Of the unknowns (u, p / U, ...).
    w : dolfinx Function of that space
        Zero but for what the conditions hold.
    bcs : list of dolfinx DirichletBC
        Those of the velocity; one pressure is held too unless there is an outlet.
    blocked : PETSc.Mat or None
        What planes of symmetry hold, for `BorderedSystem`.
    speed : dolfinx Constant
        U, a velocity of the flow.
    bulk_velocity : float or None
        Volume-mean velocity along the period or across the section, if it is given.
    applied_force : dolfinx Constant
        The driving force, if it is given, else 0.

    Raises
    ------
    InputError
        If the conditions do not determine a flow.
    """

    def __init__(self, domain: Domain, conditions: BoundaryConditions, scalars: int = 1):
        self.domain, drive = domain, conditions.drive
        self._direction = main_direction(domain, drive)
        self.bulk_velocity = drive.value if isinstance(drive, BulkVelocity) else None
        force = drive.value if isinstance(drive, Force) else 0.0
        self.applied_force = fem.Constant(domain.mesh, float(force))
        self.space = taylor_hood(domain, scalars)
        self.w = fem.Function(self.space)
        self.bcs = velocity_conditions(domain, conditions, self.space)
        self.blocked = symmetry_projection(domain, conditions, self.space)
        for bc in self.bcs:
            bc.set(self.w.x.array)
        speed = characteristic_speed(domain, self.bulk_velocity, force, self.w)
        self.speed = fem.Constant(domain.mesh, speed)
        self._outlets = conditions.of_kind(Outlet)
        self._outside = outlet_pressures(domain, self._outlets)
        if not self._outlets:
            self.bcs.append(pin_pressure(self.space))

    def oseen(
        self, u: Expr, p: Expr, v: Expr, q: Expr, *, carrier: Expr, viscosity: Expr
    ) -> ufl.Form:
        """The weak form of :func:`momentum` with what outlets add: linear in (u, p)."""
        form = momentum(u, p, v, q, carrier=carrier, viscosity=viscosity, speed=self.speed)
        if self._outlets:
            # The stress there is −p n + ν ∂u/∂n: that of a developed profile is the pressure alone.
            n = ufl.FacetNormal(self.domain.mesh)
            form -= viscosity * ufl.inner(ufl.grad(u).T * n, v) * self.domain.ds(self._outlets)
        return form

    def residual(self, u: Expr, p: Expr, v: Expr, q: Expr, *, viscosity: Expr) -> ufl.Form:
        """u carried by itself, less the driving force if it is given, under the outer pressure."""
        form = self.oseen(u, p, v, q, carrier=u, viscosity=viscosity)
        n = ufl.FacetNormal(self.domain.mesh)
        for name, pressure in self._outside.items():
            form += pressure * ufl.inner(n, v) * self.domain.ds([name])
        if self.force:
            form -= self.applied_force * self.unit_force(v)
        return form

    @property
    def force(self) -> float:
        """The driving force, if it is given, else 0."""
        return float(self.applied_force)

    def unit_force(self, v: Expr) -> ufl.Form:
        """∫ e·v, what a driving force of 1 adds to the equations."""
        return ufl.inner(fem.Constant(self.domain.mesh, self._direction), v) * dx

    def constraint(self, v: Expr) -> Constraint | None:
        """The volume-mean velocity that an unknown force along it holds, if that is given.

        ∫ u·e dx as a functional of u is what the force adds, tested with u.
        """
        if self.bulk_velocity is None:
            return None
        return Constraint(self.unit_force(v), target=self.bulk_velocity * self.domain.volume)

    @cached_property
    def _parts(self) -> list[tuple[fem.FunctionSpace, list[np.ndarray]]]:
        """Spaces of velocity and pressure, each with its degrees of freedom among the unknowns."""
        return [self.space.sub(i).collapse() for i in range(2)]

    def velocity_and_pressure(self, w: fem.Function) -> tuple[fem.Function, fem.Function]:
        """Both from the unknowns; the pressure has mean 0 unless there is an outlet."""
        velocity, pressure = (fem.Function(space) for space, _ in self._parts)
        for part, (_, dofs) in zip((velocity, pressure), self._parts, strict=True):
            part.x.array[:] = w.x.array[dofs[0]]
        pressure.x.array[:] *= float(self.speed)
        if not self._outlets:
            pressure.x.array[:] -= self.domain.integral(pressure) / self.domain.volume
        velocity.name, pressure.name = "velocity", "pressure"
        return velocity, pressure
