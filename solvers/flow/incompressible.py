"""The steady momentum equation with a viscosity that may vary: what laminar flow and RANS share."""

from __future__ import annotations

from solvers.algebra.newton import solve_newton
from solvers.fem.domain import Domain
from solvers.fenics import Expr, ufl
from solvers.flow.convection import convection
from solvers.flow.momentum import MomentumBalance, coefficient, dx
from solvers.flow.problem import FlowProblem
from solvers.flow.result import FlowResult
from solvers.flow.start import Start, start_in

PICARD_STEPS = 5  # with an eddy viscosity: Newton from rest diverges; Picard alone is slow


def solve_incompressible(
    problem: FlowProblem,
    domain: Domain,
    *,
    name: str,
    picard_steps: int,
    eddy_viscosity: Expr | None = None,
    anisotropy: Expr | None = None,
    start: Start | None = None,
) -> FlowResult:
    """Solve u·∇u = −∇p + ∇·[(ν + ν_t)(∇u + ∇uᵀ)] − ∇·a + f e, ∇·u = 0.

    Taylor-Hood elements (quadratic velocity, linear pressure); Picard steps, then Newton.

    Parameters
    ----------
    problem : FlowProblem
        With a number for ν.
    domain : Domain
    name : str
        For messages.
    picard_steps : int
        How many before Newton; none if there is a start.
    eddy_viscosity, anisotropy : UFL expressions, optional
        ν_t and the symmetric (d, d) tensor a.
    start : Start, optional
        On the same domain.

    Raises
    ------
    InputError
        If the conditions do not determine a flow.
    DivergenceError
        If the iteration does not converge.
    """
    balance = MomentumBalance(domain, problem.boundary_conditions)
    residual, picard, exact = linearise_momentum(
        balance, problem.viscosity, eddy_viscosity=eddy_viscosity, anisotropy=anisotropy
    )
    v, _ = ufl.TestFunctions(balance.space)
    solution = solve_newton(
        residual,
        [exact] if start else [picard] * picard_steps + [exact],
        balance.w,
        balance.bcs,
        constraint=balance.constraint(v),
        guess=None if start is None else start_in(balance, start),
        name=name,
        blocked=balance.blocked,
    )
    velocity, pressure = balance.velocity_and_pressure(balance.w)
    return FlowResult(
        problem,
        domain,
        velocity,
        pressure,
        pressure_gradient=balance.force or solution.force,
        residuals=solution.residuals,
    )


def linearise_momentum(
    balance: MomentumBalance,
    viscosity: Expr | float,
    *,
    eddy_viscosity: Expr | None = None,
    anisotropy: Expr | None = None,
    force: Expr | None = None,
) -> tuple[ufl.Form, ufl.Form, ufl.Form]:
    """The weak momentum balance of ``balance.w``, its Picard linearisation, and its derivative.

    Picard's lacks the change of the velocity that carries, ∇u δu, and so finds its way from farther
    off. Viscosities count as fixed in both.

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
    nu = coefficient(balance.domain.mesh, viscosity)
    if eddy_viscosity is not None:
        nu = nu + eddy_viscosity
    residual = balance.residual(u, p, v, q, viscosity=nu)
    if anisotropy is not None:
        residual -= ufl.inner(anisotropy, ufl.grad(v)) * dx
    if force is not None:
        residual -= ufl.inner(force, v) * dx
    picard = balance.oseen(du, dp, v, q, carrier=u, viscosity=nu)
    carrier = ufl.variable(u)
    carried = convection(u, v, carrier=carrier, viscosity=nu)
    return residual, picard, picard + ufl.dot(ufl.diff(carried, carrier), du) * dx
