"""The steady momentum equation with a viscosity that may vary: what laminar flow and RANS share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solvers.conditions import Inlet, Outlet, Periodic, Symmetry, Wall, of_kind
from solvers.domain import Domain
from solvers.fenics import MPI, basix, fem, ufl
from solvers.newton import Drive, newton
from solvers.output import write_vtx
from solvers.sampling import flow_field
from vcnn.errors import InputError
from vcnn.flow import FlowField


def strain_rate(u):
    """|S| = √2 |sym ∇u|, a UFL expression."""
    S = ufl.sym(ufl.grad(u))
    return ufl.sqrt(2 * ufl.inner(S, S))


@dataclass(frozen=True, eq=False)
class FlowResult:
    """A steady flow.

    Parameters
    ----------
    problem : LaminarFlow or RANS
    domain : Domain
    velocity, pressure : dolfinx Functions on ``domain.mesh``
        The pressure is kinematic, with mean 0 unless there is an outlet.
    pressure_gradient : float
        The driving force f, velocity²/length: how fast the mean pressure falls along the period.
    residuals : tuple of float
        Residual before each step and at the end, relative to the load.
    eddy_viscosity : dolfinx Function, optional
        ν_t of RANS.
    """

    problem: object
    domain: Domain
    velocity: fem.Function
    pressure: fem.Function
    pressure_gradient: float
    residuals: tuple[float, ...]
    eddy_viscosity: fem.Function | None = None

    def flow(self, location="cell") -> FlowField:
        """The solution at the midpoints of the cells or at the vertices of the mesh, whole on every rank.

        Scalars: ``pressure``, ``strain_rate``, ``wall_distance``, ``boundary`` (see
        :func:`solvers.sampling.flow_field`) and, of RANS, ``eddy_viscosity``. Weights are cell volumes or lumped
        masses.
        """
        functions, expressions = {"pressure": self.pressure}, {"strain_rate": strain_rate(self.velocity)}
        if self.eddy_viscosity is not None:
            continuous = self.eddy_viscosity.ufl_element() in ufl.H1
            (functions if continuous else expressions)["eddy_viscosity"] = self.eddy_viscosity
        parameters = {"viscosity": self.problem.viscosity}
        if self.domain.periods:
            e = self.domain.period / np.linalg.norm(self.domain.period)
            mean = self.domain.integral(ufl.dot(self.velocity, ufl.as_vector(e))) / self.domain.integral(1.0)
            parameters |= {"bulk_velocity": mean, "pressure_gradient": self.pressure_gradient}
        provenance = {"solver": f"solvers.{type(self.problem).__name__}", "residual": self.residuals[-1]}
        return flow_field(self.domain, location, self.velocity, functions, expressions, parameters, provenance)

    def save(self, path):
        """Write velocity and pressure to a ``.bp`` folder for ParaView, at the nodes of the elements."""
        return write_vtx(self.domain, path, [self.velocity, self.pressure])


def solve_incompressible(
    problem, domain, conditions, name, picard_steps, eddy_viscosity=None, anisotropy=None, start=None
) -> FlowResult:
    """Solve u·∇u = −∇p + ∇·[(ν + ν_t)(∇u + ∇uᵀ)] − ∇·a + f e, ∇·u = 0.

    Taylor-Hood elements (quadratic velocity, linear pressure); Picard steps, then Newton.

    Parameters
    ----------
    problem : with the attribute ``viscosity``, ν
    domain : Domain
    conditions : mapping boundary name -> condition
    name : str
        For messages.
    picard_steps : int
        How many before Newton; none if there is a start.
    eddy_viscosity, anisotropy : UFL expressions, optional
        ν_t and the symmetric (d, d) tensor a.
    start : FlowResult, optional
        On the same domain.

    Raises
    ------
    InputError
        If the conditions do not determine a flow.
    DivergenceError
        If the iteration does not converge.
    """
    bulk, force, e = _driven(domain, conditions)
    cell, d = domain.mesh.basix_cell(), domain.dimension
    taylor_hood = basix.ufl.mixed_element([
        basix.ufl.element("Lagrange", cell, 2, shape=(d,)),
        basix.ufl.element("Lagrange", cell, 1),
    ])  # fmt: skip
    W = fem.functionspace(domain.mesh, taylor_hood)
    w = fem.Function(W)
    outlets = of_kind(conditions, Outlet)
    bcs = _velocity_conditions(domain, conditions, W)
    for bc in bcs:
        bc.set(w.x.array)
    speed = _speed(domain, bulk, force, w)
    if not outlets:
        bcs.append(_pinned_pressure(W))
    u, p = ufl.split(w)
    v, q = ufl.TestFunctions(W)
    du, dp = ufl.TrialFunctions(W)
    nu = fem.Constant(domain.mesh, float(problem.viscosity))
    if eddy_viscosity is not None:
        nu = nu + eddy_viscosity
    # The pressure is U p and its test function U q: both equations then have the same units, and the norm of
    # the residual means the same whatever they are.
    U = fem.Constant(domain.mesh, speed)
    dx, n = ufl.dx(degree=5), ufl.FacetNormal(domain.mesh)

    def oseen(u, p, carrier):
        """u carried by a velocity, with pressure and viscous stress."""
        form = (
            ufl.inner(ufl.grad(u) * carrier, v)
            + 2 * nu * ufl.inner(ufl.sym(ufl.grad(u)), ufl.grad(v))
            - U * p * ufl.div(v)
            - U * q * ufl.div(u)
        ) * dx
        if outlets:   # the stress there is −p n + ν ∂u/∂n: that of a developed profile is the pressure alone
            form -= nu * ufl.inner(ufl.grad(u).T * n, v) * domain.ds(outlets)
        return form

    residual = oseen(u, p, carrier=u)
    if anisotropy is not None:
        residual -= ufl.inner(anisotropy, ufl.grad(v)) * dx
    drive = None
    if e is not None:
        e = fem.Constant(domain.mesh, e)
        if bulk is None:
            residual -= fem.Constant(domain.mesh, force) * ufl.inner(e, v) * dx
        else:
            drive = Drive(ufl.inner(e, v) * dx, target=bulk * domain.integral(1.0))
    picard = oseen(du, dp, carrier=u)
    exact = picard + ufl.inner(ufl.grad(u) * du, v) * dx
    solution = newton(
        residual=residual,
        jacobians=[exact] if start else [picard] * picard_steps + [exact],
        w=w,
        bcs=bcs,
        drive=drive,
        guess=None if start is None else _guess(start, bcs, speed, W),
        name=name,
    )
    velocity, pressure = (w.sub(i).collapse() for i in range(2))
    pressure.x.array[:] *= speed
    if not outlets:
        pressure.x.array[:] -= domain.integral(pressure) / domain.integral(1.0)
    velocity.name, pressure.name = "velocity", "pressure"
    force = force if drive is None else solution.force
    return FlowResult(problem, domain, velocity, pressure, force, solution.residuals)


def _driven(domain, conditions):
    """The bulk velocity or else the force that drives the flow, and the unit vector of its direction."""
    driven = [condition for condition in of_kind(conditions, Periodic).values() if condition.driven]
    if len(driven) > 1:
        raise InputError("conditions: the flow is driven in one direction at most, got two")
    if of_kind(conditions, Inlet) and not of_kind(conditions, Outlet):
        raise InputError("conditions: what enters by an Inlet must leave by an Outlet, there is none")
    if not driven:
        return None, 0.0, None
    e = domain.period / np.linalg.norm(domain.period)
    return driven[0].bulk_velocity, driven[0].pressure_gradient or 0.0, e


def _speed(domain, bulk, force, w) -> float:
    """A velocity to scale with, from what moves the flow."""
    fastest = domain.mesh.comm.allreduce(np.abs(w.x.array).max(initial=0.0), MPI.MAX)
    size = np.ptp(domain.source.points, axis=0).max()
    speed = max(abs(bulk or 0.0), np.sqrt(abs(force) * size), fastest)
    if not speed > 0:
        raise InputError("conditions: nothing moves the flow: no bulk velocity, pressure gradient, inlet or wall")
    return float(speed)


def _velocity_conditions(domain, conditions, W) -> list:
    """Dirichlet conditions; where boundaries meet the wall comes last and holds."""
    V, _ = W.sub(0).collapse()

    def given(name, values):
        return fem.dirichletbc(values, domain.boundary_dofs((W.sub(0), V), name), W.sub(0))

    symmetric = [_no_normal_velocity(domain, name, W) for name in of_kind(conditions, Symmetry)]
    entering = [
        given(name, domain.profile(V, inlet.value, name, f"Inlet of boundary {name!r}"))
        for name, inlet in of_kind(conditions, Inlet).items()
    ]
    walls = [given(name, _wall_velocity(domain, name, wall, V)) for name, wall in of_kind(conditions, Wall).items()]
    return symmetric + entering + walls


def _wall_velocity(domain, name, wall, V):
    if wall.velocity is None:
        return fem.Function(V)
    velocity = domain.profile(V, wall.velocity, name, f"Wall velocity of boundary {name!r}")
    n = ufl.FacetNormal(domain.mesh)
    through = domain.boundary_integral(abs(ufl.dot(velocity, n)), name)
    if through > 1e-8 * domain.boundary_integral(ufl.sqrt(ufl.dot(velocity, velocity)), name):
        raise InputError(f"boundary {name!r}: the velocity of a Wall must be along it, got {wall.velocity}")
    return velocity


def _no_normal_velocity(domain, name, W):
    n, area = ufl.FacetNormal(domain.mesh), domain.boundary_integral(1.0, name)
    aligned = [domain.boundary_integral(abs(n[i]), name) > (1 - 1e-8) * area for i in range(domain.dimension)]
    if not any(aligned):
        raise InputError(f"boundary {name!r}: a Symmetry must be a plane normal to an axis of coordinates")
    component = W.sub(0).sub(aligned.index(True))
    space, _ = component.collapse()
    return fem.dirichletbc(fem.Function(space), domain.boundary_dofs((component, space), name), component)


def _pinned_pressure(W):
    """Hold one pressure on all ranks that know it, since only its gradient is determined."""
    Q, (dofs,) = W.sub(1).collapse()
    numbers = W.dofmap.index_map.local_to_global(dofs)
    first = W.mesh.comm.allreduce(numbers.min(initial=np.iinfo(np.int64).max), MPI.MIN)
    here = np.flatnonzero(numbers == first).astype(np.int32)
    return fem.dirichletbc(fem.Function(Q), [dofs[here], here], W.sub(1))


def _guess(start, bcs, speed, W) -> np.ndarray:
    """Degrees of freedom of an earlier flow that satisfy the conditions of this one."""
    values = np.zeros_like(fem.Function(W).x.array)
    for i, (function, scale) in enumerate([(start.velocity, 1.0), (start.pressure, speed)]):
        _, dofs = W.sub(i).collapse()
        values[dofs[0] if len(dofs) == 1 else dofs] = function.x.array / scale
    for bc in bcs:
        bc.set(values)
    return values
