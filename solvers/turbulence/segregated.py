"""Mean flow and transported scalars in turn, on the way to where Newton's method converges."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from solvers.algebra.bordered import BorderedSystem
from solvers.algebra.corrections import correct, solve_roughly
from solvers.fenics import Expr, basix, fem, ufl
from solvers.flow.incompressible import PICARD_STEPS, linearise_momentum
from solvers.flow.momentum import dx
from solvers.turbulence.mean_flow import MeanFlow
from solvers.turbulence.monolithic import TransportedScalar, hold_scalars, rate, set_scalars

log = logging.getLogger("vcnn.solvers")

_COURANT_NUMBERS = (3.0, 30.0)  # of the first steps of the scalars, and of all others
_FIRST, _MORE = 10, 30  # such steps, before the flow follows
_STEPS = 3  # of the scalars in a round
_ROUNDS = 40  # at most
_NEAR = 3e-3  # change of ν_t in a round, relative L²: Newton's method converges from there
_FACTOR, _LEAST = 5.0, 1e-3  # a step changes a scalar by a factor, or up to a value, at most


def approach(
    start: MeanFlow,
    *scalars: TransportedScalar,
    name: str,
    eddy_viscosity: Callable[..., Expr],
) -> MeanFlow:
    """A flow and its scalars from which Newton's method for all of them finds the solution.

    In each round the flow is corrected with the present ν_t, then the scalars take some implicit
    Euler steps in it. These are linearised with coefficients as they are at the start of a step,
    and no value changes by more than a factor, so that all stay positive: as finite-volume codes
    go, slowly and from far away.

    Parameters
    ----------
    start : MeanFlow
        Its velocity and pressure go on from there.
    *scalars : TransportedScalar
    name : str
        For messages.
    eddy_viscosity : callable
        Takes the velocity and the unknown scalars to ν_t, UFL expressions.

    Returns
    -------
    MeanFlow
        With ``scalars``.

    Raises
    ------
    DivergenceError
        If the flow diverges.
    """
    balance = start.balance
    nu_t = fem.Function(fem.functionspace(start.domain.mesh, ("Lagrange", 1)))
    momentum = _momentum(start, nu_t, name)
    steps = _Steps(start, scalars, name)
    if start.scalars is None:
        _interpolate(nu_t, start.eddy_viscosity(start.velocity))
        solve_roughly(momentum)
        steps.take(_FIRST, _COURANT_NUMBERS[0])
        steps.take(_MORE, _COURANT_NUMBERS[1])
    viscosity = eddy_viscosity(ufl.split(balance.w)[0], *steps.unknowns)
    _interpolate(nu_t, viscosity)
    residuals = []
    for number in range(_ROUNDS):
        residual, earlier = correct(momentum), nu_t.copy()
        residuals.append(residual)
        steps.take(_STEPS, _COURANT_NUMBERS[1])
        _interpolate(nu_t, viscosity)
        change = _relative_change(start, nu_t, earlier)
        if start.domain.comm.rank == 0:
            log.info("%s: round %d, residual %.2e, change %.2e", name, number, residual, change)
        if change <= _NEAR:
            break
    quantities = {
        scalar.name: scalar.quantity(steps.solution.sub(part).collapse())
        for part, scalar in enumerate(scalars)
    }
    return replace(start, force=momentum.force, scalars=quantities, residuals=tuple(residuals))


def _momentum(start, nu_t, name) -> BorderedSystem:
    """The equations of the flow with a given ν_t."""
    balance = start.balance
    equation, picard, exact = linearise_momentum(balance, start.viscosity, eddy_viscosity=nu_t)
    return BorderedSystem(
        equation,
        [picard] * PICARD_STEPS + [exact],
        balance.w,
        balance.bcs,
        constraint=balance.constraint(ufl.TestFunctions(balance.space)[0]),
        name=name,
        force=start.force,
        blocked=balance.blocked,
    )


class _Steps:
    """Euler steps of the scalars in a flow.

    Attributes
    ----------
    solution : dolfinx Function
    unknowns : tuple of UFL expressions
        Its parts.
    """

    def __init__(self, start: MeanFlow, scalars: Sequence[TransportedScalar], name: str):
        mesh, u = start.domain.mesh, ufl.split(start.balance.w)[0]
        linear = basix.ufl.element("Lagrange", mesh.basix_cell(), 1)
        space = fem.functionspace(mesh, basix.ufl.mixed_element([linear] * len(scalars)))
        self.solution, self._old = fem.Function(space), fem.Function(space)
        self.unknowns, old = ufl.split(self.solution), ufl.split(self._old)
        self._courant = fem.Constant(mesh, 1.0)
        equations, linearised = [], []
        for scalar, x, x_old, s in zip(
            scalars, self.unknowns, old, ufl.TestFunctions(space), strict=True
        ):
            inertia = rate(start, u) / self._courant * (x - x_old) * s * dx
            equations.append(scalar.transport(u, self.unknowns, self.unknowns, s) + inertia)
            linearised.append(scalar.transport(u, self.unknowns, old, s) + inertia)
        parts = [space.sub(part) for part in range(len(scalars))]
        bcs = hold_scalars(start, scalars, parts)
        set_scalars(self.solution, start, scalars, bcs, first=0)
        jacobian = ufl.derivative(sum(linearised), self.solution)
        self._system = BorderedSystem(sum(equations), [jacobian], self.solution, bcs, name=name)

    def take(self, count: int, courant: float) -> None:
        """Some steps."""
        self._courant.value = courant
        values = self.solution.x.array
        for _ in range(count):
            old = self._old.x.array
            old[:] = values
            self._system.step()
            held = np.maximum(old, 0)
            np.clip(values, held / _FACTOR, np.maximum(held * _FACTOR, _LEAST), out=values)


def _interpolate(function, expression) -> None:
    points = function.function_space.element.interpolation_points
    function.interpolate(fem.Expression(expression, points))


def _relative_change(start, new, old) -> float:
    squares = [
        start.domain.integral((f - g) ** 2) for f, g in ((new, old), (new, -start.viscosity))
    ]
    return float(np.sqrt(squares[0] / squares[1]))
