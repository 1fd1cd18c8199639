"""Our equations with the leading error of first-order upwind convection added to them.

On a structured mesh with edges d_k it is the diffusion ∇·(K∇φ), K = Σ_k |u^k| d_k⊗d_k / 2 with
u = Σ_k u^k d_k, of the velocity and of the scalar.
"""

from __future__ import annotations

import numpy as np

from solvers import TransportResult
from solvers.algebra.bordered import Constraint
from solvers.algebra.newton import solve_newton
from solvers.fem.fields import wall_distance_function
from solvers.fenics import basix, fem, ufl
from solvers.flow.momentum import strain_rate

_DX = ufl.dx(degree=5)


def upwind_like(
    transport: TransportResult, *, viscosity: float, bulk_velocity: float, shorter: float
) -> tuple[fem.Function, fem.Function]:
    """Velocity and concentration with the numerical diffusion of first-order upwind convection.

    Parameters
    ----------
    transport : TransportResult
        In two dimensions, carried by a laminar flow; where the iterations begin.
    viscosity, bulk_velocity : float
        Of the flow, which is driven along x.
    shorter : float
        Edges of the other code's cells over ours.
    """
    flow = transport.carrier
    jacobian = ufl.Jacobian(flow.domain.mesh)

    def diffusion(u):
        along = ufl.inv(jacobian) * u
        edges = [jacobian[:, k] for k in range(2)]
        return shorter / 2 * sum(abs(along[k]) * ufl.outer(d, d) for k, d in enumerate(edges))

    velocity = _flow(flow, viscosity, bulk_velocity, diffusion)
    return velocity, _concentration(transport, velocity, diffusion)


def _flow(flow, viscosity, bulk_velocity, diffusion) -> fem.Function:
    domain, cell = flow.domain, flow.domain.mesh.basix_cell()
    pair = [
        basix.ufl.element("Lagrange", cell, 2, shape=(2,)),
        basix.ufl.element("Lagrange", cell, 1),
    ]
    W = fem.functionspace(domain.mesh, basix.ufl.mixed_element(pair))
    V, (to_velocity, *_) = W.sub(0).collapse()
    w = fem.Function(W)
    w.x.array[to_velocity] = flow.velocity.x.array
    u, p = ufl.split(w)
    v, q = ufl.TestFunctions(W)
    du, dp = ufl.TrialFunctions(W)

    def momentum(u, p, carrier):
        spread = viscosity * ufl.Identity(2) + diffusion(carrier)
        stress = ufl.grad(u) * spread - p * ufl.Identity(2)
        convected = ufl.inner(ufl.grad(u) * carrier, v)
        return (convected + ufl.inner(stress, ufl.grad(v)) - q * ufl.div(u)) * _DX

    walls = fem.dirichletbc(fem.Function(V), domain.wall_dofs((W.sub(0), V)), W.sub(0))
    Q, (to_pressure, *_) = W.sub(1).collapse()
    pinned = fem.dirichletbc(fem.Function(Q), [to_pressure[:1], np.zeros(1, np.int32)], W.sub(1))
    residual = momentum(u, p, u)
    e = fem.Constant(domain.mesh, np.array([1.0, 0.0]))
    bulk = Constraint(ufl.dot(e, v) * _DX, target=bulk_velocity * domain.integral(1.0))
    jacobians = [momentum(du, dp, u), ufl.derivative(residual, w)]
    solve_newton(residual, jacobians, w, [walls, pinned], constraint=bulk, name="upwind flow")
    return w.sub(0).collapse()


def _concentration(transport, u, diffusion) -> fem.Function:
    problem, domain = transport.problem, transport.carrier.domain
    c = transport.concentration.copy()
    s = ufl.TestFunction(c.function_space)
    production = problem.production(strain_rate(u), wall_distance_function(domain))
    spread = problem.diffusivity * ufl.Identity(2) + diffusion(u)
    residual = (
        ufl.dot(u, ufl.grad(c)) * s
        + ufl.dot(spread * ufl.grad(c), ufl.grad(s))
        + (problem.decay * abs(c) * c - production) * s
    ) * _DX
    walls = fem.dirichletbc(0.0, domain.wall_dofs(c.function_space), c.function_space)
    solve_newton(residual, [ufl.derivative(residual, c)], c, [walls], name="upwind transport")
    return c
