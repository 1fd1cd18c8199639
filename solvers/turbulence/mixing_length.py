"""Prandtl's mixing length with van Driest's damping, the simplest turbulence model."""

from __future__ import annotations

from dataclasses import dataclass

import meshio

from solvers.bordered import BorderedSystem
from solvers.domain import Domain, build_domain
from solvers.fenics import MPI, fem, ufl
from solvers.incompressible import FlowResult, check_flow
from solvers.momentum import driving_force, dx, momentum, taylor_hood
from solvers.turbulence.mean_flow import at_rest_on_walls, constant, flow_result
from solvers.turbulence.pseudo_time import march
from solvers.velocity_conditions import pinned_pressure

_DAMPING = 26.0        # A⁺ of van Driest, J. Aeronaut. Sci. 23 (1956)
_PICARD_STEPS = 5


@dataclass(frozen=True, eq=False)
class MixingLength:
    """Steady mean flow with ν_t = l² |S|, driven through a period at a given volume-mean velocity U.

    u·∇u = −∇p + ∇·[(ν + ν_t)(∇u + ∇uᵀ)] + f e,  ∇·u = 0,  (1/|Ω|) ∫ u·e dx = U. The length is Nikuradse's,
    damped by van Driest: l = δ [0.14 − 0.08 η² − 0.06 η⁴] [1 − exp(−d⁺/26)] with η = 1 − d/δ, d the distance to
    the wall, δ its largest value and d⁺ = d u_τ/ν; the friction velocity u_τ is that of the mean wall stress,
    u_τ² = f |Ω|/|walls|, form drag included. Meant for channels (Schlichting & Gersten, Boundary-Layer Theory,
    ch. 17).

    Parameters
    ----------
    mesh, viscosity, bulk_velocity, walls, periodic
        As in `LaminarFlow`.

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
        """Solve on all ranks of ``comm``: five Picard steps, then Newton in pseudo-time.

        Raises
        ------
        DivergenceError
            If the iteration does not converge.
        """
        domain = build_domain(self.mesh, self.walls, self.periodic, comm)
        nu, U = constant(domain, self.viscosity), constant(domain, abs(self.bulk_velocity))
        length = Length(domain, domain.wall_distance(), nu, U)
        w, force = picard(domain, length, nu, U, self.bulk_velocity)
        time_step = constant(domain, length.thickness / U)
        v, q = ufl.TestFunctions(w.function_space)
        u, p = ufl.split(w)
        nu_t = length.eddy_viscosity(u)
        F = momentum(u, p, v, q, u, nu + nu_t, U)
        old = w.copy()
        F += ufl.inner(u - ufl.split(old)[0], v) / time_step * dx
        bcs = [at_rest_on_walls(domain, w.function_space, 0), pinned_pressure(w.function_space)]
        drive = driving_force(domain, v, self.bulk_velocity)
        system = BorderedSystem(F, [ufl.derivative(F, w)], w, bcs, drive, "mixing length", force=force)
        solution = march(system, old, time_step, length.follow)
        return flow_result(self, domain, w, U, nu_t, "DG", solution)


class Length:
    """l as a UFL expression on a domain; its friction velocity follows the driving force."""

    def __init__(self, domain: Domain, distance, viscosity, speed):
        self.thickness = constant(domain, domain.mesh.comm.allreduce(distance.x.array.max(), MPI.MAX))
        self._depth = domain.integral(1.0) / sum(domain.boundary_integral(1.0, name) for name in domain.walls)
        self._friction_velocity = constant(domain, 0.05 * speed)
        eta = 1 - distance / self.thickness
        wall_units = distance * self._friction_velocity / viscosity
        undamped = self.thickness * (0.14 - 0.08 * eta**2 - 0.06 * eta**4)
        self._floor = 1e-8 * speed / self.thickness
        self.length = undamped * (1 - ufl.exp(-wall_units / _DAMPING))

    def eddy_viscosity(self, u):
        """ν_t = l² |S|, a UFL expression; |S| is kept off 0, where it has no derivative."""
        S = ufl.sym(ufl.grad(u))
        return self.length**2 * ufl.sqrt(2 * ufl.inner(S, S) + self._floor**2)

    def follow(self, force):
        """Take the friction velocity from the driving force."""
        self._friction_velocity.value = (abs(force) * self._depth) ** 0.5


def picard(domain: Domain, length: Length, viscosity, speed, bulk_velocity):
    """Velocity and pressure after five Picard steps from rest, and the driving force."""
    W = taylor_hood(domain, scalars=1)
    w = fem.Function(W)
    (u, p), (v, q), (du, dp) = ufl.split(w), ufl.TestFunctions(W), ufl.TrialFunctions(W)
    nu = viscosity + length.eddy_viscosity(u)
    system = BorderedSystem(
        momentum(u, p, v, q, u, nu, speed),
        [momentum(du, dp, v, q, u, nu, speed)],
        w,
        [at_rest_on_walls(domain, W, 0), pinned_pressure(W)],
        driving_force(domain, v, bulk_velocity),
        "mixing length",
    )
    for _ in range(_PICARD_STEPS):
        system.residual()
        system.advance(system.correction())
        length.follow(system.force)
    return w, system.force
