"""A carried scalar as it acts back on the flow: by its buoyancy and through the viscosity."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from solvers.coupling.ask import ask_closure
from solvers.coupling.coupled_flow import CoupledFlow
from solvers.coupling.scalar_equation import ScalarEquation, as_scalar
from solvers.fem.fields import nodes_per_cell, values_of
from solvers.fem.sampling import flow_field
from solvers.fenics import basix, fem, ufl
from solvers.flow.result import FlowResult
from solvers.scalar.transport import ScalarTransport
from vcnn.closure.requirements import CARRIED_SCALAR
from vcnn.errors import DivergenceError, InputError


class ScalarFeedback:
    """The concentration of an `ActiveScalar`, a `solvers.coupling.feedback.Feedback`.

    What a closure predicts is known at the cells or vertices that it is asked for, what is
    transported at the nodes of its own quadratic elements: nothing of it is lost on its way to the
    momentum.

    Parameters
    ----------
    problem : ActiveScalar
    balance : MomentumBalance

    Raises
    ------
    InputError
        If the scalar cannot be transported in such a flow.
    """

    name, quantity = "active scalar", "concentration"
    shapes, units, bounds = {"concentration": ()}, {"concentration": 1.0}, {}

    def __init__(self, problem, balance):
        self.problem, self.domain = problem, balance.domain
        self.scalar = as_scalar(problem.scalar)
        velocity, pressure = balance.velocity_and_pressure(balance.w)
        at_rest = FlowResult(
            problem=problem,
            domain=self.domain,
            velocity=velocity,
            pressure=pressure,
            pressure_gradient=0.0,
            residuals=(np.inf,),
        )
        transported = isinstance(self.scalar, ScalarEquation)
        location = "cell" if transported else problem.location
        weights = flow_field(self.domain, location, velocity).weights
        if transported:
            self._transport(at_rest)  # refuses what cannot be before anything is solved
            nodes = nodes_per_cell(self.domain)
            location, weights = "node", np.repeat(weights / nodes, nodes)
        self.location, self.weights = location, weights

    def momentum_terms(self, functions: Mapping[str, fem.Function]) -> dict:
        """ν(c) and c B.

        Raises
        ------
        InputError
            If the viscosity law cannot be used in a form.
        """
        try:
            nu = self.problem.molecular_viscosity(functions)
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            raise InputError(
                f"viscosity: the callable given fails for a UFL expression with {message}"
            ) from error
        return {"viscosity": nu, "force": self.problem.body_force(functions)}

    def check(self, functions: Mapping[str, fem.Function]) -> None:
        """Refuse a viscosity that is not positive at the points of quadrature.

        Raises
        ------
        DivergenceError
            If it is not.
        """
        if not callable(self.problem.viscosity):
            return
        c, mesh = functions["concentration"], self.domain.mesh
        points, _ = basix.make_quadrature(mesh.basix_cell(), 5)
        both = fem.Expression(ufl.as_vector([self.problem.viscosity(c), c]), points)
        pairs = np.concatenate(
            self.domain.comm.allgather(both.eval(mesh, self.domain.cells).reshape(-1, 2))
        )
        bad = ~((pairs[:, 0] > 0) & (pairs[:, 0] < np.inf))
        if bad.any():
            nu, c = pairs[bad][np.argmin(pairs[bad, 0])]
            raise DivergenceError(
                f"{self.name}: the viscosity must be positive, it is {nu:.3g} where the "
                f"concentration is {c:.3g}, and wrong at {bad.mean():.2g} of the points"
            )

    def initial_fields(self) -> dict[str, np.ndarray]:
        """c = 0: the flow without its scalar."""
        return {"concentration": np.zeros(len(self.weights))}

    def predict(self, flow: CoupledFlow) -> tuple[dict[str, np.ndarray], None]:
        """What the closure predicts of the flow, or what the flow carries."""
        result, comm = flow.result(), self.domain.comm
        if isinstance(self.scalar, ScalarEquation):
            c = self._transport(result).solve(comm).concentration
            return {"concentration": values_of(self.domain, c, "node")}, None
        fields = ask_closure(
            self.scalar,
            result.flow(self.location),
            comm=comm,
            requirement=CARRIED_SCALAR,
            name=self.name,
        )
        return fields, None

    def reference(self, x: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The concentration itself."""
        return dict(x)

    def result_fields(self, functions: Mapping[str, fem.Function]) -> dict:
        """``scalars`` of `FlowResult`."""
        return {"scalars": functions}

    def _transport(self, result: FlowResult) -> ScalarTransport:
        return self.scalar.carried_by(result, self.domain, self.problem.boundary_conditions)
