"""Field inversion: the turbulent stress that best explains what is known of one flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize
from tqdm import tqdm

from solvers.adjoint.flow import DifferentiableFlow
from solvers.coupling.rans import RANS
from solvers.fem.arguments import check_number
from solvers.fenics import MPI
from solvers.flow.result import FlowResult
from solvers.learning.observations import Misfit, Observation
from solvers.learning.smoothing import Smoothing
from vcnn.errors import DivergenceError, InputError

# root mean square of the first change of ξ and ζ, as the first step of L-BFGS has length 1
_FIRST_STEP = 0.1


@dataclass(frozen=True, eq=False)
class Inversion:
    """A stress that explains observations of a flow.

    Parameters
    ----------
    flow : FlowResult
        With the fields below.
    eddy_viscosity : (n,)
        At the vertices of the mesh, length²/time.
    anisotropy : (n, d, d)
        At the vertices of the mesh, velocity².
    misfits : tuple of float
        Before, and after each step: squares of relative errors of the observations.
    """

    flow: FlowResult
    eddy_viscosity: np.ndarray
    anisotropy: np.ndarray
    misfits: tuple[float, ...]

    def __repr__(self) -> str:
        return (
            f"Inversion({len(self.eddy_viscosity):,} vertices in {self.anisotropy.shape[-1]}-D, "
            f"{len(self.misfits) - 1} steps, misfit {self.misfits[0]:.2g} -> "
            f"{self.misfits[-1]:.2g})"
        )


def invert_stress(
    problem: RANS,
    observations: Sequence[Observation],
    eddy_viscosity: np.ndarray,
    anisotropy: np.ndarray | None = None,
    *,
    length: float,
    strength: float = 1e-4,
    stress: float | None = None,
    steps: int = 50,
    start: FlowResult | str | Path | None = None,
    progress: bool = False,
) -> Inversion:
    """Find the eddy viscosity, and the anisotropy if wanted, that explain observations best.

    Minimises, by L-BFGS with the adjoint method,

        J = misfit + strength <ξ² + |ζ|²>,  ν_t = ν_t⁰ exp(K ξ),  a = a⁰ + s K ζ,

    <> the mean over the domain and K = (1 − ℓ²∇²)⁻¹ with natural conditions: corrections are smooth
    over ℓ, ν_t stays positive and is 0 where it was, and ζ is symmetric and traceless. Field
    inversion in the sense of Parish & Duraisamy, J. Comput. Phys. 305 (2016) 758, where the
    strength is the ratio of the variances of the observations and of the prior.

    Parameters
    ----------
    problem : RANS
        With ``location="vertex"``; its closure does not matter.
    observations : sequence of Observation
        What is known of the flow.
    eddy_viscosity : (n,)
        ν_t⁰ at the vertices of the mesh, length²/time.
    anisotropy : (n, d, d), optional
        a⁰, velocity²; default 0.
    length : float
        ℓ, length.
    strength : float
        What the size of the corrections counts for beside the misfit.
    stress : float, optional
        s, velocity²: a changes too; without it only ν_t does.
    steps : int
        Of L-BFGS at most.
    start : FlowResult or path, optional
        As in :meth:`RANS.solve`.
    progress : bool
        Show a line with steps and misfits.

    Returns
    -------
    Inversion

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
    if anisotropy is None:
        anisotropy = np.zeros((n, d, d))
    objective = _Objective(
        flow,
        Misfit(observations, flow.domain.mesh, flow.space),
        Smoothing(flow.domain, length),
        torch.tensor(np.asarray(eddy_viscosity, dtype=float)),
        torch.tensor(np.asarray(anisotropy, dtype=float)),
        strength=strength,
        stress=stress,
    )
    misfits = [objective.misfit]
    with tqdm(total=steps, desc="inversion", unit="step", disable=not progress) as bar:

        def accept(_):
            misfits.append(objective.misfit)
            bar.set_postfix(misfit=f"{objective.misfit:.3g}")
            bar.update()

        minimum = minimize(
            objective,
            objective.initial,
            jac=True,
            method="L-BFGS-B",
            callback=accept,
            options={"maxiter": steps, "gtol": 0.0, "ftol": 1e-4, "maxcor": 20},
        )
    with torch.no_grad():
        nu_t, a = objective.fields(torch.tensor(objective.unknowns(minimum.x)))
        flow(nu_t, a)
    return Inversion(flow.result(), nu_t.numpy(), a.numpy(), tuple(misfits))


class _Objective:
    """J and its slope by a vector of unknowns, in units of the first misfit.

    What is small depends on the flow.

    Parameters
    ----------
    flow : DifferentiableFlow
    misfit : Misfit
    smoothing : Smoothing
    eddy_viscosity, anisotropy : tensors (n,) and (n, d, d)
        ν_t⁰ and a⁰.
    strength, stress : float
        As in :func:`invert_stress`.

    Attributes
    ----------
    initial : (k,)
        The vector of ν_t⁰ and a⁰.
    misfit : float
        Of the last vector that the flow could be solved with.
    """

    def __init__(self, flow, misfit, smoothing, eddy_viscosity, anisotropy, *, strength, stress):
        self.flow, self.smoothing, self.strength = flow, smoothing, strength
        self._misfit_of, self._nu_t, self._a = misfit, eddy_viscosity, anisotropy
        self._basis = torch.zeros(0, *anisotropy.shape[1:], dtype=torch.float64)
        self._stress = 0.0 if stress is None else stress
        if stress is not None:
            self._basis = _traceless_basis(flow.domain.dimension)
        self.initial = np.zeros(smoothing.count * (1 + len(self._basis)))
        self.misfit, _, self._slope = self._evaluate(self.initial)
        self._unit = self.misfit or 1.0

    def __call__(self, vector: np.ndarray) -> tuple[float, np.ndarray]:
        """Value and slope; a large value where the flow cannot be solved, for the line search."""
        try:
            self.misfit, penalty, self._slope = self._evaluate(vector)
        except DivergenceError:
            return 100.0, self._slope / self._unit
        return (self.misfit + penalty) / self._unit, self._slope / self._unit

    def unknowns(self, vector: np.ndarray) -> np.ndarray:
        """ξ and the components of ζ, (count, 1 + k)."""
        return _FIRST_STEP * vector.reshape(self.smoothing.count, -1)

    def fields(self, unknowns: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """ν_t and a."""
        smooth = self.smoothing(unknowns)
        nu_t = self._nu_t * torch.exp(smooth[:, 0])
        return nu_t, self._a + self._stress * torch.einsum(
            "nk,kij->nij", smooth[:, 1:], self._basis
        )

    def _evaluate(self, vector) -> tuple[float, float, np.ndarray]:
        """Misfit, penalty, and the slope of their sum."""
        unknowns = torch.tensor(self.unknowns(vector), requires_grad=True)
        misfit = self._misfit_of(self.flow(*self.fields(unknowns))[0])
        penalty = self.strength * unknowns.square().sum()
        (slope,) = torch.autograd.grad(misfit + penalty, [unknowns])
        return misfit.item(), penalty.item(), _FIRST_STEP * slope.numpy().ravel()


def _traceless_basis(d: int) -> torch.Tensor:
    """(k, d, d) orthonormal traceless symmetric tensors."""
    units = []
    for i in range(d):
        for j in range(i, d):
            unit = np.zeros((d, d))
            unit[i, j] = unit[j, i] = 1.0
            units.append(unit - np.trace(unit) / d * np.eye(d))
    _, sizes, basis = np.linalg.svd(np.reshape(units, (len(units), -1)), full_matrices=False)
    return torch.from_numpy(basis[sizes > 1e-10].reshape(-1, d, d))
