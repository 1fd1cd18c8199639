"""The one-equation turbulence model of Spalart and Allmaras."""

from __future__ import annotations

from dataclasses import dataclass

import meshio

from solvers.bordered import BorderedSystem
from solvers.domain import build_domain
from solvers.fenics import MPI, fem, ufl
from solvers.incompressible import FlowResult, check_flow
from solvers.momentum import driving_force, dx, momentum, taylor_hood
from solvers.turbulence.mean_flow import at_rest_on_walls, constant, flow_result
from solvers.turbulence.mixing_length import Length, picard
from solvers.turbulence.pseudo_time import march
from solvers.velocity_conditions import pinned_pressure

KAPPA, SIGMA = 0.41, 2 / 3
CB1, CB2 = 0.1355, 0.622
CW1, CW2, CW3 = CB1 / KAPPA**2 + (1 + CB2) / SIGMA, 0.3, 2.0
CV1, CV2, CV3 = 7.1, 0.7, 0.9
CT3, CN1 = 1.2, 16.0


@dataclass(frozen=True, eq=False)
class SpalartAllmaras:
    """Steady mean flow driven through a period at a given volume-mean velocity U, closed by a transported ν̃.

    u·∇u = −∇p + ∇·[(ν + ν_t)(∇u + ∇uᵀ)] + f e,  ∇·u = 0,  (1/|Ω|) ∫ u·e dx = U,
    u·∇ν̃ = c_b1 S̃ ν̃ − c_w1 f_w (ν̃/d)² + (1/σ) [∇·((ν + ν̃)∇ν̃) + c_b2 |∇ν̃|²],  ν_t = ν̃ f_v1,

    with d the distance to the nearest wall, where u = 0 and ν̃ = 0 (Spalart & Allmaras, La Recherche Aérospatiale 1,
    1994, without the trip terms). S̃ stays positive and negative ν̃, which a discrete solution may have, decays as
    in Allmaras, Johnson & Spalart, ICCFD7-1902 (2012). Quadratic velocity, linear pressure and ν̃, all solved for
    together.

    Parameters
    ----------
    mesh, viscosity, bulk_velocity, walls, periodic
        As in `LaminarFlow`. The first cells at walls should be within d⁺ = 2.

    Raises
    ------
    InputError
        If a number or a name does not make sense, or the mesh cannot be used.
    """

    mesh: meshio.Mesh
    viscosity: float
    bulk_velocity: float
    walls: tuple[str, ...] = ("bottom", "top")
    periodic: tuple[str, str] = ("inlet", "outlet")

    conditions = None   # there are no others

    def __post_init__(self):
        check_flow(self)

    def solve(self, comm=MPI.COMM_WORLD) -> FlowResult:
        """Solve on all ranks of ``comm``: five Picard steps with a mixing length, then Newton in pseudo-time.

        Raises
        ------
        DivergenceError
            If the iteration does not converge.
        """
        domain = build_domain(self.mesh, self.walls, self.periodic, comm)
        nu, U = constant(domain, self.viscosity), constant(domain, abs(self.bulk_velocity))
        d = domain.wall_distance()
        length = Length(domain, d, nu, U)
        W = taylor_hood(domain, scalars=2)
        w = fem.Function(W)
        force = _start(w, picard(domain, length, nu, U, self.bulk_velocity), length, nu)

        (u, p, chi), (v, q, s) = ufl.split(w), ufl.TestFunctions(W)
        nu_t = nu * _positive(chi) * f_v1(_positive(chi))
        F = momentum(u, p, v, q, u, nu + nu_t, U) + transport(u, chi, s, d, nu, U, length.thickness)
        time_step = constant(domain, length.thickness / U)
        old = w.copy()
        u_old, _, chi_old = ufl.split(old)
        F += (ufl.inner(u - u_old, v) + U * (chi - chi_old) * s) / time_step * dx
        bcs = [at_rest_on_walls(domain, W, 0), pinned_pressure(W), at_rest_on_walls(domain, W, 2)]
        drive = driving_force(domain, v, self.bulk_velocity)
        system = BorderedSystem(F, [ufl.derivative(F, w)], w, bcs, drive, "Spalart-Allmaras", force=force)
        solution = march(system, old, time_step)
        return flow_result(self, domain, w, U, nu_t, "Lagrange", solution)


def transport(u, chi, s, d, nu, speed, size):
    """Weak form of ``speed`` times the equation of χ = ν̃/ν, tested with s."""
    W = ufl.skew(ufl.grad(u))
    omega = ufl.sqrt(2 * ufl.inner(W, W) + (1e-8 * speed / size) ** 2)   # off 0, where it has no derivative
    d = ufl.max_value(d, 1e-8 * size)   # a tetrahedron in a corner may have all its nodes on walls
    S = modified_vorticity(omega, chi, d, nu)
    source = ufl.conditional(
        ufl.ge(chi, 0),
        CB1 * S * chi - CW1 * f_w(chi, S, d, nu) * nu * (chi / d) ** 2,
        CB1 * (1 - CT3) * omega * chi + CW1 * nu * (chi / d) ** 2,
    )
    cube = ufl.min_value(chi, 0) ** 3
    diffusivity = nu / SIGMA * (1 + chi * (CN1 + cube) / (CN1 - cube))
    return speed * (
        ufl.dot(u, ufl.grad(chi)) * s
        + diffusivity * ufl.dot(ufl.grad(chi), ufl.grad(s))
        - nu * CB2 / SIGMA * ufl.dot(ufl.grad(chi), ufl.grad(chi)) * s
        - source * s
    ) * dx


def f_v1(chi):
    """Damping of the eddy viscosity near walls."""
    return chi**3 / (chi**3 + CV1**3)


def modified_vorticity(omega, chi, d, nu):
    """S̃ = Ω + ν̃ f_v2 / (κ d)², bent so that it stays above 0.1 Ω (Allmaras et al. 2012, eq. 12)."""
    chi = _positive(chi)
    S = nu * chi * (1 - chi / (1 + chi * f_v1(chi))) / (KAPPA * d) ** 2
    bent = omega * (CV2**2 * omega + CV3 * S) / ((CV3 - 2 * CV2) * omega - S)
    return omega + ufl.conditional(ufl.ge(S, -CV2 * omega), S, bent)


def f_w(chi, S, d, nu):
    """Strength of the destruction, 1 in the logarithmic layer."""
    r = ufl.min_value(nu * chi / (S * (KAPPA * d) ** 2), 10.0)
    g = r + CW2 * (r**6 - r)
    return g * ((1 + CW3**6) / (g**6 + CW3**6)) ** (1 / 6)


def _start(w, mean_flow, length, nu) -> float:
    """ν̃ = ν_t of the mixing length, with its velocity and pressure; returns its driving force."""
    start, force = mean_flow
    for part in range(2):
        w.sub(part).interpolate(start.sub(part))
    X, _ = w.function_space.sub(2).collapse()
    chi = length.eddy_viscosity(ufl.split(start)[0]) / nu
    w.sub(2).interpolate(fem.Expression(chi, X.element.interpolation_points))
    return force


def _positive(chi):
    return ufl.max_value(chi, 0)
