"""Smooth fields from numbers at the vertices of a mesh: unknowns of an inversion, or a filter."""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse.linalg import splu

from solvers.fem.domain import Domain
from solvers.fem.fields import value_layout
from solvers.fenics import fem, ufl


class Smoothing:
    """K = (1 − ℓ²∇²)⁻¹ for linear elements on a domain.

    Of fields whose mean square is the sum of squares of numbers.

    Calling it turns (count, k) such numbers, one of each k for a vertex that differs from others,
    into smooth fields (n, k) at the vertices of the mesh. As unknowns they make steps of a
    minimisation independent of the mesh.

    Parameters
    ----------
    domain : Domain
        On one rank of MPI.
    length : float
        ℓ, length.
    """

    def __init__(self, domain: Domain, length: float):
        space = fem.functionspace(domain.mesh, ("Lagrange", 1))
        u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
        self._mass = mass = _assemble(u * v * ufl.dx)
        masses = np.asarray(mass.sum(axis=1)).ravel()
        self.count, self._sizes = len(masses), torch.from_numpy(np.sqrt(masses * masses.sum()))
        stiffness = _assemble(ufl.inner(ufl.grad(u), ufl.grad(v)) * ufl.dx)
        self._factor = splu(mass + length**2 * stiffness)
        _, places = value_layout(domain, "vertex")
        number = np.zeros(len(domain.source.points), dtype=np.int64)
        number[places] = space.dofmap.list
        self._number = torch.from_numpy(number)

    def __call__(self, numbers: torch.Tensor) -> torch.Tensor:
        return _Solve.apply(self._factor, self._sizes[:, None] * numbers)[self._number]

    def smooth(self, values: np.ndarray) -> np.ndarray:
        """K of a field whose ``values`` (n,) at the vertices are given."""
        at = np.empty(self.count)
        at[self._number] = values
        return self._factor.solve(self._mass @ at)[self._number]


class _Solve(torch.autograd.Function):
    """x = A⁻¹ b for a factorised symmetric matrix A, which is its own transpose backwards."""

    @staticmethod
    def forward(ctx, factor, right):
        ctx.factor = factor
        return torch.from_numpy(factor.solve(right.detach().numpy()))

    @staticmethod
    def backward(ctx, gradient):
        return None, torch.from_numpy(ctx.factor.solve(gradient.numpy()))


def _assemble(form: ufl.Form):
    return fem.assemble_matrix(fem.form(form)).to_scipy().tocsc()
