"""Field inversion: the turbulent stress that best explains what is known of one flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.sparse.linalg import splu
from tqdm import tqdm

from solvers.adjoint.flow import DifferentiableFlow
from solvers.fem.arguments import check_number
from solvers.fem.fields import value_layout
from solvers.fenics import MPI, fem, ufl
from solvers.flow.incompressible import FlowResult
from solvers.learning.observations import Misfit, Observation
from vcnn.errors import DivergenceError, InputError

_FIRST_STEP = (
    0.1  # root mean square of what ξ and ζ change by at first, as L-BFGS's first step has length 1
)


@dataclass(frozen=True, eq=False)
class Inversion:
    """What was found.

    Parameters
    ----------
    flow : FlowResult
        With the fields below.
    eddy_viscosity : (n,)
        At the vertices of the mesh.
    anisotropy : (n, d, d)
    misfits : tuple of float
        Before, and after each step: squares of relative errors
        (:class:`solvers.learning.observations.Misfit`).
    """

    flow: FlowResult
    eddy_viscosity: np.ndarray
    anisotropy: np.ndarray
    misfits: tuple[float, ...]


def invert_stress(
    problem,
    observations: Sequence[Observation],
    eddy_viscosity,
    anisotropy=None,
    *,
    length,
    strength=1e-4,
    stress: float | None = None,
    steps: int = 50,
    start=None,
    progress: bool = False,
) -> Inversion:
    """The eddy viscosity, and the anisotropy if wanted, with which the flow comes nearest to
    observations.

    Minimises, by L-BFGS with the adjoint method,

        J = misfit + strength <ξ² + |ζ|²>,  ν_t = ν_t⁰ exp(K ξ),  a = a⁰ + s K ζ,

    <> the mean over the domain and K = (1 − ℓ²∇²)⁻¹ with natural conditions: corrections are smooth
    over ℓ, ν_t stays positive and is 0 where it was, and ζ is symmetric and traceless. Field
    inversion in the sense of Parish & Duraisamy, J. Comput. Phys. 305 (2016) 758, where the
    strength is the ratio of the variances of the observations and of the prior.

    Parameters
    ----------
    problem : RANS
        With ``location="vertex"``; its closure is not looked at.
    observations : sequence of Observation
    eddy_viscosity : (n,)
        ν_t⁰ at the vertices of the mesh.
    anisotropy : (n, d, d), optional
        a⁰; default 0.
    length : float
        ℓ.
    strength : float
    stress : float, optional
        s, velocity²: a changes too; without it only ν_t does.
    steps : int
        Of L-BFGS at most.
    start : FlowResult or path, optional
        As in :meth:`RANS.solve`.
    progress : bool
        Show a line with steps and misfits.

    Raises
    ------
    InputError
        If a number or a field makes no sense, or there are several ranks of MPI.
    DivergenceError
        If the flow cannot be solved with the fields given.
    """
    if MPI.COMM_WORLD.size > 1:
        raise InputError("inversion: runs on one rank of MPI")
    if problem.location != "vertex":
        raise InputError(f"location: expected 'vertex' for an inversion, got {problem.location!r}")
    check_number(length, "length", "a positive number")
    check_number(strength, "strength", "a number >= 0")
    flow = DifferentiableFlow(problem, start)
    n, d = flow.values.count, flow.domain.dimension
    nu_0 = torch.tensor(np.asarray(eddy_viscosity, dtype=float))
    a_0 = torch.tensor(
        np.zeros((n, d, d)) if anisotropy is None else np.asarray(anisotropy, dtype=float)
    )
    smoothing, misfit = (
        Smoothing(flow.domain, length),
        Misfit(observations, flow.domain.mesh, flow.space),
    )
    basis = _traceless_basis(d) if stress is not None else torch.zeros(0, d, d, dtype=torch.float64)

    def fields(unknowns):
        smooth = smoothing(unknowns)
        return nu_0 * torch.exp(smooth[:, 0]), a_0 + (stress or 0.0) * torch.einsum(
            "nk,kij->nij", smooth[:, 1:], basis
        )

    def objective(vector):
        unknowns = torch.tensor(
            _FIRST_STEP * vector.reshape(smoothing.count, -1), requires_grad=True
        )
        found = misfit(flow(*fields(unknowns))[0])
        penalty = strength * unknowns.square().sum()
        (slope,) = torch.autograd.grad(found + penalty, [unknowns])
        return found.item(), penalty.item(), _FIRST_STEP * slope.numpy().ravel()

    first = np.zeros((smoothing.count, 1 + len(basis))).ravel()
    last = objective(first)
    misfits, unit = (
        [last[0]],
        last[0] or 1.0,
    )  # J is measured in it: what is small depends on the flow

    def safe(vector):
        nonlocal last
        try:
            last = objective(vector)
        except DivergenceError:  # the line search went too far: a shorter step is tried
            return 100.0, last[2] / unit
        return (last[0] + last[1]) / unit, last[2] / unit

    with tqdm(total=steps, desc="inversion", unit="step", disable=not progress) as bar:

        def accepted(_):
            misfits.append(last[0])
            bar.set_postfix(misfit=f"{last[0]:.3g}")
            bar.update()

        limits = {"maxiter": steps, "gtol": 0.0, "ftol": 1e-4, "maxcor": 20}
        found = minimize(
            safe, first, jac=True, method="L-BFGS-B", callback=accepted, options=limits
        )
    with torch.no_grad():
        nu_t, a = fields(torch.tensor(_FIRST_STEP * found.x.reshape(smoothing.count, -1)))
        flow(nu_t, a)
    return Inversion(flow.result(), nu_t.numpy(), a.numpy(), tuple(misfits))


class Smoothing:
    """K = (1 − ℓ²∇²)⁻¹ for linear elements on a domain, of fields whose mean square is the sum of
    squares of numbers.

    Calling it turns (count, k) such numbers, one of each k for a vertex that differs from others,
    into smooth fields (n, k) at the vertices of the mesh. As unknowns they make steps of a
    minimisation independent of the mesh."""

    def __init__(self, domain, length):
        space = fem.functionspace(domain.mesh, ("Lagrange", 1))
        u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
        assembled = lambda form: fem.assemble_matrix(fem.form(form)).to_scipy().tocsc()
        self._mass = mass = assembled(u * v * ufl.dx)
        masses = np.asarray(mass.sum(axis=1)).ravel()
        self.count, self._sizes = len(masses), torch.from_numpy(np.sqrt(masses * masses.sum()))
        self._factor = splu(
            mass + length**2 * assembled(ufl.inner(ufl.grad(u), ufl.grad(v)) * ufl.dx)
        )
        _, places = value_layout(domain, "vertex")
        number = np.zeros(len(domain.source.points), dtype=np.int64)
        number[places] = space.dofmap.list
        self._number = torch.from_numpy(number)

    def __call__(self, numbers: torch.Tensor) -> torch.Tensor:
        return _Solved.apply(self._factor, self._sizes[:, None] * numbers)[self._number]

    def smoothed(self, values: np.ndarray) -> np.ndarray:
        """K of a field given at the vertices (n,)."""
        at = np.empty(self.count)
        at[self._number] = values
        return self._factor.solve(self._mass @ at)[self._number]


class _Solved(torch.autograd.Function):
    """With a factorised symmetric matrix."""

    @staticmethod
    def forward(ctx, factor, right):
        ctx.factor = factor
        return torch.from_numpy(factor.solve(right.detach().numpy()))

    @staticmethod
    def backward(ctx, gradient):
        return None, torch.from_numpy(ctx.factor.solve(gradient.numpy()))


def _traceless_basis(d) -> torch.Tensor:
    """(k, d, d) orthonormal traceless symmetric tensors."""
    pairs = [(i, j) for i in range(d) for j in range(i, d)]
    units = np.array(
        [[[float({k, m} == {i, j}) for m in range(d)] for k in range(d)] for i, j in pairs]
    )
    for number, (i, j) in enumerate(pairs):
        if i == j:
            units[number] = np.diag(np.arange(d) == i).astype(float)
    flat = (units - np.trace(units, axis1=1, axis2=2)[:, None, None] / d * np.eye(d)).reshape(
        len(pairs), -1
    )
    _, sizes, basis = np.linalg.svd(flat, full_matrices=False)
    return torch.from_numpy(basis[sizes > 1e-10].reshape(-1, d, d))
