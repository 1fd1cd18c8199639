"""Direct and iterative solvers of linear systems, which are not trusted: residuals are computed."""

from __future__ import annotations

from solvers.fenics import PETSc
from vcnn.errors import DivergenceError

ADVICE = "try a finer mesh, a larger viscosity or diffusivity, or a smaller velocity"
_TRUE_RESIDUAL = 1e-6  # relative; of what a solver calls a solution


class LinearSolver:
    """Solves with a matrix that may change, and with its transposed.

    Parameters
    ----------
    kind : {"direct", "iterative"}
        MUMPS; or GMRES with algebraic multigrid, for large problems without a pressure.
    name : str
        Of the problem, for messages.
    """

    def __init__(self, kind: str = "direct", name: str = ""):
        self.name = name
        self._make, self._ksp, self._matrix = LINEAR_SOLVERS[kind], None, None

    def set_matrix(self, matrix: PETSc.Mat) -> None:
        """Take a matrix, or another state of the one before; factorised when it is needed."""
        if self._ksp is None:
            self._ksp = self._make(matrix)
        self._matrix = matrix
        self._ksp.setOperators(matrix)

    def solve(self, rhs: PETSc.Vec, solution: PETSc.Vec, transposed: bool = False) -> None:
        """solution = A⁻¹ rhs or A⁻ᵀ rhs.

        Raises
        ------
        DivergenceError
            If what comes out solves the system to less than six digits.
        """
        solve, multiply = self._ksp.solve, self._matrix.mult
        if transposed:
            solve, multiply = self._ksp.solveTranspose, self._matrix.multTranspose
        solve(rhs, solution)
        error = rhs.duplicate()
        multiply(solution, error)
        error.axpy(-1, rhs)
        reason = self._ksp.getConvergedReason()
        if reason < 0 or not error.norm() <= _TRUE_RESIDUAL * rhs.norm():
            raise DivergenceError(
                f"{self.name}: the linear system could not be solved (reason {reason}, residual "
                f"{error.norm():.3g} for a right-hand side of {rhs.norm():.3g}): singular or badly "
                f"scaled; {ADVICE}"
            )


def _mumps(matrix) -> PETSc.KSP:
    ksp = PETSc.KSP().create(matrix.comm)
    ksp.setType(PETSc.KSP.Type.PREONLY)
    ksp.pc.setType(PETSc.PC.Type.LU)
    ksp.pc.setFactorSolverType(PETSc.Mat.SolverType.MUMPS)
    ksp.setOperators(matrix)
    ksp.pc.setFactorSetUpSolverType()
    ksp.pc.getFactorMatrix().setMumpsIcntl(14, 80)  # room for fill-in beyond the estimate, per cent
    return ksp


def _gmres(matrix) -> PETSc.KSP:
    ksp = PETSc.KSP().create(matrix.comm)
    ksp.setType(PETSc.KSP.Type.GMRES)
    ksp.setGMRESRestart(100)
    ksp.setPCSide(PETSc.PC.Side.RIGHT)  # its residual is then the true one
    ksp.setTolerances(rtol=1e-7, max_it=2000)
    ksp.pc.setType(PETSc.PC.Type.GAMG)
    ksp.setOperators(matrix)
    return ksp


LINEAR_SOLVERS = {"direct": _mumps, "iterative": _gmres}
