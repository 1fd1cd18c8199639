"""Newton's method in pseudo-time: implicit Euler steps that grow as the residual falls until they are Newton's."""

from __future__ import annotations

import logging

import numpy as np

from solvers.fenics import fem
from solvers.newton import Drive, Solution, assembled, mumps, solve_linear
from vcnn.errors import DivergenceError

log = logging.getLogger("vcnn.solvers")

_TRY = (
    "try a mesh that is finer near the walls (first cell below y+ = 2), smoother cells, another bulk velocity or "
    "a larger viscosity"
)


class BorderedSystem:
    """F(w; v) - f b(v) = 0 for all v, with b·w = target: `Drive`'s force f is one more unknown.

    Parameters
    ----------
    residual : linear UFL form
        F(w; v).
    jacobian : bilinear UFL form
        What each step linearises F with.
    w : dolfinx Function
        Satisfies the boundary conditions; holds the solution.
    bcs : list of dolfinx DirichletBC with value 0
    drive : Drive
    name : str
        Of the problem, for messages.
    force : float
        f at the start.
    """

    def __init__(self, residual, jacobian, w, bcs, drive: Drive, name, force=0.0):
        self.w, self.bcs, self.target, self.name, self.force = w, bcs, drive.target, name, force
        self.F, self.J = fem.form(residual), fem.form(jacobian)
        self.A = fem.petsc.create_matrix(self.J)
        self.ksp = mumps(self.A)
        self.r = fem.petsc.create_vector(w.function_space)
        self.b = assembled(self.r.duplicate(), fem.form(drive.functional), bcs)
        self.dw, self.z = self.r.duplicate(), self.r.duplicate()

    def residual(self) -> float:
        """Norm of the residual."""
        assembled(self.r, self.F, self.bcs)
        self.r.axpy(-self.force, self.b)
        return self.r.norm()

    def load(self) -> float:
        """Norm of the driving force."""
        return abs(self.force) * self.b.norm()

    def correction(self) -> float:
        """Computes that of w from the residual last computed, and returns that of f: one factorisation."""
        self.A.zeroEntries()
        fem.petsc.assemble_matrix(self.A, self.J, bcs=self.bcs)
        self.A.assemble()
        self.ksp.setOperators(self.A)
        solve_linear(self.ksp, self.r, self.dw, self.name)
        self.dw.scale(-1)
        solve_linear(self.ksp, self.b, self.z, self.name)
        missing = self.target - self.b.dot(self.w.x.petsc_vec) - self.b.dot(self.dw)
        change = missing / self.b.dot(self.z)
        self.dw.axpy(change, self.z)
        return change

    def move(self, fraction, change):
        """Add a fraction of the correction."""
        self.force += fraction * change
        self.w.x.petsc_vec.axpy(fraction, self.dw)
        self.w.x.scatter_forward()


def march(system, old, time_step, updated=lambda force: None, tolerance=1e-9, max_steps=80) -> Solution:
    """Euler steps, one Newton correction each, until the residual of the steady problem is small.

    A correction is halved until it no longer raises the residual of its Euler step by more than a fifth. Δt is then
    halved too; after a full correction it doubles, or grows as fast as the residual falls (Ceze & Fidkowski, AIAA
    J. 53, 2015), so that the last corrections are Newton's for the steady problem.

    Parameters
    ----------
    system : BorderedSystem
        Its residual holds (w - ``old``)/Δt, its Jacobian is exact but for what ``updated`` changes.
    old : dolfinx Function
        The solution at the beginning of the step, set here.
    time_step : dolfinx Constant
        Δt; its value is that of the first step.
    updated : callable
        Called with the force after each step, for closures that depend on it.
    tolerance : float
        Bound of the steady residual's norm relative to that of the driving force.

    Raises
    ------
    DivergenceError
        If the residual becomes NaN or is not small after ``max_steps``.
    """
    residuals = []
    for step in range(max_steps + 1):
        old.x.array[:] = system.w.x.array
        start = system.residual()
        residuals.append(start / system.load())
        if system.w.function_space.mesh.comm.rank == 0:
            log.info("%s: step %d, Δt %.3g, relative residual %.3g", system.name, step, time_step.value, residuals[-1])
        if not np.isfinite(residuals[-1]):
            raise DivergenceError(f"{system.name}: the residual became {residuals[-1]} after {step} steps; {_TRY}")
        if residuals[-1] <= tolerance:
            return Solution(tuple(residuals), system.force)
        change = system.correction()
        system.move(1.0, change)
        fraction = 1.0
        while not (end := system.residual()) <= 1.2 * start and fraction > 0.01:
            fraction /= 2
            system.move(-fraction, change)
        time_step.value *= max(2.0, start / end) if fraction == 1 else 0.5
        updated(system.force)
    raise DivergenceError(
        f"{system.name}: no convergence, relative residual {residuals[-1]:.3g} after {max_steps} steps, "
        f"{np.min(residuals):.3g} at best (wanted {tolerance:g}); {_TRY}"
    )
