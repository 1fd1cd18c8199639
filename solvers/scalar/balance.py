"""Where a carried scalar goes: fluxes through boundaries as the discrete equations have them, and
their balance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from solvers.fenics import PETSc, dolfinx, fem, ufl


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


def held_flux(c, diffusivity, equation, domain, held):
    """−D ∂c/∂n, outward, on boundaries that hold c, a UFL expression whose integrals there balance
    exactly.

    Where c is held the equation is not solved: its residual R is what must leave for c to stay. The
    gradient in the cells is corrected by the continuous function with which ∮ (flux) s ds = −R(s)
    for all s. At corners of the domain the flux may jump as the gradient does.

    Parameters
    ----------
    c : dolfinx Function
    diffusivity : float
        D.
    equation : linear UFL form
        R, at the solution.
    domain : Domain
    held : sequence of str
        Names of these boundaries.
    """
    gradient = -diffusivity * ufl.dot(ufl.grad(c), ufl.FacetNormal(domain.mesh))
    s = ufl.TestFunction(c.function_space)
    return gradient + on_boundary(
        domain, held, -equation - gradient * s * domain.ds(held), c.function_space
    )


def on_boundary(domain, names, form, space) -> fem.Function:
    """The function λ with ∮ λ s ds = form(s) for all s on the named boundaries; 0 at nodes
    elsewhere.
    """
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
