"""Newton's method, for problems with or without an unknown driving force."""

from __future__ import annotations

import logging

import numpy as np

from solvers.algebra.bordered import TRY, BorderedSystem, Solution
from vcnn.errors import DivergenceError

log = logging.getLogger("vcnn.solvers")


def newton(
    residual,
    jacobians,
    w,
    bcs,
    constraint=None,
    guess=None,
    tolerance=1e-11,
    max_steps=30,
    name="",
    linear_solver="direct",
    blocked=None,
) -> Solution:
    """Solve F(w; v) = 0 for all v, starting from ``w`` and leaving the solution there.

    Step k solves the linearisation ``jacobians[k]`` (the last one from then on) for the correction
    that makes the residual vanish, so all of them lead to the same solution. A correction by the
    last one is halved until it no longer doubles the residual.

    Parameters
    ----------
    residual, jacobians, w, bcs, constraint, name, linear_solver, blocked
        As in :class:`solvers.algebra.bordered.BorderedSystem`.
    guess : array, optional
        Degrees of freedom to start from instead of ``w``; they satisfy the boundary conditions.
    tolerance : float
        Bound of the residual's norm relative to that of the load: f b, or the residual of ``w`` as
        given.

    Raises
    ------
    DivergenceError
        If the residual becomes NaN, grows beyond bounds or is not small after ``max_steps``, or if
        a linear system cannot be solved.
    """
    system = BorderedSystem(
        residual, jacobians, w, bcs, constraint, name, linear_solver, blocked=blocked
    )
    if guess is not None:
        w.x.array[:] = guess
    return converged(system, tolerance, max_steps)


def converged(system, tolerance=1e-11, max_steps=30, first=0) -> Solution:
    """Newton's method for a `BorderedSystem`, from step number ``first`` on; at least one step is
    taken.

    Raises
    ------
    DivergenceError
        As :func:`newton`.
    """
    norm, residuals, name = system.residual(), [], system.name
    for step in range(max_steps + 1):
        residuals.append(norm / system.load())
        if system.w.function_space.mesh.comm.rank == 0:
            log.info("%s: step %d, relative residual %.3g", name, step, residuals[-1])
        if not residuals[-1] < 1e12:
            raise DivergenceError(
                f"{name}: relative residual {residuals[-1]:.3g} after {step} steps; {TRY}"
            )
        if step > 0 and residuals[-1] <= tolerance:
            return Solution(tuple(residuals), system.force)
        exact = first + step >= len(system.jacobians) - 1
        _, norm = system.advance(
            system.correction(first + step), limit=2 * norm if exact else np.inf
        )
    raise DivergenceError(
        f"{name}: relative residual {residuals[-1]:.3g} after {max_steps} steps (wanted {tolerance:g}); {TRY}"
    )
