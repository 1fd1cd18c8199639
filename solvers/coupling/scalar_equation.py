"""What makes the scalar of an active flow: a transport equation, as data, or a closure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from solvers.fem.domain import Domain
from solvers.flow.boundary_conditions import BoundaryConditions
from solvers.flow.conditions import Condition, Inlet
from solvers.flow.result import FlowResult
from solvers.scalar.production import MixingLengthProduction
from solvers.scalar.transport import ScalarTransport
from vcnn.closure.plain import as_closure
from vcnn.closure.protocol import ClosureLike
from vcnn.errors import InputError


@dataclass(frozen=True, kw_only=True, eq=False)
class ScalarEquation:
    """The transport equation of a scalar, without the flow that carries it.

    Parameters
    ----------
    diffusivity, decay, exponent, production, linear_solver
        As in `ScalarTransport`, with the same defaults.
    conditions : mapping boundary name -> condition, optional
        Of the scalar; default: those of the flow, which must have no `Inlet` then.
    """

    diffusivity: float | np.ndarray = ScalarTransport.diffusivity
    decay: float = ScalarTransport.decay
    exponent: float = ScalarTransport.exponent
    production: MixingLengthProduction | Callable | np.ndarray | float = field(
        default_factory=MixingLengthProduction
    )
    conditions: Mapping[str, Condition] | None = None
    linear_solver: str = ScalarTransport.linear_solver

    def carried_by(
        self, velocity: FlowResult, domain: Domain, conditions: BoundaryConditions
    ) -> ScalarTransport:
        """The problem of this scalar in a flow.

        ``velocity``, ``domain`` and ``conditions`` are those of the flow.

        Raises
        ------
        InputError
            If the flow comes in through an inlet and the scalar has no conditions of its own, or a
            number does not make sense.
        """
        if self.conditions is None and conditions.of_kind(Inlet):
            raise InputError(
                "scalar: needs values at an Inlet, ScalarEquation(conditions=...) of its own"
            )
        return ScalarTransport(
            domain,
            velocity,
            diffusivity=self.diffusivity,
            decay=self.decay,
            exponent=self.exponent,
            production=self.production,
            conditions=conditions.by_name if self.conditions is None else self.conditions,
            linear_solver=self.linear_solver,
        )


def as_scalar(thing: object) -> ScalarEquation | ClosureLike:
    """What makes the scalar of an `ActiveScalar`, from what a user gives.

    Parameters
    ----------
    thing : object
        A `ScalarEquation`; `ScalarTransport`, the equation with its defaults, or
        ``functools.partial(ScalarTransport, ...)``; or a closure, see
        :func:`vcnn.as_closure`.

    Raises
    ------
    InputError
        If it is none of these, or the equation does not have such options.
    """
    if isinstance(thing, ScalarEquation):
        return thing
    if thing is ScalarTransport:
        return ScalarEquation()
    if isinstance(thing, partial) and thing.func is ScalarTransport:
        try:
            return ScalarEquation(*thing.args, **thing.keywords)
        except TypeError as error:
            raise InputError(f"scalar: cannot be made into a transport problem: {error}") from error
    try:
        return as_closure(thing, "scalar")
    except InputError as error:
        raise InputError(
            f"scalar: expected a ScalarEquation, ScalarTransport or a closure; {error}"
        ) from None
