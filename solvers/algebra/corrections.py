"""A few corrections of a flow whose equations are about to change again."""

from __future__ import annotations

import numpy as np

from solvers.algebra.bordered import BorderedSystem
from solvers.algebra.linear_solvers import ADVICE
from vcnn.errors import DivergenceError

_FIRST_STEPS = 15  # for a flow to begin with
_FIRST_RESIDUAL = 1e-2  # of the load: where these steps end
_NEAR = 0.5  # of the load: where one Newton correction is enough
_CORRECTIONS = 10  # at most, for a flow to come as near
_ROUND_OFF = 1e-10  # of the load: a correction may leave a residual as large


def solve_roughly(system: BorderedSystem) -> None:
    """Picard's steps, then Newton's, to a relative residual of a hundredth.

    Parameters
    ----------
    system : BorderedSystem
        Its last Jacobian is Newton's, those before are Picard's.
    """
    norm, picard = system.residual_norm(), system.last_jacobian
    for step in range(_FIRST_STEPS):
        norm = system.step(step, np.inf if step < picard else 2 * norm).end
        if step >= picard and norm <= _FIRST_RESIDUAL * system.load():
            break


def correct(system: BorderedSystem) -> float:
    """Correct a flow by Newton's method once, or as often as it needs to be near.

    While the residual is larger than the load the corrections are Picard's.

    Parameters
    ----------
    system : BorderedSystem
        Its last Jacobian is Newton's, the first Picard's.

    Returns
    -------
    float
        Residual relative to the load.

    Raises
    ------
    DivergenceError
        If the residual grows without bounds.
    """
    norm, load = system.residual_norm(), system.load()
    for _ in range(_CORRECTIONS):
        far = not norm <= load
        limit = np.inf if far else max(2 * norm, _ROUND_OFF * load)
        norm = system.step(0 if far else -1, limit).end
        load = system.load()
        if norm <= _NEAR * load:
            break
    if not norm < 1e12 * load:
        raise DivergenceError(
            f"{system.name}: relative residual {norm / load:.3g} of the momentum balance; {ADVICE}"
        )
    return norm / load
