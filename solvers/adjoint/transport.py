"""A carried scalar as a differentiable function of its diffusivity and production."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import torch
from numpy.typing import ArrayLike

from solvers.adjoint.implicit import (
    MeshValues,
    Probe,
    assemble_owned,
    check_tensor,
    observe,
    slope_forms,
    solve,
    take_multiplier,
)
from solvers.algebra.newton import newton_loop
from solvers.fem.arguments import is_number
from solvers.fem.domain import Domain
from solvers.fem.fields import function_from
from solvers.fem.points import locate
from solvers.fenics import MPI, fem
from solvers.scalar.equation import TransportEquation
from solvers.scalar.result import TransportResult
from vcnn.errors import DivergenceError, InputError
from vcnn.flow.field import FlowField


class DifferentiableTransport:
    """The concentration of `ScalarTransport`, differentiable by diffusivity and production.

    Calling it solves the equation::

        coefficients = transport(diffusivity, production)

    are those of the quadratic concentration on this rank; ``transport.at(points)`` turns them into
    concentrations. One number for all points, whose derivative is wanted, is ``number.expand(n)``.

    Parameters
    ----------
    problem : ScalarTransport
        Its diffusivity is what calls replace, and its production if that is an array.
    comm : MPI communicator

    Raises
    ------
    InputError
        If the problem makes no sense.
    DivergenceError
        On calls, if the equation cannot be solved; all stays as it was then.
    """

    def __init__(self, problem, comm=MPI.COMM_WORLD):
        if is_number(problem.diffusivity):
            problem = replace(
                problem, diffusivity=np.full(_count(problem), float(problem.diffusivity))
            )
        self.equation = equation = TransportEquation(problem, comm)
        self.space, self.domain = equation.c.function_space, equation.carrier.domain
        self._fields = {"diffusivity": equation.diffusivity}
        if isinstance(problem.production, np.ndarray):
            self._fields["production"] = equation.sources["production"]
        self._values = MeshValues(self.domain, equation.location)
        self._multiplier = fem.Function(self.space)
        self._slopes = slope_forms(equation.residual, self._multiplier, self._fields.values())
        self._residuals = (np.inf,)

    def __call__(self, diffusivity, production=None) -> torch.Tensor:
        """Solve with values at the points of the problem's velocity, or the vertices of the mesh.

        Parameters
        ----------
        diffusivity : (n,) tensor, float64, positive
        production : (n,) tensor, float64, optional
            Instead of the problem's.

        Returns
        -------
        (k,) tensor, float64
        """
        values = [diffusivity] if production is None else [diffusivity, production]
        if len(values) > len(self._fields):
            raise InputError("production: cannot be replaced unless the problem's own is an array")
        for name, tensor in zip(self._fields, values, strict=False):
            check_tensor(tensor, name, (self._values.count,))
        if len(values) < len(self._fields):
            values.append(torch.tensor(self.equation.problem.production, dtype=torch.float64))
        return solve(self, *values)[0]

    def at(self, points: ArrayLike) -> Probe:
        """Coefficients -> concentrations (m,) at the given ``points`` (m, d), length."""
        return partial(observe, locate(self.domain.mesh, points).values(self.space))

    def result(self) -> TransportResult:
        """The concentration as solved last."""
        return self.equation.result(self._residuals)

    def solve_with(self, *values):
        """The coefficients (k,) for such values, diffusivity and production, and 0.

        A solve that fails leaves everything as it was.

        Raises
        ------
        DivergenceError
            If the diffusivity is not positive, a value not finite, or the iteration does not
            converge.
        """
        if not (np.isfinite(values).all() and values[0].min() > 0):
            raise DivergenceError(
                "scalar transport: the diffusivity must be positive, and all values finite"
            )
        before = self.state()
        for function, v in zip(self._fields.values(), values, strict=True):
            function.x.array[:] = function_from(
                self.domain, self._values.average(v), self._values.location, ""
            ).x.array
        try:
            self._residuals = newton_loop(self.equation.system).residuals
        except DivergenceError:
            self.restore(before)
            raise
        return self.equation.c.x.array, 0.0

    def state(self) -> tuple:
        """Copies of the concentration, the values and the residuals."""
        functions = (self.equation.c, *self._fields.values())
        return [function.x.array.copy() for function in functions], self._residuals

    def restore(self, state: tuple) -> None:
        """Take all of a ``state`` again."""
        arrays, self._residuals = state
        for function, array in zip((self.equation.c, *self._fields.values()), arrays, strict=True):
            function.x.array[:] = array

    def slopes(self, gradient: np.ndarray, _: float) -> tuple[np.ndarray, ...]:
        """Derivatives (n,) by diffusivity and production, from those by coefficients and force.

        Parameters
        ----------
        gradient : (k,)
            Of the loss by the coefficients.
        _ : float
            There is no force.
        """
        system = self.equation.system
        system.linearise()
        take_multiplier(self._multiplier, system, gradient)
        return [self._values.pull_back(assemble_owned(form))[:, 0] for form in self._slopes]


def _count(problem) -> int:
    if isinstance(problem.velocity, FlowField):
        return len(problem.velocity)
    mesh = problem.mesh.source if isinstance(problem.mesh, Domain) else problem.mesh
    return len(mesh.points)
