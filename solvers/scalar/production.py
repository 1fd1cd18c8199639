"""What produces a carried scalar: the published mixing-length form, or given values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from solvers.fem.arguments import is_number
from solvers.fem.fields import function_from, interpolate, wall_distance_function
from solvers.fenics import Expr, fem, ufl
from solvers.scalar.carrier import Carrier
from vcnn.errors import InputError


@dataclass(frozen=True)
class MixingLengthProduction:
    """P = γ l_m √c₀ |S|² with l_m = min(κ d, 0.09 δ), d the wall distance (Zhou, Han & Xiao 2022).

    Parameters
    ----------
    gain : float
        γ.
    reference : float
        c₀.
    thickness : float
        δ, length.
    karman : float
        κ.
    """

    gain: float = 200.0
    reference: float = 0.001
    thickness: float = 1.5
    karman: float = 0.41

    def mixing_length(self, wall_distance: Expr) -> Expr:
        """l_m from the ``wall_distance``, UFL expressions of length."""
        return ufl.min_value(self.karman * wall_distance, 0.09 * self.thickness)

    def __call__(self, strain_rate: Expr, wall_distance: Expr) -> Expr:
        """P, a UFL expression."""
        return self.gain * self.mixing_length(wall_distance) * self.reference**0.5 * strain_rate**2


def production_terms(
    production: MixingLengthProduction | Callable | np.ndarray | float,
    carrier: Carrier,
    *,
    location: str,
    space: fem.FunctionSpace,
) -> dict[str, Expr]:
    """The production on the carrier's domain, and the mixing length if it has one.

    Parameters
    ----------
    production : MixingLengthProduction, callable, array or number
        As in `ScalarTransport`.
    carrier : Carrier
    location : {"cell", "vertex"}
        Of an array.
    space : dolfinx FunctionSpace
        For what a callable or a number gives.

    Raises
    ------
    InputError
        If there are no walls for a mixing length, the callable fails, or values are no numbers,
        missing, too many, NaN or infinite.
    """
    domain = carrier.domain
    if isinstance(production, MixingLengthProduction):
        if not domain.walls:
            raise InputError("production: a mixing length needs walls, there is none")
        distance = wall_distance_function(domain)
        return {
            "production": production(carrier.strain_rate, distance),
            "mixing_length": production.mixing_length(distance),
        }
    if callable(production) or is_number(production):
        function = interpolate(domain, space, production, "production")
    else:
        function = function_from(domain, production, location, "production")
    if function.ufl_shape:
        shape = function.ufl_shape
        raise InputError(
            f"production: expected one value for each {location}, got some of shape {shape}"
        )
    if domain.comm.allreduce(not np.isfinite(function.x.array).all()):
        raise InputError("production: holds NaN or infinite values")
    return {"production": function}
