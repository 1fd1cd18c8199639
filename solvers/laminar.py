"""Steady laminar flow between walls, driven through a period."""

from __future__ import annotations

from dataclasses import dataclass

import meshio
import numpy as np

from solvers.domain import Domain, build_domain
from solvers.fenics import MPI, basix, fem, ufl
from solvers.newton import Drive, newton
from solvers.output import write_vtx
from solvers.sampling import flow_field
from vcnn.errors import InputError
from vcnn.flow import FlowField

_PICARD_STEPS = 3   # Newton from rest diverges at Re = 100


def strain_rate(u):
    """|S| = √2 |sym ∇u|, a UFL expression."""
    S = ufl.sym(ufl.grad(u))
    return ufl.sqrt(2 * ufl.inner(S, S))


@dataclass(frozen=True, eq=False)
class LaminarFlow:
    """Steady incompressible Navier-Stokes with a given volume-mean velocity U along the period.

    u·∇u = −∇p + ν∇²u + f e,  ∇·u = 0,  u = 0 on walls,  (1/|Ω|) ∫ u·e dx = U,  with e the direction of the
    period and the driving force f an unknown. Taylor-Hood elements (quadratic velocity, linear pressure); three
    Picard steps, then Newton.

    Parameters
    ----------
    mesh : meshio.Mesh
        As in :func:`solvers.domain.build_domain`, the same on every rank of MPI.
    viscosity : float
        ν, length²/time.
    bulk_velocity : float
        U, length/time.
    walls : sequence of str
        Names of the boundaries without slip.
    periodic : (str, str)
        Names of the boundaries that are one, the flow going from the first to the second if U > 0.

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

    def __post_init__(self):
        if not 0 < self.viscosity < np.inf:
            raise InputError(f"viscosity: expected a positive number, got {self.viscosity!r}")
        if not 0 < abs(self.bulk_velocity) < np.inf:
            raise InputError(f"bulk_velocity: expected a number other than 0, got {self.bulk_velocity!r}")
        if not self.periodic or not self.walls:
            raise InputError("LaminarFlow: needs walls and two periodic boundaries, through which it is driven")

    def solve(self, comm=MPI.COMM_WORLD) -> LaminarResult:
        """Solve on all ranks of ``comm``.

        Raises
        ------
        DivergenceError
            If the iteration does not converge.
        """
        domain = build_domain(self.mesh, self.walls, self.periodic, comm)
        cell, d = domain.mesh.basix_cell(), domain.dimension
        taylor_hood = basix.ufl.mixed_element([
            basix.ufl.element("Lagrange", cell, 2, shape=(d,)),
            basix.ufl.element("Lagrange", cell, 1),
        ])  # fmt: skip
        W = fem.functionspace(domain.mesh, taylor_hood)
        w = fem.Function(W)
        u, p = ufl.split(w)
        v, q = ufl.TestFunctions(W)
        du, dp = ufl.TrialFunctions(W)
        nu = fem.Constant(domain.mesh, float(self.viscosity))
        # The pressure is U p and its test function U q: both equations then have the same units, and the norm of
        # the residual means the same whatever they are.
        U = fem.Constant(domain.mesh, abs(float(self.bulk_velocity)))
        e = fem.Constant(domain.mesh, domain.period / np.linalg.norm(domain.period))
        dx = ufl.dx(degree=5)

        def oseen(u, p, carrier):
            """u carried by a velocity, with pressure and viscous stress."""
            return (
                ufl.inner(ufl.grad(u) * carrier, v)
                + nu * ufl.inner(ufl.grad(u), ufl.grad(v))
                - U * p * ufl.div(v)
                - U * q * ufl.div(u)
            ) * dx

        picard = oseen(du, dp, carrier=u)
        exact = picard + ufl.inner(ufl.grad(u) * du, v) * dx
        solution = newton(
            residual=oseen(u, p, carrier=u),
            jacobians=[picard] * _PICARD_STEPS + [exact],
            w=w,
            bcs=[_no_slip(domain, W), _pinned_pressure(W)],
            drive=Drive(ufl.inner(e, v) * dx, target=self.bulk_velocity * domain.integral(1.0)),
            name="laminar flow",
        )
        velocity, pressure = (w.sub(i).collapse() for i in range(2))
        pressure.x.array[:] -= domain.integral(pressure) / domain.integral(1.0)
        pressure.x.array[:] *= U.value
        velocity.name, pressure.name = "velocity", "pressure"
        return LaminarResult(self, domain, velocity, pressure, solution.force, solution.residuals)


@dataclass(frozen=True, eq=False)
class LaminarResult:
    """The solution of a `LaminarFlow`.

    Parameters
    ----------
    problem : LaminarFlow
    domain : Domain
    velocity, pressure : dolfinx Functions on ``domain.mesh``
        The pressure is kinematic, with mean 0.
    pressure_gradient : float
        The driving force f, velocity²/length: how fast the mean pressure falls along the period.
    residuals : tuple of float
        Residual before each step and at the end, relative to the driving force.
    """

    problem: LaminarFlow
    domain: Domain
    velocity: fem.Function
    pressure: fem.Function
    pressure_gradient: float
    residuals: tuple[float, ...]

    def flow(self, location="cell") -> FlowField:
        """The solution at the midpoints of the cells or at the vertices of the mesh, whole on every rank.

        Scalars: ``pressure``, ``strain_rate``, ``wall_distance``, ``boundary``
        (see :func:`solvers.sampling.flow_field`). Weights are cell volumes or lumped masses.
        """
        return flow_field(
            self.domain,
            location,
            self.velocity,
            functions={"pressure": self.pressure},
            expressions={"strain_rate": strain_rate(self.velocity)},
            parameters={
                "viscosity": self.problem.viscosity,
                "bulk_velocity": self.problem.bulk_velocity,
                "pressure_gradient": self.pressure_gradient,
            },
            provenance={"solver": "solvers.LaminarFlow", "residual": self.residuals[-1]},
        )

    def save(self, path):
        """Write velocity and pressure to a ``.bp`` folder for ParaView, at the nodes of the elements."""
        return write_vtx(self.domain, path, [self.velocity, self.pressure])


def _no_slip(domain, W):
    V, _ = W.sub(0).collapse()
    return fem.dirichletbc(fem.Function(V), domain.wall_dofs((W.sub(0), V)), W.sub(0))


def _pinned_pressure(W):
    """Hold one pressure on all ranks that know it, since only its gradient is determined."""
    Q, (dofs,) = W.sub(1).collapse()
    numbers = W.dofmap.index_map.local_to_global(dofs)
    first = W.mesh.comm.allreduce(numbers.min(initial=np.iinfo(np.int64).max), MPI.MIN)
    here = np.flatnonzero(numbers == first).astype(np.int32)
    return fem.dirichletbc(fem.Function(Q), [dofs[here], here], W.sub(1))
