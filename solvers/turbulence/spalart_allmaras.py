"""The one-equation turbulence model of Spalart and Allmaras."""

from __future__ import annotations

from solvers.fem.domain import Domain
from solvers.fenics import Expr, ufl
from solvers.flow.momentum import dx
from solvers.flow.problem import FlowModel
from solvers.flow.result import FlowResult
from solvers.flow.start import Start
from solvers.turbulence.mean_flow import estimate_mean_flow
from solvers.turbulence.monolithic import TransportedScalar, solve_monolithic

KAPPA, SIGMA = 0.41, 2 / 3
CB1, CB2 = 0.1355, 0.622
CW1, CW2, CW3 = CB1 / KAPPA**2 + (1 + CB2) / SIGMA, 0.3, 2.0
CV1, CV2, CV3 = 7.1, 0.7, 0.9
CT3, CN1 = 1.2, 16.0
_INLET = 3.0  # ν̃/ν of a turbulent flow that enters (Spalart & Rumsey, AIAA J. 45, 2007)


class SpalartAllmaras(FlowModel):
    """Steady mean flow, by default with a given volume-mean velocity U, and a transported ν̃.

    u·∇u = −∇p + ∇·[(ν + ν_t)(∇u + ∇uᵀ)] + f e,  ∇·u = 0,  (1/|Ω|) ∫ u·e dx = U,
    u·∇ν̃ = c_b1 S̃ ν̃ − c_w1 f_w (ν̃/d)² + (1/σ) [∇·((ν + ν̃)∇ν̃) + c_b2 |∇ν̃|²],  ν_t = ν̃ f_v1,

    with d the distance to the nearest wall, where ν̃ = 0; ν̃ = 3 ν at inlets, no flux elsewhere
    (Spalart & Allmaras, La Recherche Aérospatiale 1, 1994, without the trip terms). S̃ stays
    positive and negative ν̃, which a discrete solution may have, decays as in Allmaras, Johnson &
    Spalart, ICCFD7-1902 (2012). Quadratic velocity, linear pressure and ν̃, all solved for
    together: five Picard steps with a mixing length, then Newton in pseudo-time.

    Parameters
    ----------
    mesh, viscosity, bulk_velocity, drive, conditions, walls, periodic
        As in `FlowProblem`; there must be a wall. The first cells at walls should be within d⁺ = 2.

    Raises
    ------
    InputError
        As `FlowProblem`.
    """

    def _solve_on(self, domain: Domain, start: Start | None) -> FlowResult:
        flow = estimate_mean_flow(self, domain, start)
        nu = flow.viscosity
        scalar = TransportedScalar(
            name="modified_viscosity",
            unit=self.viscosity,
            transport=lambda u, x, _, s: transport(
                u,
                *x,
                s,
                distance=flow.distance,
                viscosity=nu,
                speed=flow.balance.speed,
                size=flow.thickness,
            ),
            start=flow.eddy_viscosity(flow.velocity) / nu,
            inlet=_INLET,
        )
        return solve_monolithic(
            self,
            flow,
            scalar,
            name="Spalart-Allmaras",
            eddy_viscosity=lambda u, chi: eddy_viscosity(chi, nu),
        )


def eddy_viscosity(chi: Expr, viscosity: Expr) -> Expr:
    """ν_t of χ = ν̃/ν."""
    return viscosity * _positive(chi) * f_v1(_positive(chi))


def transport(
    u: Expr, chi: Expr, s: Expr, *, distance: Expr, viscosity: Expr, speed: Expr, size: Expr
) -> ufl.Form:
    """Weak form of the equation of χ, tested with s.

    Parameters
    ----------
    u, chi, s : UFL expressions
        Velocity, unknown and test function.
    distance, viscosity : UFL expressions
        d and ν.
    speed, size : UFL expressions
        Of the flow: they say what is small.
    """
    nu, W = viscosity, ufl.skew(ufl.grad(u))
    # off 0, where it has no derivative
    omega = ufl.sqrt(2 * ufl.inner(W, W) + (1e-8 * speed / size) ** 2)
    # a tetrahedron in a corner may have all its nodes on walls
    d = ufl.max_value(distance, 1e-8 * size)
    S = modified_vorticity(omega, chi, distance=d, viscosity=nu)
    source = ufl.conditional(
        ufl.ge(chi, 0),
        CB1 * S * chi - CW1 * f_w(chi, S, distance=d, viscosity=nu) * nu * (chi / d) ** 2,
        CB1 * (1 - CT3) * omega * chi + CW1 * nu * (chi / d) ** 2,
    )
    # below 0 it is (ν + ν̃ f_n)/σ, which stays positive (Allmaras et al. 2012)
    cube = ufl.min_value(chi, 0) ** 3
    diffusivity = nu / SIGMA * (1 + chi * (CN1 + cube) / (CN1 - cube))
    return (
        ufl.dot(u, ufl.grad(chi)) * s
        + diffusivity * ufl.dot(ufl.grad(chi), ufl.grad(s))
        - nu * CB2 / SIGMA * ufl.dot(ufl.grad(chi), ufl.grad(chi)) * s
        - source * s
    ) * dx


def f_v1(chi: Expr) -> Expr:
    """Damping of the eddy viscosity near walls."""
    return chi**3 / (chi**3 + CV1**3)


def modified_vorticity(omega: Expr, chi: Expr, *, distance: Expr, viscosity: Expr) -> Expr:
    """S̃ = Ω + ν̃ f_v2 / (κ d)², bent so that it stays above 0.1 Ω (Allmaras et al. 2012, eq. 12)."""
    chi = _positive(chi)
    S = viscosity * chi * (1 - chi / (1 + chi * f_v1(chi))) / (KAPPA * distance) ** 2
    bent = omega * (CV2**2 * omega + CV3 * S) / ((CV3 - 2 * CV2) * omega - S)
    return omega + ufl.conditional(ufl.ge(S, -CV2 * omega), S, bent)


def f_w(chi: Expr, S: Expr, *, distance: Expr, viscosity: Expr) -> Expr:
    """Strength of the destruction, 1 in the logarithmic layer."""
    r = ufl.min_value(viscosity * chi / (S * (KAPPA * distance) ** 2), 10.0)
    g = r + CW2 * (r**6 - r)
    return g * ((1 + CW3**6) / (g**6 + CW3**6)) ** (1 / 6)


def _positive(chi) -> Expr:
    return ufl.max_value(chi, 0)
