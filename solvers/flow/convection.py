"""What carries the momentum, and keeps it from oscillating where no viscosity does."""

from __future__ import annotations

from solvers.fem.crossing import crossing_rate, in_cells
from solvers.fenics import Expr, ufl

RESOLVED = 100.0  # cell Péclet number up to which nothing is added
_FLUCTUATION = 1 / 12  # mean square of a linear function less its mean, over a cell, by its slope


def convection(u: Expr, v: Expr, *, carrier: Expr, viscosity: Expr) -> Expr:
    """(β·∇)u tested with v, β what carries, stabilised along streamlines.

    Where a thin layer grows in a stream without eddy viscosity, quadratic elements alone oscillate
    from cell to cell. Added is a local projection stabilisation onto constants (Becker & Braack,
    Calcolo 38, 2001; Matthies, Skrzypacz & Tobiska, ESAIM M2AN 41, 2007), τ times the product of
    what (β·∇)u and (β·∇)v deviate from their means in a cell. Of quadratic velocities that are
    linear along β, so that it is written with their slopes,

    (τ T²/12) [(β·∇)²u]·[(β·∇)²v],  τ = T (1 − Pe₀/Pe),  (β·∇)² = β_i β_j ∂_i ∂_j,

    T being the time in which β crosses the cell (in sections its part in their plane), Pe = |β|² T
    / (2 ν) its Péclet number. Where that is below Pe₀ = 100 quadratic elements need nothing, and
    nothing is added: it would cost half an order of theirs. It couples nothing that the other terms
    do not.

    Parameters
    ----------
    u, v : UFL expressions of shape (d,)
        Quadratic.
    carrier : UFL expression of shape (d,)
        β.
    viscosity : UFL expression
        ν, with the eddy viscosity.
    """
    rate, along = crossing_rate(carrier), in_cells(carrier)
    squared = ufl.dot(along, along)
    viscous = 2 * RESOLVED * viscosity * rate
    time = ufl.conditional(
        ufl.gt(squared, viscous), _FLUCTUATION / rate**3 * (1 - viscous / squared), 0
    )
    added = time * ufl.inner(_along_twice(u, carrier), _along_twice(v, carrier))
    return ufl.inner(ufl.grad(u) * carrier, v) + added


def _along_twice(u, carrier) -> Expr:
    """β_j β_k ∂_j ∂_k u."""
    i, j, k = ufl.indices(3)
    return ufl.as_vector(ufl.grad(ufl.grad(u))[i, j, k] * carrier[j] * carrier[k], i)
