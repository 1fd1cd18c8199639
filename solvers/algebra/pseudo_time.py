"""Newton's method in pseudo-time: implicit Euler steps that grow as the residual falls.

In the end they are Newton's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np

from solvers.algebra.bordered import BorderedSystem
from solvers.algebra.solution import Solution
from solvers.fenics import fem
from vcnn.errors import DivergenceError

log = logging.getLogger("vcnn.solvers")

_ADVICE = (
    "try a mesh that is finer near the walls (first cell below y+ = 2), smoother cells, another "
    "bulk velocity or a larger viscosity"
)


def march(
    system: BorderedSystem,
    old: fem.Function,
    *,
    courant: fem.Constant,
    after_step: Callable[[], None],
    tolerance: float = 1e-9,
    max_steps: int = 80,
) -> Solution:
    """Euler steps, one Newton correction each, until the residual of the steady problem is small.

    A correction is halved until it no longer raises the residual of its Euler step by more than a
    fifth; the Courant number falls as much, at least to a half. After a full correction it doubles,
    or grows as fast as the residual falls (switched evolution relaxation: Mulder & van Leer, J.
    Comput. Phys. 59, 1985, 232), so that the last corrections are Newton's for the steady problem.

    Parameters
    ----------
    system : BorderedSystem
        Its residual holds the change from ``old`` over a time step, its Jacobian is exact but for
        what ``after_step`` changes.
    old : dolfinx Function
        The solution at the beginning of the step, set here.
    courant : dolfinx Constant
        Number that time steps are proportional to; its value is that of the first step.
    after_step : callable
        Called after each step, for closures that depend on the solution in ways of their own.
    tolerance : float
        Bound of the steady residual's norm relative to the load.

    Raises
    ------
    DivergenceError
        If the residual becomes NaN or is not small after ``max_steps``.
    """
    residuals = []
    for step in range(max_steps + 1):
        old.x.array[:] = system.solution.x.array
        start = system.residual_norm()
        residuals.append(start / system.load())
        if system.comm.rank == 0:
            log.info(
                "%s: step %d, CFL %.3g, relative residual %.3g",
                system.name,
                step,
                courant.value,
                residuals[-1],
            )
        if not np.isfinite(residuals[-1]):
            raise DivergenceError(
                f"{system.name}: the residual became {residuals[-1]} after {step} steps; {_ADVICE}"
            )
        if residuals[-1] <= tolerance:
            return Solution(tuple(residuals), system.force)
        taken = system.step(limit=1.2 * start)
        if taken.part == 1:
            courant.value *= max(2.0, start / taken.end)
        else:
            courant.value *= min(0.5, taken.part)
        after_step()
    raise DivergenceError(
        f"{system.name}: no convergence, relative residual {residuals[-1]:.3g} after {max_steps} "
        f"steps, {np.min(residuals):.3g} at best (wanted {tolerance:g}); {_ADVICE}"
    )
