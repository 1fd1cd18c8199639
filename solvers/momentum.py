"""The steady momentum balance of a viscous flow as a weak form: what laminar flow, RANS and turbulence models share."""

from __future__ import annotations

import numpy as np

from solvers.bordered import Drive
from solvers.fenics import basix, fem, ufl

dx = ufl.dx(degree=5)   # enough for quadratic velocities; closures are no polynomials anyway


def taylor_hood(domain, scalars: int = 1):
    """Quadratic velocity with ``scalars`` linear scalars, the first of which is the pressure."""
    cell = domain.mesh.basix_cell()
    velocity = basix.ufl.element("Lagrange", cell, 2, shape=(domain.dimension,))
    linear = [basix.ufl.element("Lagrange", cell, 1)] * scalars
    return fem.functionspace(domain.mesh, basix.ufl.mixed_element([velocity, *linear]))


def momentum(u, p, v, q, carrier, viscosity, U):
    """u carried by a velocity, with the stress 2 ν sym ∇u and the pressure U p, tested with v; ∇·u = 0 with U q.

    With U a velocity of the flow both equations have the same units, and the norm of the residual means the same
    whatever they are.
    """
    return (
        ufl.inner(ufl.grad(u) * carrier, v)
        + 2 * viscosity * ufl.inner(ufl.sym(ufl.grad(u)), ufl.grad(v))
        - U * p * ufl.div(v)
        - U * q * ufl.div(u)
    ) * dx


def driving_force(domain, v, bulk_velocity) -> Drive:
    """The force along the period that holds the volume-mean velocity."""
    e = fem.Constant(domain.mesh, domain.period / np.linalg.norm(domain.period))
    return Drive(ufl.inner(e, v) * dx, target=bulk_velocity * domain.integral(1.0))
