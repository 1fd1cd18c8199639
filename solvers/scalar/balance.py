"""Fluxes of a scalar through boundaries as the discrete equations have them, and their balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from solvers.fem.domain import Domain
from solvers.fenics import Expr, PETSc, dolfinx, fem, ufl


@dataclass(frozen=True)
class ScalarBalance:
    """Production = decay + fluxes; all are amounts per time (and per depth of a plane flow).

    Parameters
    ----------
    production, decay : float
        ∫ P dx and ∫ ζ|c|ᵐc dx.
    fluxes : mapping boundary name -> float
        What leaves there, carried and by diffusion.
    """

    production: float
    decay: float
    fluxes: Mapping[str, float]

    @property
    def defect(self) -> float:
        """Production − decay − fluxes: round-off, unless the velocity is constant in each cell.

        What its jumps make of the scalar is then left.
        """
        return self.production - self.decay - sum(self.fluxes.values())


def held_flux(
    c: fem.Function,
    domain: Domain,
    *,
    diffusivity: Expr,
    equation: ufl.Form,
    held: Sequence[str],
) -> Expr:
    """−D ∂c/∂n, outward, on boundaries that hold c; its integrals there balance exactly.

    Where c is held the equation is not solved: its residual R is what must leave for c to stay. The
    gradient in the cells is corrected by the continuous function with which ∮ (flux) s ds = −R(s)
    for all s. At corners of the domain the flux may jump as the gradient does.

    Parameters
    ----------
    c : dolfinx Function
    domain : Domain
    diffusivity : UFL expression
        D.
    equation : linear UFL form
        R, at the solution.
    held : sequence of str
        Names of these boundaries.
    """
    gradient = -diffusivity * ufl.dot(ufl.grad(c), ufl.FacetNormal(domain.mesh))
    s = ufl.TestFunction(c.function_space)
    missing = -equation - gradient * s * domain.ds(held)
    return gradient + solve_on_boundary(domain, held, missing, c.function_space)


def solve_on_boundary(
    domain: Domain, names: Sequence[str], form: ufl.Form, space: fem.FunctionSpace
) -> fem.Function:
    """The function λ with ∮ λ s ds = form(s) for all s on boundaries; 0 at nodes elsewhere."""
    solution = fem.Function(space)
    none = np.empty(0, dtype=np.int32)
    on = np.unique(np.concatenate([none, *(domain.boundary_dofs(space, name) for name in names)]))
    off = np.setdiff1d(np.arange(len(solution.x.array), dtype=np.int32), on)
    load = fem.assemble_vector(fem.form(form))
    load.scatter_reverse(dolfinx.la.InsertMode.add)
    load.array[off] = 0
    mass = fem.form(ufl.TrialFunction(space) * ufl.TestFunction(space) * domain.ds(names))
    A = fem.petsc.assemble_matrix(mass, bcs=[fem.dirichletbc(0.0, off, space)])
    A.assemble()
    ksp = PETSc.KSP().create(A.comm)  # rows of other nodes are empty
    ksp.setType(PETSc.KSP.Type.CG)
    ksp.pc.setType(PETSc.PC.Type.JACOBI)
    ksp.setTolerances(rtol=1e-14)
    ksp.setOperators(A)
    ksp.solve(dolfinx.la.petsc.create_vector_wrap(load), solution.x.petsc_vec)
    solution.x.scatter_forward()
    return solution
