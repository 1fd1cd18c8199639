"""Nonlinear systems with or without one more unknown: the force that holds a functional of them.

With r = F(w) − f b, A = ∂F/∂w, and the functional b·w that is to have the value U, Newton's
correction (δw, δf) of the solution and the force solves the bordered system

    ⎡ A   −b ⎤ ⎡ δw ⎤   ⎡   −r    ⎤
    ⎣ bᵀ   0 ⎦ ⎣ δf ⎦ = ⎣ U − b·w ⎦

whose border is the same b twice, as the force acts where the functional looks. A alone is
factorised, and two back-substitutions eliminate δw: with d = −A⁻¹ r and z = A⁻¹ b the first line
says δw = d + δf z, and the second then

    δf = (U − b·w − b·d) / (b·z).

The constraint is linear, so that b·w = U holds after any whole correction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solvers.algebra.linear_solvers import LinearSolver
from solvers.algebra.solution import Step
from solvers.fem.communicator import communicator
from solvers.fenics import MPI, PETSc, fem, ufl

_LEAST_PART = 0.01  # of a correction that is halved again and again


@dataclass(frozen=True)
class Constraint:
    """A linear functional b of the solution that is held by a force: F(w) − f b = 0, b·w = target.

    Parameters
    ----------
    functional : linear UFL form
        b.
    target : float
    """

    functional: ufl.Form
    target: float


class BorderedSystem:
    """F(w; v) − f b(v) = 0 for all v, with b·w = target if there is a `Constraint`, else f = 0.

    Parameters
    ----------
    residual : linear UFL form
        F(w; v).
    jacobians : sequence of bilinear UFL forms
        Exact or approximate derivatives of F; the sparsity of the last one must contain the
        others'.
    solution : dolfinx Function
        w; satisfies the boundary conditions.
    bcs : list of dolfinx DirichletBC
        What is held fixed.
    constraint : Constraint, optional
    name : str
        Of the problem, for messages.
    linear_solver : {"direct", "iterative"}
        As in ``solvers.algebra.linear_solvers.LinearSolver``.
    force : float
        f at the start.
    blocked : PETSc.Mat, optional
        A symmetric projection B: B w = 0 holds at the start and is kept, and the equations there
        are not solved.
    body : linear UFL form, optional
        What acts besides the force and may change, a part of F: see :meth:`load`.

    Attributes
    ----------
    solution : dolfinx Function
        w as it is now.
    force : float
        f as it is now.
    target : float or None
        U, which may be changed; None without a constraint.
    """

    def __init__(
        self,
        residual: ufl.Form,
        jacobians: Sequence[ufl.Form],
        solution: fem.Function,
        bcs: list[fem.DirichletBC],
        *,
        constraint: Constraint | None = None,
        name: str = "",
        linear_solver: str = "direct",
        force: float = 0.0,
        blocked: PETSc.Mat | None = None,
        body: ufl.Form | None = None,
    ):
        self.solution, self.bcs, self.name, self.force = solution, bcs, name, force
        self._residual_form = fem.form(residual)
        self._jacobian_forms = [fem.form(jacobian) for jacobian in jacobians]
        self._body_form = None if body is None else fem.form(body)
        self._jacobian = fem.petsc.create_matrix(self._jacobian_forms[-1])
        self._blocked, self._free = blocked, None if blocked is None else _complement(blocked)
        self._matrix = self._jacobian if blocked is None else None  # made with the first Jacobian
        self._solver = LinearSolver(linear_solver, name)
        self._residual = fem.petsc.create_vector(solution.function_space)
        self._correction, self._scratch = self._residual.duplicate(), self._residual.duplicate()
        self._functional, self._response, self.target = None, None, None
        if constraint is not None:
            self._functional, self._response = (
                self._residual.duplicate(),
                self._residual.duplicate(),
            )
            self._assemble(self._functional, fem.form(constraint.functional))
            self.target = constraint.target
        self._first_norm = self._assemble(self._residual, self._residual_form).norm()

    @property
    def comm(self) -> MPI.Comm:
        """The MPI communicator of the solution."""
        return communicator(self.solution.function_space.mesh)

    @property
    def last_jacobian(self) -> int:
        """Number of the Jacobian that is exact, if any is."""
        return len(self._jacobian_forms) - 1

    def residual_norm(self) -> float:
        """|F(w) − f b|, as they are now."""
        self._assemble(self._residual, self._residual_form)
        if self._functional is not None:
            self._residual.axpy(-self.force, self._functional)
        return self._residual.norm()

    def load(self) -> float:
        """What a residual is small beside: the norm of the force, or else of the first residual.

        Or that of what acts besides, if that is larger.
        """
        load = self._first_norm
        if self._functional is not None:
            load = abs(self.force) * self._functional.norm()
        if self._body_form is not None:
            load = max(load, self._assemble(self._scratch, self._body_form).norm())
        return load if load > 0 else 1.0

    def defect(self) -> float:
        """U − b·w, which any whole correction makes vanish; 0 without a constraint."""
        if self._functional is None:
            return 0.0
        return self.target - self._functional.dot(self.solution.x.petsc_vec)

    def step(self, jacobian: int = -1, limit: float = np.inf) -> Step:
        """Correct solution and force once; one factorisation.

        Parameters
        ----------
        jacobian : int
            Number of the Jacobian among those given; the last one from there on.
        limit : float
            The correction is halved until it leaves no residual above it.

        Raises
        ------
        DivergenceError
            If the linear system cannot be solved.
        """
        start = self.residual_norm()
        self.linearise(jacobian)
        change = self._correct()
        part = 1.0
        self._move(part, change)
        while not (end := self.residual_norm()) <= limit and part > _LEAST_PART:
            part /= 2
            self._move(-part, change)
        return Step(start, end, part)

    def linearise(self, jacobian: int = -1) -> None:
        """Make the Jacobian at w, number ``jacobian`` of those given, what is solved with."""
        form = self._jacobian_forms[min(jacobian, self.last_jacobian)]
        self._jacobian.zeroEntries()
        fem.petsc.assemble_matrix(self._jacobian, form, bcs=self.bcs)
        self._jacobian.assemble()
        if self._blocked is not None:  # P A P + B with P = 1 − B, which leaves w alone where B acts
            self._matrix = self._jacobian.PtAP(self._free, result=self._matrix)
            self._matrix.axpy(
                1, self._blocked, structure=PETSc.Mat.Structure.SUBSET_NONZERO_PATTERN
            )
        self._solver.set_matrix(self._matrix)

    def corrected(self) -> tuple[np.ndarray, float]:
        """Coefficients and force as one step would leave them, with what was linearised last."""
        self.residual_norm()
        change = self._correct()
        after = self.solution.x.petsc_vec.copy()
        after.axpy(1, self._correction)
        after.ghostUpdate(PETSc.InsertMode.INSERT, PETSc.ScatterMode.FORWARD)
        with after.localForm() as with_ghosts:
            return with_ghosts.array.copy(), self.force + change

    def adjoint(self, gradient: PETSc.Vec, of_force: float = 0.0) -> tuple[PETSc.Vec, float]:
        """The multipliers (λ, μ) of the equations and of b·w = U for a functional J of w and f.

        They solve the transposed of what was linearised last,

            Aᵀ λ + b μ = ∂J/∂w,  −b·λ = ∂J/∂f,

        so that dJ = −λ·dF + μ dU where data of the problem change.

        Parameters
        ----------
        gradient : PETSc.Vec
            ∂J/∂w; overwritten.
        of_force : float
            ∂J/∂f.
        """
        fem.petsc.set_bc(gradient, self.bcs, alpha=0)
        if self._blocked is not None:
            gradient.axpy(-1, self._blocked * gradient)
        multiplier = gradient.duplicate()
        multiplier.set(0)
        if gradient.norm() > 0:
            self._solver.solve(gradient, multiplier, transposed=True)
        fem.petsc.set_bc(multiplier, self.bcs, alpha=0)
        if self._functional is None:
            return multiplier, 0.0
        # As for a correction: λ = λ₀ − μ A⁻ᵀ b, λ₀ the multiplier without a constraint.
        self._respond(transposed=True)
        mu = (self._functional.dot(multiplier) + of_force) / self._functional.dot(self._response)
        multiplier.axpy(-mu, self._response)
        return multiplier, mu

    def _correct(self) -> float:
        """Take δw from the residual as assembled last, and return δf."""
        self._solver.solve(self._residual, self._correction)
        # exactly, however well the system was solved
        fem.petsc.set_bc(self._correction, self.bcs, alpha=0)
        self._correction.scale(-1)
        if self._functional is None:
            return 0.0
        b = self._functional
        self._respond()
        change = (self.defect() - b.dot(self._correction)) / b.dot(self._response)
        self._correction.axpy(change, self._response)
        return change

    def _respond(self, transposed=False) -> None:
        """A⁻¹ b, and exactly nothing where the solution is held: walls stay at rest to the bit."""
        self._solver.solve(self._functional, self._response, transposed=transposed)
        fem.petsc.set_bc(self._response, self.bcs, alpha=0)

    def _move(self, part, change) -> None:
        self.force += part * change
        self.solution.x.petsc_vec.axpy(part, self._correction)
        self.solution.x.scatter_forward()

    def _assemble(self, vector, form) -> PETSc.Vec:
        """The vector of a linear form, zero where the solution is held fixed."""
        with vector.localForm() as with_ghosts:
            with_ghosts.set(0)
        fem.petsc.assemble_vector(vector, form)
        vector.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        fem.petsc.set_bc(vector, self.bcs, alpha=0)
        if self._blocked is not None:
            vector.axpy(-1, self._blocked * vector)
        return vector


def _complement(projection) -> PETSc.Mat:
    """1 − B."""
    complement = projection.copy()
    complement.scale(-1)
    complement.shift(1)
    return complement
