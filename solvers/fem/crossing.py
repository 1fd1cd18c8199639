"""How fast a velocity crosses cells."""

from __future__ import annotations

from solvers.fenics import Expr, basix, ufl


def crossing_rate(velocity: Expr) -> Expr:
    """Cells that a velocity crosses in a unit of time, a UFL expression.

    It does not depend on how the vertices of a cell are numbered.

    Parameters
    ----------
    velocity : UFL expression of shape (d,)
        Made of functions on a mesh.
    """
    mesh = ufl.domain.extract_unique_domain(velocity)
    along = _in_reference_cells(velocity)
    crossed = ufl.dot(along, along)
    if mesh.ufl_coordinate_element().cell_type in (
        basix.CellType.triangle,
        basix.CellType.tetrahedron,
    ):
        crossed = (crossed + sum(along) ** 2) / 2  # all edges of the reference cell count as 1
    return ufl.sqrt(crossed)


def in_cells(velocity: Expr) -> Expr:
    """The part of a velocity (d,) that crosses cells: of sections not what goes through them."""
    mesh = ufl.domain.extract_unique_domain(velocity)
    if mesh.geometric_dimension == mesh.topological_dimension:
        return velocity
    return ufl.Jacobian(mesh) * _in_reference_cells(velocity)


def _in_reference_cells(velocity) -> Expr:
    """(t,), in a unit of time."""
    return ufl.JacobianInverse(ufl.domain.extract_unique_domain(velocity)) * velocity
