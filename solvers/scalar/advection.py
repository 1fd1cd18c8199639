"""The weak form of a scalar that is carried and diffuses, for any cell Péclet number."""

from __future__ import annotations

from solvers.fem.crossing import crossing_rate
from solvers.fenics import Expr, fem, ufl

dx = ufl.dx(degree=5)  # enough for quadratic velocities


def transport_form(
    c: Expr,
    s: Expr,
    *,
    velocity: fem.Function,
    diffusivity: Expr,
    rate: Expr,
    through: ufl.Measure,
) -> ufl.Form:
    """∇·(c u − D∇c) + k c tested with s.

    A velocity that is continuous carries conservatively: −∫ c u·∇s dx + ∮ c u·n s over the
    boundaries ``through`` which it passes. With s = 1 what is left is what passes the boundary. One
    that is constant in each cell is not free of divergence where it jumps, which would count as a
    source of c: it carries by ∫ u·∇c s dx.

    Where the flow is upwinded, the whole equation in each cell is also tested with
    :func:`upwinding`, which vanishes for s = 1 and leaves balances as they are.

    Parameters
    ----------
    c, s : scalar UFL expressions
        Unknown and test function, quadratic.
    velocity : dolfinx Function of shape (d,)
        u.
    diffusivity : UFL expression
        D, smooth in each cell.
    rate : UFL expression
        k, 1/time.
    through : UFL measure
    """
    u, D, convection = velocity, diffusivity, ufl.dot(velocity, ufl.grad(c))
    strong = convection - ufl.div(D * ufl.grad(c)) + rate * c
    form = (D * ufl.dot(ufl.grad(c), ufl.grad(s)) + rate * c * s + strong * upwinding(s, u, D)) * dx
    if u.ufl_element() not in ufl.H1:
        return form + convection * s * dx
    n = ufl.FacetNormal(u.function_space.mesh)
    return form - c * ufl.dot(u, ufl.grad(s)) * dx + c * ufl.dot(u, n) * s * through


def upwinding(s: Expr, velocity: fem.Function, diffusivity: Expr) -> Expr:
    """τ u·∇s, the part of a streamline-upwind Petrov-Galerkin test function along the flow.

    τ = h/(2|u|) (1 − 1/Pe) where Pe = |u|h/(2D) exceeds 1, else 0 (Brooks & Hughes, CMAME 32, 1982,
    the "critical approximation"), h being the distance of the nodes of quadratic elements along u:
    half of what u passes in a cell.
    """
    u = velocity
    speed, frequency = ufl.dot(u, u), 2 * crossing_rate(u)  # |u|², |u|/h
    upwinded = ufl.gt(speed, 2 * diffusivity * frequency)
    tau = ufl.conditional(upwinded, 1 / (2 * frequency) - diffusivity / speed, 0)
    return tau * ufl.dot(u, ufl.grad(s))
