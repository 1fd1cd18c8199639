"""The steady momentum balance of a viscous flow as a weak form: what laminar flow, RANS and
turbulence models share.
"""

from __future__ import annotations

from functools import cached_property

from solvers.algebra.bordered import Constraint
from solvers.fem.arguments import is_number
from solvers.fem.domain import Domain
from solvers.fenics import basix, dolfinx, fem, ufl
from solvers.flow.boundary_conditions import BoundaryConditions
from solvers.flow.conditions import Outlet
from solvers.flow.drive import BulkVelocity, Force, main_direction
from solvers.flow.velocity_conditions import (
    blocked_by_symmetry,
    pinned_pressure,
    pressures_outside,
    speed_of,
    velocity_conditions,
)

dx = ufl.dx(degree=5)  # enough for quadratic velocities; closures are no polynomials anyway


def taylor_hood(domain, scalars: int = 1):
    """Quadratic velocity with ``scalars`` linear scalars, the first of which is the pressure."""
    cell = domain.mesh.basix_cell()
    velocity = basix.ufl.element("Lagrange", cell, 2, shape=(domain.dimension,))
    linear = [basix.ufl.element("Lagrange", cell, 1)] * scalars
    return fem.functionspace(domain.mesh, basix.ufl.mixed_element([velocity, *linear]))


def coefficient(mesh: dolfinx.mesh.Mesh, value):
    """A number as a Constant, with which forms need no compiler when it changes; else the value."""
    return fem.Constant(mesh, float(value)) if is_number(value) else value


def strain_rate(u):
    """|S| = √2 |sym ∇u|, a UFL expression."""
    S = ufl.sym(ufl.grad(u))
    return ufl.sqrt(2 * ufl.inner(S, S))


def momentum(u, p, v, q, carrier, viscosity, U):
    """u carried by a velocity, with the stress 2 ν sym ∇u and the pressure U p, tested with v; ∇·u
    = 0 with U q.

    With U a velocity of the flow both equations have the same units, and the norm of the residual
    means the same whatever they are."""
    return (
        ufl.inner(ufl.grad(u) * carrier, v)
        + 2 * viscosity * ufl.inner(ufl.sym(ufl.grad(u)), ufl.grad(v))
        - U * p * ufl.div(v)
        - U * q * ufl.div(u)
    ) * dx


class MomentumBalance:
    """Velocity and pressure on a domain under conditions, and what holds and moves them.

    Attributes
    ----------
    space : dolfinx FunctionSpace
        Of the unknowns (u, p / U, ...): quadratic velocity, linear pressure and further scalars.
    w : dolfinx Function of that space
        Zero but for what the conditions hold.
    bcs : list of dolfinx DirichletBC
        Those of the velocity; one pressure is held too unless there is an outlet.
    blocked : PETSc.Mat or None
        What planes of symmetry hold, for `BorderedSystem`.
    speed : dolfinx Constant
        U, a velocity of the flow.
    bulk : float or None
        Volume-mean velocity along the period or across the section, if it is given.
    applied : dolfinx Constant
        The driving force, if it is given, else 0.

    Raises
    ------
    InputError
        If the conditions do not determine a flow.
    """

    def __init__(self, domain: Domain, conditions: BoundaryConditions, scalars: int = 1):
        self.domain, drive = domain, conditions.drive
        self._direction = main_direction(domain, drive)
        self.bulk = drive.value if isinstance(drive, BulkVelocity) else None
        force = drive.value if isinstance(drive, Force) else 0.0
        self.applied = fem.Constant(domain.mesh, float(force))
        self.space = taylor_hood(domain, scalars)
        self.w = fem.Function(self.space)
        self.bcs = velocity_conditions(domain, conditions, self.space)
        self.blocked = blocked_by_symmetry(domain, conditions, self.space)
        for bc in self.bcs:
            bc.set(self.w.x.array)
        self.speed = fem.Constant(domain.mesh, speed_of(domain, self.bulk, force, self.w))
        self._outlets = conditions.of_kind(Outlet)
        self._outside = pressures_outside(domain, self._outlets)
        if not self._outlets:
            self.bcs.append(pinned_pressure(self.space))

    def oseen(self, u, p, v, q, carrier, viscosity):
        """The weak form of :func:`momentum` with what outlets add: linear in (u, p)."""
        form = momentum(u, p, v, q, carrier, viscosity, self.speed)
        if (
            self._outlets
        ):  # the stress there is −p n + ν ∂u/∂n: that of a developed profile is the pressure alone
            n = ufl.FacetNormal(self.domain.mesh)
            form -= viscosity * ufl.inner(ufl.grad(u).T * n, v) * self.domain.ds(self._outlets)
        return form

    def residual(self, u, p, v, q, viscosity):
        """u carried by itself, less the driving force if that is given, under the pressure outside."""
        form = self.oseen(u, p, v, q, u, viscosity)
        for name, pressure in self._outside.items():
            form += (
                pressure * ufl.inner(ufl.FacetNormal(self.domain.mesh), v) * self.domain.ds([name])
            )
        if self.force:
            form -= self.applied * self.pushed(v)
        return form

    @property
    def force(self) -> float:
        """The driving force, if it is given, else 0."""
        return float(self.applied)

    def pushed(self, v):
        """∫ e·v, what a unit force along the period adds to the equations."""
        return ufl.inner(fem.Constant(self.domain.mesh, self._direction), v) * dx

    def constraint(self, v) -> Constraint | None:
        """The volume-mean velocity that an unknown force along it holds, if that is given."""
        if self.bulk is None:
            return None
        return Constraint(self.pushed(v), target=self.bulk * self.domain.volume)

    @cached_property
    def _parts(self) -> list:
        """Spaces of velocity and pressure, each with its degrees of freedom among the unknowns."""
        return [self.space.sub(i).collapse() for i in range(2)]

    def velocity_and_pressure(self, w) -> tuple[fem.Function, fem.Function]:
        """Both from the unknowns; the pressure has mean 0 unless there is an outlet."""
        velocity, pressure = (fem.Function(space) for space, _ in self._parts)
        for part, (_, dofs) in zip((velocity, pressure), self._parts, strict=True):
            part.x.array[:] = w.x.array[dofs[0]]
        pressure.x.array[:] *= float(self.speed)
        if not self._outlets:
            pressure.x.array[:] -= self.domain.integral(pressure) / self.domain.volume
        velocity.name, pressure.name = "velocity", "pressure"
        return velocity, pressure
