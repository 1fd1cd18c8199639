"""Functions whose values hold on boundaries: Dirichlet conditions."""

from __future__ import annotations

from collections.abc import Mapping

from solvers.fem.domain import Domain
from solvers.fenics import fem


def hold_on_boundaries(
    domain: Domain, space: fem.FunctionSpace, values: Mapping[str, fem.Function]
) -> list[fem.DirichletBC]:
    """Dirichlet conditions from the functions that hold on boundaries.

    Parameters
    ----------
    domain : Domain
    space : dolfinx FunctionSpace
        Of the functions; or the part of a mixed space of which theirs is the collapsed one.
    values : mapping boundary name -> dolfinx Function
        Where boundaries meet, the last one that is named holds.
    """
    conditions = []
    for name, function in values.items():
        own = function.function_space
        if own == space:
            conditions.append(fem.dirichletbc(function, domain.boundary_dofs(own, name)))
        else:
            dofs = domain.boundary_dofs((space, own), name)
            conditions.append(fem.dirichletbc(function, dofs, space))
    return conditions
