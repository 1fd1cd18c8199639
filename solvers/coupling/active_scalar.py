"""A scalar that moves the flow that carries it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from solvers.coupling.loop import solve_coupled
from solvers.coupling.problem import CoupledProblem
from solvers.coupling.scalar_equation import ScalarEquation, as_scalar
from solvers.coupling.scalar_feedback import ScalarFeedback
from solvers.fem.arguments import check_location, check_number
from solvers.fenics import fem
from solvers.flow.result import FlowResult
from vcnn.closure.requirements import CARRIED_SCALAR, check_closure
from vcnn.errors import InputError, naming
from vcnn.flow.arrays import float_array

_SOME = np.array([0.0, 0.5, 1.0])  # concentrations


@dataclass(frozen=True, eq=False, repr=False)
class ActiveScalar(CoupledProblem):
    """Steady flow with a scalar that is buoyant, or that the viscosity depends on (Boussinesq).

    u·∇u = −∇p + ∇·[ν(c)(∇u + ∇uᵀ)] + f e + c B,  ∇·u = 0, driven and bounded as `LaminarFlow` is; c
    is what a transport equation or, in its place, a closure makes of u. Flow and scalar are made to
    agree (``solvers.coupling.loop.solve_coupled``); c is ``scalars["concentration"]`` of the
    result. Something besides the buoyancy must move
    the flow.

    Parameters
    ----------
    mesh, bulk_velocity, drive, conditions, walls, periodic
        As in `FlowProblem`.
    viscosity : float or callable c -> ν
        ν, length²/time. A callable is given UFL expressions and arrays: ``lambda c: 0.01 * (1 +
        c)``.
    scalar : ScalarEquation, `ScalarTransport` or closure
        What makes c. A `ScalarEquation`, or the class `ScalarTransport` for that with its defaults:
        the equation is solved in each round, under the conditions of the flow unless it has its
        own, which it needs at an `Inlet`. The momentum then has the quadratic c.
        ``functools.partial(ScalarTransport, ...)`` is a `ScalarEquation` too. Or a closure, such as
        a `vcnn.Closure` or whatever else :func:`vcnn.as_closure` takes, that
        predicts c (n,) at the points of the mesh that ``location`` says; one whose clouds follow
        the velocity and have a sharp edge predicts in steps, as points come and go, and may settle
        to 1e-3 only. Without a start the flow with c = 0 is the first.
    buoyancy : (d,), optional
        B, velocity²/length for each unit of c: −β g, for the expansion β and gravity g.
    location : {"cell", "vertex"}
        Where closures are asked: c is constant in each cell, or linear between vertices.

    Raises
    ------
    InputError
        If a number, a name or a callable does not make sense, or the mesh cannot be used.
    """

    viscosity: float | Callable
    scalar: object = None
    buoyancy: np.ndarray | None = None
    location: str = "cell"

    def __post_init__(self):
        super().__post_init__()
        check_location(self.location)
        scalar = as_scalar(self.scalar)
        if not isinstance(scalar, ScalarEquation):
            with naming("scalar"):
                walls = bool(self.boundary_conditions.walls)
                check_closure(scalar, CARRIED_SCALAR, self.mesh, walls)
        if self.buoyancy is not None:
            d = self.mesh.points.shape[1]
            B = float_array(self.buoyancy, "buoyancy", f"{d} numbers")
            if B.shape != (d,) or not np.isfinite(B).all():
                raise InputError(f"buoyancy: expected {d} finite numbers, got {B.tolist()}")

    def molecular_viscosity(self, scalars: Mapping):
        """ν(c), from ``scalars["concentration"]``."""
        nu = self.viscosity
        return nu(scalars["concentration"]) if callable(nu) else nu

    def body_force(self, scalars: Mapping):
        """c B, from ``scalars["concentration"]``."""
        if self.buoyancy is None:
            return None
        c, B = scalars["concentration"], np.asarray(self.buoyancy, dtype=float)
        return c * fem.Constant(c.function_space.mesh, B)

    def _check_viscosity(self) -> None:
        if callable(self.viscosity):
            _check_law(self.viscosity)
        else:
            check_number(self.viscosity, "viscosity", "a positive number")

    def _solve(self, start, comm, **options) -> FlowResult:
        return solve_coupled(self, ScalarFeedback, start=start, comm=comm, **options)


def _check_law(viscosity):
    """Refuse a callable that does not take arrays; UFL expressions are tried later."""
    try:
        shape = np.shape(viscosity(_SOME))
    except Exception as error:
        cause = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(
            f"viscosity: the callable given fails for an array of concentrations with {cause}"
        ) from error
    if shape != _SOME.shape:
        raise InputError(
            f"viscosity: expected one for each concentration, got shape {shape} for {_SOME.shape}"
        )
