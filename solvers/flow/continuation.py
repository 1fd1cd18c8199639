"""From larger viscosities down to one that a flow is not found with at once."""

from __future__ import annotations

import copy
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from solvers.fem.domain import Domain
from solvers.flow.result import FlowResult
from solvers.flow.start import Start
from vcnn.errors import DivergenceError

if TYPE_CHECKING:
    from solvers.flow.problem import FlowModel

log = logging.getLogger("vcnn.solvers")

_STEP = 4.0  # between viscosities at first
_LARGEST = 1024.0  # of the viscosity wanted
_LEAST_STEP = 1.1
_ATTEMPTS = 25


def come_down(
    model: FlowModel, domain: Domain, start: Start | None, failure: DivergenceError
) -> FlowResult:
    """Solve with larger viscosities, each flow the start of the next, down to the one wanted.

    The first is the least of 4, 16, 64, 256, 1024 times the viscosity with which the flow is found
    from the start given. From there a step divides it by 4, or by the root of that after a failure,
    down to 1.1; after a success steps grow again.

    Parameters
    ----------
    model : FlowModel
    domain : Domain
    start : Start or None
    failure : DivergenceError
        Of the attempt without.

    Returns
    -------
    FlowResult
        Its ``notes`` say by which viscosities it was found.

    Raises
    ------
    DivergenceError
        If this does not lead down to the viscosity either; its ``best`` is the flow with the
        smallest one reached, if any.
    """
    wanted, step = model.viscosity, _STEP
    factor, way, best, reached = _STEP, [], None, None
    for _ in range(_ATTEMPTS):
        try:
            result = _with_viscosity(model, factor * wanted)._solve_on(domain, start)
        except DivergenceError:
            _report(domain, model, factor, "no flow is found")
            if reached is None:
                factor *= _STEP
            else:
                step = step**0.5
                factor = max(1.0, reached / step)
            if factor > _LARGEST or step < _LEAST_STEP:
                break
            continue
        _report(domain, model, factor, "a flow is found")
        if factor == 1:
            by = ", ".join(f"{x * wanted:.4g}" for x in way)
            return replace(result, problem=model, notes=(f"Found by way of viscosities {by}.",))
        if reached is not None:
            step = min(step**1.5, _STEP)
        best, reached, way = result, factor, [*way, factor]
        start = Start(
            domain, result.velocity, result.pressure, result.pressure_gradient, result.scalars
        )
        factor = max(1.0, reached / step)
    smallest = "none of them" if reached is None else f"{reached * wanted:.4g} and larger ones only"
    raise DivergenceError(
        f"{failure}; on the way down from larger viscosities a flow was found for {smallest}: give "
        "a `start`, a flow that is like this one",
        best=best,
    ) from failure


def _with_viscosity(model, viscosity) -> FlowModel:
    """The same problem, whose mesh need not be looked at again."""
    other = copy.copy(model)
    object.__setattr__(other, "viscosity", viscosity)
    return other


def _report(domain, model, factor, outcome) -> None:
    if domain.comm.rank == 0:
        log.info("viscosity %.4g, %.3g times: %s", factor * model.viscosity, factor, outcome)
