"""A carried scalar that was found, its fluxes and its balance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from solvers.fem.arguments import is_number
from solvers.fem.sampling import sample
from solvers.fem.vtx import write_vtx
from solvers.fenics import Expr, fem, ufl
from solvers.flow.conditions import Inlet, Outlet, Wall
from solvers.scalar.advection import dx
from solvers.scalar.balance import ScalarBalance, held_flux, solve_on_boundary
from solvers.scalar.carrier import Carrier
from vcnn.errors import InputError
from vcnn.flow.field import FlowField

if TYPE_CHECKING:
    from solvers.scalar.transport import ScalarTransport


@dataclass(frozen=True, eq=False)
class TransportResult:
    """The solution of a `ScalarTransport`.

    Parameters
    ----------
    problem : ScalarTransport
    carrier : Carrier
        The velocity and the domain.
    concentration : dolfinx Function
        c, on ``carrier.domain.mesh``.
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
    _: KW_ONLY
    diffusivity: fem.Function | fem.Constant
    sources: Mapping[str, Expr]
    equation: ufl.Form
    residuals: tuple[float, ...]

    def __repr__(self) -> str:
        domain = self.carrier.domain
        return (
            f"TransportResult({domain.count_cells():,} cells in {domain.dimension}-D, "
            f"residual {self.residuals[-1]:.2g})"
        )

    def flow(self, location: str = "cell") -> FlowField:
        """The flow that carries the scalar, as `FlowResult.flow` at ``location``, and more.

        These are ``concentration``, ``production``, if that is the published one ``mixing_length``,
        and ``diffusivity`` if it varies.
        """
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
        held = self.problem.boundary_conditions.holding
        if boundary not in held:
            raise InputError(
                f"boundary {boundary!r}: expected one that holds the scalar, "
                f"{', '.join(held) or 'none'}"
            )
        domain, space = self.carrier.domain, self.concentration.function_space
        flux = self._held_flux() * ufl.TestFunction(space) * domain.ds([boundary])
        return solve_on_boundary(domain, [boundary], flux, space)

    def boundary_fluxes(self) -> dict[str, float]:
        """Boundary name -> how much leaves, carried and by diffusion; what enters is negative."""
        domain, conditions = self.carrier.domain, self.problem.boundary_conditions.by_name
        diffusive, n = self._held_flux(), ufl.FacetNormal(domain.mesh)
        carried = self.concentration * ufl.dot(self.carrier.velocity, n)
        leaving = {Wall: diffusive, Inlet: carried + diffusive, Outlet: carried}
        fluxes = dict.fromkeys(domain.facets, 0.0)  # nothing passes a Symmetry
        for name in fluxes:
            if type(conditions[name]) in leaving:
                fluxes[name] = domain.boundary_integral(leaving[type(conditions[name])], name)
        return fluxes

    def balance(self) -> ScalarBalance:
        """What is produced, what decays, and what leaves through each boundary."""
        domain, problem, c = self.carrier.domain, self.problem, self.concentration
        produced = domain.total(self.sources["production"] * dx)
        decayed = problem.decay * domain.total(abs(c) ** problem.exponent * c * dx)
        return ScalarBalance(produced, decayed, self.boundary_fluxes())

    def save(self, path: str | Path) -> Path:
        """Write the concentration at the elements' nodes to a ``.bp`` folder ``path``."""
        return write_vtx(self.carrier.domain, path, {"concentration": self.concentration})

    def _held_flux(self) -> Expr:
        return held_flux(
            self.concentration,
            self.carrier.domain,
            diffusivity=self.diffusivity,
            equation=self.equation,
            held=list(self.problem.boundary_conditions.holding),
        )
