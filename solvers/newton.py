"""Newton's method, for problems with or without an unknown driving force."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from solvers.fenics import PETSc, fem
from vcnn.errors import DivergenceError

log = logging.getLogger("vcnn.solvers")


@dataclass(frozen=True)
class Drive:
    """An unknown force f that holds a linear functional of the solution: F(w) - f b = 0 with b·w = target.

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
        f of the `Drive`; 0 without one.
    """

    residuals: tuple[float, ...]
    force: float


def newton(residual, jacobians, w, bcs, drive=None, guess=None, tolerance=1e-11, max_steps=30, name="",
           linear_solver="direct") -> Solution:  # fmt: skip
    """Solve F(w; v) = 0 for all v, starting from ``w`` and leaving the solution there.

    Step k solves the linearisation ``jacobians[k]`` (the last one from then on) for the correction that makes
    the residual vanish, so all of them lead to the same solution. With a `Drive` the matrix is bordered by b:
    one factorisation, two back-substitutions.

    Parameters
    ----------
    residual : linear UFL form
        F(w; v).
    jacobians : sequence of bilinear UFL forms
        Exact or approximate derivatives of F; the sparsity of the last one must contain the others'.
    w : dolfinx Function
        Satisfies the boundary conditions.
    bcs : list of dolfinx DirichletBC
        What is held fixed.
    drive : Drive, optional
    guess : array, optional
        Degrees of freedom to start from instead of ``w``; they satisfy the boundary conditions.
    tolerance : float
        Bound of the residual's norm relative to that of the load: f b, or the residual of ``w`` as given.
    name : str
        Of the problem, for messages.
    linear_solver : {"direct", "iterative"}
        MUMPS; or GMRES with algebraic multigrid, for large problems without a pressure.

    Raises
    ------
    DivergenceError
        If the residual becomes NaN, grows beyond bounds or is not small after ``max_steps``, or if a linear
        system cannot be solved.
    """
    jacobians = [fem.form(jacobian) for jacobian in jacobians]
    F = fem.form(residual)
    A = fem.petsc.create_matrix(jacobians[-1])
    ksp = LINEAR_SOLVERS[linear_solver](A)
    r = fem.petsc.create_vector(w.function_space)
    b = r.duplicate() if drive is None else assembled(r.duplicate(), fem.form(drive.functional), bcs)
    dw, z = r.duplicate(), r.duplicate()
    force, load, residuals = 0.0, assembled(r, F, bcs).norm(), []
    if guess is not None:
        w.x.array[:] = guess

    for step in range(max_steps + 1):
        assembled(r, F, bcs)
        if drive is not None:
            r.axpy(-force, b)
            load = abs(force) * b.norm()
        residuals.append(r.norm() / load if load > 0 else r.norm())
        if w.function_space.mesh.comm.rank == 0:
            log.info("%s: step %d, relative residual %.3g", name, step, residuals[-1])
        if not residuals[-1] < 1e12:
            raise DivergenceError(f"{name}: relative residual {residuals[-1]:.3g} after {step} steps; {_TRY}")
        if step > 0 and residuals[-1] <= tolerance:
            return Solution(tuple(residuals), force)

        A.zeroEntries()
        fem.petsc.assemble_matrix(A, jacobians[min(step, len(jacobians) - 1)], bcs=bcs)
        A.assemble()
        ksp.setOperators(A)
        solve_linear(ksp, r, dw, name)
        fem.petsc.set_bc(dw, bcs, alpha=0)   # exactly, however well the system was solved
        dw.scale(-1)
        if drive is not None:
            solve_linear(ksp, b, z, name)
            change = (drive.target - b.dot(w.x.petsc_vec) - b.dot(dw)) / b.dot(z)
            dw.axpy(change, z)
            force += change
        w.x.petsc_vec.axpy(1, dw)
        w.x.scatter_forward()
    raise DivergenceError(
        f"{name}: relative residual {residuals[-1]:.3g} after {max_steps} steps (wanted {tolerance:g}); {_TRY}"
    )


_TRY = "try a finer mesh, a larger viscosity or diffusivity, or a smaller velocity"


def assembled(vector, form, bcs):
    """The vector of a linear form, zero where the solution is held fixed."""
    with vector.localForm() as with_ghosts:
        with_ghosts.set(0)
    fem.petsc.assemble_vector(vector, form)
    vector.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
    fem.petsc.set_bc(vector, bcs, alpha=0)
    return vector


def mumps(A):
    ksp = PETSc.KSP().create(A.comm)
    ksp.setType(PETSc.KSP.Type.PREONLY)
    ksp.pc.setType(PETSc.PC.Type.LU)
    ksp.pc.setFactorSolverType(PETSc.Mat.SolverType.MUMPS)
    ksp.setOperators(A)
    ksp.pc.setFactorSetUpSolverType()
    ksp.pc.getFactorMatrix().setMumpsIcntl(14, 80)   # room for fill-in beyond the estimate, per cent
    return ksp


def _gmres(A):
    ksp = PETSc.KSP().create(A.comm)
    ksp.setType(PETSc.KSP.Type.GMRES)
    ksp.setGMRESRestart(100)
    ksp.setPCSide(PETSc.PC.Side.RIGHT)   # its residual is then the true one
    ksp.setTolerances(rtol=1e-7, max_it=2000)
    ksp.pc.setType(PETSc.PC.Type.GAMG)
    ksp.setOperators(A)
    return ksp


LINEAR_SOLVERS = {"direct": mumps, "iterative": _gmres}


def solve_linear(ksp, rhs, x, name):
    """x = A⁻¹ rhs; what the solver says of itself is not trusted: the true residual is computed."""
    ksp.solve(rhs, x)
    A = ksp.getOperators()[0]
    error = rhs.duplicate()
    A.mult(x, error)
    error.axpy(-1, rhs)
    if ksp.getConvergedReason() < 0 or not error.norm() <= 1e-6 * rhs.norm():
        raise DivergenceError(
            f"{name}: the linear system could not be solved (reason {ksp.getConvergedReason()}, residual "
            f"{error.norm():.3g} for a right-hand side of {rhs.norm():.3g}): singular or badly scaled; {_TRY}"
        )
