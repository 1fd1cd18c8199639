"""Newton's method, for problems with or without an unknown driving force."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from solvers.algebra.bordered import BorderedSystem, Constraint
from solvers.algebra.linear_solvers import ADVICE
from solvers.algebra.solution import Solution
from solvers.fenics import PETSc, fem, ufl
from vcnn.errors import DivergenceError

log = logging.getLogger("vcnn.solvers")

_BEYOND_BOUNDS = 1e12  # a relative residual that nothing comes back from


def solve_newton(
    residual: ufl.Form,
    jacobians: Sequence[ufl.Form],
    solution: fem.Function,
    bcs: list[fem.DirichletBC],
    *,
    constraint: Constraint | None = None,
    guess: np.ndarray | None = None,
    tolerance: float = 1e-11,
    max_steps: int = 30,
    name: str = "",
    linear_solver: str = "direct",
    blocked: PETSc.Mat | None = None,
) -> Solution:
    """Solve F(w; v) = 0 for all v, starting from ``solution`` and leaving w there.

    Step k solves the linearisation ``jacobians[k]`` (the last one from then on) for the correction
    that makes the residual vanish, so all of them lead to the same solution. A correction by the
    last one is halved until it no longer doubles the residual.

    Parameters
    ----------
    residual, jacobians, solution, bcs, constraint, name, linear_solver, blocked
        As in :class:`solvers.algebra.bordered.BorderedSystem`.
    guess : array, optional
        Degrees of freedom to start from instead of ``solution``; they satisfy the boundary
        conditions.
    tolerance : float
        Bound of the residual's norm relative to that of the load: f b, or the residual of
        ``solution`` as given.

    Raises
    ------
    DivergenceError
        If the residual becomes NaN, grows beyond bounds or is not small after ``max_steps``, or if
        a linear system cannot be solved.
    """
    system = BorderedSystem(
        residual,
        jacobians,
        solution,
        bcs,
        constraint=constraint,
        name=name,
        linear_solver=linear_solver,
        blocked=blocked,
    )
    if guess is not None:
        solution.x.array[:] = guess
    return newton_loop(system, tolerance, max_steps)


def newton_loop(system: BorderedSystem, tolerance: float = 1e-11, max_steps: int = 30) -> Solution:
    """Newton's method for a `BorderedSystem`; at least one step is taken.

    Raises
    ------
    DivergenceError
        As :func:`solve_newton`.
    """
    norm, residuals, name = system.residual_norm(), [], system.name
    for step in range(max_steps + 1):
        residuals.append(norm / system.load())
        if system.comm.rank == 0:
            log.info("%s: step %d, relative residual %.3g", name, step, residuals[-1])
        if not residuals[-1] < _BEYOND_BOUNDS:
            raise DivergenceError(
                f"{name}: relative residual {residuals[-1]:.3g} after {step} steps; {ADVICE}"
            )
        if step > 0 and residuals[-1] <= tolerance:
            return Solution(tuple(residuals), system.force)
        exact = step >= system.last_jacobian
        norm = system.step(step, limit=2 * norm if exact else np.inf).end
    raise DivergenceError(
        f"{name}: relative residual {residuals[-1]:.3g} after {max_steps} steps "
        f"(wanted {tolerance:g}); {ADVICE}"
    )
