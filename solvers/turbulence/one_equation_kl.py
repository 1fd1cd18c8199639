"""The one-equation model with a transported kinetic energy k and a prescribed length l."""

from __future__ import annotations

from solvers.fem.domain import Domain
from solvers.fenics import Expr, ufl
from solvers.flow.momentum import dx
from solvers.flow.problem import FlowModel
from solvers.flow.result import FlowResult
from solvers.flow.start import Start
from solvers.turbulence.mean_flow import estimate_mean_flow
from solvers.turbulence.monolithic import TransportedScalar, solve_monolithic

C_MU, SIGMA_K, A_MU = 0.09, 1.0, 70.0
C_L = 0.418 * C_MU**-0.75
_SLOPE = 0.4  # of Nikuradse's length at walls, so that L = d there
_INTENSITY = 0.01  # of the turbulence that enters: k = 3/2 (1 % of the speed)²


class OneEquationKL(FlowModel):
    """Steady mean flow, by default with a given volume-mean velocity U, and a transported k.

    u·∇u = −∇p + ∇·[(ν + ν_t)(∇u + ∇uᵀ)] + f e,  ∇·u = 0,  (1/|Ω|) ∫ u·e dx = U,
    u·∇k = ∇·[(ν + ν_t/σ_k) ∇k] + ν_t |S|² − ε,  ν_t = c_μ √k l_μ,  ε = k^{3/2} / l_ε,
    l_μ = C_l L [1 − exp(−Re_d/70)],  l_ε = C_l L [1 − exp(−Re_d/2C_l)],  Re_d = √k d/ν,
    C_l = 0.418 c_μ^{−3/4},

    with d the distance to the nearest wall (Wolfshtein, Int. J. Heat Mass Transfer 12, 1969, with
    the constants of Chen & Patel, AIAA J. 26, 1988). They take L = d; here 0.4 L is Nikuradse's
    mixing length in a channel, 0.4 d near walls and 0.14 δ at the largest distance δ, so that there
    is a core too. k = 0 on walls, that of 1 % turbulence at inlets, no flux elsewhere; the pressure
    includes 2k/3. Quadratic velocity, linear pressure and k, all solved for together: five
    Picard steps with a mixing length, then Newton in pseudo-time.

    Parameters
    ----------
    mesh, viscosity, bulk_velocity, drive, conditions, walls, periodic
        As in `FlowProblem`; there must be a wall. The first cells at walls should be within d⁺ = 1.

    Raises
    ------
    InputError
        As `FlowProblem`.
    """

    def _solve_on(self, domain: Domain, start: Start | None) -> FlowResult:
        flow = estimate_mean_flow(self, domain, start)
        nu, U = flow.viscosity, flow.balance.speed
        L = flow.length / _SLOPE
        # off 0: a tetrahedron in a corner may have all its nodes on walls
        d = ufl.max_value(flow.distance, 1e-8 * flow.thickness)
        lengths = {"distance": d, "length": L, "viscosity": nu}
        # in the logarithmic layer √k = l|S| / c_μ^¼
        root = flow.eddy_viscosity(flow.velocity) / (C_MU**0.25 * flow.length * U)
        scalar = TransportedScalar(
            name="turbulent_kinetic_energy",
            unit=float(U) ** 2,
            transport=lambda u, x, _, s: transport(u, U**2 * x[0], s, unit=U**2, **lengths),
            start=root**2,
            inlet=1.5 * _INTENSITY**2,
        )
        return solve_monolithic(
            self,
            flow,
            scalar,
            name="k-l",
            eddy_viscosity=lambda u, x: eddy_viscosity(U**2 * x, **lengths),
        )


def transport(
    u: Expr, k: Expr, s: Expr, *, distance: Expr, length: Expr, viscosity: Expr, unit: Expr
) -> ufl.Form:
    """Weak form of the equation of k in a unit, tested with s.

    Parameters
    ----------
    u, k, s : UFL expressions
        Velocity, unknown and test function.
    distance, length, viscosity : UFL expressions
        d > 0, L and ν.
    unit : UFL expression
        Of k; the equation is divided by it.
    """
    lengths = {"distance": distance, "length": length, "viscosity": viscosity}
    nu_t = eddy_viscosity(k, **lengths)
    S = ufl.sym(ufl.grad(u))
    production = 2 * nu_t * ufl.inner(S, S)
    return (
        (
            ufl.dot(u, ufl.grad(k)) * s
            + (viscosity + nu_t / SIGMA_K) * ufl.dot(ufl.grad(k), ufl.grad(s))
            - (production - dissipation(k, **lengths)) * s
        )
        / unit
        * dx
    )


def eddy_viscosity(k: Expr, *, distance: Expr, length: Expr, viscosity: Expr) -> Expr:
    """ν_t = c_μ √k l_μ; it has the derivative 0 at k = 0."""
    Re = wall_reynolds(k, distance=distance, viscosity=viscosity)
    return viscosity * C_MU * C_L * (length / distance) * Re * (1 - ufl.exp(-Re / A_MU))


def dissipation(k: Expr, *, distance: Expr, length: Expr, viscosity: Expr) -> Expr:
    """ε = k^{3/2} / l_ε; below k = 0 it is linear.

    It is (2νk / dL) x / (1 − e^{−x}) with x = Re_d / 2C_l.
    """
    x = wall_reynolds(k, distance=distance, viscosity=viscosity) / (2 * C_L)
    return 2 * viscosity * k / (distance * length) * x / (1 - ufl.exp(-x))


def wall_reynolds(k: Expr, *, distance: Expr, viscosity: Expr) -> Expr:
    """Re_d = √k d/ν, kept off 0, where the root has no derivative."""
    return ufl.sqrt(ufl.max_value(k, 0) * (distance / viscosity) ** 2 + 1e-8)
