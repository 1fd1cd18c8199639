"""Linearised systems with or without one more unknown: the force that holds a functional of the
solution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solvers.fenics import PETSc, fem
from vcnn.errors import DivergenceError


@dataclass(frozen=True)
class Constraint:
    """An unknown force f that holds a linear functional of the solution: F(w) - f b = 0 with b·w =
    target.

    Parameters
    ----------
    functional : linear UFL form
        b.
    target : float
    """

    functional: object
    target: float


@dataclass(frozen=True)
class Solution:
    """How an iteration ended.

    Parameters
    ----------
    residuals : tuple of float
        Norm of the residual before each step and after the last one, relative to the load.
    force : float
        f of the `Constraint`; 0 without one.
    """

    residuals: tuple[float, ...]
    force: float


class BorderedSystem:
    """F(w; v) - f b(v) = 0 for all v, with b·w = target if there is a `Constraint`, else f = 0.

    Parameters
    ----------
    residual : linear UFL form
        F(w; v).
    jacobians : sequence of bilinear UFL forms
        Exact or approximate derivatives of F; the sparsity of the last one must contain the
        others'.
    w : dolfinx Function
        Satisfies the boundary conditions; holds the solution.
    bcs : list of dolfinx DirichletBC
        What is held fixed.
    constraint : Constraint, optional
    name : str
        Of the problem, for messages.
    linear_solver : {"direct", "iterative"}
        MUMPS; or GMRES with algebraic multigrid, for large problems without a pressure.
    force : float
        f at the start.
    blocked : PETSc.Mat, optional
        A symmetric projection B: B w = 0 holds at the start and is kept, and the equations there
        are not solved.
    body : linear UFL form, optional
        What acts besides the force and may change, a part of F: see :meth:`load`.
    """

    def __init__(
        self,
        residual,
        jacobians,
        w,
        bcs,
        constraint=None,
        name="",
        linear_solver="direct",
        force=0.0,
        blocked=None,
        body=None,
    ):
        self.w, self.bcs, self.name, self.force = w, bcs, name, force
        self.F, self.jacobians = fem.form(residual), [fem.form(jacobian) for jacobian in jacobians]
        self.A = fem.petsc.create_matrix(self.jacobians[-1])
        self.B, self.P = blocked, None if blocked is None else _complement(blocked)
        self.K = self.A if blocked is None else None  # what is solved with, known once A is
        self.ksp, self._new_ksp = None, LINEAR_SOLVERS[linear_solver]
        self.r = fem.petsc.create_vector(w.function_space)
        self.dw, self.z = self.r.duplicate(), self.r.duplicate()
        self.b, self.target = None, None
        if constraint is not None:
            self.b, self.target = (
                self._assembled(self.r.duplicate(), fem.form(constraint.functional)),
                constraint.target,
            )
        self.body = None if body is None else fem.form(body)
        self._first = self._assembled(self.r, self.F).norm()

    def residual(self) -> float:
        """Norm of the residual."""
        self._assembled(self.r, self.F)
        if self.b is not None:
            self.r.axpy(-self.force, self.b)
        return self.r.norm()

    def load(self) -> float:
        """What a residual is small beside: the norm of the driving force or, without one, of the
        first residual.

        Or that of what acts besides, if that is larger.
        """
        load = self._first if self.b is None else abs(self.force) * self.b.norm()
        if self.body is not None:
            load = max(load, self._assembled(self.z, self.body).norm())
        return load if load > 0 else 1.0

    def missing(self) -> float:
        """target - b·w, which any correction makes vanish; 0 without a constraint."""
        return 0.0 if self.b is None else self.target - self.b.dot(self.w.x.petsc_vec)

    def correction(self, step=-1) -> float:
        """Computes that of w from the residual last computed, and returns that of f: one
        factorisation.

        The Jacobian is number ``step`` of those given, the last one from there on.
        """
        self.linearise(step)
        self._solve(self.r, self.dw)
        fem.petsc.set_bc(self.dw, self.bcs, alpha=0)  # exactly, however well the system was solved
        self.dw.scale(-1)
        if self.b is None:
            return 0.0
        self._solve(self.b, self.z)
        change = (self.missing() - self.b.dot(self.dw)) / self.b.dot(self.z)
        self.dw.axpy(change, self.z)
        return change

    def linearise(self, step=-1):
        """Make the Jacobian at w, number ``step`` of those given, what is solved with."""
        self.A.zeroEntries()
        fem.petsc.assemble_matrix(
            self.A, self.jacobians[min(step, len(self.jacobians) - 1)], bcs=self.bcs
        )
        self.A.assemble()
        if self.B is not None:  # P A P + B with P = 1 - B
            self.K = self.A.PtAP(self.P, result=self.K)
            self.K.axpy(1, self.B, structure=PETSc.Mat.Structure.SUBSET_NONZERO_PATTERN)
        if self.ksp is None:
            self.ksp = self._new_ksp(self.K)
        self.ksp.setOperators(self.K)

    def adjoint(self, gradient, of_force=0.0) -> tuple[PETSc.Vec, float]:
        """The multipliers (λ, μ) of the equations and of b·w = target for a functional J of w and
        f.

        They solve the transposed of what was linearised last,

            Aᵀ λ + b μ = ∂J/∂w,  −b·λ = ∂J/∂f,

        so that dJ = −λ·dF + μ dtarget where data of the problem change.

        Parameters
        ----------
        gradient : PETSc.Vec
            ∂J/∂w; overwritten.
        of_force : float
            ∂J/∂f.
        """
        fem.petsc.set_bc(gradient, self.bcs, alpha=0)
        if self.B is not None:
            gradient.axpy(-1, self.B * gradient)
        multiplier = gradient.duplicate()
        multiplier.set(0)
        if gradient.norm() > 0:
            self._solve(gradient, multiplier, transposed=True)
        fem.petsc.set_bc(multiplier, self.bcs, alpha=0)
        if self.b is None:
            return multiplier, 0.0
        self._solve(self.b, self.z, transposed=True)
        mu = (self.b.dot(multiplier) + of_force) / self.b.dot(self.z)
        multiplier.axpy(-mu, self.z)
        return multiplier, mu

    def advance(self, change, limit=np.inf) -> tuple[float, float]:
        """Add the correction, halved until it leaves no residual above the limit.

        Returns
        -------
        part, residual : float
            How much of the correction was added, and the residual's norm then.
        """
        part = 1.0
        self._move(part, change)
        while not (norm := self.residual()) <= limit and part > 0.01:
            part /= 2
            self._move(-part, change)
        return part, norm

    def _move(self, part, change):
        self.force += part * change
        self.w.x.petsc_vec.axpy(part, self.dw)
        self.w.x.scatter_forward()

    def _assembled(self, vector, form):
        """The vector of a linear form, zero where the solution is held fixed."""
        with vector.localForm() as with_ghosts:
            with_ghosts.set(0)
        fem.petsc.assemble_vector(vector, form)
        vector.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        fem.petsc.set_bc(vector, self.bcs, alpha=0)
        if self.B is not None:
            vector.axpy(-1, self.B * vector)
        return vector

    def _solve(self, rhs, x, transposed=False):
        """x = A⁻¹ rhs or A⁻ᵀ rhs; the solver's own word is not trusted: the true residual is
        computed.
        """
        solve, multiply = self.ksp.solve, self.K.mult
        if transposed:
            solve, multiply = self.ksp.solveTranspose, self.K.multTranspose
        solve(rhs, x)
        error = rhs.duplicate()
        multiply(x, error)
        error.axpy(-1, rhs)
        if self.ksp.getConvergedReason() < 0 or not error.norm() <= 1e-6 * rhs.norm():
            raise DivergenceError(
                f"{self.name}: the linear system could not be solved (reason {self.ksp.getConvergedReason()}, "
                f"residual {error.norm():.3g} for a right-hand side of {rhs.norm():.3g}): singular or badly scaled; "
                f"{TRY}"
            )


def _complement(B):
    """1 - B."""
    P = B.copy()
    P.scale(-1)
    P.shift(1)
    return P


TRY = "try a finer mesh, a larger viscosity or diffusivity, or a smaller velocity"


def _mumps(A):
    ksp = PETSc.KSP().create(A.comm)
    ksp.setType(PETSc.KSP.Type.PREONLY)
    ksp.pc.setType(PETSc.PC.Type.LU)
    ksp.pc.setFactorSolverType(PETSc.Mat.SolverType.MUMPS)
    ksp.setOperators(A)
    ksp.pc.setFactorSetUpSolverType()
    ksp.pc.getFactorMatrix().setMumpsIcntl(14, 80)  # room for fill-in beyond the estimate, per cent
    return ksp


def _gmres(A):
    ksp = PETSc.KSP().create(A.comm)
    ksp.setType(PETSc.KSP.Type.GMRES)
    ksp.setGMRESRestart(100)
    ksp.setPCSide(PETSc.PC.Side.RIGHT)  # its residual is then the true one
    ksp.setTolerances(rtol=1e-7, max_it=2000)
    ksp.pc.setType(PETSc.PC.Type.GAMG)
    ksp.setOperators(A)
    return ksp


LINEAR_SOLVERS = {"direct": _mumps, "iterative": _gmres}
