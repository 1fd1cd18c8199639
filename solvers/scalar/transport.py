"""A scalar carried by a flow, diffusing, produced and destroyed: the published transport problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import meshio
import numpy as np

from solvers.algebra.bordered import BorderedSystem
from solvers.algebra.linear_solvers import LINEAR_SOLVERS
from solvers.algebra.newton import newton_loop
from solvers.fem.arguments import check_number, float_array, is_number
from solvers.fem.domain import Domain
from solvers.fem.fields import function_from, interpolate_on_boundary
from solvers.fem.sampling import sample
from solvers.fem.vtx import write_vtx
from solvers.fenics import MPI, fem, ufl
from solvers.flow.boundary_conditions import BoundaryConditions, between_walls, conditions_from
from solvers.flow.conditions import Condition, Inlet, Outlet, Wall
from solvers.scalar.advection import carried, dx, upwinding
from solvers.scalar.balance import ScalarBalance, held_flux, on_boundary
from solvers.scalar.carrier import Carrier, carrier_of
from solvers.scalar.production import MixingLengthProduction, production_of
from vcnn.errors import InputError
from vcnn.flow.field import FlowField


@dataclass(frozen=True, eq=False)
class ScalarTransport:
    """Steady transport of a concentration c with c = 0 on walls.

    u·∇c − ∇·(D∇c) + ζ|c|ᵐc = P, the production P being held fixed. Quadratic elements, upwinded
    where the cell Péclet number asks for it, and conservative unless the velocity is constant in
    each cell (:func:`solvers.scalar.advection.carried`); Newton from the solution of the linear
    problem (m = 0). The defaults are the problem of Zhou, Han & Xiao, CMAME 388 (2022) 114211.

    Parameters
    ----------
    mesh : meshio.Mesh or Domain
        As in :func:`solvers.fem.build.build_domain`, the same on every rank of MPI.
    velocity : FlowResult, FlowField or dolfinx Function
        u: a solution on the same mesh; a flow at its vertices (then linear) or its cells (then
        constant in each, and ``strain_rate`` must be among its scalars); a Function on
        ``mesh.mesh`` of a Domain.
    diffusivity : float or array
        D, length²/time; values (n,) at the points of the flow that is the velocity, or at the
        vertices of the mesh.
    decay : float
        ζ, 1/time for m = 0.
    exponent : float
        m; 1 is what the published field satisfies.
    production : MixingLengthProduction, callable, array or number
        P; a callable takes positions (d, k) to values (k,), an array holds values at the points of
        the flow that is the velocity, or at the vertices of the mesh.
    walls, periodic
        Names of boundaries, as in `LaminarFlow`; ``periodic=None`` if there is no period.
    conditions : mapping boundary name -> condition, optional
        Any others (:mod:`solvers.flow.conditions`), in place of ``walls`` and ``periodic``. What
        drives a flow among them does not matter.
    linear_solver : {"direct", "iterative"}
        As in :class:`solvers.algebra.linear_solvers.LinearSolver`; iterative from some 10⁵ unknowns on.

    Attributes
    ----------
    boundary_conditions : BoundaryConditions
        In one form, whichever way they were said.

    Raises
    ------
    InputError
        If a number or a name does not make sense.
    """

    mesh: meshio.Mesh | Domain
    velocity: object
    diffusivity: float | np.ndarray = 0.1
    decay: float = 3.0
    exponent: float = 1.0
    production: MixingLengthProduction | Callable | np.ndarray | float = field(
        default_factory=MixingLengthProduction
    )
    walls: tuple[str, ...] = ("bottom", "top")
    periodic: tuple[str, str] | None = ("inlet", "outlet")
    conditions: Mapping[str, Condition] | None = None
    linear_solver: str = "direct"
    boundary_conditions: BoundaryConditions = field(init=False, repr=False)

    def __post_init__(self):
        if self.linear_solver not in LINEAR_SOLVERS:
            raise InputError(
                f"linear_solver: expected {' or '.join(LINEAR_SOLVERS)}, got {self.linear_solver!r}"
            )
        if is_number(self.diffusivity):
            check_number(self.diffusivity, "diffusivity", "a positive number")
        for name in ("decay", "exponent"):
            check_number(getattr(self, name), name, "a number >= 0")
        if self.conditions is None:
            conditions = between_walls(self.walls, self.periodic)
        else:
            conditions = conditions_from(self.conditions)
        object.__setattr__(self, "boundary_conditions", conditions)

    def solve(self, comm=MPI.COMM_WORLD) -> TransportResult:
        """Solve on all ranks of ``comm``.

        Raises
        ------
        DivergenceError
            If the iteration does not converge.
        """
        equation = TransportEquation(self, comm)
        return equation.result(newton_loop(equation.system).residuals)


class TransportEquation:
    """The discrete equation of a `ScalarTransport`.

    Attributes
    ----------
    carrier : Carrier
    location : {"cell", "vertex"}
        Where arrays are given.
    c : dolfinx Function
        The concentration, as it is now.
    diffusivity, decay : dolfinx Functions or Constants
    sources : mapping name -> UFL expression
    residual : linear UFL form
    system : BorderedSystem
        Its first Jacobian is that of the linear problem.

    Raises
    ------
    InputError
        If a field or condition cannot be used.
    """

    def __init__(self, problem, comm):
        self.problem, conditions = problem, problem.boundary_conditions
        self.carrier = carrier = carrier_of(problem.velocity, problem.mesh, conditions, comm)
        domain, u = carrier.domain, carrier.velocity
        C = fem.functionspace(domain.mesh, ("Lagrange", 2))
        self.location = (
            problem.velocity.location if isinstance(problem.velocity, FlowField) else "vertex"
        )
        self.sources = production_of(problem.production, carrier, self.location, C)
        self.diffusivity = D = _diffusivity(problem.diffusivity, domain, self.location)
        self.decay, m = (
            fem.Constant(domain.mesh, float(number)) for number in (problem.decay, problem.exponent)
        )
        self.c = c = fem.Function(C, name="concentration")
        bcs = _scalar_conditions(domain, conditions, C)
        for bc in bcs:
            bc.set(c.x.array)
        s, dc = ufl.TestFunction(C), ufl.TrialFunction(C)
        through, sink = domain.ds(conditions.of_kind(Inlet | Outlet)), self.decay * abs(c) ** m
        self.residual = (
            carried(c, s, u, D, sink, through)
            - self.sources["production"] * (s + upwinding(s, u, D)) * dx
        )
        self.system = BorderedSystem(
            self.residual,
            [carried(dc, s, u, D, rate, through) for rate in (self.decay, (m + 1) * sink)],
            c,
            bcs,
            name="scalar transport",
            linear_solver=problem.linear_solver,
        )

    def result(self, residuals) -> TransportResult:
        """The concentration as it is now."""
        return TransportResult(
            self.problem,
            self.carrier,
            self.c,
            self.diffusivity,
            self.sources,
            self.residual,
            residuals,
        )


@dataclass(frozen=True, eq=False)
class TransportResult:
    """The solution of a `ScalarTransport`.

    Parameters
    ----------
    problem : ScalarTransport
    carrier : Carrier
        The velocity and the domain.
    concentration : dolfinx Function on ``carrier.domain.mesh``
    diffusivity : dolfinx Function or Constant
        D.
    sources : mapping name -> UFL expression
        ``production`` and, if it is the published one, ``mixing_length``.
    equation : linear UFL form
        The residual of the discrete equation, small where ``concentration`` is not held.
    residuals : tuple of float
        Residual before each step and at the end, relative to the first one.
    """

    problem: ScalarTransport
    carrier: Carrier
    concentration: fem.Function
    diffusivity: object
    sources: dict
    equation: ufl.Form
    residuals: tuple[float, ...]

    def __repr__(self) -> str:
        domain = self.carrier.domain
        return (
            f"TransportResult({domain.count_cells():,} cells in {domain.dimension}-D, "
            f"residual {self.residuals[-1]:.2g})"
        )

    def flow(self, location="cell") -> FlowField:
        """The flow that carries the scalar, as `FlowResult.flow` gives it, with further scalars.

        These are ``concentration``, ``production``, if that is the published one ``mixing_length``,
        and ``diffusivity`` if it varies."""
        numbers, expressions = {"decay": self.problem.decay}, dict(self.sources)
        if is_number(self.problem.diffusivity):
            numbers["diffusivity"] = self.problem.diffusivity
        else:
            expressions["diffusivity"] = self.diffusivity
        fields = sample(
            self.carrier.domain,
            location,
            functions={"concentration": self.concentration},
            expressions=expressions,
        )
        return self.carrier.flow(location).with_fields(scalars=fields, parameters=numbers)

    def diffusive_flux(self, boundary: str) -> fem.Function:
        """−D ∂c/∂n, outward, at the nodes of a wall or inlet; 0 at others.

        It is recovered from the discrete equation: :func:`solvers.evaluate` it along the wall. Its
        error is smaller than that of the gradient in the cells, that of its integral falls by at
        least one order more. The Sherwood number is L/(D Δc) times it.

        Raises
        ------
        InputError
            If the boundary is another one.
        """
        held = self.problem.boundary_conditions.of_kind(Wall | Inlet)
        if boundary not in held:
            raise InputError(
                f"boundary {boundary!r}: expected one that holds the scalar, {', '.join(held) or 'none'}"
            )
        domain, space = self.carrier.domain, self.concentration.function_space
        flux = self._held_flux() * ufl.TestFunction(space) * domain.ds([boundary])
        return on_boundary(domain, [boundary], flux, space)

    def boundary_fluxes(self) -> dict[str, float]:
        """Boundary name -> how much leaves there, carried and by diffusion; what enters is
        negative.
        """
        domain, conditions = self.carrier.domain, self.problem.boundary_conditions.by_name
        diffusive, n = self._held_flux(), ufl.FacetNormal(domain.mesh)
        carried = self.concentration * ufl.dot(self.carrier.velocity, n)
        leaving = {Wall: diffusive, Inlet: carried + diffusive, Outlet: carried}
        kinds = {name: type(conditions[name]) for name in domain.facets}
        return {
            name: domain.boundary_integral(leaving[kind], name)
            if kind in leaving
            else 0.0  # Symmetry
            for name, kind in kinds.items()
        }

    def _held_flux(self):
        held = self.problem.boundary_conditions.of_kind(Wall | Inlet)
        return held_flux(
            self.concentration, self.diffusivity, self.equation, self.carrier.domain, held
        )

    def balance(self) -> ScalarBalance:
        """What is produced, what decays, and what leaves through each boundary."""
        domain, problem, c = self.carrier.domain, self.problem, self.concentration
        produced = domain.total(self.sources["production"] * dx)
        decayed = problem.decay * domain.total(abs(c) ** problem.exponent * c * dx)
        return ScalarBalance(produced, decayed, self.boundary_fluxes())

    def save(self, path):
        """Write the concentration to a ``.bp`` folder for ParaView, at the nodes of the elements."""
        return write_vtx(self.carrier.domain, path, {"concentration": self.concentration})


def _diffusivity(given, domain, location):
    if is_number(given):
        return fem.Constant(domain.mesh, float(given))
    values = float_array(given, "diffusivity", "a positive number or an array of them")
    if values.ndim != 1 or not (np.isfinite(values) & (values > 0)).all():
        raise InputError("diffusivity: expected a positive number or an array (n,) of them")
    return function_from(domain, values, location, "diffusivity")


def _scalar_conditions(domain, conditions, C) -> list:
    """Dirichlet conditions; where boundaries meet the wall comes last and holds."""
    entering = []
    for name, inlet in conditions.of_kind(Inlet).items():
        values = interpolate_on_boundary(
            domain, C, inlet.value, boundary=name, name=f"Inlet of boundary {name!r}"
        )
        entering.append(fem.dirichletbc(values, domain.boundary_dofs(C, name)))
    return [*entering, fem.dirichletbc(0.0, domain.wall_dofs(C), C)]
