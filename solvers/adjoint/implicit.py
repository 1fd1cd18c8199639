"""The adjoint method for torch: solutions differentiated by the data of their problem.

A solve finds w with F(w; m) = 0 for values m. With J(w) any function of the solution and Aᵀλ =
∂J/∂w, A = ∂F/∂w,

    dJ/dm = −λᵀ ∂F/∂m

(Giles & Pierce, Flow, Turbulence and Combustion 65, 2000, 393): one solve with the transposed
Jacobian at the solution, however many values m has and however w was found. Nothing of the
iteration is kept. Values and fields are whole on every rank of MPI, and every rank computes the
same loss from them; coefficients are those of the rank."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np
import torch
from scipy.sparse import csr_array

from solvers.algebra.bordered import BorderedSystem
from solvers.fem.domain import Domain
from solvers.fem.fields import value_layout
from solvers.fem.points import PointOperator
from solvers.fenics import MPI, dolfinx, fem, ufl
from vcnn.errors import InputError

Probe = Callable[[torch.Tensor], torch.Tensor]  # coefficients -> fields at points


class Solver(Protocol):
    """A steady problem that keeps its last solution, to begin with the next time."""

    def solve_with(self, *values: np.ndarray) -> tuple[np.ndarray, float]:
        """Coefficients of the solution, and one more number; raises `DivergenceError`."""

    def state(self) -> object:
        """The solution and its values, for :meth:`restore`."""

    def restore(self, state: object) -> None:
        """Take both again, without solving."""

    def slopes(self, by_coefficients: np.ndarray, by_number: float) -> tuple[np.ndarray, ...]:
        """Derivatives by the values from those by coefficients and number, at the present state."""


def solve(solver: Solver, *values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Coefficients and number of a solution for float64 values, differentiable."""
    return _Solve.apply(solver, *values)


class _Solve(torch.autograd.Function):
    """Backwards at the state that was found forwards, whatever was solved since."""

    @staticmethod
    def forward(ctx, solver, *values):
        coefficients, number = solver.solve_with(*(v.detach().numpy() for v in values))
        ctx.solver, ctx.solution = solver, solver.state()
        return torch.tensor(coefficients), torch.tensor(number, dtype=torch.float64)

    @staticmethod
    def backward(ctx, by_coefficients, by_number):
        present = ctx.solver.state()
        ctx.solver.restore(ctx.solution)
        slopes = ctx.solver.slopes(by_coefficients.numpy(), float(by_number))
        ctx.solver.restore(present)
        return None, *map(torch.from_numpy, slopes)


def observe(operator: PointOperator, coefficients: torch.Tensor) -> torch.Tensor:
    """What an operator makes of this rank's coefficients: whole on every rank, differentiable."""
    return _Observe.apply(operator, coefficients)


class _Observe(torch.autograd.Function):
    """A linear operator, and backwards its transpose."""

    @staticmethod
    def forward(ctx, operator, coefficients):
        ctx.operator = operator
        return torch.from_numpy(operator(coefficients.detach().numpy()))

    @staticmethod
    def backward(ctx, gradient):
        return None, torch.from_numpy(ctx.operator.transposed(gradient.numpy()))


class MeshValues:
    """Values at vertices or cells, whole on every rank, as coefficients, and the transposed way.

    Vertices that a period makes one share the mean of their values.

    Parameters
    ----------
    domain : Domain
    location : {"cell", "vertex"}
    """

    def __init__(self, domain: Domain, location: str):
        self.domain, self.location = domain, location
        family, places = value_layout(domain, location)
        if location == "vertex":
            merged = domain.seams.merged
        else:
            merged = np.arange(domain.mesh.topology.index_map(domain.mesh.topology.dim).size_global)
        self.count = len(merged)
        same = csr_array((np.ones(self.count), (merged, np.arange(self.count))))
        self._mean = same.T @ (same.multiply(1 / np.maximum(same.sum(axis=1), 1)[:, None]).tocsr())
        space = fem.functionspace(domain.mesh, family)
        self._source = np.zeros(space.dofmap.index_map.size_local, dtype=np.int64)
        dofs = space.dofmap.list
        owned = dofs < len(self._source)
        self._source[dofs[owned]] = places[owned]

    def average(self, values: np.ndarray) -> np.ndarray:
        """(n, ...) values, equal at vertices that are one."""
        return (self._mean @ values.reshape(self.count, -1)).reshape(values.shape)

    def pull_back(self, coefficients: np.ndarray) -> np.ndarray:
        """(n, c) derivatives by values from those by the (k, c) coefficients of this rank."""
        blocks = coefficients.reshape(len(self._source), -1)
        slopes = np.zeros((self.count, blocks.shape[1]))
        slopes[self._source] = blocks  # each rank fills its own rows
        self.domain.comm.Allreduce(MPI.IN_PLACE, slopes)
        return self.average(slopes)


def slope_forms(
    equation: ufl.Form, multiplier: fem.Function, functions: Iterable[fem.Function]
) -> list[fem.Form]:
    """−λᵀ ∂F/∂m for each Function m in an equation F, λ what the multiplier holds."""
    lagrangian = ufl.action(equation, multiplier)
    return [
        fem.form(-ufl.derivative(lagrangian, m, ufl.TestFunction(m.function_space)))
        for m in functions
    ]


def take_multiplier(
    multiplier: fem.Function,
    system: BorderedSystem,
    gradient: np.ndarray,
    dofs: np.ndarray | slice = slice(None),
    of_force: float = 0.0,
) -> float:
    """Put λ into a Function, and return μ (:meth:`BorderedSystem.adjoint`).

    Parameters
    ----------
    multiplier : dolfinx Function
    system : BorderedSystem
        Linearised.
    gradient : (k,)
        This rank's part of ∂J/∂w, of the coefficients ``dofs``.
    of_force : float
        ∂J/∂f.
    """
    load = fem.Function(multiplier.function_space)
    load.x.array[dofs] = gradient
    load.x.scatter_reverse(dolfinx.la.InsertMode.add)
    solution, mu = system.adjoint(load.x.petsc_vec, of_force)
    solution.copy(multiplier.x.petsc_vec)
    multiplier.x.scatter_forward()
    return mu


def assemble_owned(form: fem.Form) -> np.ndarray:
    """The part of a linear form's vector that this rank owns."""
    vector = fem.assemble_vector(form)
    vector.scatter_reverse(dolfinx.la.InsertMode.add)
    return vector.array[: vector.index_map.size_local * vector.block_size]


def check_tensor(value: object, name: str, shape: tuple[int, ...]) -> None:
    """Refuse anything but a float64 tensor of a shape.

    Raises
    ------
    InputError
        If it is something else.
    """
    if not isinstance(value, torch.Tensor) or value.shape != shape or value.dtype != torch.float64:
        got = type(value).__name__
        if isinstance(value, torch.Tensor):
            got = f"{value.dtype} of shape {tuple(value.shape)}"
        raise InputError(f"{name}: expected a float64 tensor of shape {shape}, got {got}")
