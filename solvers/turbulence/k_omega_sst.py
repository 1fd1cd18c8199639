"""The shear-stress-transport model of Menter, with 1/√ω in place of ω."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from solvers.fem.domain import Domain
from solvers.fenics import Expr, ufl
from solvers.flow.momentum import dx
from solvers.flow.problem import FlowModel
from solvers.flow.result import FlowResult
from solvers.flow.start import Start
from solvers.turbulence.mean_flow import MeanFlow, estimate_mean_flow
from solvers.turbulence.monolithic import TransportedScalar, solve_monolithic
from solvers.turbulence.segregated import approach

BETA_STAR, A1, C1 = 0.09, 0.31, 10.0
SIGMA_K = (0.85, 1.0)  # at walls, and far from them
SIGMA_OMEGA = (0.5, 0.856)
BETA = (0.075, 0.0828)
GAMMA = (5 / 9, 0.44)
_INTENSITY, _RATIO = 0.01, 3.0  # of a flow that enters: k = 3/2 (1 % of the speed)², ν_t = 3 ν
_SMALL = 1e-6  # of U, U/δ: what roots are kept off 0 by, where they have no derivative
_LEAST = 1e-6  # of √(δ/U): g in a corner whose nodes are all on walls
_SUBLAYER = 10.0  # √k d/ν
_TOLERANCE = 1e-10  # of the residual, which near walls is that of g above all
_SATURATED = 2.0  # arguments of tanh of their fourth power: 1 to the last digit


class KOmegaSST(FlowModel):
    """Steady mean flow, by default with a given volume-mean velocity U, and transported k and ω.

    u·∇u = −∇p + ∇·[(ν + ν_t)(∇u + ∇uᵀ)] + f e,  ∇·u = 0,  (1/|Ω|) ∫ u·e dx = U,
    u·∇k = P̃ − β* k ω + ∇·[(ν + σ_k ν_t) ∇k],  P̃ = min(ν_t |S|², 10 β* k ω),
    u·∇ω = γ G − β ω² + ∇·[(ν + σ_ω ν_t) ∇ω] + 2 (1 − F₁) σ_ω2 ∇k·∇ω / ω,
    ν_t = a₁ k / max(a₁ ω, |S| F₂),

    after Menter, Kuntz & Langtry, Turbulence, Heat and Mass Transfer 4 (2003), 625, with |S| = √(2
    S:S) and G = min(|S|², (10/a₁) β* ω max(a₁ ω, |S| F₂)), the production P̃/ν_t within its bound.
    The functions F₁ and F₂ of the distance d to the nearest wall blend the constants.

    ω is solved for as g = 1/√ω (Kalitzin, Gould & Benton, AIAA 96-0327, 1996): where ω goes to
    infinity as 6ν/(β₁ d²), g goes to 0 as d √(β₁/6ν), which linear elements hold exactly, and
    walls need no condition that depends on the mesh. Multiplied with −g³/2 the equation of ω is

    u·∇g = ∇·(D ∇g) − 3 D |∇g|²/g − γ G g³/2 + β/(2g) + 2 (1 − F₁) σ_ω2 g² ∇k·∇g,  D = ν + σ_ω ν_t.

    The result has k and the time scale 1/ω = g². k = 0 and g = 0 on walls, no flux elsewhere; at
    inlets 1 % turbulence with ν_t = 3 ν, away from walls, unless `Inlet` says otherwise. The
    pressure includes 2k/3. Quadratic velocity, linear pressure, k and g: rounds of momentum and
    scalars in turn, then Newton in pseudo-time for all.

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
        U = float(flow.balance.speed)
        energy, time = U**2, float(flow.thickness) / U
        root = time**0.5
        # a tetrahedron in a corner may have all its nodes on walls
        d = ufl.max_value(flow.distance, 1e-8 * flow.thickness)

        def relations(u, x) -> Relations:
            g = root * ufl.max_value(x[1], _LEAST)
            return Relations(
                u, energy * x[0], g, d, flow.viscosity, _SMALL**2 * energy, _SMALL / time
            )

        k, omega = _estimate(flow, d)
        entering = 1.5 * _INTENSITY**2 * energy / (_RATIO * self.viscosity)
        scalars = (
            TransportedScalar(
                name="turbulent_kinetic_energy",
                unit=energy,
                transport=lambda u, x, at, s: transport_k(
                    energy * x[0], s, relations(u, at), energy
                ),
                start=k / energy,
                inlet=1.5 * _INTENSITY**2,
            ),
            TransportedScalar(
                name="turbulent_time_scale",
                unit=time,
                transport=lambda u, x, at, s: transport_g(root * x[1], s, relations(u, at), root),
                start=1 / ufl.sqrt(time * omega),
                inlet=1 / ufl.sqrt(time * _beside_walls(entering, flow.viscosity, d)),
                power=2,
            ),
        )
        how = {
            "name": "k-ω SST",
            "eddy_viscosity": lambda u, *x: relations(u, x).eddy_viscosity,
        }
        return solve_monolithic(
            self,
            flow,
            *scalars,
            **how,
            approach=lambda start: approach(start, *scalars, **how),
            tolerance=_TOLERANCE,
        )


@dataclass(frozen=True, eq=False)
class Relations:
    """What the model makes of velocity, k and g.

    Parameters
    ----------
    velocity, k, g, distance, viscosity : UFL expressions
        Distance and g are positive.
    small, slow : float
        An energy and a rate that are small beside any other.
    """

    velocity: Expr
    k: Expr
    g: Expr
    distance: Expr
    viscosity: Expr
    small: float
    slow: float

    @cached_property
    def energy(self) -> Expr:
        """k where it is positive, which a discrete solution need not be."""
        return ufl.max_value(self.k, 0)

    @cached_property
    def strain_rate(self) -> Expr:
        """|S| = √(2 S:S)."""
        S = ufl.sym(ufl.grad(self.velocity))
        return ufl.sqrt(2 * ufl.inner(S, S) + self.slow**2)

    @cached_property
    def lengths(self) -> tuple[Expr, Expr]:
        """√k / (β* ω d) and 500 ν / (d² ω)."""
        time, d = self.g**2, self.distance
        root = ufl.sqrt(self.energy + self.small)
        return root * time / (BETA_STAR * d), 500 * self.viscosity * time / d**2

    @cached_property
    def F1(self) -> Expr:
        """1 at walls, 0 in free flow: which constants count.

        In the viscous sublayer it is 1 by way of k > 0. A discrete k may not be positive there,
        so that this is said once more, as Langtry & Menter (AIAA J. 47, 2009) do for
        laminar layers: by F₃ = exp[−(Re_d/10)⁸] with Re_d = √k d/ν, which they take with 120.
        """
        turbulent, viscous = self.lengths
        cross = -4 * SIGMA_OMEGA[1] * ufl.dot(ufl.grad(self.k), ufl.grad(self.g)) / self.g
        far = 4 * SIGMA_OMEGA[1] * (self.energy + self.small) / ufl.max_value(cross, self.slow**2)
        least = ufl.min_value(ufl.max_value(turbulent, viscous), far / self.distance**2)
        sublayer = self.energy * (self.distance / (_SUBLAYER * self.viscosity)) ** 2
        laminar = ufl.exp(-(ufl.min_value(sublayer, _SATURATED**2) ** 4))
        return ufl.max_value(ufl.tanh(ufl.min_value(least, _SATURATED) ** 4), laminar)

    @cached_property
    def F2(self) -> Expr:
        """1 in boundary layers, where the shear stress is bounded by a₁ k."""
        turbulent, viscous = self.lengths
        largest = ufl.max_value(2 * turbulent, viscous)
        return ufl.tanh(ufl.min_value(largest, _SATURATED**2) ** 2)

    @cached_property
    def eddy_viscosity(self) -> Expr:
        """ν_t = a₁ k / max(a₁ ω, |S| F₂)."""
        return self.energy * self.g**2 / self._limit

    @cached_property
    def production(self) -> Expr:
        """P̃ = min(ν_t |S|², 10 β* k ω)."""
        bound = C1 * BETA_STAR * self.energy / self.g**2
        return ufl.min_value(self.eddy_viscosity * self.strain_rate**2, bound)

    @cached_property
    def production_rate(self) -> Expr:
        """G = min(|S|², (10/a₁) β* ω max(a₁ ω, |S| F₂)): P̃ / ν_t where there is no k, too."""
        return ufl.min_value(self.strain_rate**2, C1 * BETA_STAR / self.g**4 * self._limit)

    @cached_property
    def _limit(self) -> Expr:
        """max(1, |S| F₂ / (a₁ ω))."""
        return ufl.max_value(1, self.strain_rate * self.F2 * self.g**2 / A1)

    def blend(self, constants: tuple[float, float]) -> Expr:
        """F₁ φ₁ + (1 − F₁) φ₂."""
        return self.F1 * constants[0] + (1 - self.F1) * constants[1]


def transport_k(k: Expr, s: Expr, at: Relations, unit: float) -> ufl.Form:
    """Weak form of the equation of k in a unit, tested with s.

    Parameters
    ----------
    k, s : UFL expressions
        Unknown and test function.
    at : Relations
        Coefficients. With those of another k and g than the unknown ones this is a linearisation
        that keeps k positive: what is lost depends on k, what is produced does not.
    unit : float
        Of k; the equation is divided by it.
    """
    D = at.viscosity + at.blend(SIGMA_K) * at.eddy_viscosity
    return (
        (
            ufl.dot(at.velocity, ufl.grad(k)) * s
            + D * ufl.dot(ufl.grad(k), ufl.grad(s))
            - (at.production - BETA_STAR * k / at.g**2) * s
        )
        / unit
        * dx
    )


def transport_g(g: Expr, s: Expr, at: Relations, unit: float) -> ufl.Form:
    """Weak form of the equation of g in a unit, tested with s; as :func:`transport_k`."""
    D = at.viscosity + at.blend(SIGMA_OMEGA) * at.eddy_viscosity
    cross = (1 - at.F1) * SIGMA_OMEGA[1] * at.g**2 * ufl.dot(ufl.grad(at.k), ufl.grad(g))
    positive = ufl.max_value(g, _LEAST * unit)
    source = at.blend(BETA) / (2 * positive) - at.blend(GAMMA) * at.production_rate * g**3 / 2
    spread = 3 * D * ufl.dot(ufl.grad(at.g), ufl.grad(g)) / at.g
    return (
        (
            (ufl.dot(at.velocity, ufl.grad(g)) - source + spread - 2 * cross) * s
            + D * ufl.dot(ufl.grad(g), ufl.grad(s))
        )
        / unit
        * dx
    )


def _estimate(flow: MeanFlow, distance: Expr) -> tuple[Expr, Expr]:
    """k and ω of a flow with a mixing length l.

    ν_t = k/ω and √k = |S| l / β*^¼, as where production balances dissipation; ω = 6ν/(β₁ d²) near
    walls.
    """
    length = flow.length + 1e-6 * flow.thickness
    root = flow.eddy_viscosity(flow.velocity) / (BETA_STAR**0.25 * length)
    turbulent = root / (BETA_STAR**0.25 * length)
    slowest = 0.05 * flow.balance.speed / flow.thickness
    omega = ufl.sqrt(turbulent**2 + slowest**2)
    return root**2, _beside_walls(omega, flow.viscosity, distance)


def _beside_walls(omega, viscosity, distance) -> Expr:
    """ω far from walls, 6ν/(β₁ d²) near them."""
    return ufl.sqrt(omega**2 + (6 * viscosity / (BETA[0] * distance**2)) ** 2)
